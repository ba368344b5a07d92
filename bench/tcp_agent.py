"""Our agent as a candidate of a Modbus-to-MQTT bench: `tcp_agent.py SITE`, until it is ended.

The daemon's own parts from the line to the platform: bus, driver, judge, rules, store (WAL, FULL),
outbox, sender. Only the report is the bench's: one JSON a cycle, `{"ts": …, "values": {"p00": …}}`,
laid into the outbox by the commit that stores the cycle's samples. As it is owed at once, that
commit waits for company as short as that of a cycle which may order a bottle.

`BENCH_PROFILE=FILE` writes where the event loop's thread spends its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import cProfile
import dataclasses
import functools
import json
import os
import signal
import sqlite3
import sys
import time
from pathlib import Path

from tcp_site import CODES, station

from agent import collector
from agent.bells import Bells
from agent.clock import Clock
from agent.cycles import Cycle
from agent.line import _Heedful
from agent.metrics import Metrics
from agent.model import EVENT, Sample, Upload
from agent.near import Near
from agent.plan import Plan, StationPlan, make_plan
from agent.poll import BusPoll
from agent.settings import source
from agent.settings.load import load_site
from agent.store import outbox, series
from agent.store.db import SOON_S, Store
from agent.timekeeping import Timekeeper
from agent.uplink.contract import contract
from agent.uplink.station import StationLink
from drivers.bus import Bus
from drivers.device import Device
from drivers.registry import open_device
from drivers.rows import columns_of
from drivers.settings import DeviceSettings

IN_FLIGHT = 100
MOST_NODES = 10**6
"""450 devices make a longer site file than any site may have."""
VALUE = Sample._fields.index("value")
KEYS = tuple(f"p{number:02d}" for number in range(len(CODES)))
"""The points of every device, in their order."""


class ReportingPoll(BusPoll):
    """The polling of a bus that owes its platform every cycle."""

    async def _keep(self, cycle: Cycle) -> None:
        """Store the cycle and what is owed for it, as the urgent ones; and ring the bell."""
        try:
            job = functools.partial(self._commit, cycle=cycle)
            await self._store.write(job, wait_s=SOON_S)
        finally:
            self._slots.release()
        self._bells.ring(f"outbox:{_station_of(cycle)}")

    def _commit(self, connection: sqlite3.Connection, cycle: Cycle) -> None:
        self._cycles.commit(connection, cycle)
        at_ms = int(cycle.at * 1000)
        said = zip(KEYS, columns_of(cycle.values)[VALUE], strict=False)
        body = json.dumps({"ts": at_ms, "values": dict(said)})
        number = self._names.devices[cycle.device]
        upload = Upload(EVENT, "", at_ms, (body,), revision=number, answer=False)
        outbox.add(connection, _station_of(cycle), upload, now=cycle.at)


def _station_of(cycle: Cycle) -> str:
    return station(int(cycle.device.removeprefix("dev")))


class BenchAgent:
    """What the daemon runs for the way of a value, and nothing beside it."""

    def __init__(self, plan: Plan, store: Store) -> None:
        self.plan, self.store = plan, store
        self.clock, self.bells, self.metrics = Clock(), Bells(), Metrics()

    async def run(self) -> None:
        """Poll every bus and send, until cancelled."""
        names = await self.store.write(
            lambda one: series.register(one, series=self.plan.series(), devices=self.plan.devices())
        )
        keeper, near = Timekeeper(self.clock, self.store), Near()
        await keeper.look()
        async with contextlib.AsyncExitStack() as buses, asyncio.TaskGroup() as group:
            for one in self.plan.stations.values():
                group.create_task(self._link(one).run())
            for settings in self.plan.site.buses:
                bus = await buses.enter_async_context(Bus(settings))
                there = self.plan.site.devices_on(settings.id)
                devices = [(_Heedful(self._device(one, bus)), one.period_s) for one in there]
                poll = ReportingPoll(
                    settings.id,
                    devices,
                    plan=self.plan,
                    names=names,
                    store=self.store,
                    clock=self.clock,
                    time=keeper,
                    bells=self.bells,
                    metrics=self.metrics,
                    near=near,
                )
                group.create_task(poll.run())

    def _device(self, settings: DeviceSettings, bus: Bus) -> Device:
        profile = self.plan.profiles[settings.id]
        return open_device(settings, profile, bus=bus, clock=self.clock)

    def _link(self, station: StationPlan) -> StationLink:
        async def health(_: str) -> bytes:
            return b"{}"

        terms = contract(self.plan, station, started_at=self.clock.now(), health=health)
        manners = dataclasses.replace(terms.manners, in_flight=IN_FLIGHT)
        terms = dataclasses.replace(terms, manners=manners)
        return StationLink(terms, self.store, self.clock, self.bells, self.metrics)


async def serve(path: Path) -> None:
    source.MAX_NODES = MOST_NODES
    site, _ = load_site(path)
    plan = make_plan(site)
    loop = asyncio.get_running_loop()
    async with Store(Path(str(site.storage.directory)), ballast_mb=0) as store:
        collector.spare()
        task = asyncio.ensure_future(BenchAgent(plan, store).run())
        for one in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(one, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task


def main_candidate() -> None:
    profiled = os.environ.get("BENCH_PROFILE")
    if profiled:
        kept = cProfile.Profile(time.thread_time)
        kept.runcall(asyncio.run, serve(Path(sys.argv[1])))
        kept.dump_stats(profiled)
    else:
        asyncio.run(serve(Path(sys.argv[1])))


if __name__ == "__main__":
    main_candidate()
