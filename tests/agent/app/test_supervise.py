"""Restart with back-off, ends that are ends, systemd's socket and its watchdog."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.supervise import (
    end,
    feed_watchdog,
    heed_cancellation,
    keep_running,
    notify,
    watchdog_interval_s,
)


class Crashes:
    """A task that fails so many times, then ends."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.runs = 0

    async def run(self) -> None:
        self.runs += 1
        if self.left:
            self.left -= 1
            raise ValueError(f"crash {self.runs}")


async def supervised(task: Crashes) -> tuple[list[str], list[float]]:
    told: list[str] = []
    pauses: list[float] = []

    async def on_crash(name: str, error: Exception) -> None:
        told.append(f"{name}: {error}")

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    await keep_running("line", task.run, on_crash=on_crash, pause=pause)
    return told, pauses


async def test_task_that_crashes_is_told_and_started_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    task = Crashes(2)
    told, _ = await supervised(task)
    assert told == ["line: crash 1", "line: crash 2"]
    assert task.runs == 3
    assert "ValueError: crash 1" in caplog.text


async def test_pauses_between_restarts_grow_to_a_minute() -> None:
    _, pauses = await supervised(Crashes(9))
    limits = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(limit / 2 <= pause <= limit for pause, limit in zip(pauses, limits, strict=True))


async def test_group_of_errors_is_one_crash() -> None:
    async def fails() -> None:
        raise ValueError("inner")

    async def run() -> None:
        if not told:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails())

    told: list[Exception] = []

    async def on_crash(_: str, error: Exception) -> None:
        told.append(error)

    async def pause(_: float) -> None:
        pass

    await keep_running("line", run, on_crash=on_crash, pause=pause)
    assert isinstance(told[0], ExceptionGroup)


async def test_cancellation_is_no_crash() -> None:
    told: list[str] = []

    async def on_crash(name: str, _: Exception) -> None:
        told.append(name)

    task = asyncio.create_task(keep_running("line", asyncio.Event().wait, on_crash=on_crash))  # type: ignore[arg-type]
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told == []


async def test_task_that_swallows_its_cancellation_is_cancelled_again() -> None:
    """As `asyncio.wait_for` of Python 3.11 does when its wait is over in the same moment."""
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed == 3:
                    raise

    tasks = [asyncio.create_task(stubborn()), asyncio.create_task(asyncio.sleep(60))]
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await end(tasks, again_s=0.01)
    assert swallowed == 3
    assert all(task.cancelled() for task in tasks)


async def test_swallowed_cancellation_is_heard_of_all_the_same() -> None:
    async def swallows() -> str:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        heed_cancellation()
        return "went on"

    task = asyncio.create_task(swallows())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_time_out_that_was_caught_is_no_cancellation() -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.sleep(60)
    heed_cancellation()


async def test_ending_nothing_takes_nothing() -> None:
    await end([])


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """A notification socket, and what was said to it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        path = tmp_path / "notify"
        listener.bind(str(path))
        listener.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))

        def told() -> list[str]:
            messages = []
            with contextlib.suppress(BlockingIOError):
                while True:
                    messages.append(listener.recv(4096).decode())
            return messages

        yield told


def test_systemd_is_told_on_its_socket(systemd: Callable[[], list[str]]) -> None:
    assert notify("READY=1\nSTATUS=well")
    assert systemd() == ["READY=1\nSTATUS=well"]


def test_abstract_socket_is_understood(monkeypatch: pytest.MonkeyPatch) -> None:
    name = f"paikou-unit-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0{name}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@{name}")
        assert notify("READY=1")
        assert listener.recv(100) == b"READY=1"


def test_nobody_to_notify_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
    assert caplog.text == ""
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    assert not notify("READY=1")
    assert "cannot be notified" in caplog.text


@pytest.mark.parametrize(
    ("usec", "pid", "interval_s"),
    [
        ("30000000", None, 10.0),
        ("30000000", "self", 10.0),
        ("30000000", "1", None),
        ("0", None, None),
        ("", None, None),
        ("soon", None, None),
        (None, None, None),
    ],
)
def test_watchdog_is_fed_three_times_as_often_as_it_bites(
    monkeypatch: pytest.MonkeyPatch, usec: str | None, pid: str | None, interval_s: float | None
) -> None:
    for name, value in (("WATCHDOG_USEC", usec), ("WATCHDOG_PID", pid)):
        if value is None:
            monkeypatch.delenv(name, raising=False)
        else:
            monkeypatch.setenv(name, str(os.getpid()) if value == "self" else value)
    assert watchdog_interval_s() == interval_s


@contextlib.asynccontextmanager
async def feeding(answers: Callable[[], object]):  # type: ignore[no-untyped-def]
    asked = 0

    async def answer() -> bool:
        nonlocal asked
        asked += 1
        found = answers()
        return bool(await found if asyncio.iscoroutine(found) else found)

    task = asyncio.create_task(feed_watchdog(0.001, answer, limit_s=0.01))
    try:
        yield lambda: asked
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if true():
                return
            await asyncio.sleep(0.001)


async def test_watchdog_is_fed_while_all_answer(systemd: Callable[[], list[str]]) -> None:
    async with feeding(lambda: True) as asked:
        await until(lambda: asked() >= 3)
    assert set(systemd()) == {"WATCHDOG=1"}


async def test_watchdog_is_not_fed_when_a_line_stands_still(
    systemd: Callable[[], list[str]], caplog: pytest.LogCaptureFixture
) -> None:
    async with feeding(lambda: False) as asked:
        await until(lambda: asked() >= 3)
    assert systemd() == []
    assert "not feeding the watchdog" in caplog.text


async def test_watchdog_is_not_fed_when_the_writer_is_stuck(
    systemd: Callable[[], list[str]],
) -> None:
    async with feeding(lambda: asyncio.sleep(60)) as asked:
        await until(lambda: asked() >= 3)
    assert systemd() == []


async def test_watchdog_is_fed_again_when_the_writer_is_back(
    systemd: Callable[[], list[str]],
) -> None:
    stuck = True
    async with feeding(lambda: asyncio.sleep(60) if stuck else True) as asked:
        await until(lambda: asked() >= 2)
        stuck = False
        await until(lambda: systemd() != [])
