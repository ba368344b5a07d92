"""`paikou resend`: counts first, does it when told to, writes down who and why, lists gaps."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import DAY, FLOW, PH, T0, only, plan_with, site_file
from click.testing import CliRunner, Result

from agent.errors import StoreError
from agent.local import LocalSocket
from agent.lock import hold
from agent.settings import load_site
from agent.settings.storage import socket_paths
from agent.store import journal
from agent.store.db import FILE_NAME, Store, transaction
from agent.tools.resend import command

AT = int(T0)
SPAN = ("--kind", "minute", "--from", "2026-06-10 10:00", "--until", "2026-06-10 11:00")
Run = Callable[..., Result]


@pytest.fixture
def run(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A function that runs the command on a store with an hour of ten-minute uploads."""
    monkeypatch.setenv("SUDO_USER", "wang")

    async def live() -> None:
        async with Store(directory, ballast_mb=0) as store:
            house = await House.on(store, plan_with(only(FLOW, PH)))
            await house.begin()
            await house.live(63)

    asyncio.run(live())
    file = site_file(directory, only(FLOW, PH), store=directory)
    change(directory, "UPDATE outbox SET state = 'accepted', attempts = 1 WHERE cn <> '2011'")
    change(directory, "UPDATE deliveries SET state = 'accepted'")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command, [str(file), "--to", "st1", *arguments])

    return run


def change(directory: Path, *statements: str) -> None:
    with contextlib.closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def rows(directory: Path, sql: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        return connection.execute(sql).fetchall()


def states(directory: Path) -> list[tuple[str, int]]:
    return rows(
        directory,
        "SELECT state, count(*) FROM outbox WHERE cn = '2051' GROUP BY state ORDER BY state",
    )


def test_first_it_only_counts(run: Run, directory: Path) -> None:
    before = (directory / FILE_NAME).read_bytes()
    result = run(*SPAN)
    assert result.exit_code == 0
    assert "可补发 6 条（原报文 6，按统计重做 0）" in result.output
    assert result.output.endswith("加 --yes 执行\n")
    assert (directory / FILE_NAME).read_bytes() == before
    assert states(directory) == [("accepted", 6)]


def test_with_yes_it_is_owed_and_written_down(run: Run, directory: Path) -> None:
    result = run(*SPAN, "--yes", "--why", "平台换库", "--lang", "en")
    assert "6 uploads owed again (6 as they were, 0 made again)" in result.output
    assert "no daemon runs on this store" in result.output
    assert states(directory) == [("open", 6)]
    assert rows(directory, "SELECT DISTINCT outcome, class FROM outbox WHERE cn = '2051'") == [
        ("resend by wang: 平台换库", 3)
    ]
    ((who, detail),) = rows(directory, "SELECT who, detail FROM journal WHERE what = 'resend'")
    said = json.loads(detail)
    assert (who, said["why"], said["uploads"], said["station"]) == ("wang", "平台换库", 6, "st1")
    assert (said["from"], said["until"], said["kind"]) == (AT, AT + 3600, "minute")
    with contextlib.closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        assert journal.broken_at(connection) is None


def test_what_was_pruned_is_made_of_the_statistics(run: Run, directory: Path) -> None:
    before = rows(directory, "SELECT at, revision, pno, body FROM outbox WHERE cn = '2051'")
    change(directory, "DELETE FROM outbox WHERE cn = '2051'")
    result = json.loads(run(*SPAN, "--yes", "--json").output)
    assert (result["made"], result["again"], result["sent"]) == (6, 0, 6)
    after = rows(directory, "SELECT at, revision, pno, body FROM outbox WHERE cn = '2051'")
    assert after == before


def test_asking_twice_owes_once(run: Run, directory: Path) -> None:
    run(*SPAN, "--yes")
    result = json.loads(run(*SPAN, "--yes", "--json").output)
    assert (result["sent"], result["owed"]) == (0, 6)
    assert states(directory) == [("open", 6)]


def test_missing_leaves_what_was_acknowledged(run: Run, directory: Path) -> None:
    change(
        directory,
        f"UPDATE outbox SET state = 'rejected' WHERE cn = '2051' AND at = {AT}",
        f"UPDATE deliveries SET state = 'rejected' WHERE cn = '2051' AND start = {AT}",
    )
    result = json.loads(run(*SPAN, "--missing", "--json").output)
    assert (result["sent"], result["delivered"], result["done"]) == (1, 5, False)


def test_beside_a_daemon_it_waits_for_its_turn(run: Run, directory: Path) -> None:
    with hold(directory), contextlib.closing(sqlite3.connect(directory / FILE_NAME)) as daemon:
        daemon.isolation_level = None
        with transaction(daemon):
            daemon.execute("UPDATE outbox SET attempts = 2")
        result = run(*SPAN, "--yes", "--json")
    assert json.loads(result.output)["daemon"] is True
    assert states(directory) == [("open", 6)]


def test_day_alone_means_all_of_it(run: Run) -> None:
    result = run("--kind", "minute", "--from", "2026-06-10", "--until", "2026-06-10", "--json")
    told = json.loads(result.output)
    assert told["until"] - told["from"] == DAY
    assert (told["sent"], told["without"]) == (6, 138)


def test_without_a_time_the_gaps_are_listed(run: Run, directory: Path) -> None:
    change(
        directory,
        f"UPDATE deliveries SET state = 'abandoned' WHERE cn = '2051' AND start < {AT + 1200}",
    )
    result = run("--lang", "en", "--kind", "minute")
    lines = result.output.splitlines()
    assert lines[0] == "minutes  2026-06-10 10:00 to 2026-06-10 10:10  2 periods  abandoned"
    assert lines[1].startswith("minutes  2026-06-10 11:00") and lines[1].endswith("not closed yet")
    found = [json.loads(line) for line in run("--json").output.splitlines()]
    assert {one["kind"] for one in found} >= {"minute", "hour"}


async def test_gaps_end_at_the_time_of_the_daemon(run: Run, directory: Path) -> None:
    """That of a demo is another: what is still to come there is no gap."""
    seconds = 3600.0

    async def status(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"now": AT + seconds}

    file = directory / "site.yaml"
    site, _ = await asyncio.to_thread(load_site, file)
    local = LocalSocket(socket_paths(site)[:1], {"status": status})
    serving = asyncio.create_task(local.run())
    try:
        await asyncio.wait_for(local.listening.wait(), 10)
        told = await asyncio.to_thread(run, "--json")
    finally:
        serving.cancel()
        await asyncio.wait({serving})
    found = [json.loads(line) for line in told.output.splitlines()]
    assert all(one["last"] < AT + seconds for one in found), found


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "st9", *SPAN), "there are: st1"),
        (("--from", "10:00"), "one of these forms expected"),
        (("--from", "2026-06-10"), "--kind"),
        (("--kind", "hour", "--from", "2026-06-11", "--until", "2026-06-09"), "起始时间"),
    ],
)
def test_wrong_questions_are_refused(run: Run, arguments: tuple[str, ...], said: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2 and said in result.output


def test_store_of_another_schema_is_our_error(run: Run, directory: Path) -> None:
    change(directory, "PRAGMA user_version = 99")
    assert isinstance(run(*SPAN).exception, StoreError)


def test_records_of_a_kind_are_listed_counted_and_owed_again(run: Run, directory: Path) -> None:
    change(
        directory,
        f"INSERT OR REPLACE INTO cursors VALUES ('since/st1', {AT - 3 * DAY})",
        f"INSERT INTO deliveries VALUES ('st1', '2041', {AT - DAY}, '32', 0, 'abandoned')",
    )
    assert "运行时间" in run("--kind", "run_times").output
    assert "已放弃" in run("--kind", "run_times").output
    span = ("--kind", "run_times", "--from", "2026-06-01", "--until", "2026-06-10")
    told = json.loads(run(*span, "--json").output)
    assert (told["sent"], told["without"], told["done"]) == (0, 1, False)
