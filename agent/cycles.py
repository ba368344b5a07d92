"""What a polling cycle leaves behind: its values, what the rules make of them, and the notices.

Everything here runs inside one transaction: what was measured is on disk before anything acts on
it, and a value and its consequence cannot part.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.clock import Clock
from agent.contacts import Turn, note_turns
from agent.exceedance import judge_measurement, judge_sample
from agent.gas import O2_NEAR_AIR
from agent.loops import ActiveRange, note_ranges
from agent.maintaining import held
from agent.model import Kind, Measurement, Period, Sample
from agent.plan import Plan
from agent.results import NOTHING_BEFORE, Before
from agent.store import measurements, samples
from agent.store.series import Names
from agent.telling import tell
from agent.timekeeping import Timekeeper


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one device said once. `epoch` is None while the clock is not trusted."""

    device: str
    at: float
    mono: float
    epoch: int | None
    values: Sequence[Sample]
    results: tuple[Measurement, ...] = ()
    again: tuple[Measurement, ...] = ()
    """Results seen before that still stand there."""
    turns: tuple[Turn, ...] = ()
    ranges: tuple[ActiveRange, ...] = ()
    before: Before = NOTHING_BEFORE
    """What its analyzers showed before, should this cycle be lost."""


class Cycles:
    """Where the cycles of all devices go."""

    def __init__(self, plan: Plan, names: Names, clock: Clock, time: Timekeeper) -> None:
        self._plan, self._names, self._clock, self._time = plan, names, clock, time
        factors = [one for outlet in plan.outlets.values() for one in outlet.factors.values()]
        self._limited = {
            (one.outlet, one.factor) for one in factors if one.limits and not one.batch
        }
        self._watched = {
            one.device
            for one in factors
            if (one.outlet, one.factor) in self._limited or one.chain is not None
        }
        """The devices some of whose values have consequences of their own."""

    def commit(self, connection: sqlite3.Connection, cycle: Cycle) -> None:
        """Store one cycle and what the rules make of it."""
        cycle = _switched(connection, self._labelled(cycle))
        if cycle.epoch is None:
            samples.add_untimed(
                connection,
                cycle.values,
                device=cycle.device,
                boot=self._time.boot,
                mono=cycle.mono,
                names=self._names,
            )
            return
        note_turns(connection, self._plan, self._names, cycle.turns, now=cycle.at)
        note_ranges(connection, self._plan, cycle.ranges, now=cycle.at)
        if cycle.values:
            samples.add(
                connection,
                cycle.values,
                device=cycle.device,
                at=cycle.at,
                epoch=cycle.epoch,
                names=self._names,
            )
        if cycle.device in self._watched:
            self._judge(connection, cycle)
        for result in cycle.results:
            if measurements.add(connection, result, names=self._names):
                judge_measurement(connection, self._plan, self._names, result, now=cycle.at)
        for result in cycle.again:
            measurements.compare(connection, result, names=self._names)

    def _judge(self, connection: sqlite3.Connection, cycle: Cycle) -> None:
        for sample in cycle.values:
            if (sample.outlet, sample.factor) in self._limited:
                judge_sample(connection, self._plan, self._names, sample, now=cycle.at)
            if sample.reason.startswith(O2_NEAR_AIR):
                self._tell_near_air(connection, sample, now=cycle.at)

    def _tell_near_air(self, connection: sqlite3.Connection, sample: Sample, *, now: float) -> None:
        """Tell of a value converted with an oxygen close to that of air, once an hour (CEMS-08)."""
        hour = Period.holding(Kind.HOUR, sample.at).start
        tell(
            connection,
            self._plan,
            "o2_near_air",
            {"value": sample.value, "converted": sample.zs, "why": sample.reason},
            ref=f"o2_near_air:{sample.outlet}:{sample.factor}:{hour}",
            at=sample.at,
            now=now,
            outlet=sample.outlet,
            factor=sample.factor,
        )

    def _labelled(self, cycle: Cycle) -> Cycle:
        """Give a cycle its time when the clock came to be trusted while it waited for the disk."""
        if cycle.epoch is not None or not self._time.trusted:
            return cycle
        at = self._clock.now() - (self._clock.monotonic() - cycle.mono)
        values = tuple(sample._replace(at=at) for sample in cycle.values)
        return replace(cycle, at=at, epoch=self._time.epoch, values=values)


def _switched(connection: sqlite3.Connection, cycle: Cycle) -> Cycle:
    """Give values the cause of the maintenance switch where it is on; they stay as they are."""
    switched = held(connection)
    if not switched:
        return cycle
    return replace(
        cycle,
        values=tuple(switched.sample(one, cycle.at) for one in cycle.values),
        results=tuple(switched.result(one, cycle.at) for one in cycle.results),
        again=tuple(switched.result(one, cycle.at) for one in cycle.again),
    )
