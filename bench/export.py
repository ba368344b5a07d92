"""`paikou export` of a year of hours: 1, 10 and 100 factors, as CSV and as JSON lines.

The limit is the smaller size: processor time per row beyond the start-up may grow by half at most
from 10 to 100 factors, memory by 16 MB from 1 to 100. A twentieth of the hours has marks, so that
all three columns are read.
"""

from __future__ import annotations

import datetime
import sqlite3
import subprocess
import sys
from pathlib import Path

from folder import on_disk
from weight import Weight, weighed

HOURS = 365 * 24
HOUR_S = 3600
LOCAL = datetime.timezone(datetime.timedelta(hours=8))
START = int(datetime.datetime(2025, 1, 1, tzinfo=LOCAL).timestamp())
TIMES_GOAL = 1.5
GROWTH_GOAL_MB = 16.0
FORMATS = ("csv", "jsonl")
SITE = """\
unit: {{code: 91000000000000000X001P, name: 测量}}
outlets:
  - {{id: DA001, medium: gas, factors: {{a21026: {{device: cems}}}}}}
buses: [{{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}}]
devices:
  - {{id: cems, profile: gas/fpi-cems2000, bus: net1, address: 1, period_s: 10}}
storage: {{directory: {directory}}}
"""
_HOURS = (
    "WITH RECURSIVE n(x) AS (SELECT 0 UNION ALL SELECT x + 1 FROM n WHERE x < ?)"
    " INSERT INTO statistics SELECT '1h', ? + x * 3600, series.id, 0, 20.0 + x % 97 / 7.0,"
    " 10.0 + x % 13 / 3.0, 40.0 + x % 17 / 3.0, x % 31 / 9.0, 25.0 + x % 97 / 5.0, 12.0, 50.0,"
    " 'normal', 'normal', 1.0, 1, 60, 60, 0, '' FROM n, series"
)
_MARKED = (
    "INSERT INTO columns SELECT kind, start, series, 'marks', NULL, NULL, NULL, NULL, NULL, NULL,"
    " NULL, 'maintenance', 0, 0, 60, '有效数据不足' FROM statistics WHERE start / 3600 % 20 = 0"
)


def filled(directory: Path, factors: int) -> None:
    """Make a store with a year of hours of so many factors."""
    # here alone: what the parent holds would count as the children's memory
    from agent.store.db import FILE_NAME
    from agent.tools.migrate import migrate

    migrate(directory)
    connection = sqlite3.connect(directory / FILE_NAME)
    with connection:
        connection.executemany(
            "INSERT INTO series (outlet, factor, quantity) VALUES ('DA001', ?, 'rtd')",
            [("a21026",), *((f"f{number:05}",) for number in range(1, factors))],
        )
        connection.execute(_HOURS, (HOURS - 1, START))
        connection.execute(_MARKED)
    connection.close()


def measured(folder: Path, factors: int, form: str) -> tuple[int, Weight]:
    """Export the store in the folder; gives the rows written and what that cost."""
    output = folder / f"year.{form}"
    span = ["--from", moment(START), "--to", moment(START + HOURS * HOUR_S)]
    arguments = ["-m", "agent.cli", "export", str(folder / "site.yaml"), "--what", "hours"]
    weight = weighed(
        [*arguments, *span, "--format", form, "--output", str(output)], out=folder / "out"
    )
    with output.open("rb") as file:
        count = sum(1 for _ in file) - (form == "csv")
    output.unlink()
    return count, weight if count == HOURS * factors else Weight(0.0, 0.0, 0.0, 1)


def moment(at: int) -> str:
    return datetime.datetime.fromtimestamp(at, LOCAL).strftime("%Y-%m-%dT%H:%M")


def main() -> int:
    if len(sys.argv) > 1:
        filled(Path(sys.argv[1]), int(sys.argv[2]))
        return 0
    found: dict[str, list[tuple[int, Weight]]] = {form: [] for form in FORMATS}
    with on_disk() as place:
        out = Path(place) / "out"
        bare = weighed(["-m", "agent.cli", "export", "--help"], out=out)
        print(f"start-up: {bare.cpu_s:.2f} s, {bare.peak_mb:.0f} MB")
        for factors in (1, 10, 100):
            folder = Path(place) / str(factors)
            directory = folder / "state"
            directory.mkdir(parents=True)
            site = SITE.format(directory=directory.resolve())
            (folder / "site.yaml").write_text(site, encoding="utf-8")
            # in a child: this process must stay small, see `weight`
            subprocess.run([sys.executable, __file__, str(directory), str(factors)], check=True)
            for form in FORMATS:
                count, one = measured(folder, factors, form)
                found[form].append((count, one))
                print(
                    f"{factors:3} x, {form}: {count:6} hours in {one.cpu_s:.2f} s of processor,"
                    f" {one.wall_s:.2f} s, {one.peak_mb:.0f} MB"
                )
    good = [told(form, found[form], bare) for form in FORMATS]
    return 0 if all(good) else 1


def told(form: str, found: list[tuple[int, Weight]], bare: Weight) -> bool:
    """Say how much dearer a row of the greatest size is than one of the tenth of it."""
    (_, first), (some, middle), (many, last) = found
    if any(one.code for _, one in found):
        return False
    dearer = (last.cpu_s - bare.cpu_s) / many / ((middle.cpu_s - bare.cpu_s) / some)
    growth = last.peak_mb - first.peak_mb
    print(
        f"{form}: a row at 100 x costs {dearer:.2f} times one at 10 x (goal {TIMES_GOAL});"
        f" memory grows by {growth:.1f} MB (goal {GROWTH_GOAL_MB:.0f})"
    )
    return dearer <= TIMES_GOAL and growth <= GROWTH_GOAL_MB


if __name__ == "__main__":
    sys.exit(main())
