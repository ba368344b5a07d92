"""Orders to keep a bottle."""

from __future__ import annotations

import dataclasses
import logging
from dataclasses import dataclass

from agent.actions.contact import LOOK_S, Contact
from agent.actions.deadlines import Deadlines
from agent.actions.endings import LATE, Endings
from agent.bottling import record_before, wish_of
from agent.rules.interlocks import BUSY_CODE, interlock
from agent.store.actions import Action
from drivers.device import DeviceError, Refused, Sampler, SamplerStatus
from drivers.sampler import newer

log = logging.getLogger(__name__)

FRESH_S = 1.0
"""How long a look at a sampler holds: in that time no bottle is begun and filled."""


@dataclass(frozen=True, slots=True)
class Retaining:
    """Has one sampler keep bottles."""

    sampler: Sampler
    endings: Endings
    deadlines: Deadlines
    contact: Contact

    async def take(self, action: Action) -> None:
        """Keep a bottle. The sampler's last record is written down before the order goes out."""
        clock = self.endings.clock
        looked_at = clock.monotonic()
        try:
            status = await self.sampler.status()
            before = await self.sampler.last_retention()
        except DeviceError as error:
            # nothing was ordered yet: the row stays, until its deadline
            self.contact.lost(action.device, clock, error)
            return
        lock = interlock(status)
        self.contact.heard(action.device, well=lock is None)
        if lock is not None and not lock.passes:
            await self.endings.finish(action, "refused", {"reason": lock.reason})
            return
        if lock is not None:
            await self._put_off(action, lock.reason)
            return
        if self.deadlines.passed(action):  # by now: a busy line makes asking take its time
            await self.endings.finish(action, "expired", LATE)
            return
        await self.endings.begin(action, dataclasses.asdict(before) if before else None)
        try:
            record = await self.sampler.retain(
                before, wish_of(action), seen=self._fresh(status, looked_at)
            )
        except Refused as error:
            await self._refused(action, error)
        except DeviceError as error:
            log.error("%s: it is not known whether a bottle was kept: %s", action.device, error)
            await self.endings.doubt(action)
        else:
            await self.endings.kept(action, record, status)

    async def settle(self, action: Action) -> None:
        """Find out from the sampler's record what became of an order that was interrupted."""
        clock = self.endings.clock
        overdue = self.deadlines.overdue
        try:
            record = await self.sampler.last_retention()
        except DeviceError as error:
            self.contact.lost(action.device, clock, error)
            if overdue(action, self.sampler.proof_s):
                await self.endings.unknown(action, error)
            return
        self.contact.heard(action.device, well=True)
        before = record_before(action.before)
        if newer(record, before) and (record.ok or record.reason):
            await self.endings.kept(action, record)
        elif not overdue(action, self.sampler.proof_s):
            # it may have heard the order and not begun, or be filling the bottle right now
            await self.endings.bells.wait(f"actions:{action.device}", LOOK_S / clock.speed)
        else:
            reason = "interrupted; the sampler has no record of a kept bottle"
            await self.endings.finish(action, "failed", {"reason": reason})

    async def _refused(self, action: Action, error: Refused) -> None:
        if error.code == BUSY_CODE:
            await self.endings.requeue(action)
            await self._put_off(action, "sampler busy: it says not now")
            return
        await self.endings.finish(action, "refused", {"reason": str(error)})

    async def _put_off(self, action: Action, reason: str) -> None:
        """Tell once that an order waits and why; it is tried again while the vessel holds out."""
        if self.contact.news(f"{action.ref} | {reason}"):
            log.warning("%s: not asked for a bottle yet: %s", action.device, reason)
            await self.endings.put_off(action, reason)
        await self.endings.bells.wait(f"actions:{action.device}", LOOK_S)

    def _fresh(self, status: SamplerStatus, looked_at: float) -> SamplerStatus | None:
        """Give a status that still holds; None when writing it down took its time."""
        clock = self.endings.clock
        passed_s = (clock.monotonic() - looked_at) / clock.speed
        return status if passed_s <= FRESH_S else None
