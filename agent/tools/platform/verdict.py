"""What the platform thinks of one frame."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.hj212.editions import Edition
from protocols.hj212.segment import Segment

NOTICES = frozenset({"1013", "1014"})
"""What a station notifies (answered by 9013); everything else it uploads (answered by 9014)."""

INTERACTIONS = frozenset({"9011", "9012", "9013", "9014"})

Key = tuple[str, ...]


def upload_key(segment: Segment, data_time: str) -> Key:
    """Give what two transmissions of one upload have in common.

    MN, ST, CN, DataTime, packet; real-time data and what has no DataTime also by QN.
    """
    key = (segment.mn, segment.st, segment.cn, data_time, str(segment.pno or 1))
    by_qn = segment.cn == "2011" or not data_time
    return (*key, segment.qn) if by_qn else key


@dataclass(frozen=True, slots=True)
class Verdict:
    """One frame judged. `segment` is None where nothing could be read from it.

    `faults` is empty for a right frame; `edition` the one it was held against.
    """

    faults: tuple[str, ...]
    segment: Segment | None = None
    edition: Edition | None = None
    data_time: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong with it."""
        return not self.faults

    @property
    def reason(self) -> str:
        """Everything that is wrong with it, in words."""
        return "; ".join(self.faults)

    @property
    def flag(self) -> int | None:
        """The Flag byte; None where there is none."""
        return int(self.segment.flag) if self.segment and self.segment.flag else None

    @property
    def answer_cn(self) -> str:
        """The command that answers it: 9014, 9013, or nothing."""
        segment = self.segment
        if segment is None or segment.flag is None or not segment.flag.answer:
            return ""
        if segment.cn in INTERACTIONS:
            return ""
        return "9013" if segment.cn in NOTICES else "9014"

    @property
    def key(self) -> Key:
        """The identity of the upload; empty where nothing could be read."""
        return upload_key(self.segment, self.data_time) if self.segment else ()
