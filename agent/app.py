"""The daemon: wiring only. Opens the store, has the workers at work, and ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from agent import __version__
from agent.bells import Bells
from agent.chores import Chores
from agent.clock import Clock, Pace
from agent.commands import TABLE
from agent.commands.attending import attend
from agent.commands.hardware import hardware
from agent.commands.keeping import Keeper
from agent.contacts import BATTERY, end_gone
from agent.crew import Crew, Post
from agent.errors import StoreError
from agent.exchanging import note_serials
from agent.filming import Filming
from agent.hiring import Counters, House, wanted
from agent.line import Line
from agent.local import LocalSocket
from agent.lock import hold
from agent.logring import RING
from agent.maintaining import MaintenanceEnd
from agent.metrics import Metrics
from agent.near import Near
from agent.ops.answers import OpsAnswers
from agent.ordering.handling import Handling
from agent.ordering.intake import Intake
from agent.periods import Periods
from agent.plan import Plan
from agent.proving import seal_to_the_end
from agent.questions import Questions
from agent.reloading import InForce, read, read_again, under_overrides
from agent.settings.storage import socket_paths, state_directory
from agent.starting import note_start
from agent.status import Observatory
from agent.store import events, journal, recovery, series
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.store.room import is_full
from agent.supervise import end, feed_watchdog, notify, watchdog_interval_s
from agent.ticks import Ticks
from agent.timekeeping import ClockRefused, Timekeeper, set_wall_clock
from agent.unlimited import end_unlimited
from agent.upgrading import migrate_if_old
from agent.uplink.contract import manners
from agent.uplink.desk import Office
from agent.uplink.dispatcher import dispatcher
from agent.uplink.station import StationLink

log = logging.getLogger(__name__)

LOOK_S = 2.0
POLL_GRACE_S = 300.0
SOCKET_S = 2.0
"""How long READY waits for the local socket; the duty does not hang on it."""
OVERRULE_S = 10.0
CHECK_STEPS = 20_000
"""Steps of SQLite between two looks whether the check of the store shall end."""


async def run(site_file: Path, *, pace: Pace | None = None) -> None:
    """Run the daemon until SIGTERM or SIGINT.

    Raises ConfigError for a wrong file, StoreError when the store is not to be had.
    """
    logging.getLogger().addHandler(RING)
    in_force = await asyncio.to_thread(read, site_file)
    site = in_force.plan.site
    directory = state_directory(site)
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise StoreError(f"{directory}: no place for the store: {error.strerror}") from None
    with hold(directory):
        aside = recovery.heal(directory)
        await asyncio.to_thread(migrate_if_old, directory)
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
        self._frames = FrameLog(store, clock, self._metrics)
        self._time = Timekeeper(clock, store)
        self._stopping = False
        self._set = asyncio.Event()
        """Rings when a platform set something that is to be put in force."""
        self._overruled: list[asyncio.Future[None]] = []
        """Who waits for that."""
        self._reloading = asyncio.Lock()
        self._house = House(
            site_file,
            self._plan,
            lambda: self._names,
            store,
            clock,
            self._time,
            self._bells,
            self._metrics,
            Near(),
            self._frames,
            clock.now(),
        )
        self._handling = Handling(self._plan, store, clock, self._bells)
        self._chores = Chores(self._plan, store, clock, self._time, self._bells, self._metrics)
        self._observatory = Observatory(
            plan=self._plan,
            store=store,
            clock=clock,
            time=self._time,
            started_at=self._house.started_at,
            lines=lambda: [one for one in self._crew if isinstance(one, Line)],
            links=lambda: [one for one in self._crew if isinstance(one, StationLink)],
            cameras=lambda: [one for one in self._crew if isinstance(one, Filming)],
        )
        questions = Questions(
            site_file,
            self._plan,
            self._observatory,
            store,
            clock,
            self._bells,
            self._metrics,
            self._frames,
        )
        answers = questions.answers()
        self._counters = Counters(
            self._observatory.health,
            Keeper(store, clock),
            dispatcher(self._office()),
            OpsAnswers(self._plan, answers, store, clock),
        )
        self._socket = LocalSocket(socket_paths(in_force.plan.site), answers)

    def _plan(self) -> Plan:
        """Give the plan in force: a reload makes another one."""
        return self._in_force.plan

    async def run(self, aside: Path | None) -> None:
        """Work until told to stop. `aside` is where a damaged store was put."""
        stop, reload = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        self._in_force = await under_overrides(self._in_force, self._store, now=self._clock.now())
        await self._store.write(
            lambda connection: note_start(
                connection, self._in_force, aside, clock=self._clock, boot=self._time.boot
            )
        )
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
        await self._frames.flush()
        await self._note("stop", {})
        await seal_to_the_end(self._store, self._clock)
        log.info("stopped")

    def _own_tasks(
        self, group: asyncio.TaskGroup, reload: asyncio.Event, stop: asyncio.Event
    ) -> list[asyncio.Task[None]]:
        """Begin what is not restarted: an error in one of these ends the process."""
        own = [
            group.create_task(self._close_periods(), name="periods"),
            group.create_task(self._reload_when(reload), name="reload"),
            group.create_task(self._overrule_when_set(), name="overrule"),
            group.create_task(self._check_store(), name="check"),
            group.create_task(self._chores.run(), name="upkeep"),
            group.create_task(self._frames.run(), name="message log"),
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
            await self._store.write(lambda connection: end_unlimited(connection, plan, now=now))
        self._periods = Periods(
            plan, self._names, self._store, self._clock, self._bells, self._metrics
        )
        changed = await self._crew.match(self._posts())
        self._adopt()
        return changed

    def _posts(self) -> dict[str, Post]:
        """Say which workers are wanted by the plan in force."""
        posts = wanted(self._house, self._counters)
        posts["local socket"] = Post(socket_paths(self._in_force.plan.site), lambda: self._socket)
        posts["orders"] = Post((), lambda: self._handling)
        return posts

    def _adopt(self) -> None:
        """Let links that go on hear of manners that need no new connection."""
        plan = self._in_force.plan
        for link in (one for one in self._crew if isinstance(one, StationLink)):
            station = plan.stations.get(link.contract.manners.station)
            if station is not None:
                link.adopt(replace(link.contract, station=station, manners=manners(station)))

    def _office(self) -> Office:
        return Office(
            plan=self._plan,
            file=lambda: self._in_force.said,
            names=lambda: self._names,
            store=self._store,
            clock=self._clock,
            bells=self._bells,
            time=self._time,
            table=TABLE,
            attend=attend,
            set_clock=self._set_clock,
            hardware=functools.cache(hardware),
            reload=self._overrule,
            take_order=Intake(self._store, self._clock, self._bells).take,
        )

    def _set_clock(self, at: float) -> None:
        if self._clock.pace is not None:
            raise ClockRefused("the clock of a demo is not to be set")
        set_wall_clock(at)

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
        await MaintenanceEnd(self._plan, self._store, self._clock, self._bells).run()

    async def _stop_on_battery(self, stop: asyncio.Event) -> None:
        """End in good order when the battery is low and the mains are gone, where that is set.

        Where the mains are not watched, a low battery alone is enough.
        """
        while True:
            if not await self._bells.wait(BATTERY, LOOK_S):
                continue
            watched = any(
                one.means == "power" and one.facility is None
                for one in self._in_force.plan.site.inputs
            )
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

    async def _reload_when(self, asked: asyncio.Event) -> None:
        while True:
            await asked.wait()
            asked.clear()
            async with self._reloading:
                await self._reload()

    async def _reload(self) -> None:
        before = self._in_force
        after = await asyncio.to_thread(read_again, self._file, before)
        if after is None:
            return
        self._in_force = await under_overrides(after, self._store, now=self._clock.now())
        changed = await self._take_over()
        detail = {"before": before.file_hash, "after": after.file_hash, "changed": changed}
        await self._note("reload", detail)
        log.info("reload: changed %s", ", ".join(changed) or "nothing that runs")

    async def _overrule(self) -> None:
        """Have what a platform set put in force; waits for that no longer than a platform does."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._overruled.append(done)
        self._set.set()
        await asyncio.wait({done}, timeout=OVERRULE_S)

    async def _overrule_when_set(self) -> None:
        """Put in force what platforms set, each time one did."""
        while True:
            await self._set.wait()
            self._set.clear()
            waiting, self._overruled = self._overruled, []
            async with self._reloading:
                self._in_force = await under_overrides(
                    self._in_force, self._store, now=self._clock.now()
                )
                changed = await self._take_over()
            for one in waiting:
                if not one.done():  # its connection is gone, perhaps by this very change
                    one.set_result(None)
            log.info("set by a platform: changed %s", ", ".join(changed) or "nothing that runs")

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

    async def _note(self, what: str, detail: Mapping[str, object]) -> None:
        now = self._clock.now()
        await self._store.write(lambda connection: journal.add(connection, what, detail, at=now))


def _concerns_store(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return any(_concerns_store(one) for one in error.exceptions)
    return isinstance(error, sqlite3.Error | StoreError)
