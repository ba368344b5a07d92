"""The words the workers share: samples, measurements, statistics, periods."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from drivers.device import Cause
from protocols.hj212.times import BEIJING_OFFSET_S

__all__ = [
    "Cause",
    "Kind",
    "Mark",
    "MarkKind",
    "MarkState",
    "Measurement",
    "Period",
    "Sample",
    "Statistic",
    "Upload",
    "Urgency",
]


class Kind(enum.StrEnum):
    """What length of time a statistic covers."""

    MINUTE = "1m"
    N_MINUTES = "nm"
    HOUR = "1h"
    DAY = "1d"
    MONTH = "1M"


class Sample(NamedTuple):
    """One judged value of one factor, in the factor's wire unit and basis. A tuple as `Reading` is.

    `zs` is the value converted to reference oxygen, where the factor has one. Both are None when
    nothing usable was there; `cause` then says why, `reason` in words where that adds something.
    `total` is a flow meter's own counter in m3, where it has one that is read.
    """

    outlet: str
    factor: str
    at: float
    value: float | None
    cause: Cause = Cause.NORMAL
    zs: float | None = None
    reason: str = ""
    total: float | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """One result of a batch analyzer.

    `sampled_at` is the start of the clock hour whose water was analysed (WAT-05), `completed_at`
    the instrument's own time of the result, `received_at` when we first saw it; UTC epoch seconds.
    """

    outlet: str
    factor: str
    device: str
    sampled_at: int
    completed_at: float
    received_at: float
    value: float | None
    cause: Cause = Cause.NORMAL


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of local (UTC+8) calendar time. `start` and `end` are UTC epoch seconds."""

    kind: Kind
    start: int
    minutes: int = 0

    @property
    def end(self) -> int:
        """The first second that no longer belongs to it."""
        if self.kind is Kind.MONTH:
            local = _local(self.start)
            year, month = divmod(local.year * 12 + local.month, 12)
            return _month_start(year, month + 1)
        return self.start + self.length_s

    @property
    def length_s(self) -> int:
        """Seconds from start to end."""
        match self.kind:
            case Kind.MINUTE:
                return 60
            case Kind.N_MINUTES:
                return self.minutes * 60
            case Kind.HOUR:
                return 3600
            case Kind.DAY:
                return 86_400
            case Kind.MONTH:
                return self.end - self.start

    @classmethod
    def holding(cls, kind: Kind, at: float, minutes: int = 0) -> Period:
        """Give the period of that kind that holds the instant `at`."""
        if kind is Kind.MONTH:
            local = _local(at)
            return cls(kind, _month_start(local.year, local.month))
        length = cls(kind, 0, minutes).length_s
        local_s = int(at // 1) + BEIJING_OFFSET_S
        return cls(kind, local_s - local_s % length - BEIJING_OFFSET_S, minutes)

    def next(self) -> Period:
        """Give the period that follows."""
        return Period(self.kind, self.end, self.minutes)

    def parts(self, kind: Kind) -> Iterator[Period]:
        """Give the shorter periods it is made of, in order."""
        part = Period(kind, self.start)
        while part.start < self.end:
            yield part
            part = part.next()


@dataclass(frozen=True, slots=True)
class Statistic:
    """What one period says of one factor, in the factor's wire unit, never rounded.

    `cause` is the period's cause by STAT-06 (NORMAL when valid); `abnormal` the most frequent
    cause that is not NORMAL among its parts, NORMAL when there was none; `share` the share of
    NORMAL parts among those due. `parts` counts the parts that went into the mean, `due` those
    that should have been there. `cou` is the amount in the factor's amount unit.
    """

    outlet: str
    factor: str
    period: Period
    avg: float | None
    min: float | None
    max: float | None
    cou: float | None
    cause: Cause
    abnormal: Cause
    share: float
    valid: bool
    parts: int
    due: int
    reason: str = ""
    weighted: bool = False
    zs_avg: float | None = None
    zs_min: float | None = None
    zs_max: float | None = None
    revision: int = 0


class MarkKind(enum.StrEnum):
    """The families of marks (MARK-01…10). An exemption is what conditions and quotas leave."""

    EQUIPMENT = "equipment"
    INTERRUPTION = "interruption"
    CONDITION = "condition"
    NO_FAULT = "no_fault"
    EXEMPTION = "exemption"


class MarkState(enum.StrEnum):
    """Only what a person confirmed has an effect (MARK-07)."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Mark:
    """A statement about a stretch of time of one factor; of all of the outlet's where it is None.

    `code` is its name (校准, 停运 …). `start` and `end` are UTC epoch seconds of whole minutes,
    `end` the first that is not marked; files and pages show the last marked minute (MARK-03).
    """

    outlet: str
    factor: str | None
    kind: MarkKind
    code: str
    start: int
    end: int
    state: MarkState = MarkState.CONFIRMED


class Urgency(enum.IntEnum):
    """In what order what is owed goes out; live rows become backlog by getting old."""

    ALARM = 1
    LIVE = 2
    ASKED = 3
    """Sent once more because somebody asked: as backlog, also to a platform that never answers."""


EVENT = "event"
"""Stands where a frame has its command code: a notice beside HJ 212."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload before it is owed to anybody: what, of when, in which packets.

    Identity is (station, cn, st, at, revision, packet number); `at` is the DataTime. `packets`
    are the texts between the `&&` marks; an event has one, its JSON, and its id as revision.
    `shared_qn`: all packets bear one request number.
    """

    cn: str
    st: str
    at: int
    packets: tuple[str, ...]
    revision: int = 0
    urgency: Urgency = Urgency.LIVE
    answer: bool = True
    shared_qn: bool = False


def _local(at: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(at + BEIJING_OFFSET_S, datetime.UTC)


def _month_start(year: int, month: int) -> int:
    first = datetime.datetime(year, month, 1, tzinfo=datetime.UTC)
    return int(first.timestamp()) - BEIJING_OFFSET_S
