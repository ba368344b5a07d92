"""One simulated instrument: a profile's registers filled from courses, orders and its cycle."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.settings.units import unit_of
from agent.tools.simulate.courses import Course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.obeying import Ordered
from agent.tools.simulate.pdu import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Refusal,
)
from agent.tools.simulate.registers import (
    Said,
    causes,
    image,
    readable,
    tables,
    unit_played,
)
from drivers.device import Cause, Clock
from drivers.profile import Point, Profile, with_overrides
from drivers.settings import DeviceSettings

_TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
TOTAL = "total"
TOTAL_FRACTION = "total_fraction"
FLOWS = ("w00000", "a00000")
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


class Instrument:
    """An instrument behind an address of a line. It serves what its profile has, and no more."""

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
        self.points = with_overrides(profile, device.points).points
        self._units = {
            point.id: unit_played(point, _wanted(point, courses)) for point in self.points
        }
        self._set: dict[str, list[SetValue]] = {}
        self._forced_at = -math.inf
        self._ordered = Ordered()
        self._served = {table: readable(profile, table) for table in tables(profile)}
        self._total_m3 = 1000.0
        self._counted_at = clock.now()

    def read(self, function: int, start: int, count: int) -> Sequence[int]:
        """Give registers or bits as the instrument has them now. Raises `Refusal`."""
        table = _TABLES[function]
        if table not in self._served:
            raise Refusal(ILLEGAL_FUNCTION)
        if function in (3, 4) and count > self.profile.line.max_registers:
            raise Refusal(ILLEGAL_VALUE)
        addresses = range(start, start + count)
        if not self._served[table].issuperset(addresses):
            raise Refusal(ILLEGAL_ADDRESS)
        registers = image(self.profile, self.points, self.said(), table=table)
        return [registers[address] for address in addresses]

    def write(self, function: int, start: int, values: Sequence[int]) -> None:
        """Carry out an operation of the profile. Raises `Refusal` on anything else."""
        self._ordered.take(self.profile, function, start, values, now=self.clock.now())

    def said(self) -> Said:
        """Give what the instrument says at this moment."""
        now = self.clock.now()
        self._count(now)
        result_at = self._result_at(now)
        batch = self.batch_points
        numbers = {
            point.id: self._number(point.id, result_at if point.id in batch else now)
            for point in self.points
        }
        measuring = self.cycle is not None and (
            self.cycle.measuring(now) or now < self._ordered.running_until
        )
        cause = self.cause
        if cause is Cause.NORMAL and now < self._ordered.calibrating_until:
            cause = Cause.CALIBRATION
        return Said(numbers, self._units, cause, measuring, result_at if self.cycle else None)

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
        trial = Said({**self.said().numbers, point_id: value}, self._units)
        point = next(point for point in self.points if point.id == point_id)
        image(self.profile, self.points, trial, table=point.table)
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
        """Let the state registers say this cause. Raises ValueError when the model has no word."""
        known = causes(self.profile)
        if cause is not Cause.NORMAL and cause not in known:
            words = ", ".join(sorted(known)) or "no state at all"
            raise ValueError(f"{self.profile.profile} has: {words}")
        self.cause = cause

    def _result_at(self, now: float) -> float:
        if self.cycle is None:
            return now
        ordered = self._ordered.result_at(now)
        return max(self.cycle.completed(now), self._forced_at, ordered)

    def _number(self, point_id: str, at: float) -> float:
        """Give a point's number: what was set for that time, else its course, its total, or 0."""
        for entry in reversed(self._set.get(point_id, [])):
            if entry.holds(at):
                return entry.value
        if (course := self.courses.get(point_id)) is not None:
            return converted(course.at(at), course.unit, self._units[point_id])
        if point_id in (TOTAL, TOTAL_FRACTION):
            return self._total(point_id)
        return _STEADY.get(point_id, 0.0)

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


def converted(value: float, unit: str, wanted: str) -> float:
    """Turn a number into another unit; as it is where arithmetic alone knows no way."""
    one, other = unit_of(unit), unit_of(wanted)
    if one is None or other is None or one.kind != other.kind:
        return value
    return (value * float(one.factor) + float(one.offset - other.offset)) / float(other.factor)


def _wanted(point: Point, courses: Mapping[str, Course]) -> str:
    """Give the unit in which a point with several units is best played."""
    course = courses.get(point.id)
    return course.unit if course else "m3"
