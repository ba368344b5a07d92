"""What comes down: requests and notices, by a table of command codes.

Checks run in a fixed order, so that one answer is given where several would fit: MN, PW, ST, CN,
policy, age, what can be done here (HJ 212-2017 §6.5; the order is our choice). What its data area
says is looked at last: a request with a wrong word is taken, and ends as `ExeRtn=3`.

A request is a row before it is an act. The row makes a repeated QN the same request: it is
answered again and does nothing twice.
"""

from __future__ import annotations

import asyncio
import logging
import re
from dataclasses import dataclass, field

from agent.store import commands, journal
from agent.uplink import checks
from agent.uplink.answering import answer
from agent.uplink.desk import Desk, Office
from agent.uplink.open_ends import OpenEnds
from agent.uplink.results import REFUSED
from agent.uplink.serving import Serving
from agent.uplink.talk import Talk
from protocols.hj212.answers import ANSWERS
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.segment import Segment

log = logging.getLogger(__name__)

JOURNAL_AGAIN_S = 60.0
"""The same refusal is journalled once in that time; each is counted and answered."""
REMEMBERED = 256
_QN = re.compile(r"[0-9]{17}")


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Serves the requests of all stations, each at the desk of its own talk."""

    office: Office
    serving: Serving
    refused_at: dict[tuple[str, str, int], float] = field(default_factory=dict)

    async def take(self, data: bytes, talk: Talk) -> None:
        """Read one frame and act on it. A frame that cannot be read is counted and dropped.

        Raises LinkError when the connection breaks; what was asked for then ends by itself.
        """
        try:
            segment = talk.header.read(data)
        except PeerFrameError as error:
            talk.lost(f"{error.kind}: {error}")
            return
        if segment.cn in ANSWERS:
            return  # the link has taken them already
        if segment.flag is None or not segment.flag.answer:
            log.info("command %s without a wish for an answer is not served", segment.cn)
            return
        if not _QN.fullmatch(segment.qn):
            talk.lost(f"command {segment.cn}: QN {segment.qn!r} cannot be answered")
            return
        await self._requested(segment, Desk(self.office, talk))

    async def ordered(self, data: bytes, talk: Talk) -> None:
        """Keep an order as a row; one that cannot even be answered is counted and dropped."""
        problem = await self.office.take_order(data, talk.station.id)
        if problem is not None:
            talk.lost(problem)

    async def attend(self, talk: Talk) -> None:
        """Say what is ours to say while a connection lasts: open ends, and what we ask for."""
        desk = Desk(self.office, talk)
        async with asyncio.TaskGroup() as group:
            group.create_task(OpenEnds(self.serving).tell(desk))
            group.create_task(self.office.attend(desk))

    async def _requested(self, segment: Segment, desk: Desk) -> None:
        await self.serving.quiet(desk.id)
        known = await self.office.store.read(
            lambda connection: commands.find(connection, desk.id, qn=segment.qn, cn=segment.cn)
        )
        asked, refusal = checks.read(segment, desk, self.office.table, repeated=known is not None)
        if asked is None or refusal is not None:
            await self._refuse(segment, REFUSED if refusal is None else refusal, desk)
        else:
            await self.serving.serve(asked, desk)

    async def _refuse(self, segment: Segment, qn_rtn: int, desk: Desk) -> None:
        """Say no. Who asked is journalled, not what: it was not understood, or not allowed."""
        desk.talk.lost(f"command {segment.cn}: QnRtn={qn_rtn}")
        if self._is_news(desk.id, segment.cn[:4], qn_rtn):
            detail = {"station": desk.id, "qn": segment.qn, "qn_rtn": qn_rtn}
            now, who = self.office.clock.now(), f"platform:{desk.id}"
            what = f"command {segment.cn[:4]} refused"
            await self.office.store.write(
                lambda connection: journal.add(connection, what, detail, at=now, who=who)
            )
        await answer(segment, "9011", desk, result=qn_rtn)

    def _is_news(self, station: str, cn: str, qn_rtn: int) -> bool:
        """Say whether that refusal was not journalled just now; a flood must not wear the disk."""
        key, now = (station, cn, qn_rtn), self.office.clock.monotonic()
        before = self.refused_at.pop(key, None)
        if before is not None and now - before < JOURNAL_AGAIN_S:
            self.refused_at[key] = before
            return False
        self.refused_at[key] = now
        while len(self.refused_at) > REMEMBERED:
            del self.refused_at[next(iter(self.refused_at))]
        return True


def dispatcher(office: Office) -> Dispatcher:
    """Give the dispatcher of an office."""
    return Dispatcher(office, Serving(office))
