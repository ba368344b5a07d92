"""The counters of a link, from one daemon to the next."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from agent_site import T0

from agent.store import link_counts
from agent.store.db import connect
from agent.store.link_counts import LinkCounts

COUNTS = LinkCounts(T0, 10.0, 5.0, 1, 3, None, 7.5, 4, 1, 2, 6, {"2026-05": (9, 8)})


@pytest.fixture
def connection(directory: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(connect(directory / "store.db")) as connection:
        yield connection


def test_station_that_is_new_has_none(connection: sqlite3.Connection) -> None:
    assert link_counts.load(connection, "st1") is None


def test_what_was_saved_is_loaded_each_station_its_own(connection: sqlite3.Connection) -> None:
    other = dataclasses.replace(COUNTS, drops=0, months={})
    link_counts.save(connection, "st1", COUNTS)
    link_counts.save(connection, "st2", other)
    assert link_counts.load(connection, "st1") == COUNTS
    assert link_counts.load(connection, "st2") == other


def test_newer_counters_take_the_place_and_months_that_are_over_go(
    connection: sqlite3.Connection,
) -> None:
    link_counts.save(connection, "st1", COUNTS)
    newer = dataclasses.replace(COUNTS, months={"2026-06": (1, 2)}, drops=4)
    link_counts.save(connection, "st1", newer)
    assert link_counts.load(connection, "st1") == newer
