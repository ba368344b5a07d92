"""Many uploads in answer to one request: in order, under a rate, each known to have come in.

Records have QNs of their own and wait for their 9014 one by one (HJ 212-2017 C.47 to C.50); a
platform that gives none is not asked for it again in this answer. In HJ/T 212-2005 they bear the
QN of the request and want no answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from agent.uplink.desk import Desk
from agent.uplink.results import Asked
from protocols.hj212.answers import result_of
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment


@dataclass(slots=True)
class Stream:
    """What one request is answered with. `sent` counts records, `unheard` those without 9014."""

    desk: Desk
    asked: Asked
    sent: int = 0
    unheard: int = 0
    _asking: bool = True

    async def send(self, packets: tuple[str, ...]) -> None:
        """Send one record of one or more packets. Raises LinkError."""
        desk, segment = self.desk, self.asked.segment
        if self.sent:
            rate = desk.station.destination.backlog_per_s
            await desk.office.clock.sleep(1 / rate)
        wanted = self._asking and desk.station.wording.answer and not desk.old
        for one in desk.packed(packets, segment.cn, st=segment.st, answer=wanted):
            if desk.old:
                await desk.talk.say(result_of(segment, one, desk.edition))
            else:
                await self._say(replace(one, qn=await desk.number()))
        self.sent += 1

    async def _say(self, segment: Segment) -> None:
        """Say one packet, and once more where no answer comes."""
        talk = self.desk.talk
        flag = segment.flag
        if not self._asking and flag is not None:
            segment = replace(segment, flag=Flag(flag.version, answer=False, packets=flag.packets))
        for _ in range(2):
            await talk.say(segment)
            if segment.flag is None or not segment.flag.answer or await talk.answered(segment.qn):
                return
        self._asking = False
        self.unheard += 1
