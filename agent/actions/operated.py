"""Orders to instruments: the operations and parameters of their profiles."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass

from agent import operating
from agent.actions.contact import Contact
from agent.actions.deadlines import Deadlines
from agent.actions.endings import LATE, Endings
from agent.store.actions import Action
from drivers.device import NoAnswer
from drivers.proofs import Operable

log = logging.getLogger(__name__)


class _TooLate(Exception):
    """The deadline passed while the device was asked how things are; nothing was sent."""


@dataclass(frozen=True, slots=True)
class Operated:
    """Has one instrument do what its profile knows."""

    instrument: Operable
    endings: Endings
    deadlines: Deadlines
    contact: Contact

    async def take(self, action: Action) -> None:
        """Let it do something. How things were is written down before it is told."""

        async def begin(before: object) -> None:
            if self.deadlines.passed(action):  # by now: a busy line makes asking take its time
                raise _TooLate
            await self.endings.begin(action, before)

        try:
            end = await operating.carry_out(self.instrument, action.request, begin)
        except _TooLate:
            await self.endings.finish(action, "expired", LATE)
        except NoAnswer as error:
            log.error(
                "%s: it is not known whether it did %s: %s", action.device, action.kind, error
            )
            await self.endings.doubt(action)
        else:
            if end is None:
                # nothing was sent: the row stays
                silence = NoAnswer("it does not answer")
                self.contact.lost(action.device, self.endings.clock, silence)
                return
            self.contact.heard(action.device, well=True)
            await self.endings.operated(action, end)

    async def settle(self, action: Action) -> None:
        """Look once more for what proves an order that was interrupted; it is not done again."""
        started = action.started_mono
        since_s = math.inf if started is None else self.endings.clock.monotonic() - started
        end = await operating.settle_order(
            self.instrument, action.request, action.before, since_s=since_s
        )
        await self.endings.operated(action, end)
