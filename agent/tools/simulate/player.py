"""What an instrument says and does in whatever protocol: values, state, cycle, orders."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.settings.units import unit_of
from agent.tools.simulate.courses import Course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.keeping import Keeping
from agent.tools.simulate.obeying import SPAN, Ordered
from agent.tools.simulate.registers import Said
from drivers.device import Cause, Clock
from drivers.profile import Profile, Quantity, with_overrides
from drivers.settings import DeviceSettings

TOTAL = "total"
TOTAL_FRACTION = "total_fraction"
FLOWS = ("w00000", "a00000")
CONCENTRATIONS = frozenset({"mg/m3", "ug/m3", "ppm", "ppb", "mg/L", "ug/L"})
"""Units of what zero and span gas, or blank and standard water, show up in."""
_KEPT = 16
"""How many set values of a point are remembered for results still to come out."""


@dataclass(frozen=True, slots=True)
class SetValue:
    """A value somebody set, in the unit played, for a stretch of the clock's time."""

    value: float
    since: float
    until: float = math.inf

    def holds(self, at: float) -> bool:
        """Say whether it is in force at that time."""
        return self.since <= at < self.until


class Player(ABC):
    """An instrument: what it says at any moment. How it says it is for those built on this."""

    def __init__(
        self,
        device: DeviceSettings,
        profile: Profile,
        *,
        clock: Clock,
        courses: Mapping[str, Course],
        cycle: Cycle | None = None,
    ) -> None:
        self.device = device
        self.profile = profile
        self.clock = clock
        self.courses = courses
        self.cycle = cycle
        self.cause = Cause.NORMAL
        self.here = with_overrides(profile, device.points)
        """The profile as the site has it."""
        self.keeping = Keeping(profile)
        self._units = {
            one.id: unit_played(one, _wanted(one, courses)) for one in self.here.quantities
        }
        self._set: dict[str, list[SetValue]] = {}
        self._forced_at = -math.inf
        self._ordered = Ordered()
        self._total_m3 = 1000.0
        self._counted_at = clock.now()

    @property
    @abstractmethod
    def causes(self) -> frozenset[Cause]:
        """Name the causes this model has a word for."""

    @abstractmethod
    def fits(self, point_id: str, value: float) -> None:
        """Raise ValueError where a point cannot say a value."""

    @property
    def quantities(self) -> Sequence[Quantity]:
        """What it says, point by point, with the site's overrides."""
        return self.here.quantities

    def said(self) -> Said:
        """Give what the instrument says at this moment."""
        now = self.clock.now()
        self._count(now)
        self.keeping.advance(now)
        result_at = self._result_at(now)
        batch = self.batch_points
        numbers = {
            one.id: self._number(one.id, result_at if one.id in batch else now)
            for one in self.quantities
        }
        measuring = self.cycle is not None and (
            self.cycle.measuring(now) or now < self._ordered.running_until
        )
        cause = self.cause
        if cause is Cause.NORMAL and now < self._ordered.calibrating_until:
            cause = Cause.CALIBRATION
        shown = self._ordered.shown(now) if self.cause is Cause.NORMAL else None
        told_at = result_at if self.cycle else None
        gas = self._ordered.gas if now < self._ordered.calibrating_until else ""
        return Said(numbers, self._units, cause, measuring, told_at, shown, gas)

    @property
    def batch_points(self) -> frozenset[str]:
        """Ids of the points that change only when a run ends."""
        if self.cycle is None:
            return frozenset()
        return self.profile.batch_points or frozenset(self.courses)

    def unit(self, point_id: str) -> str:
        """Give the unit a point is played in."""
        return self._units[point_id]

    def set(self, point_id: str, value: float, *, for_s: float | None = None) -> None:
        """Let a point say `value` (in its unit) from now on, or for so many seconds of the clock.

        A batch analyzer says it with its next result. Raises ValueError where it does not fit.
        """
        now = self.clock.now()
        self.fits(point_id, value)
        until = math.inf if for_s is None else now + for_s
        self._set.setdefault(point_id, []).append(SetValue(value, now, until))
        del self._set[point_id][:-_KEPT]

    def release(self, point_id: str) -> None:
        """Let a point go its own way again."""
        self._set.pop(point_id, None)

    def measure(self) -> None:
        """End a run now: the result comes out at once. Raises ValueError on a continuous one."""
        if self.cycle is None:
            raise ValueError(f"{self.device.id} measures continuously")
        self._forced_at = self.clock.now()

    def set_cause(self, cause: Cause) -> None:
        """Let the state say this cause. Raises ValueError when the model has no word for it."""
        if cause is not Cause.NORMAL and cause not in self.causes:
            words = ", ".join(sorted(self.causes)) or "no state at all"
            raise ValueError(f"{self.profile.profile} has: {words}")
        self.cause = cause

    def _result_at(self, now: float) -> float:
        if self.cycle is None:
            return now
        ordered = self._ordered.result_at(now)
        return max(self.cycle.completed(now), self._forced_at, ordered)

    def _number(self, point_id: str, at: float) -> float:
        """Give a point's number at a time.

        What a calibration shows, else what was set for that time, else what it kept, else its
        course, its total, or 0.
        """
        course = self.courses.get(point_id)
        unit = self._units[point_id]
        if course is not None and self._shows_gas(point_id, at):
            return converted(course.high, course.unit, unit) if self._ordered.gas == SPAN else 0.0
        for entry in reversed(self._set.get(point_id, [])):
            if entry.holds(at):
                return entry.value
        if (kept := self.keeping.numbers.get(point_id)) is not None:
            return kept
        if course is not None:
            return converted(course.at(at), course.unit, unit)
        if point_id in (TOTAL, TOTAL_FRACTION):
            return self._total(point_id)
        return _STEADY.get(point_id, 0.0)

    def _shows_gas(self, point_id: str, at: float) -> bool:
        """Say whether a point shows the gas of a calibration: results of runs do not."""
        under_way = bool(self._ordered.gas) and at < self._ordered.calibrating_until
        measures = self._units[point_id] in CONCENTRATIONS
        return under_way and measures and point_id not in self.batch_points

    def _total(self, point_id: str) -> float:
        unit = self._units[point_id]
        total = converted(self._total_m3, "m3", unit)
        if TOTAL_FRACTION not in self._units:
            return total
        return math.floor(total) if point_id == TOTAL else total % 1.0

    def _count(self, now: float) -> None:
        """Add what has flowed since the last look to the total."""
        flow = next((point for point in FLOWS if point in self._units), None)
        if flow is not None and now > self._counted_at:
            rate = converted(self._number(flow, now), self._units[flow], "m3/s")
            self._total_m3 += rate * (now - self._counted_at)
        self._counted_at = now


_STEADY = {
    "interval": 1.0,
    "interval_code": 2.0,
    "digestion_time": 10.0,
    "range_high": 1.0,
}


def unit_played(one: Quantity, wanted: str) -> str:
    """Give the unit a point is played in: its own, or of those it can switch to the one wanted."""
    return wanted if wanted in one.units_said else one.units_said[0]


def converted(value: float, unit: str, wanted: str) -> float:
    """Turn a number into another unit; as it is where arithmetic alone knows no way."""
    one, other = unit_of(unit), unit_of(wanted)
    if one is None or other is None or one.kind != other.kind:
        return value
    return (value * float(one.factor) + float(one.offset - other.offset)) / float(other.factor)


def _wanted(one: Quantity, courses: Mapping[str, Course]) -> str:
    """Give the unit in which a point with several units is best played."""
    course = courses.get(one.id)
    return course.unit if course else "m3"
