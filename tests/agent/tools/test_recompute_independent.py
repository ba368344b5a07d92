"""A troubled day of a CEMS against a calculation of its own, written from the rules alone."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from recompute_files import Line, periods, the

SO2, O2, FLOW = "a21026", "a19001", "a00000"
EVERY_S = 10
DUE = 60 // EVERY_S


def course() -> list[Line]:
    """Draw a day from midnight: holes, a calibration of SO2, a maintenance of oxygen, a stop."""
    dice = random.Random(7)
    found: list[Line] = []
    for at in range(0, 86_400, EVERY_S):
        hour, into = divmod(at, 3600)
        for code, least, spread in ((SO2, 40.0, 3.0), (O2, 8.0, 6.0), (FLOW, 30.0, 3.0)):
            if dice.random() < 0.01:
                continue
            flag = "N"
            if code == SO2 and hour == 3 and into < 1000:
                flag = "C"
            if code == O2 and hour == 7 and into < 1200:
                flag = "M"
            if hour == 20 and into >= 1800:
                flag = "F"
            found.append((at - 8 * 3600.0, "DA001", code, least + dice.random() * spread, flag))
    return found


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder: Path = tmp_path_factory.mktemp("independent")
    return periods(folder, course())


def test_hours_and_day_are_those_of_the_rules(rows: list[dict[str, Any]]) -> None:
    taken: dict[tuple[str, int], list[float]] = defaultdict(list)
    for at, _, code, value, flag in course():
        if flag == "N":
            taken[code, int(at + 8 * 3600) // 60].append(float(str(value)))
    # STAT-03: a minute is valid with three quarters of its samples
    valid = {key: mean(values) for key, values in taken.items() if len(values) >= 0.75 * DUE}
    means, converted, masses = [], [], []
    for hour in range(24):
        minutes = range(hour * 60, hour * 60 + 60)
        good = [at for at in minutes if (SO2, at) in valid]
        found = the(rows, "hour", SO2, f"T{hour:02}:00:00")
        assert found["valid"] is (len(good) >= 45)  # STAT-04
        if not found["valid"]:
            assert found["cou"] is None
            continue
        means.append(mean([valid[SO2, at] for at in good]))
        assert found["avg"] == pytest.approx(means[-1], rel=1e-12)
        # STAT-10, CEMS-07 with reference oxygen 6
        zs = [valid[SO2, at] * 15 / (21 - valid[O2, at]) for at in good if (O2, at) in valid]
        if len(zs) >= 45:
            converted.append(mean(zs))
            assert found["zs_avg"] == pytest.approx(converted[-1], rel=1e-12)
        else:
            assert found["zs_avg"] is None
        # CEMS-15: hour mean of the dry value x what flowed in the hour
        volume = math.fsum(value * EVERY_S for at in minutes for value in taken[FLOW, at])
        masses.append(means[-1] * volume * 1e-6)
        assert found["cou"] == pytest.approx(masses[-1], rel=1e-12)
    assert (len(means), len(converted)) == (22, 21)
    day = the(rows, "day", SO2)
    assert day["valid"]  # STAT-08
    assert day["avg"] == pytest.approx(mean(means), rel=1e-12)
    assert day["zs_avg"] == pytest.approx(mean(converted), rel=1e-12)
    assert day["cou"] == pytest.approx(math.fsum(masses), rel=1e-12)


def test_flags_of_the_lost_hours(rows: list[dict[str, Any]]) -> None:
    flags = {hour: the(rows, "hour", SO2, f"T{hour:02}:00:00")["flag"] for hour in (3, 7, 20)}
    assert flags == {3: "C", 7: "N", 20: "F"}
