"""Closing an hour of 60 factors, minutes and all, on a store of 1, 10 and 100 hours of history.

The limit is the hour on the emptiest store: with a hundred times the rows behind it an hour may
take half as long again at most, and 16 MB more. Each size is a process of its own. A factor has a
sample in 10 s; half of the factors are concentrations with oxygen correction and mass.
"""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import sys
import time
from dataclasses import replace
from pathlib import Path

from folder import on_disk
from standard_cems import SITE
from weight import weighed

from agent.bells import Bells
from agent.clock import Clock
from agent.metrics import Metrics
from agent.model import Kind, Period, Sample
from agent.periods import Periods
from agent.plan import Plan, make_plan
from agent.settings import parse_site
from agent.store import samples, series
from agent.store.db import Store
from agent.store.series import Names
from agent.tools.migrate import migrate

FACTORS = 60
EVERY_S = 10
HOUR_S = 3600
START = Period.holding(Kind.HOUR, 1_795_000_000.0).start
TIMES_GOAL = 1.5
GROWTH_GOAL_MB = 16.0
ROUNDS = 3


class StandingClock(Clock):
    """A clock that stands where it is put."""

    at = float(START)

    def now(self) -> float:
        return self.at


def plan() -> Plan:
    """Give the plan of the standard CEMS with 57 factors more, copies of its sulphur dioxide."""
    found = make_plan(parse_site(SITE.encode())[0])
    outlet = found.outlets["DA001"]
    kept = {code: outlet.factors[code] for code in ("a19001", "a00000")}
    like = outlet.factors["a21026"], outlet.factors["a01014"]
    for number in range(FACTORS - len(kept)):
        code, one = f"f{number:02}", like[number % 2]
        kept[code] = replace(one, factor=code, period=replace(one.period, factor=code))
    outlet = replace(outlet, factors=kept, chained=())
    return replace(found, outlets={"DA001": outlet})


def hour_of_samples(
    connection: sqlite3.Connection, codes: list[str], start: int, *, names: Names
) -> None:
    for at in range(start, start + HOUR_S, EVERY_S):
        taken = [Sample("DA001", code, float(at), 8.0 + at % 7) for code in codes]
        samples.add(connection, taken, device="cems", at=at, epoch=0, names=names)


def history(connection: sqlite3.Connection, hours: int) -> None:
    """Put copies of the first hour's rows before it: what a store of so many hours has."""
    for number in range(1, hours):
        connection.execute(
            "INSERT INTO statistics SELECT kind, start - ?, series, revision, avg, min, max, cou,"
            " zs_avg, zs_min, zs_max, cause, abnormal, share, valid, parts, due, weighted, reason"
            " FROM statistics WHERE kind IN ('1m', '1h') AND start >= ?",
            (number * HOUR_S, START),
        )
        connection.execute(
            "INSERT INTO samples SELECT key - (? << 16), epoch, pack FROM samples"
            " WHERE key >= ? << 16",
            (number * HOUR_S * 1000, START * 1000),
        )


async def measured(folder: Path, hours: int) -> list[float]:
    """Processor seconds for each hour closed on a store with so many hours behind it."""
    migrate(folder)
    site, clock, taken = plan(), StandingClock(), []
    outlet = site.outlets["DA001"]
    async with Store(folder, ballast_mb=0) as store:
        names = await store.write(
            lambda one: series.register(
                one,
                series=[("DA001", code, "rtd") for code in outlet.factors],
                devices=["cems"],
            )
        )
        periods = Periods(site, names, store, clock, Bells(), Metrics())
        await periods.close_due()
        for number in range(ROUNDS + 1):
            start = START + number * HOUR_S

            def fill(one: sqlite3.Connection, start: int = start) -> None:
                hour_of_samples(one, list(outlet.factors), start, names=names)

            await store.write(fill)
            clock.at = start + HOUR_S + 6.0
            begun = time.process_time()
            await periods.close_due()
            taken.append(time.process_time() - begun)
            if not number:
                await store.write(lambda one: history(one, hours))
    return taken[1:]


def main() -> int:
    if len(sys.argv) > 1:
        folder, hours = Path(sys.argv[1]), int(sys.argv[2])
        taken = asyncio.run(measured(folder, hours))
        usage = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(min(taken), usage / 1024)
        return 0
    found = []
    for hours in (1, 10, 100):
        with on_disk() as folder:
            out = Path(folder) / "out"
            weight = weighed([__file__, folder, str(hours)], out=out)
            if weight.code:
                return 1
            second, peak_mb = map(float, out.read_text().split())
            size = sum(path.stat().st_size for path in Path(folder).glob("*.db*")) // 2**20
        found.append((second, peak_mb))
        print(
            f"{hours:3} x: an hour of {FACTORS} factors with its minutes in {second:.2f} s"
            f" of processor ({HOUR_S / second:.0f} x real time) on {size} MB,"
            f" {peak_mb:.0f} MB of memory"
        )
    times, growth = found[-1][0] / found[0][0], found[-1][1] - found[0][1]
    print(
        f"100 x the history: {times:.2f} x the time (goal {TIMES_GOAL}),"
        f" {growth:+.1f} MB (goal {GROWTH_GOAL_MB:.0f})"
    )
    return 0 if times <= TIMES_GOAL and growth <= GROWTH_GOAL_MB else 1


if __name__ == "__main__":
    sys.exit(main())
