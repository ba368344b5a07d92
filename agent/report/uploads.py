"""Uploads: the frames of real time and periods, kept bottles, the start, and events."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agent.model import EVENT, Cause, Kind, Measurement, Period, Sample, Statistic, Upload, Urgency
from agent.report.notices import EventNotice
from agent.report.wording import Wording, letter, period_letter
from protocols.hj212.commands import command
from protocols.hj212.message import (
    UNCOMPUTABLE,
    FactorValues,
    Message,
    Periodic,
    RealTime,
    Retained,
    Started,
    print_message,
)

REAL_TIME_CN = "2011"
STARTED_CN = "2081"
PERIOD_CN: Mapping[Kind, str] = {
    Kind.MINUTE: "2051",
    Kind.N_MINUTES: "2051",
    Kind.HOUR: "2061",
    Kind.DAY: "2031",
}

Value = float | str | None

_MEASURED = frozenset({"Rtd", "ZsRtd", "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax"})
"""Fields in the factor's own unit."""


@dataclass(frozen=True, slots=True)
class Live:
    """What is known of one factor right now.

    `sample` is its newest sample, `result` the newest result of a batch analyzer; either may be
    missing. A result older than `max_age_s` is not repeated.
    """

    factor: str
    batch: bool
    max_age_s: float
    sample: Sample | None
    result: Measurement | None


def real_time(
    wording: Wording, at: int, *, st: str, live: Iterable[Live], revision: int = 0
) -> Upload:
    """Make a 2011: the newest value of each factor, each with its own mark."""
    factors = [FactorValues(one.factor, _live_fields(wording, one, at)) for one in live]
    message = RealTime(float(at), tuple(_told(wording, factors)))
    return _upload(wording, message, REAL_TIME_CN, st=st, at=at, revision=revision)


def periodic(
    wording: Wording,
    period: Period,
    *,
    st: str,
    medium: str,
    rows: Iterable[Statistic],
    held: Iterable[Live] = (),
) -> Upload:
    """Make a 2051, 2061 or 2031 of the rows of one period.

    `held` are batch factors whose standing result a 2051 repeats, marked with its own time, where
    the platform wants that (`batch_in_minutes: repeat_flagged`).
    """
    # a factor that was not due in this period and is well is not spoken of
    rows = [row for row in rows if row.due or row.cause is not Cause.NORMAL]
    factors = [FactorValues(row.factor, _period_fields(wording, medium, row)) for row in rows]
    factors += [FactorValues(one.factor, _held_fields(wording, one, period.end)) for one in held]
    cn = PERIOD_CN[period.kind]
    message = Periodic(cn, float(period.start), tuple(_told(wording, factors)))
    # each revision of any of its rows makes another upload
    revision = sum(row.revision for row in rows)
    return _upload(wording, message, cn, st=st, at=period.start, revision=revision)


def retained(wording: Wording, *, st: str, at: float, bottle: int) -> Upload | None:
    """Make the report of a kept bottle (3015); None where the edition has no message for it."""
    cn = wording.edition.retained_cn
    if cn is None:
        return None
    message = Retained(at, bottle)
    # two bottles of one moment are two uploads: the number tells them apart
    return _upload(wording, message, cn, st=st, at=int(at), revision=bottle, urgency=Urgency.ALARM)


def started(wording: Wording, *, st: str, at: float) -> Upload | None:
    """Make the report of the daemon's start (2081); None where the edition has none (2005)."""
    if command(STARTED_CN, "up", wording.edition.base) is None:
        return None
    return _upload(wording, Started(at, at), STARTED_CN, st=st, at=int(at))


def event(notice: EventNotice) -> Upload:
    """Make the JSON notice of an event; its identity is the event's id and what happened to it."""
    step = ("opened", "told", "closed").index(notice.state)
    return Upload(
        cn=EVENT,
        st="",
        at=int(notice.at),
        packets=(notice.model_dump_json(),),
        revision=notice.id * 3 + step,
        urgency=Urgency.ALARM,
    )


def _upload(
    wording: Wording,
    message: Message,
    cn: str,
    *,
    st: str,
    at: int,
    revision: int = 0,
    urgency: Urgency = Urgency.LIVE,
) -> Upload:
    packets = print_message(message, wording.edition)
    shared = wording.shared_qn and len(packets) > 1
    return Upload(cn, st, at, packets, revision, urgency, wording.answer, shared)


def _told(wording: Wording, factors: Iterable[FactorValues]) -> Iterator[FactorValues]:
    """Leave out what has no value, where the platform wants it so."""
    for one in factors:
        empty = all(value is None for name, value in one.values.items() if name != "Flag")
        if empty and wording.absent == "omit":
            continue
        yield _spelled(wording, one)


def _spelled(wording: Wording, one: FactorValues) -> FactorValues:
    """Give a factor as it goes on this wire; an amount is in the same unit everywhere."""
    values = {name: value for name, value in one.values.items() if value is not None}
    if wording.sentinel(one.code):
        values |= _uncomputed(one.values)
    spelling = wording.said.get(one.code)
    if spelling is None:
        return FactorValues(one.code, values)
    for name, value in values.items():
        if name in _MEASURED and isinstance(value, float | int):
            values[name] = spelling.value(value)
    return FactorValues(spelling.code, values)


def _uncomputed(values: Mapping[str, Value]) -> dict[str, float | str]:
    """Stand in for the converted values that are missing beside a measured one."""
    return {
        name: math.copysign(UNCOMPUTABLE, measured)
        for name, value in values.items()
        if name.startswith("Zs")
        and value is None
        and isinstance(measured := values.get(name[2:]), float | int)
    }


def _live_fields(wording: Wording, one: Live, at: int) -> dict[str, Value]:
    if one.batch:
        return _batch_fields(wording, one, at)
    sample = one.sample
    if sample is None:
        return {"Flag": letter(wording, Cause.NO_LINK)}
    return {"Rtd": sample.value, "ZsRtd": sample.zs, "Flag": letter(wording, sample.cause)}


def _batch_fields(wording: Wording, one: Live, at: int) -> dict[str, Value]:
    """Repeat the newest result under its own time, as long as it may stand for now."""
    result = one.result
    if result is not None and at - result.completed_at <= one.max_age_s:
        return {
            "SampleTime": float(result.sampled_at),
            "Rtd": result.value,
            "Flag": letter(wording, result.cause),
        }
    return {"Flag": letter(wording, _silence(one))}


def _silence(one: Live) -> Cause:
    """Say why a batch analyzer has nothing: its own state, else it is late and so at fault."""
    if one.sample is None:
        return Cause.NO_LINK
    return Cause.FAULT if one.sample.cause is Cause.NORMAL else one.sample.cause


def _held_fields(wording: Wording, one: Live, at: int) -> dict[str, Value]:
    fields = _batch_fields(wording, one, at)
    value = fields.pop("Rtd", None)
    return {"SampleTime": fields.pop("SampleTime", None), **_spread(value), **fields}


def _spread(value: Value) -> dict[str, Value]:
    return {"Min": value, "Avg": value, "Max": value}


def _period_fields(wording: Wording, medium: str, row: Statistic) -> dict[str, Value]:
    return {
        "Cou": row.cou,
        "Min": row.min,
        "Avg": row.avg,
        "Max": row.max,
        "ZsMin": row.zs_min,
        "ZsAvg": row.zs_avg,
        "ZsMax": row.zs_max,
        "Flag": period_letter(wording, medium, row),
    }
