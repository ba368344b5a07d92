"""The port goes and comes back: closed at once, opened again, no descriptor left behind."""

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path

import pytest
from rtu_slave import Delayed, RtuSlave, registers_frame

from drivers.bus import Bus, Pace
from drivers.device import NoAnswer
from drivers.line import NoLine
from drivers.settings import SerialBus

pytestmark = pytest.mark.system

PACE = Pace(timeout_s=0.3, gap_s=0.0)
PATIENT = Pace(timeout_s=60.0, gap_s=0.0, retries=0)
SOON_S = 60.0


def obedient(request: bytes) -> Iterable[Delayed]:
    yield 0, registers_frame(request[0], 3, *range(request[5]))


def silent(_: bytes) -> Iterable[Delayed]:
    return ()


def open_files() -> set[str]:
    """Name what is open. A pty that was unplugged keeps its name, with " (deleted)" behind it."""
    names = set()
    for entry in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            names.add(str(entry.readlink()).removesuffix(" (deleted)"))
    return names


def settings(link: Path) -> SerialBus:
    return SerialBus(id="line1", kind="serial", port=str(link), baud=115200)


async def comes_back(bus: Bus) -> list[int]:
    """Ask as a poll would until there is an answer."""
    async with asyncio.timeout(SOON_S):
        while True:
            with contextlib.suppress(NoAnswer):
                return await bus.read(1, 3, 0, 2, timing=PACE)
            await asyncio.sleep(0.05)


async def test_a_port_that_is_not_there_yet_is_no_line(tmp_path: Path) -> None:
    link = tmp_path / "line"
    async with Bus(settings(link)) as bus:
        with pytest.raises(NoLine, match="No such file"):
            await bus.read(1, 3, 0, 2, timing=PACE)
        assert "No such file" in bus.trouble
        with RtuSlave(link, obedient):
            assert await comes_back(bus) == [0, 1]
            assert bus.trouble == ""


async def test_a_port_under_another_name_behind_the_same_link_is_found(tmp_path: Path) -> None:
    link, other = tmp_path / "line", tmp_path / "other"
    with RtuSlave(link, obedient) as first, RtuSlave(other, obedient):
        async with Bus(settings(link)) as bus:
            await comes_back(bus)
            old = link.readlink()
            first.unplug()
            link.symlink_to(other.readlink())
            assert link.readlink() != old
            assert await comes_back(bus) == [0, 1]


async def test_pulling_the_line_ends_the_waiting_for_an_answer(tmp_path: Path) -> None:
    link = tmp_path / "line"
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def tell(_: bytes) -> Iterable[Delayed]:
        loop.call_soon_threadsafe(asked.set)
        return ()

    with RtuSlave(link, tell) as slave:
        async with Bus(settings(link)) as bus:
            waiting = asyncio.create_task(bus.read(1, 3, 0, 2, timing=PATIENT))
            async with asyncio.timeout(SOON_S):
                await asked.wait()
                await asyncio.to_thread(slave.unplug)
                with pytest.raises(NoLine):
                    await waiting


async def test_a_line_pulled_while_nobody_asks_is_closed_at_once(tmp_path: Path) -> None:
    """A dead descriptor that is held makes the kernel give the converter another name."""
    link = tmp_path / "line"
    with RtuSlave(link, obedient) as slave:
        async with Bus(settings(link)) as bus:
            await comes_back(bus)
            port = str(link.readlink())
            assert port in open_files()
            await asyncio.to_thread(slave.unplug)
            async with asyncio.timeout(SOON_S):
                while port in open_files():  # noqa: ASYNC110  # closing has no event
                    await asyncio.sleep(0.01)


async def test_units_are_not_left_alone_because_the_line_was_away(tmp_path: Path) -> None:
    link = tmp_path / "line"
    with RtuSlave(link, silent) as slave:
        async with Bus(settings(link)) as bus:
            for _ in range(4):
                with pytest.raises(NoAnswer):
                    await bus.read(1, 3, 0, 2, timing=Pace(0.02, 0.0))
            slave.unplug()
            slave.behaviour = obedient
            with pytest.raises(NoLine):
                await bus.read(2, 3, 0, 2, timing=PACE)
            slave.plug_in()
            assert await comes_back(bus) == [0, 1]


async def test_a_port_has_one_owner(tmp_path: Path) -> None:
    link = tmp_path / "line"
    with RtuSlave(link, obedient):
        async with Bus(settings(link)) as first, Bus(settings(link)) as second:
            assert await comes_back(first) == [0, 1]
            with pytest.raises(NoLine):
                await second.read(1, 3, 0, 2, timing=PACE)
            assert await first.read(1, 3, 0, 2, timing=PACE) == [0, 1]
        async with Bus(settings(link)) as third:
            assert await comes_back(third) == [0, 1]
