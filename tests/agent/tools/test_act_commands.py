"""`paikou maintain` and `paikou exchange` where no daemon runs: rows for its next start."""

from __future__ import annotations

import contextlib
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_site import site_file
from click.testing import CliRunner, Result

from agent.errors import PaikouError
from agent.store.db import FILE_NAME
from agent.tools.exchange import command as exchange
from agent.tools.maintain import command as maintain


@pytest.fixture
def site(tmp_path: Path, empty_store: Path) -> Path:
    store = tmp_path / "store"
    store.mkdir()
    shutil.copy(empty_store, store / FILE_NAME)
    return site_file(tmp_path, store=store)


def rows(site: Path, query: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(site.parent / "store" / FILE_NAME)) as connection:
        return connection.execute(query).fetchall()


def run(command: Any, *arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [*map(str, arguments), "--lang", "en"])


def test_switch_is_turned_on_for_some_factors_and_off_again(site: Path) -> None:
    on = ("DW001/w01001/w01018", "--by", "Li", "--why", "pump tube", "--for", "90m")
    done = run(maintain, site, *on)
    assert done.exit_code == 0, done.output
    assert "maintenance until" in done.output
    found = rows(site, "SELECT factor, kind, who, why, until - began_at FROM maintenance")
    assert found == [
        ("w01001", "maintenance", "Li", "pump tube", 5400.0),
        ("w01018", "maintenance", "Li", "pump tube", 5400.0),
    ]
    assert rows(site, "SELECT count(*) FROM outbox WHERE cn = 'event'") == [(2,)]
    done = run(maintain, site, "DW001", "--by", "Li", "--end", "--json")
    assert json.loads(done.output) == {"ended": [1, 2]}
    assert rows(site, "SELECT count(*) FROM maintenance WHERE ended_at IS NULL") == [(0,)]


def test_default_is_two_hours_of_the_whole_outlet(site: Path) -> None:
    assert (
        run(maintain, site, "DW001", "--by", "Li", "--why", "x", "--kind", "stopped").exit_code == 0
    )
    found = rows(site, "SELECT factor, kind, until - began_at FROM maintenance")
    assert found == [("", "stopped", 7200.0)]


@pytest.mark.parametrize(
    "arguments",
    [
        ("DW009", "--by", "Li", "--why", "x"),
        ("DW001/w99999", "--by", "Li", "--why", "x"),
        ("DW001", "--by", "Li"),
        ("DW001", "--by", "Li", "--end"),
    ],
)
def test_refusal_ends_1_and_writes_nothing(site: Path, arguments: tuple[str, ...]) -> None:
    done = run(maintain, site, *arguments)
    assert done.exit_code == 1
    assert "not done" in done.output
    assert rows(site, "SELECT count(*) FROM maintenance") == [(0,)]
    assert rows(site, "SELECT count(*) FROM journal") == [(0,)]


def test_span_that_is_none_is_a_wrong_call(site: Path) -> None:
    assert run(maintain, site, "DW001", "--by", "Li", "--why", "x", "--for", "soon").exit_code == 2


def test_exchange_is_recorded(site: Path) -> None:
    done = run(exchange, site, "cod", "--serial", "SN2", "--by", "Li", "--why", "broken")
    assert done.exit_code == 0, done.output
    assert "cod: now SN2 (was —)" in done.output
    assert rows(site, "SELECT device, serial, who FROM exchanges") == [("cod", "SN2", "Li")]
    assert run(exchange, site, "cod", "--by", "Li", "--why", "x").exit_code == 1


def test_without_a_store_there_is_no_act(site: Path) -> None:
    (site.parent / "store" / FILE_NAME).unlink()
    done = run(maintain, site, "DW001", "--by", "Li", "--why", "x")
    assert isinstance(done.exception, PaikouError)
    assert "paikou migrate" in str(done.exception)


def test_reason_the_daemon_could_not_read_is_refused(site: Path) -> None:
    done = run(maintain, site, "DW001", "--by", "Li", "--why", "长" * 1000)
    assert (done.exit_code, done.output) == (
        1,
        "not done: 原因太长 / the reason is too long\n",
    )


def test_store_that_cannot_be_written_is_an_error_of_ours(site: Path) -> None:
    with contextlib.closing(sqlite3.connect(site.parent / "store" / FILE_NAME)) as connection:
        connection.execute("DROP TABLE maintenance")
    done = run(maintain, site, "DW001", "--by", "Li", "--why", "x")
    assert isinstance(done.exception, PaikouError)
