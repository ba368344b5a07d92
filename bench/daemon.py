"""The daemon as a process: time to READY, memory with 20 instruments, the same on a big store.

Limits measured in the same run: a bare interpreter for memory, an interpreter that imports asyncio
for the start. Goals: READY within 2 s, also on a 2 GB store; at most 90 MB with 20 instruments.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml
from folder import on_disk

from agent.store.db import connect, transaction
from agent.tools.broker import free_port
from agent.tools.migrate import migrate

READY_GOAL_S = 2.0
MEMORY_GOAL_MB = 90.0
STEP_MS = 200
"""Between two old samples: an hour of them is 20 MB."""
DEVICES = 20
WARM_S = 20.0
_MB = 1024 * 1024


def site(directory: Path) -> Path:
    """Write a site file with 20 instruments on one TCP endpoint."""
    devices = [f"ph{number}" for number in range(1, DEVICES + 1)]
    outlets = [f"DW{number:03d}" for number in range(1, DEVICES + 1)]
    path = directory / "site.yaml"
    text = yaml.safe_dump(
        {
            "unit": {"code": "91000000000000000X001P", "name": "bench"},
            "outlets": [
                {"id": outlet, "medium": "water", "factors": {"w01001": {"device": device}}}
                for outlet, device in zip(outlets, devices, strict=True)
            ],
            "buses": [{"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": free_port()}],
            "devices": [
                {"id": one, "profile": "water/ph", "bus": "net1", "address": n, "period_s": 1}
                for n, one in enumerate(devices, start=1)
            ],
            "destinations": [
                {
                    "id": "province",
                    "addresses": [f"mqtt://127.0.0.1:{free_port()}"],
                    "stations": [
                        {"id": outlet.lower(), "mn": f"{n:024X}", "pw": "default"}
                        | {"outlets": [outlet]}
                        for n, outlet in enumerate(outlets[:4])
                    ],
                }
            ],
            "storage": {"directory": str(directory / "state"), "ballast_mb": 4},
        }
    )
    path.write_text(text, encoding="utf-8")
    return path


@contextlib.contextmanager
def running(arguments: list[str], directory: Path) -> Iterator[tuple[int, float]]:
    """Run a `paikou` command until the block ends; gives its pid and the seconds to READY."""
    address = directory / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
        notices.bind(str(address))
        notices.settimeout(60)
        begun = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, "-m", "agent.cli", *arguments],
            env={**os.environ, "NOTIFY_SOCKET": str(address)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if arguments[0] == "run":
                while b"READY=1" not in notices.recv(4096):
                    pass
            yield child.pid, time.perf_counter() - begun
        finally:
            child.send_signal(signal.SIGTERM)
            child.wait(30)
            address.unlink()


def resident_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise SystemExit("no VmHWM")


def bare() -> tuple[float, float]:
    """Memory of a bare interpreter in MB, and seconds of one that imports asyncio."""
    code = "print(open('/proc/self/status').read())"
    status = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    memory = next(int(line.split()[1]) for line in status.splitlines() if "VmHWM" in line)
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import asyncio"], check=True)
    return memory / 1024, time.perf_counter() - begun


def grow(directory: Path, size_mb: int) -> int:
    """Fill the store with old samples until it has that size; gives its size in MB."""
    path = directory / "state" / "store.db"
    with contextlib.closing(connect(path)) as connection:
        key = 1 << 20
        while path.stat().st_size < size_mb * _MB:
            with transaction(connection):
                connection.executemany(
                    "INSERT INTO samples VALUES (?, 0, zeroblob(1100))",
                    ((key + number * STEP_MS << 16,) for number in range(20_000)),
                )
            key += 20_000 * STEP_MS
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    return path.stat().st_size // _MB


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store-mb", type=int, default=2048)
    parser.add_argument("--warm-s", type=float, default=WARM_S)
    options = parser.parse_args()
    with on_disk() as folder:
        directory = Path(folder).resolve()
        path = site(directory)
        migrate(directory / "state")
        bare_mb, asyncio_s = bare()
        with running(["simulate", str(path)], directory), running_agent(path, directory) as agent:
            pid, ready_s = agent
            time.sleep(options.warm_s)
            memory = resident_mb(pid)
        # an older store, from before anything in it was sealed
        (directory / "state").rename(directory / "first")
        migrate(directory / "state")
        size = grow(directory, options.store_mb)
        with running_agent(path, directory) as agent:
            _, big_s = agent
    print(f"READY in {ready_s:.2f} s, {ready_s / asyncio_s:.1f} x `import asyncio`")
    print(f"READY in {big_s:.2f} s on a store of {size} MB, {big_s / asyncio_s:.1f} x")
    print(f"{memory:.0f} MB with {DEVICES} instruments, {memory / bare_mb:.1f} x bare interpreter")
    good = max(ready_s, big_s) <= READY_GOAL_S and memory <= MEMORY_GOAL_MB
    return 0 if good else 1


@contextlib.contextmanager
def running_agent(path: Path, directory: Path) -> Iterator[tuple[int, float]]:
    with (
        tempfile.TemporaryDirectory(dir=directory) as own,
        running(["run", str(path)], Path(own)) as agent,
    ):
        yield agent


if __name__ == "__main__":
    sys.exit(main())
