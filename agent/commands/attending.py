"""What a station asks of its platform by itself: its MN (1001), the time (1013), a key (1014)."""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, replace

from agent.commands.renewing import in_force
from agent.errors import StoreError
from agent.settings.secrets import SecretError
from agent.uplink.desk import Desk
from protocols.hj212.commands import command
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.message import Message
from protocols.hj212.orders import ForLogger
from protocols.hj212.reports import AskKey, Hardware

log = logging.getLogger(__name__)

LOOK_S = 600.0
DAY_S = 86_400.0
RENEW_AFTER_S = 80 * DAY_S
"""A key may be used for 90 days (HJ 212-2025 §6.4.3); ten are for a platform that is slow."""


@dataclass(slots=True)
class Asking:
    """What was asked on this connection, and when, in monotonic seconds."""

    desk: Desk
    time_at: float = -math.inf
    key_at: float = -math.inf

    async def once(self) -> None:
        """Ask for what is wanting. Raises LinkError."""
        desk, now = self.desk, self.desk.office.clock.monotonic()
        if not desk.talk.header.mn:
            await self._register()
            return
        source = desk.office.plan().site.time_source == desk.station.destination.id
        if source and now - self.time_at >= DAY_S and self._knows("1013"):
            self.time_at = now
            await self._notice(ForLogger("1013"))
        if now - self.key_at >= DAY_S and self._knows("1014"):
            await self._ask_key(now)

    async def _register(self) -> None:
        """Say who we are, to be given an MN (1001); 2017 and 2005 have their MN by mail."""
        if self._knows("1001"):
            facts = self.desk.office.hardware()
            await self._notice(
                Hardware("1001", facts.logger_id, facts.cpu_id, facts.mac_1, facts.mac_2)
            )

    async def _ask_key(self, now: float) -> None:
        """Ask for a new key before the one in use is too old (1014)."""
        try:
            found = await in_force(self.desk)
        except (SecretError, StoreError) as error:
            log.warning("%s: %s", self.desk.id, error)
            return
        if found.key is None or found.key_set_at is None:
            return
        if self.desk.office.clock.now() - found.key_set_at >= RENEW_AFTER_S:
            self.key_at = now
            await self._notice(AskKey("1014", found.key_set_at))

    def _knows(self, cn: str) -> bool:
        known = command(cn, "up", self.desk.edition.base)
        return known is not None and known.kind == "notice"

    async def _notice(self, message: Message) -> None:
        """Say a notice and wait for its 9013; one that is not answered is said later again."""
        st = next(iter(self.desk.station.by_st()))
        cn = message.cn
        try:
            segments = self.desk.own(message, cn, st=st, answer=True)
        except LocalFrameError as error:
            log.error("%s: %s cannot be said: %s", self.desk.id, cn, error)
            return
        for segment in segments:
            qn = await self.desk.number()
            await self.desk.talk.say(replace(segment, qn=qn))
            if not await self.desk.talk.answered(qn):
                log.warning("%s: no answer to %s", self.desk.id, cn)


async def attend(desk: Desk) -> None:
    """Ask while the connection lasts; at its beginning, and then every ten minutes look again."""
    asking = Asking(desk)
    while True:
        await asking.once()
        await desk.office.clock.sleep(LOOK_S)
