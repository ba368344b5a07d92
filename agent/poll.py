"""Asks the devices of one bus when they are due, judges what they say, stores one cycle at a time.

Fixed rate on the monotonic clock. Values, their consequences by rule and the notices of both are
one commit: what was measured is on disk before anything acts on it.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from agent.bells import Bells
from agent.clock import Clock
from agent.contacts import BATTERY, Contacts, Turn, note_turns
from agent.exceedance import judge_measurement, judge_sample
from agent.gas import O2_NEAR_AIR
from agent.loops import ActiveRange, Loops, note_ranges
from agent.maintaining import held
from agent.metrics import Metrics
from agent.model import Cause, Kind, Measurement, Period, Sample
from agent.near import Near
from agent.plan import FactorPlan, Plan
from agent.quality.judge import counter_m3, judge, measurement, state_sample
from agent.store import measurements, samples
from agent.store.db import Store
from agent.store.room import is_full
from agent.store.series import Names
from agent.telling import tell
from agent.timekeeping import Timekeeper
from drivers.device import BadAnswer, Device, DeviceError, NoAnswer, Reading
from drivers.records import maker

log = logging.getLogger(__name__)

HELD = 100
"""Results of one device that may wait for a clock that is trusted."""
COMMITS = 64
"""Cycles of one bus that may wait for the disk."""
BUSY = "busy"
"""Why a device that is at work gives no reading."""


@dataclass(slots=True)
class DeviceState:
    """What is to be seen of one device."""

    id: str
    bus: str
    period_s: float
    ok: bool = False
    cause: str = "not asked yet"
    last_good_at: float | None = None
    readings: tuple[Reading, ...] = ()
    """The last ones; while a batch analyzer is at work, the result it showed before."""


@dataclass(frozen=True, slots=True)
class _Told:
    """The result a batch analyzer showed last.

    `value` is in the wire unit; `mono` is the monotonic time at which it was still seen standing.
    """

    completed_at: float
    value: float | None
    mono: float


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an instrument shows of one factor; `mono` is the monotonic time of the answer."""

    one: FactorPlan
    reading: Reading
    mono: float


_showing = maker(_Shown)


@dataclass(slots=True)
class _Due:
    device: Device
    factors: tuple[FactorPlan, ...]
    state: DeviceState
    at: float
    told: dict[str, _Told] = field(default_factory=dict)
    held: deque[_Shown] = field(default_factory=lambda: deque(maxlen=HELD))
    """Dated results from before the clock was trusted."""


@dataclass(frozen=True, slots=True)
class _Cycle:
    """What one device said once. `epoch` is None while the clock is not trusted."""

    due: _Due
    at: float
    mono: float
    epoch: int | None
    values: tuple[Sample, ...]
    results: tuple[Measurement, ...]
    told: dict[str, _Told]
    held: tuple[_Shown, ...]
    """What stood before and what was held, should this cycle be lost."""
    turns: tuple[Turn, ...] = ()
    ranges: tuple[ActiveRange, ...] = ()


class BusPoll:
    """The polling of one bus."""

    def __init__(
        self,
        bus: str,
        devices: Sequence[tuple[Device, float]],
        *,
        plan: Plan,
        names: Names,
        store: Store,
        clock: Clock,
        time: Timekeeper,
        bells: Bells,
        metrics: Metrics,
        near: Near | None = None,
    ) -> None:
        self.bus = bus
        self._near = near or Near()
        self._plan, self._names, self._store = plan, names, store
        self._clock, self._time, self._bells, self._metrics = clock, time, bells, metrics
        start = clock.monotonic()
        self._due = [
            _Due(device, plan.factors_of(device.id), DeviceState(device.id, bus, period_s), start)
            for device, period_s in devices
        ]
        self._slots = asyncio.Semaphore(COMMITS)
        self.contacts, self._loops = Contacts(plan), Loops(plan)

    @property
    def states(self) -> list[DeviceState]:
        """What is known of each device."""
        return [due.state for due in self._due]

    async def run(self) -> None:
        """Poll for ever, each device at its own rate; the bus gives them their turns.

        A cycle's commit does not hold up the next question: the writer gathers what comes within
        half a second. What waits for it is bounded.
        """
        await self._remember()
        async with asyncio.TaskGroup() as group:
            for due in self._due:
                group.create_task(self._poll(due, group))

    async def _poll(self, due: _Due, commits: asyncio.TaskGroup) -> None:
        while True:
            await self._clock.sleep(due.at - self._clock.monotonic())
            now = self._clock.monotonic()
            # a cycle that came too late is skipped, not hurried after
            period_s = due.state.period_s / self._near.pace
            behind = max(0.0, now - due.at) // period_s
            due.at += (behind + 1) * period_s
            cycle = await self._ask(due)
            if cycle.values or cycle.turns:
                await self._slots.acquire()
                commits.create_task(self._keep(cycle))

    def alive(self, grace_s: float) -> bool:
        """Say whether every device was asked when it was due, or is being asked since then."""
        now = self._clock.monotonic()
        return all(now < due.at + due.state.period_s + grace_s for due in self._due)

    async def _remember(self) -> None:
        """Take the last results known of analyzers that do not tell when they measured."""
        for due in self._due:
            for one in due.factors:
                if one.batch and not one.timed:
                    last = await self._store.read(partial(self._last, one))
                    if last is not None:
                        due.told[one.factor] = last

    def _last(self, one: FactorPlan, connection: sqlite3.Connection) -> _Told | None:
        """Give the last result, when its analyzer was seen standing at it a short while ago."""
        now, outlet, names = self._clock.now(), one.outlet, self._names
        last = measurements.newest(
            connection, outlet=outlet, factor=one.factor, until=now, names=names
        )
        sample = samples.newest(
            connection, outlet=outlet, since=now - _cycle_s(one), until=now, names=names
        ).get(one.factor)
        if last is None or sample is None or sample.cause is Cause.NO_LINK:
            return None
        return _Told(last.completed_at, last.value, self._clock.monotonic() - (now - sample.at))

    async def _ask(self, due: _Due) -> _Cycle:
        """Ask one device, and judge what it says. The label is that of the answer."""
        try:
            readings = await due.device.read()
        except DeviceError as error:
            readings, trouble = self._absent(due, error), str(error)
        else:
            trouble = "no readings"
            readings = [*readings, *self._busy(due, readings)]
        mono = self._clock.monotonic()
        self._loops.see(due.device.id, readings, mono=mono)
        self._note(due, self._loops.seen(due.factors, readings, mono=mono), trouble)
        turns = self._turns(due, readings, mono)
        said = _by_point(readings)
        shown = [
            _showing(
                one, self._loops.engineering(one, reading, mono=mono) if one.loop else reading, mono
            )
            for one in due.factors
            for reading in said.get(one.point, ())
        ]
        values = [_value(taken, readings) for taken in shown]
        told, held = dict(due.told), tuple(due.held)
        return _Cycle(
            due,
            at=self._clock.now(),
            mono=mono,
            epoch=self._time.epoch if self._time.trusted else None,
            values=tuple(self._near.converted(self._plan, values, mono=mono)),
            results=self._results(due, [taken for taken in shown if taken.one.batch]),
            told=told,
            held=held,
            turns=turns,
            ranges=self._loops.active(due.factors, mono=mono),
        )

    def _turns(self, due: _Due, readings: Sequence[Reading], mono: float) -> tuple[Turn, ...]:
        """Give the contacts that turned; while no time can be told for it, it stays to be told."""
        turns = self.contacts.see(due.device.id, readings, mono=mono)
        if not self._time.trusted:
            return ()
        self.contacts.tell(turns)
        if self.contacts.must_stop:
            self._bells.ring(BATTERY)
        return turns

    async def _keep(self, cycle: _Cycle) -> None:
        """Store one cycle. Where the disk has no room left at all it is lost, and counted."""
        try:
            await self._store.write(
                lambda connection: self._commit(connection, cycle),
                # what may order a bottle does not wait for company
                patient=not (cycle.turns or cycle.results),
            )
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            self._metrics.dropped.labels("samples").inc(len(cycle.values))
            # a result still stands in its analyzer: the next cycle takes it again
            for result in cycle.results:
                cycle.due.told.pop(result.factor, None)
            cycle.due.told |= cycle.told
            cycle.due.held.extend(cycle.held)
            self.contacts.untell(cycle.turns)
            return
        finally:
            self._slots.release()
        self._metrics.cycles.labels(self.bus).inc()
        if cycle.results or cycle.turns:
            self._bells.ring(*self._plan.action_bells(), *self._plan.outbox_bells())

    def _commit(self, connection: sqlite3.Connection, cycle: _Cycle) -> None:
        """Store one cycle and what the rules make of it."""
        device, names = cycle.due.device.id, self._names
        cycle = self._switched(connection, self._labelled(cycle))
        if cycle.epoch is None:
            samples.add_untimed(
                connection,
                cycle.values,
                device=device,
                boot=self._time.boot,
                mono=cycle.mono,
                names=names,
            )
            return
        note_turns(connection, self._plan, names, cycle.turns, now=cycle.at)
        note_ranges(connection, self._plan, cycle.ranges, now=cycle.at)
        if cycle.values:
            samples.add(
                connection, cycle.values, device=device, at=cycle.at, epoch=cycle.epoch, names=names
            )
        for sample in cycle.values:
            one = self._plan.outlets[sample.outlet].factors[sample.factor]
            if one.limits and not one.batch:
                judge_sample(connection, self._plan, names, sample, now=cycle.at)
            if sample.reason.startswith(O2_NEAR_AIR):
                self._tell_near_air(connection, sample, now=cycle.at)
        for result in cycle.results:
            if measurements.add(connection, result, names=names):
                judge_measurement(connection, self._plan, names, result, now=cycle.at)

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

    def _switched(self, connection: sqlite3.Connection, cycle: _Cycle) -> _Cycle:
        """Give values the cause of the maintenance switch where it is on; they stay as they are."""
        switched = held(connection)
        if not switched:
            return cycle
        return replace(
            cycle,
            values=tuple(switched.sample(one, cycle.at) for one in cycle.values),
            results=tuple(switched.result(one, cycle.at) for one in cycle.results),
        )

    def _labelled(self, cycle: _Cycle) -> _Cycle:
        """Give a cycle its time when the clock came to be trusted while it waited for the disk."""
        if cycle.epoch is not None or not self._time.trusted:
            return cycle
        at = self._clock.now() - (self._clock.monotonic() - cycle.mono)
        values = tuple(replace(sample, at=at) for sample in cycle.values)
        return replace(cycle, at=at, epoch=self._time.epoch, values=values)

    def _results(self, due: _Due, shown: Sequence[_Shown]) -> tuple[Measurement, ...]:
        """Give the new results, with those that waited for the clock to be trusted.

        Until it is only what the instrument itself dated can be told later on.
        """
        if not self._time.trusted:
            for taken in shown:
                self._hold(due, taken)
            return ()
        shift = self._clock.now() - self._clock.monotonic()
        held = [
            replace(taken, reading=replace(taken.reading, taken_at=taken.mono + shift))
            for taken in due.held
        ]
        due.held.clear()
        found = [self._result(due, taken.one, taken.reading) for taken in (*held, *shown)]
        return tuple(result for result in found if result is not None)

    def _hold(self, due: _Due, taken: _Shown) -> None:
        """Keep a dated result once, until its hour can be told."""
        reading = taken.reading
        if not taken.one.timed or reading.value is None or reading.measured_at is None:
            return
        known = [old for old in due.held if old.one.factor == taken.one.factor]
        if not known or known[-1].reading.measured_at != reading.measured_at:
            due.held.append(taken)

    def _result(self, due: _Due, one: FactorPlan, reading: Reading) -> Measurement | None:
        """Give the result of a batch analyzer when it is a new one.

        An instrument that does not tell its time shows a new result by a changed value; what
        stands there after a cycle in which nobody looked is of an unknown hour and is left alone.
        """
        if reading.value is None:
            return None
        if not one.timed:
            reading = replace(reading, measured_at=reading.taken_at)
        elif reading.measured_at is None:
            return None
        result = measurement(reading, one.judge, device=one.device, lag_min=one.lag_min)
        last, now = due.told.get(one.factor), self._clock.monotonic()
        due.told[one.factor] = _Told(result.completed_at, result.value, now)
        if one.timed:
            new = last is None or last.completed_at != result.completed_at
        elif last is None or now - last.mono > _cycle_s(one):
            new = False
        else:
            new = last.value != result.value
        return result if new else None

    def _absent(self, due: _Due, error: DeviceError) -> list[Reading]:
        """Make the readings of a device that gave none."""
        silent = isinstance(error, NoAnswer | BadAnswer)
        cause = Cause.NO_LINK if silent else Cause.FAULT
        now = self._clock.now()
        points = dict.fromkeys(one.point for one in due.factors)
        return [
            Reading(point, None, "", taken_at=now, cause=cause, reason=str(error))
            for point in points
        ]

    def _busy(self, due: _Due, readings: Sequence[Reading]) -> list[Reading]:
        """Make the readings of the points a busy device left out: it runs, and is no power-off.

        A batch analyzer that is busy is well: it has trouble when its result does not come.
        """
        now = self._clock.now()
        said = {reading.point for reading in readings}
        causes = {
            one.point: Cause.NORMAL if one.batch else Cause.FAULT
            for one in due.factors
            if one.point not in said
        }
        return [
            Reading(point, None, "", taken_at=now, cause=cause, reason=BUSY)
            for point, cause in causes.items()
        ]

    def _note(self, due: _Due, readings: Sequence[Reading], trouble: str) -> None:
        """Keep what is to be seen, and log a change of state once."""
        state = due.state
        lost = [reading for reading in readings if reading.value is None]
        good = len(readings) - len(lost)
        if lost:
            readings = [_standing(reading, state.readings) for reading in readings]
        state.readings = tuple(readings)
        self._metrics.readings.labels(state.id).inc(good)
        self._metrics.absent.labels(state.id).inc(len(lost))
        if good:
            state.last_good_at = self._clock.now()
        ok = bool(good) or any(reading.cause is Cause.NORMAL for reading in lost)
        cause = "" if good else trouble
        if lost:
            cause = lost[0].reason or lost[0].cause.value
        if ok != state.ok:
            log.warning("%s: %s", state.id, "answers" if ok else cause)
        state.ok, state.cause = ok, cause


def _standing(reading: Reading, before: Sequence[Reading]) -> Reading:
    """Leave to be seen what a busy analyzer showed last; its times say of when it is."""
    if reading.value is not None or reading.reason != BUSY or reading.cause is not Cause.NORMAL:
        return reading
    shown = (old for old in before if old.point == reading.point and old.value is not None)
    return next((replace(old, reason=BUSY) for old in shown), reading)


def _value(taken: _Shown, readings: Sequence[Reading]) -> Sample:
    """Judge what an instrument shows of one factor."""
    one = taken.one
    sample = (state_sample if one.batch else judge)(taken.reading, one.judge)
    if one.counter_points:
        return replace(sample, total=counter_m3(readings, one.counter_points))
    return sample


def _by_point(readings: Sequence[Reading]) -> dict[str, list[Reading]]:
    said: dict[str, list[Reading]] = {}
    for reading in readings:
        said.setdefault(reading.point, []).append(reading)
    return said


def _cycle_s(one: FactorPlan) -> float:
    return (one.cycle_min or 0) * 60.0
