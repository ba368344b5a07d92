"""The daemon leads a simulated station through its hours, is killed in the middle, and goes on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from daemon_bench import HOST, Daemon, Notices, environment, free_port, ready, until

from agent.clock import Clock, Pace
from agent.settings import parse_site
from agent.tools.simulate.orders import Set
from agent.tools.simulate.simulation import Simulation

pytestmark = pytest.mark.system

HOUR = 3600
SPEED = 90.0
WITHIN_S = 240.0
BEHIND = (
    "SELECT d.id FROM actions d JOIN actions r ON r.kind = 'retain'"
    " WHERE d.kind = 'drain' AND d.state = 'done' AND d.id > r.id"
)
"""The vessel that was drained behind the bottle."""


def site_text(store: Path) -> str:
    limit = {"high": 50, "on": "measurement", "retain": True, "source": "表1"}
    sampling = {"cycle_min": 60, "lag_min": 60}
    site: dict[str, Any] = {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [
            {
                "id": "DW001",
                "medium": "water",
                "factors": {
                    "w01018": {
                        "device": "cod",
                        "range": [0, 200],
                        "sampling": sampling,
                        "limits": [limit],
                    }
                },
            }
        ],
        "buses": [{"id": "net1", "kind": "tcp", "host": HOST, "port": free_port()}],
        "devices": [
            {
                "id": "cod",
                "profile": "water/national-dbs",
                "bus": "net1",
                "address": 1,
                "period_s": 20,
            }
        ],
        "samplers": [
            {
                "id": "sampler",
                "profile": "sampler/dayue-v105",
                "bus": "net1",
                "address": 9,
                "outlet": "DW001",
                "period_s": 60,
                "sequence": "agent",
            }
        ],
        "storage": {"directory": str(store), "ballast_mb": 4},
    }
    return yaml.safe_dump(site, allow_unicode=True, sort_keys=False)


@contextlib.asynccontextmanager
async def running(site: Path, pace: Pace, number: int) -> AsyncIterator[Daemon]:
    """Run the daemon on a site file by a clock of its own, killed at the end if it still lives."""
    notices = Notices(f"paikou-test-{os.getpid()}-sequence-{number}")
    log = site.parent / f"daemon{number}.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.cli", "run", str(site), "--pace", str(pace),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            env=environment(NOTIFY_SOCKET=f"@{notices.name}"),
        )  # fmt: skip
    store = site.parent / "store"
    try:
        yield await ready(Daemon(process, store, log, notices, store / "agent.sock"))
    finally:
        notices.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


def done(daemon: Daemon, kind: str) -> int:
    (found,) = daemon.rows(f"SELECT count(*) FROM actions WHERE kind = '{kind}' AND state = 'done'")
    return int(found[0])


async def test_bottle_holds_the_exceeding_hours_water_across_a_kill(tmp_path: Path) -> None:
    store = tmp_path / "store"
    path = tmp_path / "site.yaml"
    path.write_text(site_text(store), encoding="utf-8")
    epoch = time.time() // HOUR * HOUR
    pace = Pace(epoch, time.monotonic(), SPEED)
    simulation = Simulation(parse_site(path.read_bytes())[0], Clock(pace))
    async with simulation:
        await simulation.obey(Set(do="set", device="cod", point="w01018", value=86.0))
        async with running(path, pace, 1) as daemon:
            await until(lambda: done(daemon, "portion") >= 2, within_s=WITHIN_S)
            await daemon.stop(signal.SIGKILL)
        async with running(path, pace, 2) as daemon:
            await until(lambda: bool(daemon.rows("SELECT id FROM bottles")), within_s=WITHIN_S)
            await until(lambda: bool(daemon.rows(BEHIND)), within_s=WITHIN_S)
            await daemon.stop()
    sampler = simulation.stage.samplers["sampler"]
    rows = daemon.rows("SELECT bottle, vessel, sampled_at, mode, guarded FROM bottles ORDER BY id")
    bottle, vessel, sampled_at, mode, guarded = rows[0]
    assert (mode, guarded, vessel) == ("exceedance", 1, "AB"[sampled_at // HOUR % 2])
    assert sampler.water[bottle], "it was filled from the vessel that was named"
    assert all(sampled_at <= at < sampled_at + HOUR for at in sampler.water[bottle])
    assert sampler.used == len(rows), "no bottle that nobody ordered"
    refs = daemon.rows("SELECT ref FROM actions WHERE ref GLOB 'sequence:*'")
    assert len(refs) == len(set(refs))
