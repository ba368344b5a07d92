"""The store path at 1,000 points a second: judge, pack, commit with FULL, read back per minute.

20 instruments of 50 points each; the limit, measured in the same run on the same disk, is plain
`sqlite3` appending rows of the same size with the same commits. Ratios count, not the absolutes.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from pathlib import Path

from folder import on_disk

from agent.model import Cause, Sample
from agent.quality.judge import PointRule, judge
from agent.store import samples, series
from agent.store.db import Store, connect
from agent.tools.migrate import migrate
from drivers.device import Reading

DEVICES = 20
POINTS = 50
POINTS_S = DEVICES * POINTS
SECONDS = 60
START = 1_795_000_000.0
DEVICE_NAMES = [f"d{number}" for number in range(DEVICES)]
RULES = [PointRule("DW001", f"f{number}", "mg/L", 0.0, 100.0) for number in range(POINTS_S)]
PACK_BYTES = POINTS * 11


def floor(directory: Path) -> float:
    """Seconds that plain sqlite3 takes for the same rows in the same commits."""
    connection = connect(directory / "floor.db")
    connection.execute("CREATE TABLE samples (key INTEGER PRIMARY KEY, epoch INTEGER, pack BLOB)")
    pack = b"\0" * PACK_BYTES
    begun = time.perf_counter()
    for second in range(SECONDS):
        connection.execute("BEGIN IMMEDIATE")
        rows = [(second << 16 | device, 0, pack) for device in range(DEVICES)]
        connection.executemany("INSERT INTO samples VALUES (?, ?, ?)", rows)
        connection.execute("COMMIT")
    taken = time.perf_counter() - begun
    connection.close()
    return taken


async def ours(directory: Path) -> tuple[float, float]:
    """Seconds for judging and storing, and for reading all minutes back."""
    migrate(directory)
    async with Store(directory, ballast_mb=0) as store:
        keys = [(rule.outlet, rule.factor, "rtd") for rule in RULES]
        names = await store.write(lambda c: series.register(c, series=keys, devices=DEVICE_NAMES))
        begun = time.perf_counter()
        for second in range(SECONDS):
            at = START + second

            def cycle(connection: sqlite3.Connection, at: float = at) -> None:
                for number, device in enumerate(DEVICE_NAMES):
                    rules = RULES[number * POINTS : (number + 1) * POINTS]
                    taken = [judged(rule, at) for rule in rules]
                    samples.add(connection, taken, device=device, at=at, epoch=0, names=names)

            await store.write(cycle)
        stored = time.perf_counter() - begun
        begun = time.perf_counter()
        found = await store.read(
            lambda c: samples.between(c, START, START + SECONDS, outlet="DW001", names=names)
        )
        read = time.perf_counter() - begun
        assert sum(len(rows) for rows in found.values()) == POINTS_S * SECONDS
        return stored, read


def judged(rule: PointRule, at: float) -> Sample:
    sample = judge(Reading(rule.factor, at % 97, "mg/L", taken_at=at), rule)
    assert sample.cause is Cause.NORMAL
    return sample


def main() -> int:
    with on_disk() as folder:
        limit = floor(Path(folder))
        stored, read = asyncio.run(ours(Path(folder)))
    print(f"{SECONDS} s at {POINTS_S} points/s: stored in {stored:.2f} s, read in {read:.2f} s")
    print(f"store path: {SECONDS / stored:.0f} x real time, {stored / limit:.1f} x plain sqlite3")
    return 0 if stored < SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
