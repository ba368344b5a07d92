"""How fast a backlog drains: 30 days of 30 factors, over MQTT and over TCP with 9014.

A station's real-time frames every 30 s, minutes, hours and days lie in its outbox. The limits are
measured in the same run with the same frames: over MQTT paho alone with the same window, over TCP
a bare socket that sends a frame, waits for its answer and sends the next. Goals: 80 % of each, and
no more memory than the daemon may have.

Both are measured over the loopback interface, where the processor is the only limit, and over a
line with the round trip of a mobile one, which is what a window is for. Limit and sender take
turns, and what counts is the middle one of the ratios: another load on the machine meets both.
paho is measured twice, with a semaphore for the window and by the window it has itself: which is
faster changes from run to run, and the goal holds against both. The platform of the ping-pong does
what a 9014 says: length, CRC and head were read. With one that answers unread, which none does, the
ratio is printed too: it sets no goal, for then all of a frame's time is ours. `--scale 1` is all of
the backlog, the default a part; `--loopback` leaves the slow line out; `--profile` prints where our
time goes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import dataclasses
import json
import pstats
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from drain_backlog import DAYS, FACTORS, STATION, WINDOW, fill, plan
from drain_peers import child, paho_alone, paho_by_itself, ping_pong
from folder import on_disk

from agent import collector
from agent.bells import Bells
from agent.clock import Clock
from agent.metrics import Metrics
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.tools.broker import Broker, free_port
from agent.uplink.contract import contract
from agent.uplink.station import StationLink

GOAL = 0.8
MEMORY_GOAL_MB = 90.0
SCALE = 30.0
MOBILE_S = 0.05
SLOW_PART = 5
"""On the slow line so much less: it takes ten times as long, and its ratio depends on nothing."""
WAIT_S = 6 * 3600.0
ROUNDS = 3
"""Over the loopback interface; on a slow line once is enough, it waits and does not work."""
PONGS = 200
"""Frames of the ping-pong over a slow line: all of them would take hours."""


async def ours(directory: Path, transport: str, port: int, *, count: int) -> float:
    """Seconds in which our sender empties the outbox: until the last end is on disk."""
    made = plan(directory, transport, port)
    collector.spare()  # as the daemon does
    clock, bells, metrics = Clock(), Bells(), Metrics()

    async def health(_: str) -> bytes:
        return b"{}"

    terms = contract(made, made.stations[STATION], started_at=clock.now(), health=health)
    # the rate is a courtesy to the platform; here it is the sender that is measured
    manners = dataclasses.replace(terms.manners, backlog_per_s=1e9)
    terms = dataclasses.replace(terms, manners=manners)
    async with Store(directory, ballast_mb=0) as store:
        log = FrameLog(store, clock, metrics)
        link = StationLink(terms, store, clock, bells, metrics, frames=log)
        begun = time.perf_counter()
        tasks = [asyncio.ensure_future(one) for one in (log.run(), link.run())]
        async with asyncio.timeout(WAIT_S):
            while link.counts().frames_ended < count:  # noqa: ASYNC110 nobody rings a bell for that
                await asyncio.sleep(0.02)
            while await store.read(_owes):
                # the last ends wait up to half a second for company, as a daemon always has some
                await store.write(lambda _: None)
        taken = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return taken


def _owes(connection: sqlite3.Connection) -> bool:
    query = "SELECT 1 FROM outbox WHERE station = ? AND state = 'open' LIMIT 1"
    return connection.execute(query, (STATION,)).fetchone() is not None


def measure(kind: str, directory: Path, port: int) -> dict[str, float]:
    """Run one measurement; gives frames a second, processor time a frame, most memory."""
    if kind == "paho":
        count, taken, spent = paho_alone(directory, port)
    elif kind == "paho-itself":
        count, taken, spent = paho_by_itself(directory, port)
    elif kind.startswith("ping"):
        count, taken, spent = ping_pong(directory, port, PONGS if kind == "ping-slow" else 10**9)
    else:
        count, begun = _all(directory), time.process_time()
        taken = asyncio.run(ours(directory, kind, port, count=count))
        spent = time.process_time() - begun
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {"rate": count / taken, "us": spent / count * 1e6, "mb": used.ru_maxrss / 1024}


def _all(directory: Path) -> int:
    with contextlib.closing(sqlite3.connect(directory / "store.db")) as connection:
        return int(connection.execute("SELECT count(*) FROM outbox").fetchone()[0])


def apart(kind: str, directory: Path, port: int, *, profile: bool) -> dict[str, float]:
    """Measure in a process of its own, on a copy of the store."""
    with tempfile.TemporaryDirectory(dir=directory.parent) as folder:
        copy = Path(folder) / "store"
        shutil.copytree(directory, copy)
        done = subprocess.run(
            [sys.executable, __file__, "--only", kind, "--store", str(copy), "--port", str(port)]
            + ["--profile"] * profile,
            check=True, stdout=subprocess.PIPE, text=True, timeout=WAIT_S,
        )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


Measured = dict[str, float]
Turn = tuple[Measured, Measured]
"""Ours, and the limit right before it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Bench:
    """What to measure: the store, and how."""

    store: Path
    rounds: int
    slow: Path | None
    """The store for the slow line; None: it is left out."""
    profile: bool

    def compare(self, limit: str, kind: str, port: int) -> bool:
        """Measure over both lines and print it; says whether all goals were met."""
        good = self._over(limit, kind, port, name="loopback", store=self.store, rounds=self.rounds)
        if limit == "paho":
            again = self._over(
                "paho-itself", kind, port, name="loopback", store=self.store, rounds=self.rounds
            )
            good = good and again
        if self.slow is not None:
            slow = "ping-slow" if limit == "ping-pong" else limit
            with child("delay", port, MOBILE_S) as near:
                name = f"{MOBILE_S * 1000:.0f} ms"
                good = self._over(slow, kind, near, name=name, store=self.slow, rounds=1) and good
        return good

    def beside(self, limit: str, kind: str, port: int, *, name: str) -> None:
        """Measure over the loopback interface and print it, without a goal."""
        self._over(limit, kind, port, name=name, store=self.store, rounds=self.rounds, goal=0.0)

    def _over(
        self,
        limit: str,
        kind: str,
        port: int,
        *,
        name: str,
        store: Path,
        rounds: int,
        goal: float = GOAL,
    ) -> bool:
        turns: list[Turn] = []
        for _ in range(rounds):
            bare = apart(limit, store, port, profile=False)
            turns.append((apart(kind, store, port, profile=self.profile), bare))
        turns.sort(key=_ratio)
        middle, mb = turns[len(turns) // 2], max(ours["mb"] for ours, _ in turns)
        print(f"{kind}, {name}: {_shown(middle[0])}, {limit} {_shown(middle[1])}: "
              f"{_ratio(middle):.0%}, {f'goal {goal:.0%}' if goal else 'no goal'}; "
              f"{mb:.0f} MB, goal {MEMORY_GOAL_MB:.0f} MB", flush=True)  # fmt: skip
        return _ratio(middle) >= goal and mb <= MEMORY_GOAL_MB


def _ratio(turn: Turn) -> float:
    ours, bare = turn
    return ours["rate"] / bare["rate"]


def _shown(one: Measured) -> str:
    return f"{one['rate']:.0f} frames/s ({one['us']:.0f} us of processor each)"


async def everything(folder: Path, days: float, bench: Bench) -> int:
    count = await asyncio.to_thread(fill, bench.store, days)
    print(f", {count} frames, window {WINDOW}", flush=True)
    if bench.slow is not None:
        await asyncio.to_thread(fill, bench.slow, days / SLOW_PART)

    def over_mqtt(port: int) -> bool:
        with child("listen", port):
            return bench.compare("paho", "mqtt", port)

    def over_tcp() -> bool:
        with child("unread") as port:
            bench.beside("ping-pong", "tcp", port, name="loopback, answered unread")
        with child("platform") as port:
            return bench.compare("ping-pong", "tcp", port)

    async with Broker(free_port(), folder / "broker") as broker:
        good = await asyncio.to_thread(over_mqtt, broker.port)
    return 0 if await asyncio.to_thread(over_tcp) and good else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=SCALE, help="1: all of the 30 days")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--loopback", action="store_true", help="leave the slow line out")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        profiler = cProfile.Profile()
        if options.profile:
            profiler.enable()
        print(json.dumps(measure(options.only, options.store, options.port)))
        if options.profile:
            profiler.disable()
            pstats.Stats(profiler, stream=sys.stderr).sort_stats("tottime").print_stats(30)
        return 0
    days = DAYS / options.scale
    print(f"{days:g} of {DAYS} days (1:{options.scale:g}), {FACTORS} factors", end="", flush=True)
    with on_disk() as folder:
        whole, slow = Path(folder) / "store", Path(folder) / "slow"
        bench = Bench(whole, options.rounds, None if options.loopback else slow, options.profile)
        return asyncio.run(everything(Path(folder), days, bench))


if __name__ == "__main__":
    sys.exit(main())
