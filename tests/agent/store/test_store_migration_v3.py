"""A store of the version before comes to version 3 with its rows, and takes marks."""

from __future__ import annotations

import contextlib
from pathlib import Path

import sqlite_utils

from agent.marks import Record
from agent.model import MarkKind
from agent.store import journal, marks
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect, schema_version, transaction
from agent.tools.migrate import migrate, migrations

STORES = Path(__file__).parents[2] / "data" / "stores"


def test_store_of_version_2_takes_marks_after_it_was_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with contextlib.closing(connect(path)) as connection:
        connection.executescript((STORES / "v1.sql").read_text(encoding="utf-8"))
        migrations.apply(sqlite_utils.Database(connection), stop_before="v3")
        before = connection.execute("SELECT count(*) FROM statistics").fetchone()
    assert schema_version(path) == 2
    assert migrate(tmp_path) == (2, SCHEMA_VERSION)
    record = Record("DW001", (), MarkKind.CONDITION, "停运", 0, 600)
    with contextlib.closing(connect(path)) as connection:
        with transaction(connection):
            kept = marks.add(connection, record, by="张三", why="检修", now=700.0)
        assert kept is not None
        assert marks.get(connection, kept.id) == kept
        assert connection.execute("SELECT count(*) FROM statistics").fetchone() == before
        assert journal.broken_at(connection) is None
