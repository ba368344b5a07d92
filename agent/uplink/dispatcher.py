"""What comes down: answers to our uploads, and requests by a table of command codes.

Checks of a request run in a fixed order, so that one answer is given where several would fit:
MN, PW, then the command (HJ 212-2017 §6.5, order: our own choice).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from agent.uplink.header import Header
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import decode_frame
from protocols.hj212.segment import Segment, parse_segment

log = logging.getLogger(__name__)

DATA_ANSWER = "9014"
NOTICE_ANSWER = "9013"
REQUEST_ANSWER = "9011"

_QN = re.compile(r"[0-9]{17}")

QN_RTN_PW = 3
QN_RTN_MN = 4
QN_RTN_CN = 8

Reply = Callable[[bytes], Awaitable[None]]
Handler = Callable[[Segment], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Reads frames of one station and gives each to whom it concerns.

    `acknowledged` gets the QN of every 9014 and 9013; `handlers` is the table of the commands
    that are served, by code; `refused` is told why a frame was dropped.
    """

    header: Header
    acknowledged: Callable[[str], None]
    refused: Callable[[str], None]
    handlers: Mapping[str, Handler]

    async def take(self, data: bytes, reply: Reply) -> None:
        """Read one frame and act on it. A frame that cannot be read is counted and dropped."""
        try:
            segment, _ = parse_segment(decode_frame(data).segment)
        except PeerFrameError as error:
            self.refused(f"{error.kind}: {error}")
            return
        if segment.cn in (DATA_ANSWER, NOTICE_ANSWER):
            self._answered(segment)
        elif segment.flag is not None and segment.flag.answer:
            await self._requested(segment, reply)
        else:
            log.info("command %s without a wish for an answer is not served", segment.cn)

    def _answered(self, segment: Segment) -> None:
        if segment.mn != self.header.mn:
            self.refused(f"answer for another MN {segment.mn}")
        elif segment.qn:
            self.acknowledged(segment.qn)

    async def _requested(self, segment: Segment, reply: Reply) -> None:
        if not _QN.fullmatch(segment.qn):
            self.refused(f"command {segment.cn}: QN {segment.qn!r} cannot be answered")
            return
        refusal = self._refusal(segment)
        if refusal is None:
            await self.handlers[segment.cn](segment)
            return
        self.refused(f"command {segment.cn}: QnRtn={refusal}")
        await reply(self.header.answer(REQUEST_ANSWER, segment.qn, f"QnRtn={refusal}"))

    def _refusal(self, segment: Segment) -> int | None:
        """Give the QnRtn that refuses a request, None when it may run."""
        if segment.mn != self.header.mn:
            return QN_RTN_MN
        if not self.header.knows(segment.pw or ""):
            return QN_RTN_PW
        if segment.cn not in self.handlers:
            return QN_RTN_CN
        return None
