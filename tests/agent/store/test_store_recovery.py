"""A damaged store is put aside whole, and a fresh one can begin."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from agent.store import recovery
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect
from agent.tools.migrate import migrate


def test_sound_store_is_left_where_it_is(directory: Path) -> None:
    assert recovery.heal(directory) is None
    assert (directory / FILE_NAME).exists()


def test_directory_without_store_needs_no_healing(tmp_path: Path) -> None:
    assert recovery.heal(tmp_path) is None


def test_file_that_is_no_database_is_put_aside_with_all_that_belongs_to_it(
    tmp_path: Path,
) -> None:
    for suffix in ("", "-wal", "-shm"):
        (tmp_path / (FILE_NAME + suffix)).write_bytes(b"not a database" * 300)
    aside = recovery.heal(tmp_path)
    assert aside is not None
    assert not list(tmp_path.glob(f"{FILE_NAME}")) + list(tmp_path.glob(f"{FILE_NAME}-*"))
    for suffix in ("", "-wal"):
        kept = aside.with_name(aside.name + suffix)
        assert kept.read_bytes() == b"not a database" * 300
    assert aside.with_name(aside.name + "-shm").exists()
    assert migrate(tmp_path) == (0, SCHEMA_VERSION), "a fresh one can begin"


def test_damage_inside_is_found_marked_and_put_aside_at_the_next_start(directory: Path) -> None:
    path = directory / FILE_NAME
    with contextlib.closing(connect(path)) as connection:
        connection.executemany(
            "INSERT INTO samples VALUES (?, 0, zeroblob(1000))", ((n,) for n in range(1000))
        )
        assert recovery.check(connection, directory)
        assert not (directory / recovery.MARK).exists()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    damaged = bytearray(path.read_bytes())
    middle = len(damaged) // 2 // 4096 * 4096
    damaged[middle : middle + 4096] = b"\xff" * 4096
    path.write_bytes(damaged)

    assert recovery.heal(directory) is None, "it opens: only a look through it tells"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert not recovery.check(connection, directory)
    aside = recovery.heal(directory)
    assert aside is not None
    assert aside.read_bytes() == bytes(damaged)
    assert not (directory / recovery.MARK).exists()
    assert recovery.heal(directory) is None


def test_one_put_aside_does_not_replace_another(tmp_path: Path) -> None:
    kept = []
    for content in (b"first" * 1000, b"second" * 1000):
        (tmp_path / FILE_NAME).write_bytes(content)
        aside = recovery.heal(tmp_path)
        assert aside is not None
        kept.append(aside)
    assert [one.read_bytes()[:5] for one in kept] == [b"first", b"secon"]
