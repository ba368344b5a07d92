"""Killed at any statement while it closes, and started again: the end is as if undisturbed."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import closing_child
import pytest
from campaign_plant import HOUR, Plant, by_hour, objects
from turbine_course import Life
from turbine_site import marked, polled, turbine_site

from agent.store.db import FILE_NAME
from protocols.hj212.times import parse_wire_time

LIFE = Life(int(parse_wire_time("20260331000000")), days=2, every_s=60, outage_d=1)
HOURS = 26
"""The first day, which ends a month, and two hours of the next."""
STATEMENTS = 15_000
"""About as many as a run of a child may be given before it dies."""
PATIENCE_S = 120
TABLES = {
    "statistics": "kind, start, series, revision",
    "columns": "kind, start, series, col",
    "cursors": "name",
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with all of the life's samples and marks, of which nothing is closed."""
    folder = tmp_path_factory.mktemp("filled")
    plant = Plant(folder, turbine_site(every_s=LIFE.every_s), start=LIFE.start)
    hours = by_hour(LIFE.start, LIFE.start + HOURS * HOUR, lambda a, b: polled(LIFE, a, b))
    asyncio.run(plant.fill(hours, records=marked(LIFE)))
    return folder


@pytest.fixture(scope="module")
def undisturbed(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    folder = copied(filled, tmp_path_factory.mktemp("undisturbed"))
    assert close(folder, 0) == 0
    return tables(plant_of(folder))


def copied(filled: Path, folder: Path) -> Path:
    for path in filled.iterdir():
        shutil.copy(path, folder)
    return folder


def plant_of(folder: Path) -> Plant:
    return Plant(folder, turbine_site(every_s=LIFE.every_s), start=LIFE.start)


def close(folder: Path, statement: int) -> int:
    """Let a child close what is due; gives how it ended."""
    child = Path(closing_child.__file__)
    path = os.pathsep.join([str(child.parent), str(child.parents[1])])
    numbers = (LIFE.every_s, LIFE.start, HOURS, statement)
    return subprocess.run(
        [sys.executable, str(child), str(folder), *map(str, numbers)],
        env={**os.environ, "PYTHONPATH": path},
        timeout=PATIENCE_S,
        check=False,
    ).returncode


def tables(plant: Plant) -> dict[str, list[Any]]:
    return {
        name: plant.rows(f"SELECT * FROM {name} ORDER BY {order}") for name, order in TABLES.items()
    }


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(n, marks=pytest.mark.soak) for n in range(2, 21))]
)
def test_killed_anywhere_the_end_is_that_of_an_undisturbed_run(
    seed: int, filled: Path, undisturbed: dict[str, list[Any]], tmp_path: Path
) -> None:
    dice = random.Random(seed)
    folder = copied(filled, tmp_path)
    kills = 0
    while (ended := close(folder, dice.randint(1, STATEMENTS))) != 0:
        assert ended == -signal.SIGKILL
        kills += 1
    assert kills
    plant = plant_of(folder)
    assert tables(plant) == undisturbed
    assert len(undisturbed["statistics"]) > 60 * 24
    samples = plant.input_samples(LIFE.start, LIFE.start + HOURS * HOUR)
    differences = list(objects(plant.recompute(samples, "--store")))
    # the second day and its month are not over, which is no difference
    assert differences == []
    assert (folder / FILE_NAME).exists()
