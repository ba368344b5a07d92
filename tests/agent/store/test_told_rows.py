"""Marks, values and checks that persons make cannot be changed beside the journal unseen."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from collections.abc import Iterator

import pytest
from agent_house import House
from agent_site import COD, HOUR, T0

from agent.marks import Channel, Record
from agent.model import MarkKind, MarkState
from agent.store import checks, journal, marks, values
from agent.substitution import Verdict
from agent.tools.verify.sealed import Looked
from agent.tools.verify.store import verify_store


@contextlib.contextmanager
def opened(house: House) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(house.store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("ROLLBACK")


def looked_at(house: House) -> Looked:
    with opened(house) as connection:
        return verify_store(connection)


def record(start: int, *, facility: str = "") -> Record:
    return Record(
        "DW001", (COD,), MarkKind.EQUIPMENT, "c", start, start + 600, Channel.MANUAL,
        facility=facility, reason="周校", evidence=("cal",),
    )  # fmt: skip


@pytest.fixture
async def told(house: House) -> House:
    """Two marks, one of them decided and entered; a laboratory's value; a check."""

    def make(connection: sqlite3.Connection) -> None:
        first = marks.add(connection, record(T0), by="张三", why="周校", now=T0 + 900.0)
        marks.add(connection, record(T0 + HOUR, facility="F1"), by="李", why="停炉", now=T0 + 1.0)
        assert first is not None
        decided = {"by": "王五", "why": "属实", "now": T0 + 901.0, "objections": ("迟",)}
        marks.decide(connection, first.id, MarkState.CONFIRMED, **decided)  # type: ignore[arg-type]
        marks.enter(connection, first.id, by="王五", now=T0 + 902.0)
        value = values.ManualValue(
            "DW001", COD, "substitute", T0, T0 + HOUR, 41.0, "mg/L", "HJ 828", "lab", made_by="李"
        )
        values.add(connection, value)
        checks.add(
            connection,
            checks.CheckRecord(
                "DW001", COD, "standard", T0, T0 + 900, Verdict.PASS,
                nominal=100.0, reading=99.0, deviation=-1.0, detail={"gas": "标样"},
            ),
        )  # fmt: skip

    await house.write(make)
    return house


def test_rows_are_as_the_journal_has_them(told: House) -> None:
    looked = looked_at(told)
    assert looked.faults == []
    assert looked.told == 4


@pytest.mark.parametrize("cells", [120, pytest.param(1000, marks=pytest.mark.soak)])
def test_every_changed_cell_is_found(told: House, cells: int) -> None:
    draw, missed, tried = random.Random(3), [], 0
    for number in range(cells):
        table = ("marks", "manual_values", "checks")[number % 3]
        with opened(told) as connection:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            column, place = draw.choice(columns), draw.randrange(count)
            before = connection.execute(f"SELECT * FROM {table}").fetchall()
            changed = draw.choice(("|| 'x'", "|| ' '", "+ 1"))
            try:
                connection.execute(
                    f"UPDATE {table} SET {column} = CASE typeof({column}) WHEN 'null' THEN 1"
                    f" ELSE {column} {changed} END"
                    f" WHERE id = (SELECT id FROM {table} LIMIT 1 OFFSET ?)",
                    (place,),
                )
            except sqlite3.IntegrityError:
                continue  # the column takes no such thing
            if connection.execute(f"SELECT * FROM {table}").fetchall() == before:
                continue  # a blank behind a number is the number
            tried += 1
            if not verify_store(connection).faults:
                missed.append((table, column, place, changed))
    assert missed == []
    assert tried > cells / 2


@pytest.mark.parametrize("table", ["marks", "manual_values", "checks"])
def test_row_taken_away_is_found_and_one_that_was_pruned_is_not_missed(
    told: House, table: str
) -> None:
    with opened(told) as connection:
        connection.execute(f"DELETE FROM {table} WHERE id = 1")
        (fault,) = verify_store(connection).faults
        assert (fault.what, fault.where) == ("rows", f"{table} 1: in the journal, and gone")
        assert fault.seq is not None
        detail = {"what": table, "rows": 1, "before": T0 + 2 * HOUR}
        journal.add(connection, "pruned", detail, at=T0 + 3.0 * HOUR)
        assert verify_store(connection).faults == []


def test_row_put_in_beside_the_journal_is_found(told: House) -> None:
    with opened(told) as connection:
        connection.execute(
            "INSERT INTO marks SELECT 9, 'x', outlet, facility, factors, kind, code, start, end,"
            " channel, state, reason, proof, evidence, objections, made_by, made_at, decided_by,"
            " decided_at, why, entered_by, entered_at FROM marks WHERE id = 1"
        )
        assert [one.where for one in verify_store(connection).faults] == [
            "marks 9: not in the journal"
        ]
