"""States and parameters of an instrument on request (3020), as they were last read.

Source: HJ 212-2017 annex B, table B.10
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.commands.equipment import PARAMETERS
from agent.commands.naming import named
from agent.model import Cause
from agent.plan import FactorPlan
from agent.store import parameters, samples
from agent.store.parameters import Kept
from agent.uplink.desk import Desk
from protocols.hj212.code_tables import find_on_site
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.numbers import print_number
from protocols.hj212.orders import AskOnSite
from protocols.hj212.times import wire_time

_STATES: Mapping[Cause, str] = {
    Cause.NORMAL: "0",
    Cause.OVER_RANGE: "0",
    Cause.MAINTENANCE: "1",
    Cause.FAULT: "2",
    Cause.CALIBRATION: "3",
    Cause.POWER: "6",
    Cause.STOPPED: "9",
}
"""i12001 of a cause; what is not here is not told."""
_STATE_WORDS: Mapping[Cause, str] = {
    Cause.MAINTENANCE: "维护",
    Cause.FAULT: "故障",
    Cause.CALIBRATION: "校准",
}
"""The same where a dialect has states of its own: by their words, its numbers mean others."""
_COD = "w01018"
_READ: Mapping[str, tuple[str, ...]] = {
    **PARAMETERS,
    "i13006": ("calibration_time", "standard_time"),
}
"""Parameters by their code, as profiles name them; units as where they are set."""
_UNITS: Mapping[str, str] = {"i13003": "min", "i13004": "degC", "i13005": "min"}
_MINUTES: Mapping[str, float] = {"min": 1.0, "h": 60.0, "s": 1 / 60}


@dataclass(frozen=True, slots=True)
class Fact:
    """What is told of an instrument, and of when it is."""

    text: str
    at: float


async def fact_of(order: AskOnSite, desk: Desk) -> Fact | None:
    """Find the state or parameter that is asked for; None where it is not known."""
    one = named(desk.station.outlets, order.pol_id or "", desk.station.wording)
    if one is None:
        return None
    code = order.code.lower()
    if code in _READ:
        return await _parameter(code, one, desk)
    text = await _state(code, one, desk)
    return None if text is None else Fact(text, desk.office.clock.now())


async def _parameter(code: str, one: FactorPlan, desk: Desk) -> Fact | None:
    if _of_dialect(code, desk):
        return None
    known = await desk.office.store.read(lambda connection: parameters.of(connection, one.device))
    kept = next((known[name] for name in _READ[code] if name in known), None)
    text = None if kept is None else _printed(code, kept, desk)
    return None if kept is None or text is None else Fact(text, kept.seen_at)


def _of_dialect(code: str, desk: Desk) -> bool:
    """Say whether a dialect means something else by a code than the standard does."""
    national = find_on_site(code, edition(desk.edition.base).on_site)
    return find_on_site(code, desk.edition.on_site) != national


def _printed(code: str, kept: Kept, desk: Desk) -> str | None:
    """Print a parameter by the type of its code; None where it does not fit it."""
    if (kept.unit == "time") != (code == "i13006"):
        return None
    if kept.unit == "time":
        return wire_time(kept.value)
    value, unit = kept.value, _UNITS.get(code, kept.unit)
    if unit != kept.unit:
        if not {unit, kept.unit} <= _MINUTES.keys():
            return None
        value *= _MINUTES[kept.unit] / _MINUTES[unit]
    known = find_on_site(code, desk.edition.on_site)
    if known is None or not known.type.startswith("N"):
        return f"{value:.10g}"
    try:
        return print_number(value, known.type)
    except LocalFrameError:
        return None


async def _state(code: str, one: FactorPlan, desk: Desk) -> str | None:
    """Give the working state of an instrument, or of the way to it, by its newest sample."""
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
    if code == "i12002":
        return "1" if cause is Cause.NO_LINK else "0"
    if code == "i12003" and one.factor == _COD and cause is not Cause.NO_LINK:
        return "1" if cause is Cause.FAULT else "0"
    return _working_state(cause, one, desk) if code == "i12001" else None


def _working_state(cause: Cause, one: FactorPlan, desk: Desk) -> str | None:
    if not desk.edition.states:
        return _STATES.get(cause)
    medium = next(each.medium for each in desk.station.outlets if each.id == one.outlet)
    word = _STATE_WORDS.get(cause)
    if cause in (Cause.NORMAL, Cause.OVER_RANGE) and not one.batch:
        word = "测量"  # who measures in batches may as well be idle
    numbers = {text: number for number, text in desk.edition.states.get(medium, {}).items()}
    return None if word not in numbers else f"{numbers[word]}"
