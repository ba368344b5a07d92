"""What a platform may know of instruments and of this logger (1021, 3017 to 3020): reading only."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from agent.commands.naming import named, on_wire
from agent.commands.streaming import Stream
from agent.model import Cause
from agent.plan import FactorPlan
from agent.store import journal, samples
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, NO_DATA, REFUSED, Asked, Result
from protocols.hj212.message import FactorValues, print_message
from protocols.hj212.orders import AlarmLimits, AskOnSite, ForInstrument, ForLogger, SamplingCycle
from protocols.hj212.reports import InstrumentSerial, OnSite, SampleOutTime
from protocols.hj212.words import MAX_TEXT

LINES = 200
"""Lines of the log told in answer to one request."""
LONGEST_SAMPLE_OUT_MIN = 120
_STATES: Mapping[Cause, str] = {
    Cause.NORMAL: "0",
    Cause.OVER_RANGE: "0",
    Cause.MAINTENANCE: "1",
    Cause.FAULT: "2",
    Cause.CALIBRATION: "3",
    Cause.POWER: "6",
    Cause.STOPPED: "9",
}
"""i12001 (HJ 212-2017 table B.10) of a cause; what is not here is not told."""
_STATE_WORDS: Mapping[Cause, str] = {
    Cause.MAINTENANCE: "维护",
    Cause.FAULT: "故障",
    Cause.CALIBRATION: "校准",
}
"""The same where a dialect has states of its own: by their words, its numbers mean others."""


def cannot_be_set(_: Asked, __: Desk) -> int | None:
    """Refuse: nothing of that kind can be set from here."""
    return REFUSED


async def never(_: Asked, __: Desk) -> Result:
    """Stand in the table for what is always refused."""
    return Result(CONDITION, "refused")


async def tell_cycle(asked: Asked, desk: Desk) -> Result:
    """Tell the sampling cycle of a batch analyzer in whole hours (3017)."""
    one = _factor(asked, desk)
    if one is None:
        return _unknown(asked)
    if one.cycle_min is None or one.cycle_min % 60 or not 1 <= one.cycle_min // 60 <= 24:
        return Result(NO_DATA, "it has no cycle of whole hours")
    cycle_h = one.cycle_min // 60
    # results belong to hours of the clock, and the day begins with the first of them
    await desk.give(asked.segment, SamplingCycle("3017", _asked_for(asked), "000000", cycle_h))
    return Result()


async def tell_sample_out_time(asked: Asked, desk: Desk) -> Result:
    """Tell the minutes from taking a sample to its result (3018)."""
    one = _factor(asked, desk)
    if one is None:
        return _unknown(asked)
    if not one.batch or not 1 <= one.lag_min <= LONGEST_SAMPLE_OUT_MIN:
        return Result(NO_DATA, "it has no such time")
    await desk.give(asked.segment, SampleOutTime("3018", _asked_for(asked), one.lag_min))
    return Result()


async def tell_serial(asked: Asked, desk: Desk) -> Result:
    """Tell who an instrument is (3019)."""
    one = _factor(asked, desk)
    if one is None:
        return _unknown(asked)
    serial = desk.office.plan().site.device(one.device).serial
    if not (serial.isascii() and serial.isalnum() and len(serial) <= 24):
        return Result(NO_DATA, "its serial number is not in the site file")
    told = InstrumentSerial("3019", _asked_for(asked), ((_asked_for(asked), serial),))
    await desk.give(asked.segment, told)
    return Result()


async def tell_on_site(asked: Asked, desk: Desk) -> Result:
    """Tell a log, a state or a parameter (3020)."""
    order = asked.order
    assert isinstance(order, AskOnSite)
    code = order.code.lower()
    if code == "i21001" and order.pol_id is None:
        return await _tell_log(asked, desk)
    told = await _state(order, desk) if order.pol_id else _of_logger(code, desk)
    if told is None:
        return Result(NO_DATA, f"{code} is not known")
    now = desk.office.clock.now()
    await desk.give(asked.segment, OnSite("3020", now, ((order.code, told),), order.pol_id))
    return Result()


async def tell_limits(asked: Asked, desk: Desk) -> Result:
    """Tell the limits of factors (1021 of 2005)."""
    order = asked.order
    assert isinstance(order, ForLogger)
    said, wording = [], desk.station.wording
    for outlet in desk.station.by_st().get(asked.segment.st, ()):
        for one in outlet.factors.values():
            code = wording.code(one.factor)
            if one.limits and order.pol_id in (None, code):
                low, high = (
                    on_wire(each, one.factor, wording)
                    for each in (one.limits[-1].low, one.limits[-1].high)
                )
                said.append(FactorValues(code, {"LowValue": low, "UpValue": high}))
    if not said:
        return Result(NO_DATA, "no limits")
    await desk.give(asked.segment, AlarmLimits("1021", tuple(said)))
    return Result()


def _factor(asked: Asked, desk: Desk) -> FactorPlan | None:
    """Find the factor a request speaks of among those of its system code."""
    order = asked.order
    assert isinstance(order, ForInstrument | AskOnSite)
    outlets = desk.station.by_st().get(asked.segment.st, ())
    return named(outlets, order.pol_id or "", desk.station.wording)


def _asked_for(asked: Asked) -> str:
    """Give the code of the factor as the platform said it."""
    return str(getattr(asked.order, "pol_id", ""))


def _unknown(asked: Asked) -> Result:
    return Result(CONDITION, f"no factor {_asked_for(asked)} here")


async def _state(order: AskOnSite, desk: Desk) -> str | None:
    """Give the working state of an instrument, or of the way to it, by its newest sample."""
    one = named(desk.station.outlets, order.pol_id or "", desk.station.wording)
    if one is None:
        return None
    now = desk.office.clock.now()
    found = await desk.office.store.read(
        lambda connection: samples.newest(
            connection,
            outlet=one.outlet,
            since=now - one.state_age_s,
            until=now,
            names=desk.office.names(),
        )
    )
    cause = found[one.factor].cause if one.factor in found else Cause.NO_LINK
    if order.code == "i12002":
        return "1" if cause is Cause.NO_LINK else "0"
    return _working_state(cause, one, desk) if order.code == "i12001" else None


def _working_state(cause: Cause, one: FactorPlan, desk: Desk) -> str | None:
    if not desk.edition.states:
        return _STATES.get(cause)
    medium = next(each.medium for each in desk.station.outlets if each.id == one.outlet)
    word = _STATE_WORDS.get(cause)
    if cause in (Cause.NORMAL, Cause.OVER_RANGE) and not one.batch:
        word = "测量"  # who measures in batches may as well be idle
    numbers = {text: number for number, text in desk.edition.states.get(medium, {}).items()}
    return None if word not in numbers else f"{numbers[word]}"


def _of_logger(code: str, desk: Desk) -> str | None:
    facts = desk.office.hardware()
    return {
        "i22001": "0",
        "i22003": "0",  # it is this very link
        "i23005": facts.logger_id,
        "i23006": facts.cpu_id,
        "i23007": facts.mac_1,
        "i23008": facts.mac_2,
    }.get(code)


async def _tell_log(asked: Asked, desk: Desk) -> Result:
    """Tell the lines of the journal of a range, a record each."""
    order = asked.order
    assert isinstance(order, AskOnSite)
    if order.begin is None or order.end is None or order.end < order.begin:
        return Result(CONDITION, "a log needs its range")
    begin, end = order.begin, order.end

    def read(connection: sqlite3.Connection) -> list[tuple[float, str, str]]:
        return journal.between(connection, begin, end, limit=LINES)

    lines = await desk.office.store.read(read)
    stream = Stream(desk, asked)
    for at, what, detail in lines:
        line = OnSite("3020", at, (("i21001", _line(what, json.loads(detail))),))
        await stream.send(print_message(line, desk.edition))
    return Result(outcome=f"{len(lines)} lines") if lines else Result(NO_DATA, "no lines")


def _line(what: str, detail: Mapping[str, object]) -> str:
    """Word a line of the journal so that it can stand between slashes."""
    said = " ".join(f"{name}:{value}" for name, value in detail.items() if value not in ("", None))
    text = f"{what} {said}".replace("//", "/").replace("&&", "&").replace("\n", " ")
    return text.encode()[: MAX_TEXT - 100].decode(errors="ignore").rstrip("/ ")
