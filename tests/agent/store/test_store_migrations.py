"""Stored old databases come up to date and are read; what cannot be done whole is not begun."""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from agent.errors import StoreError
from agent.model import Cause, Kind, Period
from agent.store import (
    actions,
    commands,
    credentials,
    digests,
    exchanges,
    frame_packs,
    journal,
    maintenance,
    measurements,
    outbox,
    overrides,
    parameters,
    samples,
    series,
    statistics,
)
from agent.store.db import FILE_NAME, SCHEMA_VERSION, Store, connect, schema_version
from agent.store.exchanges import Exchange
from agent.store.maintenance import Switched
from agent.store.parameters import Kept
from agent.tools.migrate import migrate
from protocols.hj212.times import parse_wire_time

STORES = Path(__file__).parents[2] / "data" / "stores"
VERSIONS = sorted(int(path.stem[1:]) for path in STORES.glob("v*.sql"))
T0 = parse_wire_time("20260610100000")


def lay(directory: Path, version: int) -> Path:
    """Build the stored database of a version."""
    path = directory / FILE_NAME
    with contextlib.closing(connect(path)) as connection:
        connection.executescript((STORES / f"v{version}.sql").read_text(encoding="utf-8"))
    return path


@pytest.mark.parametrize("version", VERSIONS)
def test_stored_database_is_brought_up_to_date(tmp_path: Path, version: int) -> None:
    path = lay(tmp_path, version)
    assert migrate(tmp_path) == (version, SCHEMA_VERSION)
    assert schema_version(path) == SCHEMA_VERSION
    assert path.with_suffix(f".v{version}.bak").exists() == (version < SCHEMA_VERSION)


@pytest.mark.parametrize("version", VERSIONS)
async def test_rows_of_a_stored_database_are_read_by_todays_code(
    tmp_path: Path, version: int
) -> None:
    lay(tmp_path, version)
    migrate(tmp_path)
    hour = Period(Kind.HOUR, int(T0))
    async with Store(tmp_path, ballast_mb=0) as store:
        names = await store.read(series.load)
        found = await store.read(
            lambda connection: samples.between(connection, T0, T0 + 60, outlet="DW001", names=names)
        )
        assert [one.value for one in found["w00000"]] == [2.0] * 6
        assert found["w01018"][0].cause is Cause.CALIBRATION
        rows = await store.read(
            lambda connection: statistics.of(connection, hour, outlet="DW001", names=names)
        )
        assert set(rows) == {"w00000", "w01001", "w01018"}
        (result,) = await store.read(
            lambda connection: measurements.of_hour(
                connection, int(T0) - 3600, outlet="DW001", factor="w01018", names=names
            )
        )
        assert result.value == 61.5
        assert await store.read(journal.broken_at) is None
        (order,) = await store.read(lambda connection: actions.newest(connection, 5))
        assert (order.state, order.request) == ("queued", {"outlet": "DW001"})
        depth = await store.read(lambda connection: outbox.depth(connection, "st1"))
        assert depth.open == 4


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_what_platforms_set_is_read_by_todays_code(tmp_path: Path, version: int) -> None:
    lay(tmp_path, version)
    migrate(tmp_path)
    async with Store(tmp_path, ballast_mb=0) as store:
        (one,) = await store.read(lambda connection: commands.untold(connection, "st1"))
        assert (one.cn, one.action, one.exe_rtn) == ("3022", 1, None)
        done = await store.read(
            lambda connection: commands.find(connection, "st1", qn="20260610100000123", cn="1062")
        )
        assert done is not None
        assert (done.exe_rtn, done.told_at) == (1, T0 + 1)
        (set_,) = await store.read(overrides.load)
        assert (set_.name, set_.value, set_.file) == ("real_time_s", 60, 30)
        assert [name for _, name, _, _ in await store.read(credentials.sources)] == ["pw"]


@pytest.mark.parametrize("version", VERSIONS[1:])
async def test_message_log_and_digests_are_read_by_todays_code(
    tmp_path: Path, version: int
) -> None:
    lay(tmp_path, version)
    migrate(tmp_path)
    async with Store(tmp_path, ballast_mb=0) as store:
        frame, end = await store.read(lambda c: frame_packs.between(c, 0, 10, station="st1"))
        assert (frame.at, frame.direction, frame.cn) == (T0 + 60.5, ">", "2011")
        assert frame.text.endswith("CP=&&DataTime=20260610100100;w00000-Rtd=2.0,w00000-Flag=N&&")
        assert (end.direction, end.qn, end.outcome) == ("=", frame.qn, "9014")
        day = Period.holding(Kind.DAY, T0).start
        (digest,) = await store.read(lambda c: digests.of_day(c, day, "st1"))
        assert (digest.kind, digest.due, digest.acknowledged) == ("hour", 24, 23)


async def test_store_of_the_release_before_has_nothing_set(tmp_path: Path) -> None:
    lay(tmp_path, 1)
    migrate(tmp_path)
    async with Store(tmp_path, ballast_mb=0) as store:
        assert await store.read(overrides.load) == ()
        assert await store.read(credentials.sources) == []
        assert await store.read(lambda connection: commands.untold(connection, "st1")) == []


def shape(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        names = connection.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name"
        )
        return {
            name: connection.execute(f"PRAGMA table_xinfo('{name}')").fetchall()
            + connection.execute(f"PRAGMA index_xinfo('{name}')").fetchall()
            for (name,) in names.fetchall()
        }


@pytest.mark.parametrize("version", VERSIONS)
def test_old_database_comes_to_the_shape_of_a_fresh_one(
    tmp_path: Path, empty_store: Path, version: int
) -> None:
    path = lay(tmp_path, version)
    migrate(tmp_path)
    assert shape(path) == shape(empty_store)


def test_migrating_twice_changes_nothing(directory: Path) -> None:
    before = (directory / FILE_NAME).read_bytes()
    assert migrate(directory) == (SCHEMA_VERSION, SCHEMA_VERSION)
    assert (directory / FILE_NAME).read_bytes() == before


def test_store_of_a_newer_release_is_left_untouched(directory: Path) -> None:
    path = directory / FILE_NAME
    with contextlib.closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer than this release"):
        migrate(directory)
    assert path.read_bytes() == before


def test_version_is_applied_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / FILE_NAME
    with contextlib.closing(connect(path)) as connection:
        connection.execute("CREATE TABLE clock_steps (in_the_way TEXT)")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        migrate(tmp_path)
    with contextlib.closing(connect(path)) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {name for (name,) in tables} - {"_sqlite_migrations"}
        assert names == {"clock_steps"}
        connection.execute("DROP TABLE clock_steps")
    assert schema_version(path) == 0
    assert migrate(tmp_path) == (0, SCHEMA_VERSION)


def test_fresh_store_is_laid_with_room_to_be_given_back(directory: Path) -> None:
    with contextlib.closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        strict = connection.execute(
            "SELECT count(*) FROM pragma_table_list WHERE strict = 0 AND schema = 'main'"
            " AND name NOT LIKE '%sqlite%'"
        )
        assert strict.fetchone() == (0,)


def test_schema_5_knows_settings_exchanges_and_the_maintenance_switch(tmp_path: Path) -> None:
    path = lay(tmp_path, 1)
    migrate(tmp_path)
    switched = Switched(0, "DW001", "", "stopped", "张三", "检修", "operator", T0, T0 + 60)
    kept = Kept("cod", "slope", 1.0, "", "", T0, T0)
    with contextlib.closing(connect(path)) as connection:
        parameters.put(connection, kept)
        assert parameters.of(connection, "cod") == {"slope": kept}
        number = maintenance.add(connection, switched)
        assert maintenance.open_ones(connection) == [replace(switched, id=number)]
        assert maintenance.end(connection, number, at=T0 + 30, by="李四")
        assert not maintenance.end(connection, number, at=T0 + 40, by="李四")
        found = Exchange("cod", "found", T0, "SN1")
        exchanges.add(connection, found)
        assert exchanges.of(connection, "cod") == [found]
