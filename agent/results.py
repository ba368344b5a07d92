"""The results of batch analyzers: which of those that stand there are new, which to compare."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.clock import Clock
from agent.model import Cause, Measurement
from agent.plan import FactorPlan
from agent.quality.judge import measurement
from agent.store import measurements, samples
from agent.store.series import Names
from agent.timekeeping import Timekeeper
from drivers.device import Reading

HELD = 100
"""Results of one device that may wait for a clock that is trusted."""


@dataclass(frozen=True, slots=True)
class Told:
    """The result a batch analyzer showed last.

    `value` is in the wire unit; `mono` is the monotonic time at which it was still seen standing.
    `stood`: it did so at two polls in a row; `compared`: it was held against the store since.
    """

    completed_at: float
    value: float | None
    mono: float
    stood: bool = False
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What an instrument shows of one factor; `mono` is the monotonic time of the answer."""

    one: FactorPlan
    reading: Reading
    mono: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What the results of a cycle are to the store.

    `again` are those of a time that was seen before, to be held against what was stored (AF-08):
    each once its value stood there at two polls in a row, so that nobody takes a result that is
    just being written for another one.
    """

    new: tuple[Measurement, ...] = ()
    again: tuple[Measurement, ...] = ()


NOTHING_SEEN = Seen()


@dataclass(frozen=True, slots=True)
class Before:
    """What stood and what was held before a cycle, should that be lost."""

    told: Mapping[tuple[str, str], Told]
    held: tuple[Shown, ...]


NOTHING_BEFORE = Before({}, ())


class Results:
    """What the batch analyzers of one device showed last."""

    def __init__(self, clock: Clock, time: Timekeeper) -> None:
        self._clock, self._time = clock, time
        self._told: dict[tuple[str, str], Told] = {}
        """By outlet and factor."""
        self._held: deque[Shown] = deque(maxlen=HELD)
        """Dated results from before the clock was trusted."""

    def remember(self, one: FactorPlan, last: Told) -> None:
        """Take a result that was known before this process began."""
        self._told[one.outlet, one.factor] = last

    def before(self) -> Before:
        """Give what `undo` takes."""
        if not self._told and not self._held:
            return NOTHING_BEFORE
        return Before(dict(self._told), tuple(self._held))

    def undo(self, lost: Iterable[Measurement], before: Before) -> None:
        """Forget results that could not be stored: they still stand, and are taken again."""
        for result in lost:
            self._told.pop((result.outlet, result.factor), None)
        self._told |= before.told
        self._held.extend(before.held)

    def see(self, shown: Sequence[Shown]) -> Seen:
        """Give the results to be stored or compared, with those that waited for a trusted clock.

        Until it is only what the instrument itself dated can be told later on.
        """
        if not self._time.trusted:
            for taken in shown:
                self._hold(taken)
            return NOTHING_SEEN
        if not shown and not self._held:
            return NOTHING_SEEN
        shift = self._clock.now() - self._clock.monotonic()
        held = [
            replace(taken, reading=taken.reading._replace(taken_at=taken.mono + shift))
            for taken in self._held
        ]
        self._held.clear()
        new, again = [], []
        for taken in (*held, *shown):
            result = _result(taken.one, taken.reading)
            if result is None:
                continue
            if self._is_new(taken.one, result):
                new.append(result)
            elif taken.one.timed and self._is_to_compare(result):
                again.append(result)
        return Seen(tuple(new), tuple(again))

    def _hold(self, taken: Shown) -> None:
        """Keep a dated result once, until its hour can be told."""
        reading = taken.reading
        if not taken.one.timed or reading.value is None or reading.measured_at is None:
            return
        known = [old for old in self._held if old.one.factor == taken.one.factor]
        if not known or known[-1].reading.measured_at != reading.measured_at:
            self._held.append(taken)

    def _is_new(self, one: FactorPlan, result: Measurement) -> bool:
        """Say whether a result is a new one, and remember that it stood there.

        An instrument that does not tell its time shows a new result by a changed value; what
        stands there after a cycle in which nobody looked is of an unknown hour and is left alone.
        """
        place, now = (one.outlet, one.factor), self._clock.monotonic()
        last = self._told.get(place)
        told = Told(result.completed_at, result.value, now)
        self._told[place] = told
        if one.timed:
            if last is None or last.completed_at != told.completed_at:
                return True
            if last.value == told.value:
                self._told[place] = replace(last, stood=True)
            return False
        if last is None or now - last.mono > _cycle_s(one):
            return False
        return last.value != told.value

    def _is_to_compare(self, result: Measurement) -> bool:
        """Say whether a result stands there for a second poll, and was not compared since."""
        place = (result.outlet, result.factor)
        last = self._told[place]
        if not last.stood or last.compared or result.cause is not Cause.NORMAL:
            return False
        self._told[place] = replace(last, compared=True)
        return True


def _result(one: FactorPlan, reading: Reading) -> Measurement | None:
    """Give what stands there as a result, if it is one."""
    if reading.value is None:
        return None
    if not one.timed:
        reading = reading._replace(measured_at=reading.taken_at)
    elif reading.measured_at is None:
        return None
    return measurement(reading, one.judge, device=one.device, lag_min=one.lag_min)


def last_told(
    connection: sqlite3.Connection, one: FactorPlan, names: Names, clock: Clock
) -> Told | None:
    """Give the last result, when its analyzer was seen standing at it a short while ago."""
    now, outlet = clock.now(), one.outlet
    last = measurements.newest(connection, outlet=outlet, factor=one.factor, until=now, names=names)
    sample = samples.newest(
        connection, outlet=outlet, since=now - _cycle_s(one), until=now, names=names
    ).get(one.factor)
    if last is None or sample is None or sample.cause is Cause.NO_LINK:
        return None
    return Told(last.completed_at, last.value, clock.monotonic() - (now - sample.at))


def _cycle_s(one: FactorPlan) -> float:
    return (one.cycle_min or 0) * 60.0
