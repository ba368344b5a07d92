"""`paikou recompute` of 1, 10 and 100 times the samples, in order and shuffled.

A month of a CEMS at a sample in 5 s is 5 million lines; here the greatest size is 100 hours of
6 factors at 10 s, 4 % of it, so that the measurement ends today. The limit is the smallest size:
processor time per line beyond the start-up may grow by half at most, memory by 16 MB.
"""

from __future__ import annotations

import datetime
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from folder import on_disk
from standard_cems import SITE
from weight import Weight, weighed

MONTH_LINES = 30 * 86_400 // 5 * 10
FACTORS = {"a21026": 40.0, "a21003": 90.0, "a19001": 8.0, "a01014": 7.0, "a34013": 5.0}
FLOW = ("a00000", 30.0)
EVERY_S = 10
START = datetime.datetime(2026, 3, 1)  # noqa: DTZ001 local time, as the file has it
TIMES_GOAL = 1.5
GROWTH_GOAL_MB = 16.0


def lines(hours: int) -> Iterator[str]:
    dice = random.Random(7)
    for at in range(0, hours * 3600, EVERY_S):
        when = (START + datetime.timedelta(seconds=at)).isoformat()
        for code, level in (*FACTORS.items(), FLOW):
            flag = "C" if code == "a21026" and at % 86_400 < 600 else "N"
            yield f"{when},DA001,{code},{level * (1 + dice.random() / 10)!r},{flag}\n"


def write(path: Path, hours: int, *, shuffled: bool) -> int:
    """Write a file of samples in a child: this process must stay small, see `weight`."""
    order = "shuffled" if shuffled else "ordered"
    subprocess.run([sys.executable, __file__, str(path), str(hours), order], check=True)
    return hours * 3600 // EVERY_S * (len(FACTORS) + 1)


def written(path: Path, hours: int, *, shuffled: bool) -> None:
    found = list(lines(hours))
    if shuffled:
        random.Random(hours).shuffle(found)
    path.write_text("at,outlet,factor,value,flag\n" + "".join(found), encoding="utf-8")


def main() -> int:
    if len(sys.argv) > 1:
        path, count, order = sys.argv[1:]
        written(Path(path), int(count), shuffled=order == "shuffled")
        return 0
    good = True
    with on_disk() as folder:
        directory = Path(folder)
        site = directory / "site.yaml"
        site.write_text(SITE, encoding="utf-8")
        bare = weighed(["-m", "agent.cli", "recompute", "--help"], out=directory / "out")
        print(f"start-up: {bare.cpu_s:.2f} s, {bare.peak_mb:.0f} MB")
        for shuffled in (False, True):
            found: list[tuple[int, Weight]] = []
            for times in (1, 10, 100):
                path = directory / "samples.csv"
                count = write(path, times, shuffled=shuffled)
                arguments = ["-m", "agent.cli", "recompute", str(site), "--samples", str(path)]
                one = weighed([*arguments, "--json"], out=directory / "out")
                found.append((count, one))
                good = good and one.code == 0
                order = "shuffled" if shuffled else "in order"
                print(
                    f"{times:3} x, {order}: {count:7} lines ({count / MONTH_LINES:.2%} of a month"
                    f" at 5 s), {one.cpu_s:.2f} s of processor, {one.wall_s:.2f} s, "
                    f"{one.peak_mb:.0f} MB"
                )
            good = told(found, bare) and good
    return 0 if good else 1


def told(found: list[tuple[int, Weight]], bare: Weight) -> bool:
    """Say how much dearer a line of the greatest size is than one of the tenth of it."""
    (_, first), (some, middle), (many, last) = found
    dearer = (last.cpu_s - bare.cpu_s) / many / ((middle.cpu_s - bare.cpu_s) / some)
    growth = last.peak_mb - first.peak_mb
    print(
        f"a line at 100 x costs {dearer:.2f} times one at 10 x (goal {TIMES_GOAL});"
        f" memory grows by {growth:.1f} MB (goal {GROWTH_GOAL_MB:.0f})"
    )
    return dearer <= TIMES_GOAL and growth <= GROWTH_GOAL_MB


if __name__ == "__main__":
    sys.exit(main())
