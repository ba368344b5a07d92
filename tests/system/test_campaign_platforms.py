"""Three platforms at once: 2025 sealed over TCP, 2017 over MQTT with 9014, 2005 over TCP.

One answers late, one twice, one never; each is away at another time, and once the broker is there
again without its subscriber. The one that answers late has a reader of its own (`campaign_peer`).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from campaign_audit import journal_faults, number_faults
from campaign_house import Child, House, pace_from
from campaign_peer import Peer
from campaign_platforms import (
    EDITIONS,
    KEYS,
    LATE,
    PW,
    SILENT,
    TWICE,
    Away,
    Heard,
    live_faults,
    of_log,
    period_faults,
    site_of,
    stations_of,
    told_faults,
    wrong_faults,
)
from campaign_store import platform_lines, read, wire_time
from daemon_bench import HOST, environment, free_port, until

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

SPEED = 30.0
MINUTE = 60.0
LATE_S = 1.5
"""Real seconds; the time-out is one, so that every upload has gone twice when its answer comes."""
TEN = 1_780_797_600.0
"""2026-06-07 10:00 of UTC+8: an hour ends soon after the beginning."""


class Stage(House):
    """The house with its three platforms."""

    __slots__ = ("away", "late", "silent")

    def __init__(self, folder: Path, broker: Broker, *, began: float) -> None:
        ports = {LATE: free_port(), TWICE: broker.port, SILENT: free_port()}
        site = site_of(folder, ports, speed=SPEED)
        super().__init__(folder, site, pace_from(began, SPEED), broker)
        mns = [one.mn for one in stations_of(LATE).values()]
        keys = {mn: key.encode() for mn, key in zip(mns, KEYS, strict=True)}
        self.late = Peer(keys, self.now, late_s=LATE_S, port=ports[LATE])
        self.away: list[Away] = []
        self.platform.arguments += (*_named(TWICE), "--misbehave", "twice")
        self.silent = Child(
            SILENT,
            ("platform", "--tcp", f"{HOST}:{ports[SILENT]}", "--store", str(self.log_of(SILENT)))
            + (*_named(SILENT), "--misbehave", "silent", "--json"),
            folder,
        )

    def log_of(self, name: str) -> Path:
        return self.log if name == TWICE else self.folder / f"{name}.jsonl"

    async def hear(self, name: str) -> None:
        """Have a platform listen."""
        if name == LATE:
            await self.late.open()
        elif name == TWICE:
            await self.listen()
        else:
            await self.silent.start()
            await until(lambda: any(one["kind"] == "listening" for one in self.silent.says()))

    async def leave(self, name: str) -> None:
        if name == LATE:
            self.late.close()
        else:
            await (self.platform if name == TWICE else self.silent).stop()

    async def wait(self, minutes: float) -> None:
        """Let so many minutes of the clock pass; the agent must not end by itself."""
        end = self.now() + minutes * MINUTE
        await until(lambda: self.now() >= end or not self.agent.running, within_s=minutes * MINUTE)
        assert self.agent.running, self.said()

    async def cut(self, name: str, minutes: float) -> None:
        """Take a platform away for so many minutes."""
        since = self.now()
        await self.leave(name)
        await self.wait(minutes)
        await self.hear(name)
        self.away.append(Away(name, since, self.now()))

    async def cut_broker(self, minutes: float) -> None:
        """Stop broker and subscriber; the broker is there again before its subscriber is."""
        since, nobody = self.now(), self.said().count("PUBACK 16")
        await self.broker.stop()
        await self.leave(TWICE)
        await self.wait(minutes)
        await self.broker.start()
        await until(lambda: self.said().count("PUBACK 16") > nobody)
        await self.wait(0.5)
        await self.hear(TWICE)
        self.away.append(Away(TWICE, since, self.now()))

    def heard(self) -> dict[str, Heard]:
        """Give what each platform was told."""
        found = {LATE: Heard(LATE, list(self.late.told), list(self.late.wrong))}
        for name in (TWICE, SILENT):
            found[name] = of_log(name, platform_lines(self.log_of(name)), self.now, SPEED)
        return found

    async def gaps(self, name: str) -> dict[str, Any]:
        """Give what the agent itself says that the stations of a platform have not got."""
        return {one: (await self.agent.station(one))["gaps"] for one in stations_of(name)}


def _named(name: str) -> tuple[str, ...]:
    words = [f"{one.mn},edition={EDITIONS[name]},pw={PW}" for one in stations_of(name).values()]
    return tuple(part for word in words for part in ("--station", word))


@asynccontextmanager
async def stage(folder: Path, broker: Broker, *, began: float) -> AsyncIterator[Stage]:
    async with Stage(folder, broker, began=began) as plant:
        try:
            await asyncio.gather(*(plant.hear(name) for name in EDITIONS))
            await plant.simulate()
            await plant.run()
            await plant.agent.linked(*(one for name in EDITIONS for one in stations_of(name)))
            yield plant
        finally:
            plant.late.close()
            await plant.silent.stop()


async def paikou(*arguments: str) -> tuple[int | None, str]:
    """Run a command to its end; gives its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(),
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert not err, err.decode()
    return process.returncode, out.decode()


async def resend(plant: Stage, station: str, kind: str, away: Away) -> int:
    """Ask for what fell due in an absence, as an operator does; gives how many go out."""
    code, said = await paikou(
        "resend", str(plant.site_file), "--to", station, "--kind", kind, "--missing",
        "--from", _local(away.since - 3600 * (kind == "hour") - 2 * MINUTE),
        "--until", _local(away.until + MINUTE), "--yes", "--json",
    )  # fmt: skip
    assert code == 0
    return int(json.loads(said)["sent"])


def _local(at: float) -> str:
    text = wire_time(at)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]} {text[8:10]}:{text[10:12]}"


async def nothing_open(plant: Stage, name: str, made_before: float) -> None:
    """Wait until nothing is owed any more to a platform that was made before."""
    stations = ", ".join(f"'{one}'" for one in stations_of(name))
    await plant.until(
        "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'open'"
        f" AND station IN ({stations}) AND cn IN ('2051', '2061') AND created_at < ?)",
        made_before,
        within_s=60,
    )


@pytest.mark.parametrize(
    ("minutes", "rounds"),
    [(7, 1), pytest.param(8, 5, marks=pytest.mark.soak)],
    ids=["reduced", "whole"],
)
async def test_three_platforms_get_every_period_once_whatever_they_do(
    minutes: int, rounds: int, tmp_path: Path, broker: Broker
) -> None:
    async with stage(tmp_path, broker, began=TEN - minutes * MINUTE) as plant:
        began = plant.now() + 2 * SPEED
        for _ in range(rounds):
            await plant.wait(1)
            await plant.cut(LATE, 2)
            await plant.wait(1)
            await plant.cut(SILENT, 2)
            await plant.wait(1)
            await plant.cut_broker(2)
        await plant.wait(2)
        ended = plant.now()
        await asyncio.gather(*(nothing_open(plant, name, ended) for name in (LATE, TWICE)))
        print({name: await plant.gaps(name) for name in EDITIONS})
        assert await plant.agent.stop() == 0, plant.said()
        heard, snap = plant.heard(), read(plant.store)
        assert "Traceback" not in plant.said()
    faults = [*journal_faults(snap), *number_faults(snap)]
    for name, one in heard.items():
        faults += [*wrong_faults(one), *told_faults(snap, one)]
        but = [away for away in plant.away if away.name == name == SILENT]
        faults += period_faults(snap, one, began, ended - 5 * SPEED, but=but)
        faults += live_faults(snap, one, plant.away, ended - 5 * SPEED, speed=SPEED)
    assert faults == []
