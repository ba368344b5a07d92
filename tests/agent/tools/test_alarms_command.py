"""`paikou alarms`: what is open is listed, acknowledged and silenced, by whom and why."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from agent_site import COD, T0, site_file
from click.testing import CliRunner, Result

from agent.store.alarms import raise_
from agent.store.db import FILE_NAME, connect, transaction
from agent.store.events import add
from agent.tools.alarms import alarms
from agent.tools.migrate import migrate

SIGNED = ("--by", "张三", "--why", "已到现场")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    migrate(tmp_path / "state")
    return site_file(tmp_path)


def raised(site: Path, kind: str = "exceedance", factor: str = COD) -> None:
    with (
        contextlib.closing(connect(site.parent / "state" / FILE_NAME)) as connection,
        transaction(connection),
    ):
        place = {"outlet": "DW001", "factor": factor}
        number = add(connection, kind, {}, ref=f"{kind}:{factor}", at=T0, **place)
        assert number is not None
        raise_(connection, event=number, kind=kind, level="urgent", at=T0, **place)


def call(site: Path, command: str, *options: str) -> Result:
    return CliRunner().invoke(alarms, [str(site), command, *options])


def rows(site: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(site.parent / "state" / FILE_NAME)) as connection:
        return connection.execute(sql).fetchall()


def test_none_open_is_said(site: Path) -> None:
    assert call(site, "list").output == "没有未确认的报警\n"
    assert call(site, "list", "--lang", "en").output == "no alarm is open\n"
    assert call(site, "list", "--json").output == ""


def test_list_says_what_where_when_and_that_it_lasts(site: Path) -> None:
    raised(site)
    (line,) = call(site, "list").output.splitlines()
    assert line.split() == [
        "1", "■", "紧急", "06-10", "10:00:00", "超标", "DW001", "化学需氧量，仍在持续",
    ]  # fmt: skip
    assert json.loads(call(site, "list", "--json").output)["kind"] == "exceedance"


def test_acknowledged_leaves_the_list_and_stays_in_the_record(site: Path) -> None:
    raised(site)
    raised(site, "retention_failed", "")
    done = call(site, "ack", "1", *SIGNED)
    assert (done.exit_code, done.output) == (0, "已确认 1 条\n")
    assert len(call(site, "list").output.splitlines()) == 1
    assert "张三 已确认：已到现场" in call(site, "list", "--all").output
    assert json.loads(call(site, "ack", *SIGNED, "--json").output) == {"acknowledged": [2]}


def test_refusal_ends_1_and_changes_nothing(site: Path) -> None:
    raised(site)
    done = call(site, "ack", "7", *SIGNED)
    assert done.exit_code == 1
    assert "not open: 7" in done.output
    assert rows(site, "SELECT count(*) FROM alarms WHERE acknowledged_at IS NOT NULL") == [(0,)]


def test_silence_is_shown_with_whom_and_until_when_and_ended(site: Path) -> None:
    done = call(site, "silence", "--kind", "camera", "--for", "2h", *SIGNED)
    assert done.exit_code == 0, done.output
    shown = call(site, "list").output
    assert "静音到" in shown
    assert "张三：已到现场" in shown
    assert call(site, "silence", "--end", *SIGNED).output == "已取消 1 项静音\n"
    assert rows(site, "SELECT ended_by FROM silences") == [("张三",)]


def test_silence_over_a_day_is_refused(site: Path) -> None:
    assert call(site, "silence", "--for", "2d", *SIGNED).exit_code == 1
    assert rows(site, "SELECT count(*) FROM silences") == [(0,)]


def test_nobody_acknowledges_without_a_name(site: Path) -> None:
    assert call(site, "ack", "1", "--why", "x").exit_code == 2
