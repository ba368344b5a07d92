"""A hold is one however often it is ordered, and lasts until somebody lets go of it."""

from __future__ import annotations

import contextlib
from pathlib import Path

from agent.store import holds
from agent.store.db import FILE_NAME, connect
from agent.store.holds import Hold

FROZEN = Hold(0, "order-1", "DW001", 1000, None, "督办", "province", "ops", 2000.0)


def test_same_freeze_ordered_twice_is_one(directory: Path) -> None:
    with contextlib.closing(connect(directory / FILE_NAME)) as connection:
        assert holds.add(connection, FROZEN)
        assert not holds.add(connection, FROZEN)
        (one,) = holds.open_ones(connection)
        assert (one.ref, one.start, one.end) == ("order-1", 1000, None)


def test_released_hold_is_closed_once(directory: Path) -> None:
    with contextlib.closing(connect(directory / FILE_NAME)) as connection:
        holds.add(connection, FROZEN)
        assert holds.release(connection, "order-1", at=3000.0, by="ops", why="结案")
        assert not holds.release(connection, "order-1", at=3001.0, by="ops", why="结案")
        assert holds.open_ones(connection) == []
