"""From a stored result to the retention order on the wire: simulated sampler, real bus and store.

A result beyond its limit is stored and judged in one commit; the clock runs from that commit to the
moment the order's write arrives at the sampler. Over TCP on an idle line; on one whose instruments
take their time to answer, as the order's own three exchanges then do, too; and on that line while
another instrument is polled without a pause: there one exchange in flight has to be waited for. The
limit is what cannot be had for less: the gaps that its profile wants between three exchanges. Goal:
p99 at most 100 ms over TCP or an idle line; beside the polls one exchange more than without them.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from folder import on_disk

from agent.actions import DeviceActions
from agent.bells import Bells
from agent.clock import Clock
from agent.exceedance import judge_measurement
from agent.model import Measurement
from agent.plan import Plan, make_plan
from agent.settings import parse_site
from agent.store import measurements, series
from agent.store.db import Store
from agent.tools.broker import free_port
from agent.tools.migrate import migrate
from agent.tools.simulate.dayue import Dayue, Habits
from agent.tools.simulate.dayue_registers import DayueUnit
from agent.tools.simulate.tcp_line import TcpLine
from agent.tools.simulate.units import Units
from drivers.bus import Bus
from drivers.device import DeviceError
from drivers.question import READ_HOLDING
from drivers.registry import open_device
from drivers.sampler import DayueSampler

ORDERS = 100
POLLS = 20
GOAL_MS = 100.0
COMMAND = 0x0219
TURNAROUND_S = 0.03
"""How long the other instrument of the busy line takes to answer."""
DONE_S = 20.0


class Timed(DayueUnit):
    """The sampler, with the moments at which orders arrived."""

    def __init__(self, sampler: Dayue) -> None:
        super().__init__(sampler)
        self.arrived = 0.0
        self.came = asyncio.Event()

    def write(self, function: int, start: int, values: Sequence[int]) -> None:
        if start == COMMAND:
            self.arrived = time.perf_counter()
            self.came.set()
            self.sampler.bottles[values[0] - 2] = 0  # the one before: there is always a free one
        super().write(function, start, values)


def plan(port: int) -> Plan:
    limit = {"high": 50, "on": "measurement", "retain": True, "source": "bench"}
    cod = {"device": "cod", "sampling": {"cycle_min": 60, "lag_min": 60}, "limits": [limit]}
    sampler = {"id": "sampler", "profile": "sampler/dayue-v105", "bus": "net1", "address": 9}
    site = {
        "unit": {"code": "91000000000000000X001P", "name": "bench"},
        "outlets": [{"id": "DW001", "medium": "water", "factors": {"w01018": cod}}],
        "buses": [{"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": port}],
        "devices": [{"id": "cod", "profile": "water/hach-codmax-ii", "bus": "net1", "address": 3}],
        "samplers": [{**sampler, "outlet": "DW001", "interval_min": 0}],
    }
    return make_plan(parse_site(yaml.safe_dump(site, allow_unicode=True).encode())[0])


async def orders(directory: Path, *, busy: bool, turnaround_s: float) -> tuple[list[float], float]:
    """Give milliseconds from commit to wire, one for each order, and of an exchange of others."""
    port = free_port()
    found, clock, bells = plan(port), Clock(), Bells()
    unit = Timed(Dayue(clock, Habits(received_s=0.0, fill_s=0.0)))
    units = Units()
    units.add(9, unit)
    units.add(3, DayueUnit(Dayue(clock)))
    site_bus = found.site.buses[0]
    migrate(directory)
    async with Store(directory, ballast_mb=4) as store, Bus(site_bus) as bus:
        line = TcpLine(site_bus, units, turnaround_s=turnaround_s)  # type: ignore[arg-type]
        async with line:
            exchange_ms = await exchange(found, bus, clock)
            async with working(found, store, clock, bells, bus, busy=busy):
                return [
                    await one(found, store, bells, unit, number) for number in range(ORDERS)
                ], exchange_ms


async def exchange(found: Plan, bus: Bus, clock: Clock) -> float:
    """Give the milliseconds of one exchange of the other instrument, gap and all."""
    device = open_device(found.site.samplers[0], found.profiles["sampler"], bus=bus, clock=clock)
    assert isinstance(device, DayueSampler)
    began = time.perf_counter()
    for _ in range(POLLS):
        await bus.read(3, READ_HOLDING, 0, 60, timing=device.device.pace)
    return (time.perf_counter() - began) / POLLS * 1000


@contextlib.asynccontextmanager
async def working(
    found: Plan, store: Store, clock: Clock, bells: Bells, bus: Bus, *, busy: bool
) -> AsyncIterator[None]:
    settings = found.site.samplers[0]
    device = open_device(settings, found.profiles["sampler"], bus=bus, clock=clock)
    assert isinstance(device, DayueSampler)

    async def probe() -> Mapping[str, Any]:
        return {}

    worker = DeviceActions("sampler", device, probe, found, store, clock, bells, device.device)

    async def others() -> None:
        while busy:
            with contextlib.suppress(DeviceError):
                await bus.read(3, READ_HOLDING, 0, 60, timing=device.device.pace)

    tasks = [asyncio.ensure_future(worker.run()), asyncio.ensure_future(others())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def one(found: Plan, store: Store, bells: Bells, unit: Timed, number: int) -> float:
    """Store a result beyond its limit, and wait until its bottle is there."""
    now = time.time()
    hour = int(now) // 3600 * 3600 - (ORDERS - number) * 3600
    result = Measurement("DW001", "w01018", "cod", hour, now, now, 86.0)

    def job(connection: sqlite3.Connection) -> None:
        names = series.register(connection, series=found.series(), devices=found.devices())
        measurements.add(connection, result, names=names)
        judge_measurement(connection, found, names, result, now=now)

    await store.write(job)
    stored = time.perf_counter()
    bells.ring("actions:sampler")
    async with asyncio.timeout(DONE_S):
        await unit.came.wait()
        unit.came.clear()
        await bells.wait("probed", DONE_S)  # its bottle is written down
    return (unit.arrived - stored) * 1000


def share(found: list[float], part: float) -> float:
    return sorted(found)[min(int(len(found) * part), len(found) - 1)]


def main() -> int:
    gap_ms, missed, alone = 20.0, False, 0.0
    for name, busy, turnaround_s in (
        ("idle line", False, 0.0),
        ("slow instruments", False, TURNAROUND_S),
        ("slow instruments, busy line", True, TURNAROUND_S),
    ):
        with on_disk() as folder:
            found, exchange_ms = asyncio.run(
                orders(Path(folder), busy=busy, turnaround_s=turnaround_s)
            )
        p50, p99 = share(found, 0.5), share(found, 0.99)
        limit = 2 * (gap_ms + turnaround_s * 1000)
        goal = alone + exchange_ms if busy else GOAL_MS + 2 * turnaround_s * 1000
        alone, missed = p99, missed or p99 > goal
        print(
            f"stored result to order on the wire, {name}: p50 {p50:.0f} ms, p99 {p99:.0f} ms;"
            f" gaps and answers alone {limit:.0f} ms, ratio {p99 / limit:.2f}; goal {goal:.0f} ms"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
