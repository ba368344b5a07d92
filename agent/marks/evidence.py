"""What was so at an outlet, minute by minute: the witnesses for and against a mark (AF-19)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.model import Cause


@dataclass(frozen=True, slots=True)
class Minute:
    """What the witnesses said in one minute; None where one is absent or was not valid.

    `flow` in the factor's wire unit, `oxygen` in percent, `temperature` in degC; `power` and
    `load` in the units of the site. `cause` is the flag of the outlet's factors, where they agree.
    """

    flow: float | None = None
    oxygen: float | None = None
    temperature: float | None = None
    power: float | None = None
    load: float | None = None
    cause: Cause = Cause.NORMAL


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a witness speaks of running; all of them settings (I), MARK-08, MARK-10.

    `flow` is the platform's `stop_flow_limit`: more than it is a discharge. Oxygen at or above
    `oxygen` is air. `temperature`, `power`, `load` None: the witness is not asked.
    `stop_min`: a pattern shorter than this is no stop. `near_min`: an instrument mark that begins
    this near to an exceedance is told of. `repeats`, `repeat_days`, `same_min`: so many
    maintenance marks at the same step or time of day within so many days.
    """

    flow: float = 0.0
    oxygen: float = 19.0
    temperature: float | None = None
    power: float | None = None
    load: float | None = None
    stop_min: int = 30
    near_min: int = 30
    repeats: int = 3
    repeat_days: int = 7
    same_min: int = 30


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that is held beside the marks of one outlet.

    `minutes` by start. `doors` and `checks` are spans, `check_factors` the factor of each check;
    `exceedances` the moments at which one began, by factor.
    """

    outlet: str
    minutes: Mapping[int, Minute]
    doors: Sequence[tuple[int, int]] = ()
    checks: Sequence[tuple[int, int, str]] = ()
    exceedances: Sequence[tuple[int, str]] = ()


def running(minute: Minute, limits: Thresholds) -> list[tuple[str, float]]:
    """Give the witnesses that say the plant ran, each with its value."""
    said = []
    if minute.flow is not None and minute.flow > limits.flow:
        said.append(("flow", minute.flow))
    if minute.oxygen is not None and minute.oxygen < limits.oxygen:
        said.append(("oxygen", minute.oxygen))
    for name, value, bound in (
        ("temperature", minute.temperature, limits.temperature),
        ("power", minute.power, limits.power),
        ("load", minute.load, limits.load),
    ):
        if value is not None and bound is not None and value > bound:
            said.append((name, value))
    return said


def witnesses(minute: Minute, limits: Thresholds) -> int:
    """Count the witnesses that said anything at all."""
    asked = [minute.flow, minute.oxygen]
    asked += [
        value
        for value, bound in (
            (minute.temperature, limits.temperature),
            (minute.power, limits.power),
            (minute.load, limits.load),
        )
        if bound is not None
    ]
    return sum(1 for value in asked if value is not None)
