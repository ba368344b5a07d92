"""What is deducted for, and the words an agency has for an outlet."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Literal


class DeductionKind(enum.StrEnum):
    """The classes of events that cost points (domain rules §12), and what an agency enters."""

    OVER_HOUR = "over_hour"
    OVER_DAY = "over_day"
    STOP_CONTRADICTED = "stop_contradicted"
    UNCONTROLLED = "uncontrolled"
    SUPERVISION_LATE = "supervision_late"
    ROUND_MISSED = "round_missed"
    PARAMETER_UNMARKED = "parameter_unmarked"
    SUSPENSION = "suspension"
    AGENCY = "agency"


PUBLISHED = 24.0
"""What one 责令停产整治 costs: the only deduction that was published."""

Risk = Literal["high", "medium", "low"]
Family = Literal[
    "监管级别",
    "行业类型",
    "排污许可管理",
    "所属流域",
    "污染类型",
    "涉气类标签",
    "信用评价等级",
    "监测监控管理",
]
"""The eight families of labels; their values are free."""


@dataclass(frozen=True, slots=True)
class Deduction:
    """Points taken from an outlet, once for one `ref`, with the events that it rests on.

    `at` is when it happened (UTC epoch seconds); `points` what it cost then, above 0. `source` is
    `agent`, or the station whose order said so. `id` is that of its row, 0 before it has one.
    """

    ref: str
    outlet: str
    kind: DeductionKind
    at: float
    points: float
    events: tuple[int, ...] = ()
    source: str = "agent"
    text: str = ""
    id: int = 0
