"""What the platform thinks of one frame."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.hj212.answers import ANSWERS, answered
from protocols.hj212.commands import command
from protocols.hj212.cp import find, parse_cp
from protocols.hj212.editions import Edition
from protocols.hj212.segment import Segment

_PERIODS = frozenset({"2031", "2041", "2051", "2061"})

Key = tuple[str, ...]


def upload_key(segment: Segment, data_time: str, about: str = "") -> Key:
    """Give what two transmissions of one upload have in common.

    MN, ST, CN, DataTime, packet and, beside periods, what it is about (`about_of`); real-time data
    and what has no DataTime also by QN.
    """
    key: Key = (segment.mn, segment.st, segment.cn, data_time, str(segment.pno or 1))
    if segment.cn not in _PERIODS and about:
        key = (*key, about)
    by_qn = segment.cn == "2011" or not data_time
    return (*key, segment.qn) if by_qn else key


def about_of(segment: Segment) -> str:
    """Name the instrument and codes that a 2062, 2111, 3019 or 3020 tells of; empty for the others.

    Two instruments may change, or begin to check themselves, in the same second.
    """
    if segment.cn not in ("2062", "2111", "3019", "3020"):
        return ""
    items = parse_cp(segment.cp)
    keys = (key for item in items for key, _ in item if key not in ("DataTime", "QN", "PolId"))
    return "/".join((find(items, "PolId") or "", *keys))


@dataclass(frozen=True, slots=True)
class Verdict:
    """One frame judged. `segment` is None where nothing could be read from it.

    `faults` is empty for a right frame; `edition` the one it was held against; `sealed` says
    under which key it came: current, previous, or empty for clear.
    """

    faults: tuple[str, ...]
    segment: Segment | None = None
    edition: Edition | None = None
    data_time: str = ""
    sealed: str = ""

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
    def qn(self) -> str:
        """The QN it bears or, for an answer and in 2005, the one it speaks of."""
        if self.segment is None:
            return ""
        return self.segment.qn or answered(self.segment).qn

    @property
    def about(self) -> str:
        """What it tells of beside its DataTime."""
        return about_of(self.segment) if self.segment else ""

    @property
    def answer_cn(self) -> str:
        """The command that answers it: 9014, 9013, or nothing."""
        segment, held = self.segment, self.edition
        if segment is None or held is None or segment.flag is None or not segment.flag.answer:
            return ""
        if segment.cn in ANSWERS:
            # HJ/T 212-2005 alone lets a 9014 answer a 9012
            return "9014" if held.answers_in_cp and segment.cn == "9012" else ""
        known = command(segment.cn, "up", held.base)
        return "9013" if known is not None and known.kind == "notice" else "9014"

    @property
    def key(self) -> Key:
        """The identity of the upload; empty where nothing could be read."""
        if self.segment is None:
            return ()
        about = self.qn if self.segment.cn in ANSWERS else self.about
        return upload_key(self.segment, self.data_time, about)
