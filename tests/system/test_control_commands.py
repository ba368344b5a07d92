"""A platform orders an instrument about: over TCP, through the daemon, and it shows in its state.

`paikou platform --send`, the daemon and `paikou simulate` are processes of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from campaign_house import House, pace_from
from campaign_site import device
from daemon_bench import HOST, ROOT, environment, free_port, until

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

MN = "010000A8900016F000169DC0"
CYCLE_S = 600.0
IDLE_AT_S = 425.0
"""The played analyzer measures for the first 420 s of its cycle."""
WITHIN_S = 60.0
Line = dict[str, Any]


def idle_epoch() -> float:
    """Give a time near the real one, at which the analyzer begins to stand idle."""
    return round((time.time() - IDLE_AT_S) / CYCLE_S) * CYCLE_S + IDLE_AT_S


@dataclass(slots=True)
class Ordering:
    """`paikou platform --send -`: orders in, all it says out."""

    process: asyncio.subprocess.Process
    lines: list[Line] = field(default_factory=list)

    async def listen(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.lines.append(json.loads(line))

    def said(self, kind: str) -> list[Line]:
        return [line for line in self.lines if line["kind"] == kind]

    async def port(self) -> int:
        await until(lambda: bool(self.said("listening")), within_s=WITHIN_S)
        return int(self.said("listening")[0]["port"])

    async def order(self, text: str) -> tuple[str, int | None, int | None]:
        """Send an order and give how it ended, its QnRtn and its ExeRtn."""
        assert self.process.stdin is not None
        before = len(self.said("exchange"))
        self.process.stdin.write(f"{MN} {text}\n".encode())
        await until(lambda: len(self.said("exchange")) > before, within_s=WITHIN_S)
        ended = self.said("exchange")[before]
        return ended["outcome"], ended["qn_rtn"], ended["exe_rtn"]

    async def calibrating(self) -> bool:
        """Ask for the working state of the analyzer and say whether it is calibrating."""
        ended = await self.order("3020 PolId=w20120 InfoId=i12001")
        # between two states the analyzer may be in none that has a number
        assert ended in {("done", 1, 1), ("no data", 1, 100)}
        return any("i12001-Info=3" in line["frame"] for line in self.said("frame"))


@contextlib.asynccontextmanager
async def platform() -> AsyncIterator[Ordering]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent.tools.platform", "--tcp", f"{HOST}:0", "--json"),
        *("--station", f"{MN},edition=hj212-2017", "--send", "-"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
        env=environment(), limit=2**20,
    )  # fmt: skip
    ordering = Ordering(process)
    listening = asyncio.ensure_future(ordering.listen())
    try:
        yield ordering
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening


def site_of(folder: Path, port: int, *, control: str) -> dict[str, Any]:
    """One outlet, one analyzer with operations, one platform."""
    factor = {"device": "lead", "sampling": {"cycle_min": 60, "lag_min": 60}}
    return {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [{"id": "DW001", "medium": "water", "factors": {"w20120": factor}}],
        "buses": [{"id": "net1", "kind": "tcp", "host": HOST, "port": free_port()}],
        "devices": [device("lead", "metals/labsun-phototek6000", "net1", 3, 1.0)],
        "destinations": [
            {
                "id": "province",
                "transport": "tcp",
                "addresses": [f"tcp://{HOST}:{port}"],
                "edition": "hj212-2017",
                "real_time_s": 1,
                "minutes": 10,
                "send_window_s": 0,
                "timeout_s": 5,
                "tcp": {"reconnect_s": 1},
                "commands": {"parameters": "allow", "control": control},
                "stations": [{"id": "one", "mn": MN, "pw": "default", "outlets": ["DW001"]}],
            }
        ],
        "storage": {"directory": str(folder / "state"), "ballast_mb": 4},
    }


@contextlib.asynccontextmanager
async def meeting(
    folder: Path, broker: Broker, *, control: str
) -> AsyncIterator[tuple[Ordering, House]]:
    async with platform() as ordering:
        site = site_of(folder, await ordering.port(), control=control)
        async with House(folder, site, pace_from(idle_epoch(), 1.0), broker) as house:
            await house.simulate("--cycle-s", str(CYCLE_S))
            await house.run()
            yield ordering, house


async def test_measurement_and_calibration_are_done_when_the_instrument_shows_them(
    tmp_path: Path, broker: Broker
) -> None:
    async with meeting(tmp_path / "house", broker, control="allow") as (ordering, house):
        assert await ordering.order("3012 PolId=w20120") == ("done", 1, 1)
        assert await ordering.order("3011 PolId=w20120") == ("done", 1, 1)
        rows = house.rows("SELECT kind, state, outcome FROM actions ORDER BY id")
        assert [(kind, state, json.loads(outcome)) for kind, state, outcome in rows] == [
            ("measure", "done", {"outcome": "done", "seen": "state 1"}),
            ("calibrate", "done", {"outcome": "done", "seen": "state 19"}),
        ]
        await until(ordering.calibrating, within_s=WITHIN_S)
        journal = house.rows("SELECT who, what FROM journal WHERE what LIKE '% done'")
        assert journal == [
            ("platform:one", "measure done"),
            ("platform:one", "calibrate done"),
        ]
        assert await house.agent.stop() == 0, house.said()


async def test_order_is_refused_where_control_is_not_allowed(
    tmp_path: Path, broker: Broker
) -> None:
    async with meeting(tmp_path / "house", broker, control="refuse") as (ordering, house):
        assert await ordering.order("3012 PolId=w20120") == ("refused", 2, None)
        assert house.rows("SELECT 1 FROM actions") == []
