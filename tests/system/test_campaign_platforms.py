"""Three platforms at once: 2025 sealed over TCP, 2017 over MQTT with 9014, 2005 over TCP.

One answers late, one twice, one never; each is away at another time, and once the broker is there
again without its subscriber. The one that answers late has a reader of its own (`campaign_peer`).
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
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
    interval_s,
    live_faults,
    of_log,
    period_faults,
    site_of,
    stations_of,
    told_faults,
    wrong_faults,
)
from campaign_store import Snapshot, platform_lines, read, wire_time
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
        kept = ("--store", str(self.log_of(SILENT)), *_named(SILENT), "--json")
        self.silent = Child(
            SILENT,
            (*("platform", "--tcp", f"{HOST}:{ports[SILENT]}", "--misbehave", "silent"), *kept),
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
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert not err, err.decode()
    return process.returncode, out.decode()


async def resend(plant: Stage, station: str, kind: str, first: float, end: float) -> int:
    """Ask for what was not acknowledged, as an operator does; gives how many go out."""
    code, said = await paikou(
        "resend", str(plant.site_file), "--to", station, "--kind", kind, "--missing",
        "--from", _local(first), "--until", _local(end), "--yes", "--json",
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
        within_s=120,
    )


@pytest.mark.parametrize(
    ("minutes", "rounds"),
    [(11, 1), pytest.param(10, 6, marks=pytest.mark.soak)],
    ids=["reduced", "whole"],
)
async def test_three_platforms_get_every_period_once_whatever_they_do(
    minutes: int, rounds: int, tmp_path: Path, broker: Broker
) -> None:
    async with stage(tmp_path, broker, began=TEN - minutes * MINUTE) as plant:
        began, known = plant.now() + 2 * SPEED, 0.0
        for _ in range(rounds):
            await plant.wait(1)
            await plant.cut(LATE, 2)
            await plant.wait(1)
            await until(lambda: unconfirmed(plant))
            known = known or plant.now()
            await plant.cut(SILENT, 4)
            await plant.wait(1)
            await plant.cut_broker(2)
        await plant.wait(2)
        ended = plant.now()
        await asyncio.gather(*(nothing_open(plant, name, ended) for name in (LATE, TWICE)))
        for name in (LATE, TWICE):
            assert lacking(await plant.gaps(name)) == {}, name

        # who never answers gets nothing again by itself, and is said to be unconfirmed
        before = plant.heard()[SILENT]
        assert await unconfirmed(plant)
        gaps = lacking(await plant.gaps(SILENT))
        assert set(gaps) == set(stations_of(SILENT))
        assert all({"unconfirmed", "open"} <= set(one["minute"]) for one in gaps.values()), gaps
        for one in stations_of(SILENT):
            assert await resend(plant, one, "minute", began - 3 * MINUTE, ended) > 0
            await resend(plant, one, "hour", began - 63 * MINUTE, ended)
        await nothing_open(plant, SILENT, ended)
        for one, gaps in lacking(await plant.gaps(SILENT)).items():
            assert set(gaps) <= {"minute", "hour"}, one
            assert {why for kind in gaps.values() for why in kind} <= {"unconfirmed", "pending"}

        assert await plant.agent.stop() == 0, plant.said()
        heard, snap = plant.heard(), read(plant.store)
        assert "Traceback" not in plant.said()
    span = began, ended - 5 * SPEED
    faults = [*journal_faults(snap), *number_faults(snap)]
    absent = [one for one in plant.away if one.name == SILENT]
    faults += period_faults(snap, before, known, span[1], but=absent)
    # a platform that might yet answer is waited for, live data too
    away = [*plant.away, Away(SILENT, began, known)]
    for one in heard.values():
        faults += [*wrong_faults(one), *told_faults(snap, one), *period_faults(snap, one, *span)]
        faults += live_faults(snap, one, away, span[1], speed=SPEED)
    assert faults == []
    assert_behaved_so(snap, {**heard, SILENT: before})
    assert_not_blind(snap, heard[LATE], span)
    # of real-time data a platform that never answers gets what is live and nothing else
    assert await incomplete(plant, TWICE) == []
    assert set(await incomplete(plant, SILENT)) <= {"2011"}


async def incomplete(plant: Stage, name: str) -> list[str]:
    """Name the commands of which the gap report of a `paikou platform` finds something missing."""
    asked = ("--store", str(plant.log_of(name)), "--gaps", "--json")
    code, said = await paikou("platform", *asked, "--interval", f"2011={interval_s(SPEED)}")
    report = [json.loads(line) for line in said.splitlines()]
    report = [one for one in report if one["kind"] == "gaps"]
    assert {one["mn"] for one in report} == {one.mn for one in stations_of(name).values()}
    missing = [one["cn"] for one in report if one["missing"] or one["partial"]]
    assert code == (1 if missing else 0)
    return missing


async def unconfirmed(plant: Stage) -> bool:
    """Say whether it is told of all stations of the silent platform that it never answers."""
    said = [await plant.agent.station(one) for one in stations_of(SILENT)]
    return all(one["unconfirmed"] for one in said)


def lacking(gaps: dict[str, Any]) -> dict[str, Any]:
    """Leave out what nobody sampled: a station is due from the midnight before its first start."""
    found = {}
    for one, kinds in gaps.items():
        left = {
            kind: {why: count for why, count in whys.items() if why != "no_data"}
            for kind, whys in kinds.items()
        }
        if any(left.values()):
            found[one] = left
    return found


def assert_behaved_so(snap: Snapshot, heard: dict[str, Heard]) -> None:
    """See that the platforms did what they are here for."""
    ends = {name: Counter[tuple[str, str]]() for name in EDITIONS}
    for row in snap.rows("outbox"):
        ends[row["station"].rpartition("-")[0]][row["state"], row["outcome"]] += (
            row["cn"] != "event"
        )
    print({name: dict(found) for name, found in ends.items()})
    assert set(ends[TWICE]) >= {("accepted", "9014")}
    assert set(ends[LATE]) >= {("accepted", "9014")}
    assert set(ends[SILENT]) >= {("unconfirmed", "unconfirmed")}
    assert not any(state == "accepted" for state, _ in ends[SILENT])
    copies = {
        name: len(one.told) / len({(told.head["MN"], told.head["QN"]) for told in one.told})
        for name, one in heard.items()
    }
    print({name: f"{times:.2f} transmissions an upload" for name, times in copies.items()})
    assert copies[LATE] >= 1.5, "no answer came after the time-out"
    assert copies[SILENT] < 2, "one transmission each"


def assert_not_blind(snap: Snapshot, sound: Heard, span: tuple[float, float]) -> None:
    """Spoil what was just found right: each of these faults must be seen."""
    minutes = [one for one in sound.told if one.head["CN"] == "2051"]
    minute = minutes[len(minutes) // 2]
    hour = next(one for one in sound.told if one.head["CN"] == "2061")
    live = [one for one in sound.told if one.head["CN"] == "2011"]
    other = {**minute.head, "QN": "20260607090000999"}
    for what, told in {
        "a minute missing": [one for one in sound.told if one.area != minute.area],
        "an hour missing": [one for one in sound.told if one.area != hour.area],
        "a minute under two numbers": [*sound.told, replace(minute, head=other)],
        "another value": [*sound.told, replace(hour, area=hour.area.replace("Avg=", "Avg=1"))],
    }.items():
        assert list(period_faults(snap, Heard(LATE, told), *span)), f"blind to {what}"
    late = [replace(one, at=one.at + 2 * interval_s(SPEED)) for one in live]
    assert list(live_faults(snap, Heard(LATE, late), (), span[1], speed=SPEED)), "blind to lateness"
    assert list(told_faults(snap, Heard(LATE, [replace(minute, head=other)])))
