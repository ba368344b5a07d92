"""Who let a bottle go cannot be changed beside the journal unseen."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from test_custody import CODE, act, keep

from agent.store import journal
from agent.tools.verify.sealed import Fault
from agent.tools.verify.store import verify_store

SEAL = {"to": "化验室", "seal": "s.jpg", "seal_sha256": "ab" * 32}


@pytest.fixture
async def kept(house_with: Any, tmp_path: Path) -> House:
    (pin := tmp_path / "pin").write_text("4711\n")
    wang = {"id": "wang", "name": "王局", "role": "inspector", "pin": {"file": str(pin)}}
    house: House = await house_with(lambda site: site.update(people=[wang]))
    await keep(house)
    return house


@contextlib.contextmanager
def opened(house: House) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(house.store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("ROLLBACK")


def faults(house: House, *statements: str) -> list[Fault]:
    with opened(house) as connection:
        for statement in statements:
            connection.execute(statement)
        return verify_store(connection).faults


async def test_bottle_and_its_hand_over_are_as_the_journal_has_them(kept: House) -> None:
    assert faults(kept) == []
    done = await act(kept, do="release", code=CODE, who="wang", why="移交", pin="4711", **SEAL)
    assert "error" not in done, done
    assert faults(kept) == []


@pytest.mark.parametrize(
    "changed",
    [
        "guarded = 0",
        "volume_ml = 1.0",
        "kept_at = kept_at + 1",
        "bottle = 4",
        "released_by = 'wang', released_at = 1.0",
        "handed_to = '河里'",
        "ref = 'x#1'",
        "outlet = 'DW002'",
        "sampled_at = sampled_at - 3600",
        "vessel = CASE vessel WHEN 'A' THEN 'B' ELSE 'A' END",
        "code = 'DW001-20260610110100-09'",
        "noted_at = noted_at + 60",
        "mode = 'manual'",
        "factors = replace(factors, '61.5', '41.5')",
        "factors = '[]'",
        "factors = 'no json'",
    ],
)
async def test_changed_bottle_is_found(kept: House, changed: str) -> None:
    found = faults(kept, f"UPDATE bottles SET {changed}")
    assert found
    assert "bottle" in found[0].where


async def test_release_cannot_be_put_on_another_or_undone(kept: House) -> None:
    await act(kept, do="release", code=CODE, who="wang", why="移交", pin="4711")
    for changed in ("released_by = 'zhao'", "release_why = ''", "released_by = NULL"):
        assert faults(kept, f"UPDATE bottles SET {changed}"), changed


async def test_bottle_taken_out_is_found_and_one_that_was_pruned_is_not_missed(
    kept: House,
) -> None:
    (fault,) = faults(kept, "DELETE FROM bottles")
    assert "in the journal, and gone" in fault.where
    with opened(kept) as connection:
        connection.execute("DELETE FROM bottles")
        later = kept.clock.now() + 9e8
        journal.add(connection, "pruned", {"what": "bottles", "rows": 1, "before": later}, at=later)
        assert verify_store(connection).faults == []


async def test_bottle_of_a_release_that_had_no_rows_of_them_is_not_missed(kept: House) -> None:
    with opened(kept) as connection:
        old = {"ref": "retain:old", "at": 1.0, "bottle": 2, "volume_ml": 500.0, "ok": True}
        journal.add(connection, "retention done", old, at=1.0)
        assert verify_store(connection).faults == []
