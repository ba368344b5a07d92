"""Two 720p cameras for half an hour, over lines that stall, garble and are cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from camera_bench import Line, Watched, now, require_rtsp_server, rtsp_server, watched
from daemon_bench import free_port, until

from drivers.camera.told import NoFilm

pytestmark = [pytest.mark.system, pytest.mark.soak]

SECONDS = float(os.environ.get("PAIKOU_CAMERA_SOAK_S", "1800"))
WARM_S = 100.0
"""Until the ring is full: from then on the memory may not grow."""
GROWTH_MB = 24
CORE = 0.05
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(slots=True)
class Rig:
    """A server, the line to it, and the camera's process."""

    line: Line
    camera: Watched

    @property
    def pid(self) -> int:
        found = self.camera.child.pid
        assert found is not None
        return found

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) * _TICK_S

    def memory_mb(self) -> float:
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def lives(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


@contextlib.asynccontextmanager
async def rig(directory: Path, words: tuple[str, ...]) -> AsyncIterator[Rig]:
    port = free_port()
    async with (
        rtsp_server(port, *words),
        Line(port).open() as line,
        watched(directory, line.port, look_s=10.0) as camera,
    ):
        yield Rig(line, camera)


async def trouble(one: Rig, number: int) -> None:
    """Let something go wrong, another thing each time, and wait until it is over."""
    match number % 3:
        case 0:
            one.line.flows.clear()
            began = now()
            await until(lambda: now() - began > 8)
            one.line.flows.set()
        case 1:
            one.line.garble = 6000
        case _:
            one.line.cut()
    await one.camera.goes_on()


async def test_memory_stays_flat_a_ring_costs_little_and_no_zombie_is_left(tmp_path: Path) -> None:
    require_rtsp_server()
    places = [tmp_path / name for name in "ab"]
    for place in places:
        place.mkdir()
    words = ("smpte", "1280", "720")
    async with rig(places[0], words) as one, rig(places[1], words) as other:
        rigs = (one, other)
        await asyncio.gather(*(each.camera.holds(10.0) for each in rigs))
        pids = [each.pid for each in rigs]
        began, quiet_s = now(), min(WARM_S, SECONDS / 3)
        spent = [each.cpu_s() for each in rigs]
        await until(lambda: now() - began > quiet_s, within_s=quiet_s + 10)
        shares = [(e.cpu_s() - s) / (now() - began) for e, s in zip(rigs, spent, strict=True)]
        memory = [each.memory_mb() for each in rigs]
        number = 0
        while now() - began < SECONDS:
            await asyncio.gather(trouble(one, number), trouble(other, number + 1))
            with contextlib.suppress(NoFilm):
                path = tmp_path / f"{number}.mp4"
                await one.camera.child.film(now() - 10, now() + 5, at=now(), path=path)
                path.unlink()
            number += 1
        grown = [each.memory_mb() - before for each, before in zip(rigs, memory, strict=True)]
        print(f"share of a core {shares}, memory {memory} MB, grown {grown} MB, {number} rounds")
        assert [each.pid for each in rigs] == pids, "no process had to be replaced"
        assert max(shares) < CORE
        assert max(grown) < GROWTH_MB
    assert not [pid for pid in pids if lives(pid)]
