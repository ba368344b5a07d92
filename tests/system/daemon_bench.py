"""A daemon as a child process, its site files, and an instrument that counts its callers."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sqlite3
import struct
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from agent.local import ask

ROOT = Path(__file__).parents[2]
HOST = "127.0.0.1"
WAIT_S = 60.0
"""How long what must come is waited for: so long that a machine that stalls fails no test."""
MN = "010000A8900016F000169DC0"
OTHER_MN = "010000A8900016F000169DC1"

SiteFile = Callable[..., Path]
Start = Callable[..., Awaitable["Daemon"]]


def free_port() -> int:
    """Give a loopback port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


async def until(
    true: Callable[[], bool] | Callable[[], Awaitable[bool]], *, within_s: float = WAIT_S
) -> None:
    """Wait until something is so; fail with a time-out when it never is."""
    async with asyncio.timeout(within_s):
        while True:
            answer = true()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)


def site_data(store: Path, broker_port: int) -> dict[str, Any]:
    """Give a site of two outlets, each with its own line and its own station at one broker."""
    stations = [
        {"id": "one", "mn": MN, "pw": "default", "outlets": ["DW001"]},
        {"id": "two", "mn": OTHER_MN, "pw": "default", "outlets": ["DW002"]},
    ]
    return {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [
            {"id": f"DW00{n}", "medium": "water", "factors": {"w01001": {"device": f"ph{n}"}}}
            for n in (1, 2)
        ],
        "buses": [
            {"id": f"net{n}", "kind": "tcp", "host": HOST, "port": free_port()} for n in (1, 2)
        ],
        "devices": [
            {"id": f"ph{n}", "profile": "water/ph", "bus": f"net{n}", "address": 1, "period_s": 1}
            for n in (1, 2)
        ],
        "destinations": [
            {
                "id": "province",
                "addresses": [f"mqtt://{HOST}:{broker_port}"],
                "real_time_s": 1,
                "send_window_s": 0,
                "ack": "puback",
                "stations": stations,
            }
        ],
        "storage": {"directory": str(store), "ballast_mb": 4},
    }


def write_site(path: Path, site: Mapping[str, Any]) -> Path:
    """Write a site file."""
    path.write_text(yaml.safe_dump(dict(site), allow_unicode=True), encoding="utf-8")
    return path


def buses(path: Path) -> dict[str, int]:
    """Give the ports of the lines in a site file."""
    site = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {bus["id"]: bus["port"] for bus in site["buses"]}


@dataclass(slots=True)
class Instrument:
    """A Modbus TCP device that says 7 in every register, and counts who called."""

    port: int
    calls: int = 0
    asked: int = 0

    @contextlib.asynccontextmanager
    async def answering(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._serve, HOST, self.port)
        async with server:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.calls += 1
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                number, _, length, unit = struct.unpack(">HHHB", await reader.readexactly(7))
                question = await reader.readexactly(length - 1)
                count = struct.unpack(">H", question[3:5])[0]
                answer = bytes((unit, question[0], 2 * count)) + b"\x00\x07" * count
                self.asked += 1
                writer.write(struct.pack(">HHH", number, 0, len(answer)) + answer)
                await writer.drain()
        writer.close()


@dataclass(slots=True)
class Notices:
    """What a child tells systemd, on an abstract socket."""

    name: str
    told: list[str] = field(default_factory=list)
    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._socket.bind(f"\0{self.name}")
        asyncio.get_running_loop().add_reader(self._socket, self._heard)

    def _heard(self) -> None:
        self.told += self._socket.recv(4096).decode().splitlines()

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


@dataclass(slots=True)
class Daemon:
    """One `paikou run` that we started."""

    process: asyncio.subprocess.Process
    store: Path
    log: Path
    notices: Notices
    socket: Path

    @property
    def running(self) -> bool:
        return self.process.returncode is None

    def said(self) -> str:
        """Give what it wrote to standard error."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    async def heard(self, text: str) -> None:
        """Wait until it wrote that."""
        await until(lambda: text in self.said())

    async def ask(self, question: str, **more: str) -> Mapping[str, Any]:
        answer = await ask((self.socket,), {"ask": question, **more})
        assert answer is not None, f"no daemon at {self.socket}: {self.said()}"
        return answer

    async def station(self, name: str) -> Mapping[str, Any]:
        found = (await self.ask("status"))["stations"]
        return next(one for one in found if one["id"] == name)

    async def linked(self, *names: str) -> None:
        """Wait until these stations are connected."""

        async def all_linked() -> bool:
            return all([(await self.station(name))["linked"] for name in names])

        await until(all_linked)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into its store from outside."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.store / 'store.db'}?mode=ro", uri=True)
        ) as connection:
            return connection.execute(query).fetchall()

    def change(self, statement: str) -> None:
        """Do something to its store behind its back."""
        with contextlib.closing(sqlite3.connect(self.store / "store.db", timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()

    async def ended(self, within_s: float = WAIT_S) -> int:
        """Wait for its end and give its exit code."""
        return await asyncio.wait_for(self.process.wait(), within_s)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it the way systemd would; give its exit code."""
        self.process.send_signal(number)
        return await self.ended()


def environment(**more: str) -> dict[str, str]:
    """Give the environment of a child: nothing of a systemd that may run us."""
    left_out = {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "STATE_DIRECTORY"}
    left_out |= {"RUNTIME_DIRECTORY", "CREDENTIALS_DIRECTORY", "PAIKOU_LANG"}
    left_out |= {"PYTHONDONTWRITEBYTECODE"}  # each child would compile the whole house
    ours = {name: value for name, value in os.environ.items() if name not in left_out}
    ours |= {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "PAIKOU_LANG": "en"}
    return {**ours, **more}


async def spawn(site: Path, store: Path, *, number: int = 0, pace: str = "", **env: str) -> Daemon:
    """Start `paikou run` on a site file, without waiting for anything; `pace`: by another clock."""
    notices = Notices(f"paikou-test-{os.getpid()}-{site.parent.name}-{number}")
    log = site.parent / f"daemon{number}.log"
    with log.open("wb") as stderr:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.cli", "run", str(site),
            *(("--pace", pace) if pace else ()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=stderr,
            stderr=stderr,
            env=environment(NOTIFY_SOCKET=f"@{notices.name}", **env),
        )  # fmt: skip
    runtime = env.get("RUNTIME_DIRECTORY")
    place = Path(runtime) if runtime else store
    return Daemon(process, store, log, notices, place / "agent.sock")


async def ready(daemon: Daemon) -> Daemon:
    """Wait until it tells systemd that it is ready; fail with its log when it ends before."""
    await until(lambda: "READY=1" in daemon.notices.told or not daemon.running)
    assert daemon.running, daemon.said()
    return daemon
