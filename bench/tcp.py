"""Polling over Modbus TCP: our agent, with judging and a durable store, beside plain pymodbus.

20 devices of 50 float32 every second, published as one JSON a device and cycle with QoS 1. Ours is
the daemon's way of a value (`tcp_agent.py`), the limit a script on pymodbus and paho that keeps
nothing (`tcp_sides.py plain`): both ask the same instruments and publish to the same broker, one
after the other, several times. With two processors the candidate has the first for itself. Goals:
processor time per 100,000 delivered points at most twice that of the script (1.5 is the stretch);
standard deviation of a device's cycle 10 ms, 99 % of the points no older than 100 ms, the first one
2 s after the start; and 450 devices on one core. Other agents are compared by a bench that takes
`tcp_site:prepare` as a candidate.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import itertools
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tcp_site import prepare

from agent.tools.broker import Broker, free_port

POINTS, PERIOD_S = 50, 1.0
CPU_GOAL, STRETCH = 2.0, 1.5
SIGMA_GOAL_MS, AGE_GOAL_MS, FIRST_GOAL_S = 10.0, 100.0, 2.0
MANY = 450
SIDES = str(Path(__file__).with_name("tcp_sides.py"))
ROOT = str(Path(__file__).resolve().parents[1])
START_S = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """What one run of a candidate came to; `threads` are processor seconds of each thread."""

    cpu_s_100k: float
    core: float
    sigma_ms: float
    mean_ms: float
    age_ms: float
    first_s: float
    polled: int
    delivered: float
    threads: tuple[float, ...]


def pinned(cpu: int) -> list[str]:
    """Give the words that keep a command on one processor, where there are two."""
    return ["taskset", "-c", str(cpu)] if len(os.sched_getaffinity(0)) > 1 else []


@contextlib.contextmanager
def side(*words: object) -> Iterator[subprocess.Popen[str]]:
    """Run instruments or platform until the block ends."""
    command = [*pinned(1), sys.executable, SIDES, *map(str, words)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        if child.stdout.readline() != "ready\n":
            raise SystemExit(f"{words}: did not start")
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.wait(10)


def told(child: subprocess.Popen[str]) -> str:
    """End a side and give what it saw."""
    child.send_signal(signal.SIGTERM)
    return child.communicate(timeout=30)[0].splitlines()[-1]


def threads_s(pid: int) -> tuple[float, ...]:
    """Processor seconds of every thread of a process, the oldest thread first."""
    rows = sorted(Path(f"/proc/{pid}/task").iterdir(), key=lambda path: int(path.name))
    return tuple(int((row / "schedstat").read_text().split()[0]) / 1e9 for row in rows)


def run(command: list[str], broker: int, base_port: int, devices: int, seconds: float) -> Found:
    """Run a candidate and measure it for so long."""
    with side("instruments", base_port, devices) as meters, side("platform", broker) as platform:
        begun = time.monotonic()
        child = subprocess.Popen(
            [*pinned(0), *command],
            env={**os.environ, "PYTHONPATH": ROOT},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert platform.stdout is not None
            platform.stdout.readline()
            first_s = time.monotonic() - begun
            time.sleep(3.0 + devices * 0.02)
            since, before = time.monotonic(), threads_s(child.pid)
            time.sleep(seconds)
            until, after = time.monotonic(), threads_s(child.pid)
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait(10)
        came = [row for row in json.loads(told(platform)) if since <= row[0] < until]
        asked = json.loads(told(meters)).values()
    inside = [[at for at in times if since <= at < until] for times in asked]
    gaps = [(b - a) * 1000 for times in inside for a, b in itertools.pairwise(times)]
    ages = sorted(row[2] for row in came)
    points = sum(row[1] for row in came)
    old = dict(enumerate(before))
    spent = tuple(now - old.get(n, 0.0) for n, now in enumerate(after))
    return Found(
        cpu_s_100k=sum(spent) / points * 1e5,
        core=sum(spent) / (until - since),
        sigma_ms=statistics.pstdev(gaps),
        mean_ms=statistics.fmean(gaps),
        age_ms=ages[int(0.99 * len(ages))],
        first_s=first_s,
        polled=sum(1 for times in inside if times),
        delivered=points / (POINTS * sum(map(len, inside))),
        threads=spent,
    )


def ours(broker: int, devices: int, seconds: float) -> Found:
    """Run our agent, on a store that was made before."""
    with tempfile.TemporaryDirectory(dir=".") as folder:
        port = free_port()
        place = {"base_port": port, "mqtt_port": broker, "devices": devices}
        made = prepare(str(Path(folder).resolve()), place | {"points": POINTS, "period": PERIOD_S})
        for words in made["setup"]:
            subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return run(made["cmd"], broker, port, devices, seconds)


def plain(broker: int, devices: int, seconds: float) -> Found:
    """Run the script on pymodbus."""
    port = free_port()
    words = ["plain", port, broker, devices, POINTS, PERIOD_S]
    return run([sys.executable, SIDES, *map(str, words)], broker, port, devices, seconds)


def shown(name: str, found: list[Found]) -> None:
    def middle(what: str) -> float:
        return statistics.median(getattr(one, what) for one in found)

    print(
        f"{name}: {middle('cpu_s_100k'):.2f} s of processor per 100,000 points"
        f" ({middle('core'):.1%} of a core), cycle {middle('mean_ms'):.1f} ms"
        f" (sigma {middle('sigma_ms'):.1f}), age p99 {middle('age_ms'):.0f} ms,"
        f" first after {middle('first_s'):.2f} s, delivered {middle('delivered'):.1%}"
    )


def compare(broker: int, devices: int, seconds: float, times: int) -> bool:
    mine: list[Found] = []
    theirs: list[Found] = []
    for _ in range(times):
        theirs.append(plain(broker, devices, seconds))
        mine.append(ours(broker, devices, seconds))
    shown("plain pymodbus", theirs)
    shown("ours", mine)
    loop, writer, *rest = mine[-1].threads
    whole = sum(mine[-1].threads)
    print(
        f"  of ours: event loop (lines, drivers, judging, sender) {loop / whole:.0%},"
        f" the store's writer {writer / whole:.0%}, its readers and MQTT {sum(rest) / whole:.0%}"
    )
    pairs = zip(mine, theirs, strict=True)
    ratio = statistics.median(one.cpu_s_100k / other.cpu_s_100k for one, other in pairs)
    print(f"{ratio:.2f} x the processor time of plain pymodbus (goal {CPU_GOAL}, {STRETCH})")
    sigma, age, first = (
        statistics.median(getattr(one, what) for one in mine)
        for what in ("sigma_ms", "age_ms", "first_s")
    )
    even = sigma <= SIGMA_GOAL_MS and age <= AGE_GOAL_MS and first <= FIRST_GOAL_S
    print(
        f"sigma {sigma:.1f} ms (goal {SIGMA_GOAL_MS:.0f}), age p99 {age:.0f} ms"
        f" (goal {AGE_GOAL_MS:.0f}), first after {first:.2f} s (goal {FIRST_GOAL_S:.0f})"
    )
    return even and ratio <= CPU_GOAL


def carries(broker: int, devices: int, seconds: float) -> bool:
    """Say whether all devices are asked in time and everything arrives."""
    found = ours(broker, devices, seconds)
    shown(f"ours, {devices} devices", [found])
    good = (
        found.polled == devices
        and found.mean_ms <= 1060 * PERIOD_S
        and found.delivered >= 0.99
        and found.age_ms <= 2000 * PERIOD_S
    )
    print(f"  {devices} devices on one core: {'carried' if good else 'NOT carried'}")
    return good


async def main_with(options: argparse.Namespace) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        async with Broker(0, Path(folder)) as broker:
            good = True
            if options.times:
                words = options.devices, options.seconds, options.times
                good = await asyncio.to_thread(compare, broker.port, *words)
            if options.many:
                most = options.many, options.seconds
                good &= await asyncio.to_thread(carries, broker.port, *most)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--times", type=int, default=3, help="0: without the comparison")
    parser.add_argument("--many", type=int, default=MANY, help="0: without this part")
    return 0 if asyncio.run(main_with(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
