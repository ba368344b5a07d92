"""The readings of one instrument judged together, column by column. Pure.

Most of what is read is well, within its range and in the unit it always has; at some places that is
hundreds of values a second. What is anything else goes to `judge`, reading by reading; what is
judged here is what that would have made of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial
from itertools import repeat
from operator import add, itemgetter, le, mul

from agent.model import Cause, Sample
from agent.quality.judge import IMPOSSIBLE, PointRule
from agent.quality.units import UnitError, line
from drivers.device import Reading

_sample = partial(tuple.__new__, Sample)
"""Makes a sample of a row, as `Sample._make` does, without a call of Python for each."""


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

    def judged(self, readings: Sequence[Reading]) -> list[Sample] | None:
        """Give the sample of each factor; None where they are to be judged one by one."""
        found = self._in_order(readings)
        if not found:
            return None
        _, numbers, units, taken, causes, reasons, measured, _ = zip(*found, strict=True)
        if causes != self._normal or measured != self._nothing or not self._knows(units):
            return None
        if None in numbers or not _possible(numbers):
            return None
        values = tuple(map(add, map(mul, numbers, self._slopes), self._shifts))
        if not (_possible(values) and self._within(values)):
            return None
        rows = zip(
            self._outlets,
            self._factors,
            taken,
            values,
            causes,
            self._nothing,
            reasons,
            repeat(None),
            strict=False,  # what is the same for all goes on for ever
        )
        return [*map(_sample, rows)]

    def _in_order(self, readings: Sequence[Reading]) -> Sequence[Reading]:
        """Give the readings of the factors in their order; none where one is not there once."""
        said = tuple(map(itemgetter(0), readings))
        if said != self._said:
            self._said, self._places = said, self._where(said)
        if self._places is None:
            return ()
        if said == self._wanted:
            return readings
        return [readings[place] for place in self._places]

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


def _possible(values: Sequence[float]) -> bool:
    """Say whether all of them can be values; a sum with a NaN in it is none."""
    return not math.isnan(sum(values)) and min(values) > -IMPOSSIBLE and max(values) < IMPOSSIBLE
