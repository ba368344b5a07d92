"""Asks the devices of one bus when they are due, judges what they say, stores one cycle at a time.

Fixed rate on the monotonic clock. What a cycle leaves behind is one commit (`agent.cycles`).
"""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from agent.bells import Bells
from agent.clock import Clock
from agent.contacts import BATTERY, Contacts, Turn
from agent.cycles import Cycle, Cycles
from agent.device_state import DeviceState, Watch, absent, left_out
from agent.loops import Loops
from agent.metrics import Metrics
from agent.model import Sample
from agent.near import Near
from agent.plan import FactorPlan, Plan
from agent.quality.judge import counter_m3, judge, state_sample
from agent.quality.panel import Panel
from agent.results import Results, Shown, last_told
from agent.store.db import PATIENCE_S, SOON_S, Store
from agent.store.giving import is_full
from agent.store.series import Names
from agent.timekeeping import Timekeeper
from drivers.device import Device, DeviceError, Reading

__all__ = ["BusPoll", "DeviceState"]

BEAT_S = 0.25
"""Lines begin on a common beat: what is due at one moment shares wake-ups and a commit."""
COMMITS = 64
"""Cycles of one bus that may wait for the disk."""


@dataclass(slots=True)
class _Due:
    """One device, when it is to be asked, and what is worked out once of its factors."""

    device: Device
    factors: tuple[FactorPlan, ...]
    watch: Watch
    results: Results
    at: float
    panel: Panel | None
    """None where some factor is not simply a value."""
    chained: bool
    """Whether some value of its outlets is calculated of others."""
    loops: tuple[FactorPlan, ...]


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
        self._due = [self._due_of(device, period_s) for device, period_s in devices]
        self._results = {due.device.id: due.results for due in self._due}
        self._slots = asyncio.Semaphore(COMMITS)
        self._committed = metrics.cycles.labels(bus)
        self._cycles = Cycles(plan, names, clock, time)
        self.contacts, self._loops = Contacts(plan), Loops(plan)

    def _due_of(self, device: Device, period_s: float) -> _Due:
        factors = self._plan.factors_of(device.id)
        plain = not any(one.batch or one.loop or one.counter_points for one in factors)
        return _Due(
            device,
            factors,
            Watch(DeviceState(device.id, self.bus, period_s), self._metrics),
            Results(self._clock, self._time),
            at=math.ceil(self._clock.monotonic() / BEAT_S) * BEAT_S,
            panel=Panel([(one.point, one.judge) for one in factors]) if plain else None,
            chained=any(self._plan.outlets[one.outlet].chained for one in factors),
            loops=tuple(one for one in factors if one.loop is not None),
        )

    @property
    def states(self) -> list[DeviceState]:
        """What is known of each device."""
        return [due.watch.state for due in self._due]

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
            period_s = due.watch.state.period_s / self._near.pace
            behind = max(0.0, now - due.at) // period_s
            due.at += (behind + 1) * period_s
            cycle = await self._ask(due)
            if cycle.values or cycle.turns:
                await self._slots.acquire()
                commits.create_task(self._keep(cycle))

    def alive(self, grace_s: float) -> bool:
        """Say whether every device was asked when it was due, or is being asked since then."""
        now = self._clock.monotonic()
        return all(now < due.at + due.watch.state.period_s + grace_s for due in self._due)

    async def _remember(self) -> None:
        """Take the last results known of analyzers that do not tell when they measured."""
        for due in self._due:
            for one in due.factors:
                if one.batch and not one.timed:
                    look = partial(last_told, one=one, names=self._names, clock=self._clock)
                    last = await self._store.read(look)
                    if last is not None:
                        due.results.remember(one, last)

    async def _ask(self, due: _Due) -> Cycle:
        """Ask one device, and judge what it says. The label is that of the answer."""
        device, trouble = due.device.id, "no readings"
        try:
            readings = await due.device.read()
        except DeviceError as error:
            trouble = str(error)
            readings = absent(due.factors, error, now=self._clock.now())
        now, mono = self._clock.now(), self._clock.monotonic()
        values: Sequence[Sample] | None = due.panel.judged(readings) if due.panel else None
        results: Sequence[Shown] = ()
        if values is None:
            readings = [*readings, *left_out(due.factors, readings, now=now)]
        self._loops.see(device, readings, mono=mono)
        due.watch.note(self._loops.seen(due.loops, readings, mono=mono), trouble, now=now)
        turns = self._turns(device, readings, mono)
        if values is None:
            values, results = self._one_by_one(due, readings, mono)
        if due.chained:
            values = self._near.converted(self._plan, values, mono=mono)
        before = due.results.before()
        seen = due.results.see(results)
        return Cycle(
            device,
            at=now,
            mono=mono,
            epoch=self._time.epoch if self._time.trusted else None,
            values=values,
            results=seen.new,
            again=seen.again,
            turns=turns,
            ranges=self._loops.active(due.loops, mono=mono),
            before=before,
        )

    def _one_by_one(
        self, due: _Due, readings: Sequence[Reading], mono: float
    ) -> tuple[list[Sample], list[Shown]]:
        """Judge what is not of one kind; gives what batch analyzers show too."""
        said: dict[str, list[Reading]] = {}
        for reading in readings:
            said.setdefault(reading.point, []).append(reading)
        shown = [
            Shown(one, self._loops.engineering(one, reading, mono=mono), mono)
            for one in due.factors
            for reading in said.get(one.point, ())
        ]
        values = [_value(taken, readings) for taken in shown]
        return values, [taken for taken in shown if taken.one.batch]

    def _turns(self, device: str, readings: Sequence[Reading], mono: float) -> tuple[Turn, ...]:
        """Give the contacts that turned; while no time can be told for it, it stays to be told."""
        turns = self.contacts.see(device, readings, mono=mono)
        if not self._time.trusted:
            return ()
        self.contacts.tell(turns)
        if self.contacts.must_stop:
            self._bells.ring(BATTERY)
        return turns

    async def _keep(self, cycle: Cycle) -> None:
        """Store one cycle. Where the disk has no room left at all it is lost, and counted."""
        # what may order a bottle waits for no more company than what is due at the same moment
        wait_s = SOON_S if cycle.turns or cycle.results else PATIENCE_S
        try:
            await self._store.write(partial(self._cycles.commit, cycle=cycle), wait_s=wait_s)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            self._metrics.dropped.labels("samples").inc(len(cycle.values))
            self._results[cycle.device].undo(cycle.results, cycle.before)
            self.contacts.untell(cycle.turns)
            return
        finally:
            self._slots.release()
        self._committed.inc()
        if cycle.results or cycle.turns:
            self._bells.ring(*self._plan.action_bells(), *self._plan.outbox_bells())


def _value(taken: Shown, readings: Sequence[Reading]) -> Sample:
    """Judge what an instrument shows of one factor."""
    one = taken.one
    sample = (state_sample if one.batch else judge)(taken.reading, one.judge)
    if one.counter_points:
        return sample._replace(total=counter_m3(readings, one.counter_points))
    return sample
