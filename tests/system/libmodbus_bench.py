"""libmodbus' unit-test-server, built and run: an independent slave on a serial line or over TCP."""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import NoReturn

import pytest
from pty_pair import PtyPair

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, NoAnswer
from drivers.settings import BusSettings, SerialBus, TcpBus

Serving = Callable[[Path], AbstractAsyncContextManager[BusSettings]]
"""Runs the built server on some line and gives the line's settings."""
EXAMPLES = Path("/usr/share/doc/libmodbus-dev/examples")
UNIT = 17
PACE = Pace(timeout_s=0.4, gap_s=0.0, retries=0)


def build(folder: Path) -> Path:
    """Build the server, with line and port taken from the environment."""
    if not (EXAMPLES / "unit-test-server.c").is_file():
        missing("the examples of libmodbus-dev")
    source = (EXAMPLES / "unit-test-server.c").read_text(encoding="utf-8")
    source = source.replace('"/dev/ttyUSB0"', 'getenv("UT_LINE")')
    source = source.replace('"127.0.0.1", 1502', '"127.0.0.1", atoi(getenv("UT_PORT"))')
    (folder / "server.c").write_text(source, encoding="utf-8")
    flags = run("pkg-config", "--cflags", "--libs", "libmodbus").split()
    run("gcc", "-DHAVE_UNISTD_H", f"-I{EXAMPLES}", "-o", str(folder / "server"),
        str(folder / "server.c"), *flags)  # fmt: skip
    return folder / "server"


def run(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    except FileNotFoundError:
        missing(command[0])
    return done.stdout


def missing(what: str) -> NoReturn:
    if os.environ.get("PAIKOU_REQUIRE_SYSTEM") == "1":
        pytest.fail(f"{what}: not on this machine")
    pytest.skip(f"{what}: not on this machine")


@contextlib.asynccontextmanager
async def serving(
    server: Path, mode: str, settings: BusSettings, **environment: str
) -> AsyncIterator[BusSettings]:
    process = await asyncio.create_subprocess_exec(
        server, mode, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        if isinstance(settings, SerialBus):
            await answers(settings)
        yield settings
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def answers(settings: BusSettings) -> None:
    """Wait until the server has opened its end of the line."""
    async with asyncio.timeout(60), Bus(settings) as bus:
        while True:
            with contextlib.suppress(NoAnswer, BadAnswer):
                await bus.read(UNIT, 3, 0x160, 1, timing=PACE, order=True)
                return
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def rtu(server: Path) -> AsyncIterator[BusSettings]:
    with PtyPair() as cable:
        settings = SerialBus(id="rtu", kind="serial", port=cable.right, baud=115200)
        async with serving(server, "rtu", settings, UT_LINE=cable.left):
            yield settings


@contextlib.asynccontextmanager
async def tcp(server: Path) -> AsyncIterator[BusSettings]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = TcpBus(id="tcp", kind="tcp", host="127.0.0.1", port=port)
    async with serving(server, "tcp", settings, UT_PORT=str(port)):
        await listening(port)
        yield settings


async def listening(port: int) -> None:
    """Wait until the port is taken. Connecting would not do: the server serves one connection."""
    async with asyncio.timeout(60):
        while not is_listening(port):  # noqa: ASYNC110  # a server in C sets no event
            await asyncio.sleep(0.02)


def is_listening(port: int) -> bool:
    return f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text("ascii")
