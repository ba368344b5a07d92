"""The daemon: wiring only. Opens the store, has the workers at work, and ends in good order."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import signal
import sqlite3
from pathlib import Path

from agent import __version__, collector
from agent.bells import Bells
from agent.chores import Chores
from agent.clock import Clock, Pace
from agent.commands import TABLE
from agent.commands.attending import attend
from agent.commands.hardware import hardware
from agent.commands.keeping import Keeper
from agent.crew import Crew, Post
from agent.duties import BatteryEnd, close_periods
from agent.errors import StoreError
from agent.filming import Filming
from agent.hiring import Counters, House, adopt, wanted
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
from agent.proving import seal_to_the_end
from agent.questions import Questions
from agent.regime import Regime
from agent.reloading import InForce, read
from agent.settings.storage import socket_paths, state_directory
from agent.starting import note_start
from agent.status import Observatory
from agent.store import journal, recovery
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.supervise import end, feed_watchdog, notify, watchdog_interval_s
from agent.ticks import Ticks
from agent.timekeeping import ClockRefused, Timekeeper, set_wall_clock
from agent.upgrading import migrate_if_old
from agent.uplink.desk import Office
from agent.uplink.dispatcher import dispatcher
from agent.uplink.station import StationLink
from agent.vitals import Vitals

log = logging.getLogger(__name__)

SOCKET_S = 2.0
"""How long READY waits for the local socket; the duty does not hang on it."""


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
    """One daemon on one open store: who is there, and who turns to whom."""

    def __init__(self, site_file: Path, in_force: InForce, store: Store, clock: Clock) -> None:
        self._file, self._store, self._clock = site_file, store, clock
        self._bells, self._metrics = Bells(), Metrics()
        self._frames = FrameLog(store, clock, self._metrics)
        self._time = Timekeeper(clock, store)
        self._regime = Regime(site_file, in_force, store, clock, self._employ)
        plan, shared = self._regime.plan, (store, clock, self._bells)
        self._house = House(
            site_file,
            plan,
            self._regime.names,
            store,
            clock,
            self._time,
            self._bells,
            self._metrics,
            Near(),
            self._frames,
            clock.now(),
        )
        self._vitals = Vitals(store, clock, self._metrics, self._lines)
        self._handling = Handling(plan, *shared)
        self._chores = Chores(plan, store, clock, self._time, self._bells, self._metrics)
        self._observatory = Observatory(
            plan=plan,
            store=store,
            clock=clock,
            time=self._time,
            started_at=self._house.started_at,
            lines=self._lines,
            links=lambda: [one for one in self._crew if isinstance(one, StationLink)],
            cameras=lambda: [one for one in self._crew if isinstance(one, Filming)],
        )
        questions = Questions(
            site_file, plan, self._observatory, *shared, self._metrics, self._frames
        )
        answers = questions.answers()
        self._counters = Counters(
            self._observatory.health,
            Keeper(store, clock),
            dispatcher(self._office()),
            OpsAnswers(plan, answers, store, clock),
        )
        self._socket = LocalSocket(socket_paths(in_force.plan.site), answers)

    async def run(self, aside: Path | None) -> None:
        """Work until told to stop. `aside` is where a damaged store was put."""
        stop, reload = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        loop.add_signal_handler(signal.SIGHUP, reload.set)
        await self._regime.heed_platforms()
        await self._store.write(
            lambda connection: note_start(
                connection,
                self._regime.in_force,
                aside,
                clock=self._clock,
                boot=self._time.boot,
            )
        )
        await self._time.look()
        async with (
            asyncio.TaskGroup() as group,
            Ticks(
                second=self._second, hour=self._hour, night=self._night, speed=self._clock.speed
            ) as self._ticks,
        ):
            self._crew = Crew(group, self._vitals.crashed)
            own: list[asyncio.Task[None]] = []
            try:
                await self._regime.take_over()
                own += self._own_tasks(group, reload, stop)
                collector.spare()
                await self._tell_ready()
                await stop.wait()
                notify("STOPPING=1")
            finally:
                # also when a task of our own failed: the group alone would cancel only once
                self._vitals.stopping = True
                await end(own)
                await self._crew.dismiss()
        await self._frames.flush()
        now = self._clock.now()
        await self._store.write(lambda connection: journal.add(connection, "stop", {}, at=now))
        await seal_to_the_end(self._store, self._clock)
        log.info("stopped")

    def _own_tasks(
        self, group: asyncio.TaskGroup, reload: asyncio.Event, stop: asyncio.Event
    ) -> list[asyncio.Task[None]]:
        """Begin what is not restarted: an error in one of these ends the process."""
        parts = (self._regime.plan, self._store, self._clock, self._bells)
        closing = close_periods(
            lambda: self._periods, self._bells, self._time, stepped=self._ticks.set_anew
        )
        own = {
            "periods": closing,
            "reload": self._regime.reload_when(reload),
            "overrule": self._regime.overrule_when_set(),
            "check": self._vitals.check_store(),
            "upkeep": self._chores.run(),
            "message log": self._frames.run(),
            "battery": BatteryEnd(*parts).run(stop),
            "maintenance": MaintenanceEnd(*parts).run(),
        }
        interval_s = watchdog_interval_s()
        if interval_s is not None:
            own["watchdog"] = feed_watchdog(interval_s, self._vitals.alive)
        return [group.create_task(one, name=name) for name, one in own.items()]

    async def _tell_ready(self) -> None:
        """Say READY once questions are answered, or cannot be."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SOCKET_S):
                await self._socket.listening.wait()
        notify(f"READY=1\nSTATUS=paikou {__version__}")
        log.info("ready: %s", self._file)

    async def _employ(self) -> list[str]:
        """Have at work who the plan in force wants; gives who was stopped or begun."""
        plan = self._regime.plan()
        self._periods = Periods(
            plan, self._regime.names(), self._store, self._clock, self._bells, self._metrics
        )
        changed = await self._crew.match(self._posts())
        adopt(self._crew, plan)
        return changed

    def _posts(self) -> dict[str, Post]:
        """Say which workers are wanted by the plan in force."""
        posts = wanted(self._house, self._counters)
        posts["local socket"] = Post(socket_paths(self._regime.plan().site), lambda: self._socket)
        posts["orders"] = Post((), lambda: self._handling)
        return posts

    def _lines(self) -> list[Line]:
        return [one for one in self._crew if isinstance(one, Line)]

    def _office(self) -> Office:
        return Office(
            plan=self._regime.plan,
            file=self._regime.said,
            names=self._regime.names,
            store=self._store,
            clock=self._clock,
            bells=self._bells,
            time=self._time,
            table=TABLE,
            attend=attend,
            set_clock=self._set_clock,
            hardware=functools.cache(hardware),
            reload=self._regime.overrule,
            take_order=Intake(self._store, self._clock, self._bells).take,
        )

    def _set_clock(self, at: float) -> None:
        if self._clock.pace is not None:
            raise ClockRefused("the clock of a demo is not to be set")
        set_wall_clock(at)

    async def _second(self) -> None:
        self._bells.ring("periods")

    async def _hour(self) -> None:
        self._bells.ring("hour")

    async def _night(self) -> None:
        self._bells.ring("night")
