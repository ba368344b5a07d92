"""What a platform may know of instruments and of this logger (1021, 3017 to 3020): reading only."""

from __future__ import annotations

from agent.commands.instrument_facts import Fact, fact_of
from agent.commands.logs import is_log, tell_log
from agent.commands.naming import named, on_wire
from agent.plan import FactorPlan
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, NO_DATA, REFUSED, Asked, Result
from protocols.hj212.message import FactorValues
from protocols.hj212.orders import AlarmLimits, AskOnSite, ForInstrument, ForLogger, SamplingCycle
from protocols.hj212.reports import InstrumentSerial, OnSite, SampleOutTime

LONGEST_SAMPLE_OUT_MIN = 120


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
    if is_log(order):
        return await tell_log(asked, desk)
    fact = await fact_of(order, desk) if order.pol_id else _of_logger(order.code.lower(), desk)
    if fact is None:
        return Result(NO_DATA, f"{order.code} is not known")
    told = OnSite("3020", fact.at, ((order.code, fact.text),), order.pol_id)
    await desk.give(asked.segment, told)
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


def _of_logger(code: str, desk: Desk) -> Fact | None:
    facts = desk.office.hardware()
    text = {
        "i22001": "0",
        "i22003": "0",  # it is this very link
        "i23005": facts.logger_id,
        "i23006": facts.cpu_id,
        "i23007": facts.mac_1,
        "i23008": facts.mac_2,
    }.get(code)
    return None if text is None else Fact(text, desk.office.clock.now())
