"""A plant's scripted life through the daemon's own functions, as fast as they go: judged, converted
and stored like a poll, closed by the clock of the cycles."""

from __future__ import annotations

import contextlib
import csv
import datetime
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from agent_fakes import FakeBells, FakeClock
from click.testing import CliRunner, Result

from agent.marks import Record
from agent.metrics import Metrics
from agent.model import Measurement, Sample
from agent.near import Near
from agent.periods import Periods
from agent.plan import Plan, make_plan
from agent.quality.judge import judge, measurement, state_sample
from agent.settings import parse_site
from agent.store import marks, measurements, samples, series
from agent.store.db import FILE_NAME, Store, connect
from agent.store.series import Names
from agent.tools.export.command import export
from agent.tools.migrate import migrate
from agent.tools.recompute.command import recompute
from agent.tools.recompute.lines import LETTERS
from drivers.device import Reading

HOUR = 3600
Cycles = Sequence[tuple[str, float, Sequence[Reading]]]
"""Device, time and readings of each poll."""
_LETTER = {cause: letter for letter, cause in LETTERS.items()}
_BEIJING = datetime.timezone(datetime.timedelta(hours=8))


class Plant:
    """One site on one store. `take` is a poll of one device, `close` what the daemon does then."""

    def __init__(self, folder: Path, site: dict[str, Any], *, start: float) -> None:
        self.folder = folder
        self.site = {**site, "storage": {"directory": str(folder)}}
        self.plan = plan_of(self.site)
        self.clock = FakeClock(start)
        self.end = int(start)
        self._near = Near()

    async def fill(self, hours: Iterable[Cycles], *, records: Sequence[Record] = ()) -> None:
        """Let the cycles of each hour be polled and stored; nothing is closed."""
        async with self._opened() as (store, names):
            await store.write(lambda one: _mark(one, records, self.clock.now()))
            for cycles in hours:
                await store.write(lambda one, cycles=cycles: self._poll(one, names, cycles))

    async def live(
        self, hours: Iterable[Cycles], *, start: int, records: Sequence[Record] = ()
    ) -> None:
        """Let the cycles of each hour be polled, then close what is due; one entry an hour."""
        async with self._opened() as (store, names):
            periods = Periods(self.plan, names, store, self.clock, FakeBells(self.clock), Metrics())
            await periods.close_due()
            await store.write(lambda one: _mark(one, records, self.clock.now()))
            for number, cycles in enumerate(hours, start=1):
                await store.write(lambda one, cycles=cycles: self._poll(one, names, cycles))
                self.clock.go(max(0.0, start + number * HOUR + 6 - self.clock.now()))
                # nobody closes while the agent is off
                if cycles:
                    await periods.close_due()
                self.end = start + number * HOUR
            self.clock.go(4 * HOUR)
            await periods.close_due()

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[Store, Names]]:
        migrate(self.folder)
        async with Store(self.folder, ballast_mb=0) as store:
            names = await store.write(
                lambda one: series.register(
                    one, series=self.plan.series(), devices=self.plan.devices()
                )
            )
            yield store, names

    def _poll(self, connection: sqlite3.Connection, names: Names, cycles: Cycles) -> None:
        for device, at, readings in cycles:
            taken, results = self._judged(device, readings)
            for result in results:
                measurements.add(connection, result, names=names)
            found = self._near.converted(self.plan, taken, mono=at)
            samples.add(connection, found, device=device, at=at, epoch=0, names=names)

    def _judged(
        self, device: str, readings: Sequence[Reading]
    ) -> tuple[list[Sample], list[Measurement]]:
        taken, results = [], []
        said = {one.point: one for one in readings}
        for one in self.plan.factors_of(device):
            reading = said[one.point]
            taken.append((state_sample if one.batch else judge)(reading, one.judge))
            if one.batch and reading.measured_at is not None and reading.value is not None:
                results.append(measurement(reading, one.judge, device=device, lag_min=one.lag_min))
        return taken, results

    def rows(self, sql: str, *args: object) -> list[tuple[Any, ...]]:
        """Ask the file."""
        with sqlite3.connect(self.folder / FILE_NAME) as connection:
            return connection.execute(sql, args).fetchall()

    def stored(self, kind: str, *, since: int = 0) -> dict[tuple[str, int], sqlite3.Row]:
        """Give the newest rows of a kind by factor and start, up to the end of the life."""
        with sqlite3.connect(self.folder / FILE_NAME) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(
                "SELECT series.factor, statistics.* FROM statistics JOIN series"
                " ON series.id = statistics.series WHERE kind = ? AND start >= ? AND start < ?"
                " ORDER BY revision",
                (kind, since, self.end),
            )
            return {(row["factor"], row["start"]): row for row in found}

    def column(self, kind: str, name: str, *, since: int = 0) -> dict[tuple[str, int], sqlite3.Row]:
        """Give the rows of a column by factor and start; none where it is as reported."""
        with sqlite3.connect(self.folder / FILE_NAME) as connection:
            connection.row_factory = sqlite3.Row
            found = connection.execute(
                "SELECT series.factor, columns.* FROM columns JOIN series"
                " ON series.id = columns.series WHERE kind = ? AND col = ?"
                " AND start >= ? AND start < ?",
                (kind, name, since, self.end),
            )
            return {(row["factor"], row["start"]): row for row in found}

    def input_samples(self, start: int, end: int) -> Path:
        """Write what was judged in [start, end), as `paikou recompute` takes it."""
        path = self.folder / "samples.csv"
        with (
            path.open("w", encoding="utf-8", newline="") as file,
            connect(self.folder / FILE_NAME, read_only=True) as connection,
        ):
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("at", "outlet", "factor", "value", "flag"))
            names = series.load(connection)
            for hour in range(start, end, HOUR):
                for at, *rest in self._lines(connection, names, hour):
                    when = datetime.datetime.fromtimestamp(at, _BEIJING).replace(tzinfo=None)
                    writer.writerow((when.isoformat(), *rest))
        return path

    def _lines(
        self, connection: sqlite3.Connection, names: Names, hour: int
    ) -> list[tuple[float, str, str, str, str]]:
        found: list[tuple[float, str, str, str, str]] = []
        for outlet in self.plan.outlets.values():
            taken = samples.between(connection, hour, hour + HOUR, outlet=outlet.id, names=names)
            for factor, rows in taken.items():
                for one in rows:
                    value = "" if one.value is None else repr(one.value)
                    found.append((one.at, outlet.id, factor, value, _LETTER[one.cause]))
            for one in outlet.batch:
                results = measurements.of_hour(
                    connection, hour, outlet=outlet.id, factor=one.factor, names=names
                )
                for result in results:
                    value = "" if result.value is None else repr(result.value)
                    at = float(result.sampled_at)
                    found.append((at, outlet.id, one.factor, value, _LETTER[result.cause]))
        return sorted(found)

    def marks_file(self, records: Iterable[Record]) -> Path:
        """Write marks as `--marks` takes them: the last minute is the last one marked."""
        path = self.folder / "marks.csv"
        lines = ["outlet,factor,kind,code,start,end"]
        for one in records:
            first, last = (
                datetime.datetime.fromtimestamp(at, _BEIJING).replace(tzinfo=None).isoformat()
                for at in (one.start, one.last)
            )
            factors = ";".join(one.factors)
            lines.append(f"{one.outlet},{factors},{one.kind.value},{one.code},{first},{last}")
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return path

    def recompute(self, file: Path, *options: str) -> Result:
        """Run `paikou recompute` on a file of samples."""
        arguments = [self._site_file(), "--samples", str(file), "--json", *options]
        return CliRunner().invoke(recompute, arguments)

    def exported(self, what: str, start: int, end: int) -> list[dict[str, Any]]:
        """Give the rows of `paikou export`."""
        since, until = (
            datetime.datetime.fromtimestamp(at, _BEIJING).isoformat() for at in (start, end)
        )
        span = ("--from", since, "--to", until)
        arguments = [self._site_file(), "--what", what, *span, "--format", "jsonl"]
        result = CliRunner().invoke(export, arguments)
        assert result.exit_code == 0, result.output
        return [json.loads(line) for line in result.stdout.splitlines()]

    def _site_file(self) -> str:
        site = self.folder / "site.yaml"
        site.write_text(yaml.safe_dump(self.site, allow_unicode=True), encoding="utf-8")
        return str(site)


def plan_of(site: dict[str, Any]) -> Plan:
    """Give the plan of a site as its file would say it."""
    text = yaml.safe_dump(site, allow_unicode=True, sort_keys=False)
    return make_plan(parse_site(text.encode())[0])


def objects(result: Result) -> Iterator[dict[str, Any]]:
    """Give the objects that a command printed, a line each."""
    return (json.loads(line) for line in result.stdout.splitlines())


def by_hour(start: int, end: int, readings: Callable[[int, int], Cycles]) -> Iterator[Cycles]:
    """Give what `readings` has of each hour, one after the other."""
    return (readings(hour, hour + HOUR) for hour in range(start, end, HOUR))


def _mark(connection: sqlite3.Connection, records: Iterable[Record], now: float) -> None:
    for record in records:
        marks.add(connection, record, by="环保员", why="脚本", now=now)
