"""The daemon: wiring only. Opens the store, has the workers at work, and ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent import __version__, report
from agent.bells import Bells
from agent.clock import Clock, Pace
from agent.contacts import BATTERY, end_gone
from agent.crew import Crew, Post
from agent.errors import StoreError
from agent.exchanging import exchange, note_serials
from agent.line import Line
from agent.local import LocalSocket
from agent.lock import hold
from agent.maintaining import MAINTENANCE, Act, MaintenanceEnd, maintain
from agent.metrics import Metrics
from agent.orders import order_probe
from agent.periods import Periods
from agent.plan import Plan
from agent.reloading import InForce, read, read_again
from agent.settings.storage import socket_paths, state_directory
from agent.status import Observatory
from agent.store import actions, events, journal, outbox, recovery, series
from agent.store.db import SCHEMA_VERSION, Store, schema_version
from agent.store.room import is_full
from agent.supervise import end, feed_watchdog, notify, watchdog_interval_s
from agent.ticks import Ticks
from agent.timekeeping import Timekeeper
from agent.upkeep import drop_stale, upkeep
from agent.uplink.contract import contract
from agent.uplink.station import StationLink

log = logging.getLogger(__name__)

MIGRATION_TIMEOUT_S = 600.0
LOOK_S = 2.0
POLL_GRACE_S = 300.0
SOCKET_S = 2.0
"""How long READY waits for the local socket; the duty does not hang on it."""
CHECK_STEPS = 20_000
"""Steps of SQLite between two looks whether the check of the store shall end."""


async def run(site_file: Path, *, pace: Pace | None = None) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    Raises ConfigError for a wrong file, StoreError when the store is not to be had.
    """
    in_force = await asyncio.to_thread(read, site_file)
    site = in_force.plan.site
    directory = state_directory(site)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise StoreError(f"{directory}: no place for the store: {error.strerror}") from None
    with hold(directory):
        aside = recovery.heal(directory)
        await asyncio.to_thread(_migrate_if_old, directory)
        storage = site.storage
        try:
            async with Store(
                directory, max_mb=storage.max_mb, ballast_mb=storage.ballast_mb
            ) as store:
                await App(site_file, in_force, store, Clock(pace)).run(aside)
        except (sqlite3.DatabaseError, BaseExceptionGroup) as error:
            recovery.mark_if_damaged(directory, error)
            raise


class App:
    """One daemon on one open store."""

    def __init__(self, site_file: Path, in_force: InForce, store: Store, clock: Clock) -> None:
        self._file, self._in_force = site_file, in_force
        self._store, self._clock = store, clock
        self._bells, self._metrics = Bells(), Metrics()
        self._time = Timekeeper(clock, store)
        self._started_at = clock.now()
        self._socket = self._local()
        self._stopping = False
        self._observatory = Observatory(
            plan=lambda: self._in_force.plan,
            store=store,
            clock=clock,
            time=self._time,
            started_at=self._started_at,
            lines=lambda: [one for one in self._crew if isinstance(one, Line)],
            links=lambda: [one for one in self._crew if isinstance(one, StationLink)],
        )

    async def run(self, aside: Path | None) -> None:
        """Work until told to stop. `aside` is where a damaged store was put."""
        stop, reload = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        await self._store.write(lambda connection: self._note_start(connection, aside))
        await self._time.look()
        async with (
            asyncio.TaskGroup() as group,
            Ticks(
                second=self._second, hour=self._hour, night=self._night, speed=self._clock.speed
            ) as ticks,
        ):
            self._crew, self._ticks = Crew(group, self._crashed), ticks
            own: list[asyncio.Task[None]] = []
            try:
                await self._take_over()
                own += self._own_tasks(group, reload, stop)
                await self._tell_ready()
                await stop.wait()
                notify("STOPPING=1")
            finally:
                # also when a task of our own failed: the group alone would cancel only once
                self._stopping = True
                await end(own)
                await self._crew.dismiss()
        await self._note("stop", {})
        log.info("stopped")

    def _own_tasks(
        self, group: asyncio.TaskGroup, reload: asyncio.Event, stop: asyncio.Event
    ) -> list[asyncio.Task[None]]:
        """Begin what is not restarted: an error in one of these ends the process."""
        own = [
            group.create_task(self._close_periods(), name="periods"),
            group.create_task(self._reload_when(reload), name="reload"),
            group.create_task(self._check_store(), name="check"),
            group.create_task(self._keep_house(), name="upkeep"),
            group.create_task(self._stop_on_battery(stop), name="battery"),
            group.create_task(self._end_maintenance(), name="maintenance"),
        ]
        interval_s = watchdog_interval_s()
        if interval_s is not None:
            watchdog = feed_watchdog(interval_s, self._alive)
            own.append(group.create_task(watchdog, name="watchdog"))
        return own

    async def _tell_ready(self) -> None:
        """Say READY once questions are answered, or cannot be."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOCKET_S):
                await self._socket.listening.wait()
        notify(f"READY=1\nSTATUS=paikou {__version__}")
        log.info("ready: %s", self._file)

    async def _take_over(self) -> list[str]:
        """Put the plan in force to work; gives the workers that were stopped or begun."""
        plan = self._in_force.plan
        self._names = await self._store.write(
            lambda connection: series.register(
                connection, series=plan.series(), devices=plan.devices()
            )
        )
        if self._clock.sane():
            now = self._clock.now()
            await self._store.write(lambda connection: note_serials(connection, plan, now=now))
            await self._store.write(lambda connection: end_gone(connection, plan, now=now))
        self._periods = Periods(
            plan, self._names, self._store, self._clock, self._bells, self._metrics
        )
        return await self._crew.match(self._posts())

    def _posts(self) -> dict[str, Post]:
        """Say which workers are wanted, and on what terms each of them is the same as before."""
        plan = self._in_force.plan
        posts = {"local socket": Post(socket_paths(plan.site), lambda: self._socket)}
        for bus in plan.site.buses:
            posts[f"bus {bus.id}"] = Post(
                (bus, *_concerns(plan, bus.id)),
                lambda bus=bus: Line(  # type: ignore[misc]  # mypy sees no type in a default
                    bus,
                    plan,
                    self._names,
                    self._store,
                    self._clock,
                    self._time,
                    self._bells,
                    self._metrics,
                ),
            )
        for station in plan.stations.values():
            if station.destination.transport != "mqtt":
                continue  # its uploads wait in the outbox; `check` says that they do
            agreed = contract(
                plan, station, started_at=self._started_at, health=self._observatory.health
            )
            outlets = tuple(one.id for one in station.outlets)
            posts[f"station {station.id}"] = Post(
                (station.destination, station.station, outlets, frozenset(station.devices())),
                lambda agreed=agreed: StationLink(  # type: ignore[misc]  # as above
                    agreed, self._store, self._clock, self._bells, self._metrics
                ),
            )
        return posts

    def _local(self) -> LocalSocket:
        return LocalSocket(
            socket_paths(self._in_force.plan.site),
            {
                "status": self._ask_status,
                "metrics": self._ask_metrics,
                "probe": self._ask_probe,
                "maintain": self._ask_maintain,
                "exchange": self._ask_exchange,
            },
        )

    async def _close_periods(self) -> None:
        """Close what is due, for ever. What fails here ends the process (architecture §3.11)."""
        while True:
            await self._bells.wait("periods", LOOK_S)
            step_s = await self._time.look()
            if step_s:
                self._ticks.set_anew()
            if not self._time.trusted:
                continue
            try:
                await self._periods.close_due()
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                # nothing is left that may give way: what is due stays due until there is room
                log.error("no room to close what is due: %s", error)

    async def _end_maintenance(self) -> None:
        """Turn off what was forgotten, for ever."""
        plan = lambda: self._in_force.plan  # noqa: E731  a reload gives another one
        await MaintenanceEnd(plan, self._store, self._clock, self._bells).run()

    async def _stop_on_battery(self, stop: asyncio.Event) -> None:
        """End in good order when the battery is low and the mains are gone, where that is set.

        Where the mains are not watched, a low battery alone is enough.
        """
        while True:
            if not await self._bells.wait(BATTERY, LOOK_S):
                continue
            watched = any(one.means == "power" for one in self._in_force.plan.site.inputs)
            lost = await self._store.read(lambda connection: events.all_open(connection, "power"))
            if watched and not lost:
                continue
            await self._note("stopping: battery low", {})
            log.warning("battery low: stopping")
            stop.set()
            return

    async def _second(self) -> None:
        self._bells.ring("periods")

    async def _hour(self) -> None:
        self._bells.ring("hour")

    async def _night(self) -> None:
        self._bells.ring("night")

    async def _keep_house(self) -> None:
        """Give up what is too old, when the ticks say so: a task, so that its failure is seen."""
        while True:
            parts = (self._in_force.plan, self._store, self._clock, self._metrics)
            if await self._bells.wait("hour", LOOK_S):
                await drop_stale(*parts)
            if await self._bells.wait("night", LOOK_S):
                await upkeep(*parts)

    async def _reload_when(self, asked: asyncio.Event) -> None:
        while True:
            await asked.wait()
            asked.clear()
            before = self._in_force
            after = await asyncio.to_thread(read_again, self._file, before)
            if after is None:
                continue
            self._in_force = after
            changed = await self._take_over()
            detail = {"before": before.file_hash, "after": after.file_hash, "changed": changed}
            await self._note("reload", detail)
            log.info("reload: changed %s", ", ".join(changed) or "nothing that runs")

    async def _check_store(self) -> None:
        """Look through the store once, beside the work: on a big one this takes a while."""
        directory = self._store.path.parent

        def look(connection: sqlite3.Connection) -> bool:
            # a thread that nobody waits for would still hold up the end of the process
            connection.set_progress_handler(lambda: self._stopping, CHECK_STEPS)
            return recovery.check(connection, directory)

        sound = await self._store.read_apart(look)
        if not sound:
            raise StoreError(f"{self._store.path} is damaged; the next start puts it aside")

    async def _alive(self) -> bool:
        """Give the watchdog its answers: the writer's, this loop's, and that of every line."""
        await self._store.write(lambda _: None)
        return all(line.alive(POLL_GRACE_S) for line in self._crew if isinstance(line, Line))

    async def _crashed(self, name: str, error: Exception) -> None:
        """Write down that a task failed. Trouble with the store is the end of the process."""
        self._metrics.restarts.labels(name).inc()
        if _concerns_store(error):
            raise error
        await self._note("task failed", {"task": name, "error": repr(error)[:500]})

    async def _ask_status(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._observatory.status()

    async def _ask_metrics(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        for station, owed in (await self._observatory.owed()).items():
            self._metrics.outbox.labels(station).set(owed)
        return {"text": self._metrics.text()}

    async def _ask_probe(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        device = str(question.get("device", ""))
        if device not in set(self._in_force.plan.devices()):
            return {"error": f"no device {device!r} in {self._file}"}
        return await order_probe(device, self._store, self._clock, self._bells)

    async def _ask_maintain(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._obey(maintain, asked, MAINTENANCE)

    async def _ask_exchange(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._obey(exchange, asked, "")

    async def _obey(self, act: Act, asked: Mapping[str, Any], bell: str) -> Mapping[str, Any]:
        """Write down what a person on this machine asks for."""
        plan, now = self._in_force.plan, self._clock.now()
        if not self._clock.sane():
            return {"error": "the clock is not set: no act can be dated"}
        done = await self._store.write(lambda connection: act(connection, plan, asked, now=now))
        self._bells.ring(bell, *plan.outbox_bells())
        return done

    async def _note(self, what: str, detail: Mapping[str, object]) -> None:
        now = self._clock.now()
        await self._store.write(lambda connection: journal.add(connection, what, detail, at=now))

    def _note_start(self, connection: sqlite3.Connection, aside: Path | None) -> None:
        """Write the start down; what was running when we died is in doubt now."""
        now = self._clock.now()
        detail = {
            "version": __version__,
            "site": self._in_force.file_hash,
            "boot": self._time.boot,
            "in_doubt": actions.doubt_running(connection),
            "damaged_store": str(aside) if aside else "",
        }
        journal.add(connection, "start", detail, at=now)
        if not self._clock.sane():
            return
        for station in self._in_force.plan.stations.values():
            if station.destination.wire.restart_upload and now >= (station.since or 0.0):
                for st in station.by_st():
                    upload = report.started(station.wording, st=st, at=now)
                    outbox.add(connection, station.id, upload, now=now)


def _concerns(plan: Plan, bus: str) -> tuple[object, ...]:
    """Give all that the worker of a line takes from the plan: nothing else may restart it."""
    devices = plan.site.devices_on(bus)
    factors = tuple(plan.factors_of(one.id) for one in devices)
    samplers = {one.outlet for one in plan.site.samplers if one.bus == bus}
    concerned = {one.outlet for found in factors for one in found} | samplers
    here = {one.id for one in devices}
    inputs = tuple(one for one in plan.site.inputs if one.device in here)
    concerned |= {plan.at(one) for one in inputs}
    outlets = tuple(
        (one.id, one.st, one.flow, one.sampler, one.keeping)
        for one in plan.outlets.values()
        if one.id in concerned
    )
    # what is found on a line is told to the platforms that hear of it
    told = tuple(
        (
            one.id,
            one.destination.events,
            one.destination.wire.retained_upload,
            one.wording,
            one.since,
            tuple(outlet.id for outlet in one.outlets),
        )
        for one in plan.stations.values()
        if any(outlet.id in concerned for outlet in one.outlets)
    )
    profiles = tuple(plan.profiles[one.id] for one in devices)
    return devices, profiles, factors, outlets, told, inputs


def _concerns_store(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_concerns_store(one) for one in error.exceptions)
    return isinstance(error, sqlite3.Error | StoreError)


def _migrate_if_old(directory: Path) -> None:
    """Bring the schema up to date in a child process: its libraries stay out of the daemon."""
    if schema_version(directory / "store.db") == SCHEMA_VERSION:
        return
    try:
        subprocess.run(
            [sys.executable, "-m", "agent.tools.migrate", str(directory)],
            check=True,
            timeout=MIGRATION_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise StoreError(
            f"{directory}: the store could not be brought up to date: {error}"
        ) from None
