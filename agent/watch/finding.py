"""What the watch looks at, from where on it speaks, and what it says: samples, never a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

Rule = Literal[
    "AF-01", "AF-02", "AF-03", "AF-04", "AF-05", "AF-06", "AF-07", "AF-08", "AF-09", "AF-10",
    "AF-11", "AF-12", "AF-13", "AF-14", "AF-15", "AF-16", "AF-18", "AF-19", "treatment", "bypass",
]  # fmt: skip
"""Rules of domain-rules §10; the last two have no number there."""

SHOWN = 20
"""Samples that go with an event; `count` says how many there were."""


@dataclass(frozen=True, slots=True)
class Point:
    """One valid minute of a continuous factor, or one measurement of a batch analyzer.

    `at` is UTC epoch seconds, `value` in the factor's wire unit. `discharging`: whether the outlet
    had flow then, True where nobody measures it. A repeated older measurement is no point.
    """

    at: float
    value: float
    discharging: bool = True


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on a rule speaks. Hours unless the name says otherwise; all are settings (I).

    Shares are of the measuring range, but `limit_band`, which is a share of the limit.
    """

    constant_h: float = 4.0
    band_h: float = 12.0
    band: float = 0.01
    zero_h: float = 1.0
    narrow_days: int = 3
    narrow: float = 0.02
    detection: float | None = None
    top_h: float = 1.0
    top: float = 0.001
    limit_h: float = 6.0
    limit_band: float = 0.02
    sigmas: float = 5.0
    times: float = 3.0
    times_min: float = 5.0
    least_step: float = 0.05
    ph_variance: float = 0.01
    ph_change: float = 2.0
    corrected_differs: float = 0.02
    oxygen_high: float = 19.0
    repeat_min: int = 30
    repeat_values: int = 5
    shape_days: int = 7
    shape_equal: float = 0.9
    shape_alike: float = 0.999
    alike: float = 0.995
    sent_differs: float = 0.01
    calibrations_a_day: int = 3
    shift: float = 0.2
    response_min: float | None = None


@dataclass(frozen=True, slots=True)
class Course:
    """The points of one factor in the order of time, and what is known of the factor.

    `step_s` is the time from one point to the next when nothing is missing; `low` and `high` the
    measuring range and `limit` the upper limit in force, in wire unit, None where there is none;
    `digits` the decimals the value is printed with.
    """

    factor: str
    points: Sequence[Point]
    step_s: float
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    digits: int = 2

    @property
    def span(self) -> float | None:
        """The width of the measuring range."""
        if self.low is None or self.high is None or self.high <= self.low:
            return None
        return self.high - self.low

    @property
    def gap_s(self) -> float:
        """How far apart two points may be and still be neighbours."""
        return max(2.5 * self.step_s, 900.0)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to be looked at by a person: which rule, why, from when to when, with samples.

    `events` are those it groups, each with its moment; then `count` says how many they are.
    `grave`: it happened where nothing explains it.
    """

    rule: Rule
    cause: str
    factor: str
    start: float
    end: float
    count: int
    figures: dict[str, float | str] = field(default_factory=dict)
    samples: tuple[tuple[float, float], ...] = ()
    grave: bool = False
    events: tuple[tuple[int, float], ...] = ()


def found(
    rule: Rule, cause: str, course: Course, points: Sequence[Point], **figures: float | str
) -> Finding:
    """Make a finding of the points it is about: the first and the last of them go with it."""
    return Finding(
        rule,
        cause,
        course.factor,
        points[0].at,
        points[-1].at + course.step_s,
        len(points),
        figures,
        shown([(one.at, one.value) for one in points]),
    )


def shown(samples: Sequence[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Give the samples that go with a finding: the first and the last of them."""
    if len(samples) <= SHOWN:
        return tuple(samples)
    return (*samples[: SHOWN // 2], *samples[-SHOWN // 2 :])
