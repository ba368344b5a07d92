"""One exchange, step by step: an order, its 9011, the data, its 9012. Pure.

| kind    | steps                                                                      |
|---------|----------------------------------------------------------------------------|
| request | 9011; with QnRtn=1 then data under its QN or, record by record, their own; |
|         | 9012. 2011 and 2021 of 2005 have no 9012: the first data ends them         |
| notice  | 9013                                                                       |

Source: HJ/T 212-2005 §6.1; HJ 212-2017 §6.1, §6.5; HJ 212-2025 §6.1, §6.6
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from agent.tools.platform.orders import Order, ordered_value
from agent.tools.platform.verdict import Key, Verdict
from protocols.hj212.answers import answered
from protocols.hj212.code_tables import EXE_RTN, QN_RTN
from protocols.hj212.cp import find, parse_cp
from protocols.hj212.segment import Segment

_NO_DATA = 100


class Outcome(enum.StrEnum):
    """How an exchange ended."""

    DONE = "done"
    NO_DATA = "no data"
    REFUSED = "refused"
    FAILED = "failed"
    UNANSWERED = "unanswered"
    UNFINISHED = "unfinished"

    @property
    def completed(self) -> bool:
        """Whether it came to its proper end: what was ordered is done, or there is no such data."""
        return self in (Outcome.DONE, Outcome.NO_DATA)


@dataclass(slots=True)
class Course:
    """How far an exchange has come. `data` counts the frames between 9011 and 9012."""

    order: Order
    qn_rtn: int | None = None
    exe_rtn: int | None = None
    data: int = 0
    wrong: int = 0
    outcome: Outcome | None = None
    texts: list[str] = field(default_factory=list)
    """The data areas that came, at most `MOST_TEXTS`."""
    _seen: set[Key] = field(default_factory=set)

    @property
    def taken(self) -> bool:
        """Whether the station has answered the order itself."""
        return self.qn_rtn is not None or self.outcome is not None

    def take(self, verdict: Verdict) -> bool:
        """Take a frame of the station; say whether it belongs here. Wrong ones count as wrong."""
        segment = verdict.segment
        if segment is None or self.outcome is not None or not self._mine(segment):
            return False
        if not verdict.ok:
            self.wrong += 1
            return True
        if segment.cn in ("9011", "9012", "9013"):
            self._answered(segment)
        elif (*verdict.key, verdict.qn) not in self._seen:  # one sent again, or heard twice
            self._seen.add((*verdict.key, verdict.qn))
            self._told(segment)
        return True

    def _mine(self, segment: Segment) -> bool:
        if segment.cn == "9014":
            return False
        said = answered(segment)
        if said.qn == self.order.qn:
            return True
        begun = self.qn_rtn == 1 and segment.cn == self.order.segment.cn
        return begun and not segment.cn.startswith("9") and self._wanted(segment)

    def _wanted(self, segment: Segment) -> bool:
        """Say whether an upload under a QN of its own is one that was asked for."""
        begin = ordered_value(self.order, "BeginTime")
        if begin is None:
            return True
        end = ordered_value(self.order, "EndTime") or begin
        at = find(parse_cp(segment.cp), "DataTime") or ""
        return begin <= at <= end

    def _answered(self, segment: Segment) -> None:
        items = parse_cp(segment.cp)
        if segment.cn == "9011":
            self.qn_rtn = int(find(items, "QnRtn") or 0)
            if self.qn_rtn != 1:
                self.outcome = Outcome.REFUSED
        elif segment.cn == "9013":
            if self.order.command.kind == "notice":
                self.outcome = Outcome.DONE
        else:
            self.exe_rtn = int(find(items, "ExeRtn") or 0)
            ends = {1: Outcome.DONE, _NO_DATA: Outcome.NO_DATA}
            self.outcome = ends.get(self.exe_rtn, Outcome.FAILED)

    def _told(self, segment: Segment) -> None:
        self.data += 1
        if len(self.texts) < MOST_TEXTS:
            self.texts.append(segment.cp)
        streams = segment.cn in ("2011", "2021") and self.order.edition.answers_in_cp
        if streams and self.qn_rtn == 1:
            self.outcome = Outcome.DONE

    def result_zh(self) -> str:
        """Give what the station's last answer means."""
        base = self.order.edition.base
        if self.exe_rtn is not None:
            return EXE_RTN[base].get(self.exe_rtn, "")
        return QN_RTN[base].get(self.qn_rtn, "") if self.qn_rtn is not None else ""


MOST_TEXTS = 1000
