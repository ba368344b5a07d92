"""Everything one worker needs around it: plan, store, clock, bells, and looks into the file."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from agent_fakes import FakeBells, FakeClock
from agent_site import COD, FLOW, PH, T0

from agent.metrics import Metrics
from agent.model import Cause, Kind, Measurement, Period, Sample
from agent.periods import Periods
from agent.plan import Plan
from agent.store import measurements, samples, series
from agent.store.db import Job, Store
from agent.store.series import Names
from agent.timekeeping import Timekeeper

T = TypeVar("T")
_DEVICES = {FLOW: "flow", PH: "ph", COD: "cod"}


@dataclass
class House:
    """The rows are looked at through a connection of their own: what it shows is on disk."""

    plan: Plan
    names: Names
    store: Store
    clock: FakeClock
    bells: FakeBells
    metrics: Metrics
    time: Timekeeper

    @classmethod
    async def on(cls, store: Store, plan: Plan, *, clock: FakeClock | None = None) -> House:
        names = await store.write(
            lambda connection: series.register(
                connection, series=plan.series(), devices=plan.devices()
            )
        )
        clock = clock or FakeClock(T0)
        time = Timekeeper(clock, store)
        return cls(plan, names, store, clock, FakeBells(clock), Metrics(), time)

    @property
    def periods(self) -> Periods:
        return Periods(self.plan, self.names, self.store, self.clock, self.bells, self.metrics)

    def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        """Ask the file."""
        with contextlib.closing(sqlite3.connect(self.store.path)) as connection:
            return connection.execute(sql, args).fetchall()

    def one(self, sql: str, *args: object) -> Any:
        """Give the first column of the only row."""
        ((value, *_),) = self.rows(sql, *args)
        return value

    async def write(self, job: Job[T]) -> T:
        return await self.store.write(job)

    async def sampled(
        self,
        factor: str,
        values: Iterable[tuple[float, float | None] | tuple[float, float | None, Cause]],
        *,
        outlet: str = "DW001",
        epoch: int = 0,
    ) -> None:
        """Store samples of a factor: (time, value) or (time, value, cause)."""
        device = _DEVICES[factor] + ("" if outlet == "DW001" else "2")

        def job(connection: sqlite3.Connection) -> None:
            for at, value, *rest in values:
                cause = rest[0] if rest else Cause.NORMAL
                sample = Sample(outlet, factor, at, value, cause)
                samples.add(
                    connection, [sample], device=device, at=at, epoch=epoch, names=self.names
                )

        await self.write(job)

    async def untimed(self, value: float, *, boot: str, mono: float) -> None:
        """Store a pH from before the clock was trusted."""
        sample = Sample("DW001", PH, 0.0, value)
        await self.write(
            lambda connection: samples.add_untimed(
                connection, [sample], device="ph", boot=boot, mono=mono, names=self.names
            )
        )

    async def steady(
        self,
        factor: str,
        start: float,
        end: float,
        *,
        value: float = 7.0,
        outlet: str = "DW001",
        epoch: int = 0,
    ) -> None:
        """Store one sample each ten seconds of [start, end)."""
        found = [(float(at), value) for at in range(int(start), int(end), 10)]
        await self.sampled(factor, found, outlet=outlet, epoch=epoch)

    async def result(
        self,
        sampled_at: float,
        value: float | None,
        *,
        completed_at: float | None = None,
        received_at: float | None = None,
        cause: Cause = Cause.NORMAL,
        factor: str = COD,
        outlet: str = "DW001",
    ) -> bool:
        """Store a result, of COD unless told otherwise; it completes as its hour ends.

        One that is there already is compared, as when it stood there at two polls.
        """
        completed_at = sampled_at + 3600 if completed_at is None else completed_at
        found = Measurement(
            outlet=outlet,
            factor=factor,
            device=self.plan.outlets[outlet].factors[factor].device,
            sampled_at=int(sampled_at),
            completed_at=completed_at,
            received_at=self.clock.now() if received_at is None else received_at,
            value=value,
            cause=cause,
        )

        def job(connection: sqlite3.Connection) -> bool:
            if measurements.add(connection, found, names=self.names):
                return True
            measurements.compare(connection, found, names=self.names)
            return False

        return await self.write(job)

    async def begin(self) -> None:
        """Let the closers take note of the present: what began before is not owed."""
        await self.time.look()
        await self.periods.close_due()

    async def close_at(self, at: float) -> int:
        """Let time pass until `at`, then close what is due."""
        self.clock.go(at - self.clock.now())
        return await self.periods.close_due()

    async def tick(self) -> None:
        """Do what the daemon does each second."""
        await self.time.look()
        if self.time.trusted:
            await self.periods.close_due()

    async def live(self, minutes: int, *, value: float = 7.0) -> None:
        """Let so many minutes pass, sampled each ten seconds, with a tick at the end of each.

        The last one is not closed then: that takes five seconds more.
        """
        for _ in range(minutes):
            now = self.clock.now()
            for factor in (FLOW, PH):
                await self.steady(factor, now, now + 60, value=value, epoch=self.time.epoch)
            self.clock.go(60)
            await self.tick()

    def statistics(self, kind: str, factor: str, *, outlet: str = "DW001") -> list[Any]:
        """Give (start, revision, avg, cause, valid) of a factor's rows of a kind, in order."""
        return self.rows(
            "SELECT start, revision, avg, cause, valid FROM statistics"
            " WHERE kind = ? AND series = ? ORDER BY start, revision",
            kind,
            self.names.series[outlet, factor, "rtd"],
        )

    def uploads(self, cn: str, *, station: str = "st1") -> Sequence[tuple[int, int, str]]:
        """Give (DataTime, revision, text) of what a station is owed under a command code."""
        return self.rows(
            "SELECT at, revision, body FROM outbox WHERE station = ? AND cn = ? ORDER BY id",
            station,
            cn,
        )

    def events(self, kind: str) -> Sequence[tuple[float, float | None, str]]:
        """Give (at, ended_at, detail) of the events of a kind."""
        return self.rows("SELECT at, ended_at, detail FROM events WHERE kind = ? ORDER BY id", kind)


def hour_of(at: float) -> int:
    return Period.holding(Kind.HOUR, at).start
