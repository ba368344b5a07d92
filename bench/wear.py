"""Bytes written to disk in a day at the standard site: 12 instruments, 100 points, every 5 s.

The real worker code runs against a real store on a clock of our own: every cycle is judged, packed
and committed, every minute, hour and real-time frame is made, owed, marked as delivered and kept in
the message log with its answer. What reached the block layer is read from /proc/self/io. Goal: at
most 1 GB a day.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sqlite3
import sys
from pathlib import Path

import standard_site
from folder import on_disk

from agent.bells import Bells
from agent.metrics import Metrics
from agent.periods import Periods
from agent.poll import BusPoll
from agent.store import frames, outbox, series
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.timekeeping import Timekeeper
from agent.tools.migrate import migrate
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment
from protocols.hj212.times import wire_qn

GOAL_BYTES = 1e9
START = 1_795_000_000.0 // 3600 * 3600
CYCLE_S = 5.0
LOGGED = frames.FLUSH_S // CYCLE_S
"""Cycles after which the message log goes to disk."""


class BenchClock:
    """A clock that stands still until it is moved."""

    speed = 1.0
    pace = None

    def __init__(self) -> None:
        self.at = START

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.at += max(0.0, seconds)

    def step(self) -> float:
        return 0.0

    def sane(self) -> bool:
        return True


def written() -> int:
    """Bytes this process sent to the block layer so far."""
    for line in Path("/proc/self/io").read_text(encoding="ascii").splitlines():
        if line.startswith("write_bytes:"):
            return int(line.split()[1])
    raise SystemExit("no write_bytes in /proc/self/io")


async def run(directory: Path, hours: float) -> tuple[int, int, int]:
    """Live through some hours; gives bytes written, cycles and uploads."""
    plan = standard_site.plan(directory)
    clock = BenchClock()
    migrate(directory)
    async with Store(directory, ballast_mb=0) as store:
        names = await store.write(
            lambda c: series.register(c, series=plan.series(), devices=plan.devices())
        )
        time = Timekeeper(clock, store)
        await time.look()
        devices = [(standard_site.Fake(one.id, plan, clock), CYCLE_S) for one in plan.site.devices]
        poll = BusPoll(
            "net1",
            devices,
            plan=plan,
            names=names,
            store=store,
            clock=clock,
            time=time,
            bells=Bells(),
            metrics=Metrics(),
        )
        periods = Periods(plan, names, store, clock, Bells(), Metrics())
        await periods.close_due()
        log = FrameLog(store, clock, Metrics())
        before = written()
        cycles = int(hours * 3600 / CYCLE_S)
        uploads = 0
        for cycle in range(cycles):
            for half in (poll._due[:6], poll._due[6:]):
                taken = [await poll._ask(due) for due in half]
                kept = [asyncio.ensure_future(poll._keep(one)) for one in taken]
                await asyncio.sleep(0)  # let them queue up first
                await store.write(lambda _: None)  # two commits a cycle: the line takes its time
                await asyncio.gather(*kept)
            await periods.close_due()
            if cycle % LOGGED == 0:
                flushed = asyncio.ensure_future(log.flush(patient=True))
                await asyncio.sleep(0)  # let it queue up: it waits for company
            else:
                flushed = asyncio.ensure_future(asyncio.sleep(0))
            sent = await store.write(lambda c: deliver(c, clock.now()))
            await flushed
            for row in sent:
                note(log, row)
            uploads += len(sent)
            clock.at += CYCLE_S
        return written() - before, cycles, uploads


def deliver(connection: sqlite3.Connection, now: float) -> list[outbox.Row]:
    """Mark what is owed as delivered."""
    sent = []
    for outlet in standard_site.OUTLETS:
        rows = outbox.to_send(connection, outlet.lower(), now=now + 60, live_s=1e9, limit=100)
        for row in rows:
            outbox.done(connection, row, "accepted", outcome="9014", now=now)
        sent += rows
    return sent


def note(log: FrameLog, row: outbox.Row) -> None:
    """Log an upload and its answer, as the sender and the link do."""
    qn, mn = wire_qn(row.qn_ms), f"{standard_site.MN}{int(row.station[-1]) - 1:02d}"
    said = Segment(qn=qn, st=row.st, cn=row.cn, pw="123456", mn=mn, flag=Flag.of(5), cp=row.body)
    answer = Segment(qn=qn, st="91", cn="9014", pw="123456", mn=mn, flag=Flag.of(4))
    log.sent(row.station, said)
    log.received(row.station, answer)
    log.settled(row.station, qn, cn=row.cn, outcome="9014")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, default=3.0, help="of the clock, scaled to a day")
    hours = parser.parse_args().hours
    logging.disable(logging.WARNING)
    with on_disk() as folder:
        total, cycles, uploads = asyncio.run(run(Path(folder), hours))
    a_day = total * 24 / hours
    payload = cycles * 100 * 11 * 24 / hours
    print(f"{hours:g} h: {total / 1e6:.1f} MB written in {cycles} cycles, {uploads} uploads")
    print(f"a day: {a_day / 1e6:.0f} MB, {a_day / payload:.1f} x the packed samples, ", end="")
    print(f"{a_day / GOAL_BYTES:.2f} of the goal of {GOAL_BYTES / 1e6:.0f} MB")
    return 0 if a_day <= GOAL_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
