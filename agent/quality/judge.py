"""What an instrument said, judged: unit, state, range, sign. Values are kept, never bent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.gas import INVALID_INPUT
from agent.model import Kind, Measurement, Period, Sample
from agent.quality.units import UnitError, convert
from drivers.device import Cause, Reading

IMPOSSIBLE = 1e15
"""No quantity of an outlet comes near it, in any unit."""

# Factors of water that may be below zero (WAT-25 speaks of the others): w01010 is temperature.
_SIGNED_IN_WATER = frozenset({"w01010"})


@dataclass(frozen=True, slots=True)
class PointRule:
    """How the readings of one factor are judged.

    `low` and `high` are the measuring range in `unit`, the wire unit. `signed`: whether a value
    below zero means anything.
    """

    outlet: str
    factor: str
    unit: str
    low: float | None = None
    high: float | None = None
    signed: bool = True


def may_be_negative(factor: str, *, medium: str) -> bool:
    """Say whether a factor's value may be below zero: in water only a temperature (WAT-25)."""
    return medium != "water" or factor in _SIGNED_IN_WATER


def judge(reading: Reading, rule: PointRule, *, converted: Reading | None = None) -> Sample:
    """Give the sample of a reading, in the wire unit.

    A state the instrument told wins over what the value looks like. Only what is no number, or
    has a unit without way to the wire unit, loses its value. `converted` is the instrument's own
    value at reference oxygen. A batch result is labelled with its own time (never as a new one),
    everything else with the time it was read.
    """
    at = reading.taken_at
    if reading.measured_at is not None and reading.value is not None:
        at = reading.measured_at
    value, cause, reason = _judged(reading, rule)
    if converted is None:
        return Sample(rule.outlet, rule.factor, at, value, cause, None, reason)
    zs, zs_cause, _ = _judged(converted, PointRule(rule.outlet, rule.factor, rule.unit))
    if cause is Cause.NORMAL and (zs is None or zs_cause is not Cause.NORMAL):
        zs, reason = None, reason or INVALID_INPUT
    return Sample(rule.outlet, rule.factor, at, value, cause, zs, reason)


def state_sample(reading: Reading, rule: PointRule) -> Sample:
    """Give what a batch analyzer's poll says of its state, without its standing result.

    The result is a measurement of its own; a sample at the time of the poll must not repeat it.
    """
    return Sample(
        rule.outlet, rule.factor, reading.taken_at, None, reading.cause, reason=reading.reason
    )


def counter_m3(readings: Iterable[Reading], points: Sequence[str]) -> float | None:
    """Give a flow meter's counter in m3, the sum of its points; None where one of them is missing.

    Whole part and fraction are points of their own on some meters.
    """
    said = {one.point: one for one in readings}
    total = 0.0
    for point in points:
        reading = said.get(point)
        if reading is None or reading.value is None or not _possible(reading.value):
            return None
        try:
            total += convert(reading.value, reading.unit, "m3")
        except UnitError:
            return None
    return total


def sampling_hour(measured_at: float, lag_min: float) -> int:
    """Give the start of the clock hour whose water a result is of (WAT-05).

    That is the hour holding the instrument's time less `lag_min`; UTC epoch seconds.
    """
    return Period.holding(Kind.HOUR, measured_at - lag_min * 60).start


def measurement(
    reading: Reading,
    rule: PointRule,
    *,
    device: str,
    lag_min: float,
    ahead_s: float = 900.0,
) -> Measurement:
    """Give the measurement of a batch reading; `received_at` is when it was read.

    `ahead_s`: an instrument's time further ahead of ours than this puts the result in an hour
    that is not its own; the value is kept as a fault. Raises ValueError without an own time.
    """
    if reading.measured_at is None:
        raise ValueError(f"{reading.point}: a batch result without the instrument's time")
    value, cause, _ = _judged(reading, rule)
    if cause is Cause.NORMAL and reading.measured_at > reading.taken_at + ahead_s:
        cause = Cause.FAULT
    return Measurement(
        outlet=rule.outlet,
        factor=rule.factor,
        device=device,
        sampled_at=sampling_hour(reading.measured_at, lag_min),
        completed_at=reading.measured_at,
        received_at=reading.taken_at,
        value=value,
        cause=cause,
    )


def _possible(value: float) -> bool:
    """Say whether a number can be a value at all: registers read wrong give NaN or 1e38."""
    return -IMPOSSIBLE < value < IMPOSSIBLE


def _judged(reading: Reading, rule: PointRule) -> tuple[float | None, Cause, str]:
    """Give value in the wire unit, cause and reason."""
    value, normal = reading.value, reading.cause is Cause.NORMAL
    fault = Cause.FAULT if normal else reading.cause
    if value is None:
        return None, fault, reading.reason or "no value"
    if not -IMPOSSIBLE < value < IMPOSSIBLE:
        return None, fault, reading.reason or f"{value} is no value"
    try:
        value = convert(value, reading.unit, rule.unit)
    except UnitError as error:
        return None, fault, f"{value:g} {error}"
    if not -IMPOSSIBLE < value < IMPOSSIBLE:
        return None, fault, reading.reason or f"{reading.value} {reading.unit} is no value"
    if not normal:
        return value, reading.cause, reading.reason
    if rule.high is rule.low is None and rule.signed:  # nothing to hold it against
        return value, Cause.NORMAL, reading.reason
    cause, reason = looked_at(value, rule)
    return value, cause, reason or reading.reason


def looked_at(value: float, rule: PointRule) -> tuple[Cause, str]:
    """Judge a value of an instrument that says it is well."""
    if rule.high is not None and value > rule.high:
        return Cause.OVER_RANGE, f"{value:g} is above the range, {rule.high:g} {rule.unit}"
    if value < 0 and not rule.signed:
        return Cause.FAULT, f"{value:g} is negative"
    if rule.low is not None and value < rule.low:
        return Cause.NORMAL, f"{value:g} is below the range, {rule.low:g} {rule.unit}"
    return Cause.NORMAL, ""
