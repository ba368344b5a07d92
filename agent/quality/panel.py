"""The readings of one instrument judged together, column by column. Pure.

Most of what is read is well, within its range and in the unit it always has; at some places that is
hundreds of values a second. What is anything else goes to `judge`, reading by reading; what is
judged here is what that would have made of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from operator import add, le, mul
from typing import cast

from agent.model import Cause, Sample
from agent.quality.judge import IMPOSSIBLE, PointRule
from agent.quality.units import UnitError, line
from drivers.device import Reading
from drivers.rows import Columns, Rows, columns_of


class Panel:
    """The continuous factors one instrument delivers; `points` has the point and rule of each."""

    def __init__(self, points: Sequence[tuple[str, PointRule]]) -> None:
        rules = [rule for _, rule in points]
        self._wanted = tuple(point for point, _ in points)
        self._wire_units = tuple(rule.unit for rule in rules)
        self._outlets = tuple(rule.outlet for rule in rules)
        self._factors = tuple(rule.factor for rule in rules)
        self._lows = tuple(_low(rule) for rule in rules)
        self._highs = tuple(math.inf if rule.high is None else rule.high for rule in rules)
        self._bounded = {*self._lows, *self._highs} != {-math.inf, math.inf}
        self._normal = (Cause.NORMAL,) * len(rules)
        self._nothing = (None,) * len(rules)
        self._said: tuple[str, ...] | None = None
        self._places: tuple[int, ...] | None = None
        self._units: tuple[str, ...] | None = None
        self._slopes: tuple[float, ...] = ()
        self._shifts: tuple[float, ...] = ()

    def judged(self, readings: Sequence[Reading]) -> Rows[Sample] | None:
        """Give the sample of each factor; None where they are to be judged one by one."""
        found = self._in_order(columns_of(readings))
        if not found:
            return None
        _, numbers, units, taken, causes, reasons, measured, _ = found
        if causes != self._normal or measured != self._nothing or not self._knows(units):
            return None
        if not _possible(numbers):
            return None
        values = tuple(map(add, map(mul, numbers, self._slopes), self._shifts))
        if not (_possible(values) and self._within(values)):
            return None
        nothing = self._nothing
        columns = (self._outlets, self._factors, taken, values, causes, nothing, reasons, nothing)
        return Rows(Sample._make, columns)

    def _in_order(self, columns: Columns) -> Columns:
        """Give the columns in the order of the factors; none where one is not said once."""
        if not columns:
            return ()
        if columns[0] != self._said:
            self._said, self._places = columns[0], self._where(columns[0])
        if not self._places:
            return ()
        if columns[0] == self._wanted:
            return columns
        return tuple(tuple(map(column.__getitem__, self._places)) for column in columns)

    def _where(self, said: tuple[str, ...]) -> tuple[int, ...] | None:
        if any(said.count(point) != 1 for point in self._wanted):
            return None
        return tuple(said.index(point) for point in self._wanted)

    def _knows(self, units: tuple[str, ...]) -> bool:
        """Look up the way from what the instrument says now to the wire units."""
        if units == self._units:
            return True
        try:
            ways = [line(one, other) for one, other in zip(units, self._wire_units, strict=True)]
        except UnitError:
            return False
        self._slopes = tuple(slope for slope, _ in ways)
        self._shifts = tuple(shift for _, shift in ways)
        self._units = units
        return True

    def _within(self, values: Sequence[float]) -> bool:
        if not self._bounded:
            return True
        return all(map(le, self._lows, values)) and all(map(le, values, self._highs))


def _low(rule: PointRule) -> float:
    """Give the least value that nothing is to be said of."""
    low = -math.inf if rule.low is None else rule.low
    return low if rule.signed else max(low, 0.0)


def _possible(values: Sequence[float | None]) -> bool:
    """Say whether all of them can be values; a sum with a NaN in it is none."""
    if None in values:
        return False
    found = cast("Sequence[float]", values)
    return not math.isnan(sum(found)) and min(found) > -IMPOSSIBLE and max(found) < IMPOSSIBLE
