"""What was sealed in the journal cannot be changed, taken away or added to unseen."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
from collections.abc import Iterator

import pytest
from agent_house import House
from agent_site import COD, HOUR, T0

from agent.store import journal, seals
from agent.tools.verify.sealed import Fault, Looked
from agent.tools.verify.store import verify_store as verify


@pytest.fixture
async def trusted(house: House) -> House:
    await house.time.look()
    return house


async def sealed(house: House, *, to_the_end: bool = False) -> bool:
    now = house.clock.now()
    until = now + 1 if to_the_end else None
    return await house.write(lambda connection: seals.seal(connection, now=now, until=until))


@contextlib.contextmanager
def opened(house: House) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(house.store.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        yield connection
        connection.execute("ROLLBACK")


def looked_at(house: House, head: str | None = None) -> Looked:
    with opened(house) as connection:
        return verify(connection, head=head)


async def two_hours(house: House) -> None:
    await house.begin()
    for number in range(2):
        await house.live(60)
        await house.result(T0 + (number - 1) * HOUR, 30.0 + number)
        await sealed(house)


async def test_quiet_store_has_nothing_to_seal(trusted: House) -> None:
    assert not await sealed(trusted)
    assert looked_at(trusted).seals == 0


async def test_hour_is_sealed_once_it_is_over_and_the_present_one_is_not(trusted: House) -> None:
    await trusted.begin()
    await trusted.live(75)
    assert await sealed(trusted)
    looked = looked_at(trusted)
    assert looked.faults == []
    assert looked.rows >= 720
    assert looked.unsealed > 0
    assert not await sealed(trusted), "the same is not sealed twice"


async def test_end_of_the_process_seals_all_there_is_and_the_next_start_goes_on(
    trusted: House,
) -> None:
    await two_hours(trusted)
    await sealed(trusted, to_the_end=True)
    assert looked_at(trusted).unsealed == 0
    await trusted.live(90)
    await sealed(trusted)
    looked = looked_at(trusted)
    assert (looked.faults, looked.late) == ([], 0)


@pytest.mark.parametrize("cells", [60, pytest.param(1000, marks=pytest.mark.soak)])
async def test_every_changed_cell_is_found(trusted: House, cells: int) -> None:
    await two_hours(trusted)
    await sealed(trusted, to_the_end=True)
    head = trusted.one("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")
    draw = random.Random(7)
    tables = ("samples", "statistics", "measurements", "journal", "series", "devices")
    missed = []
    for number in range(cells):
        table = tables[number % len(tables)]
        with opened(trusted) as connection:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
            (count,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
            row = connection.execute(
                f"SELECT {', '.join(keys)} FROM {table} LIMIT 1 OFFSET {draw.randrange(count)}"
            ).fetchone()
            column = draw.choice(columns)
            where = " AND ".join(f"{key} = ?" for key in keys)
            changed = (
                f"UPDATE {table} SET {column} = CASE typeof({column})"
                f" WHEN 'text' THEN {column} || 'x' WHEN 'blob' THEN substr({column}, 2)"
                f" WHEN 'null' THEN 1 ELSE {column} + 1 END WHERE {where}"
            )
            try:
                connection.execute(changed, row)
            except sqlite3.IntegrityError:
                continue
            if not verify(connection, head=head).faults:
                missed.append((table, column, row))
    assert missed == []


async def test_rows_taken_away_or_added_are_found(trusted: House) -> None:
    await two_hours(trusted)
    await sealed(trusted, to_the_end=True)
    for taken in (
        "samples WHERE key = (SELECT min(key) FROM samples)",
        "measurements WHERE id = 1",
        "statistics WHERE kind = '1m' AND start = (SELECT min(start) FROM statistics)",
    ):
        with opened(trusted) as connection:
            assert connection.execute(f"DELETE FROM {taken}").rowcount > 0
            assert {one.what for one in verify(connection).faults} == {"rows"}
    with opened(trusted) as connection:
        connection.execute("INSERT INTO samples SELECT key + 112, epoch, pack FROM samples LIMIT 1")
        assert {one.what for one in verify(connection).faults} == {"rows"}


async def test_newest_lines_taken_away_are_found_by_the_published_head(trusted: House) -> None:
    await two_hours(trusted)
    head = trusted.one("SELECT hash FROM journal ORDER BY seq DESC LIMIT 1")
    assert looked_at(trusted, head).faults == []
    with opened(trusted) as connection:
        connection.execute("DELETE FROM journal WHERE seq = (SELECT max(seq) FROM journal)")
        assert verify(connection).faults == [], "the shorter chain is a chain"
        assert [one.what for one in verify(connection, head=head).faults] == ["head"]


async def test_line_taken_out_of_the_middle_is_named(trusted: House) -> None:
    await two_hours(trusted)
    with opened(trusted) as connection:
        connection.execute("DELETE FROM journal WHERE seq = 1")
        assert verify(connection).faults == [
            Fault("chain", "line 2 does not follow the one before", 2)
        ]


async def test_late_result_revises_an_hour_that_was_sealed_and_fits(trusted: House) -> None:
    await trusted.begin()
    await trusted.live(240)
    await sealed(trusted)
    revised = T0 + HOUR
    before = looked_at(trusted)
    await trusted.result(revised, 44.0)
    await trusted.tick()
    assert (revised, 1) in {row[:2] for row in trusted.statistics("1h", COD)}
    await sealed(trusted)
    after = looked_at(trusted)
    assert after.faults == []
    assert after.late > before.late
    with opened(trusted) as connection:
        connection.execute("UPDATE statistics SET avg = 1.0 WHERE revision = 1 AND avg = 44.0")
        assert [one.what for one in verify(connection).faults] == ["changed"]


async def test_step_of_the_clock_begins_a_seal_of_its_own(trusted: House) -> None:
    await trusted.begin()
    await trusted.live(130)
    await sealed(trusted)
    trusted.clock.jump(-HOUR)
    await trusted.tick()
    await trusted.live(200)
    await sealed(trusted)
    assert looked_at(trusted).faults == []
    scopes = {
        (one["table"], one["scope"])
        for (text,) in trusted.rows("SELECT detail FROM journal WHERE what = 'sealed'")
        for one in json.loads(text)["seals"]
    }
    assert {("samples", "0"), ("samples", "1")} <= scopes


async def test_pruned_hours_are_not_missed_and_unsaid_pruning_is(trusted: House) -> None:
    await two_hours(trusted)
    cut = T0 + HOUR
    with opened(trusted) as connection:
        gone = connection.execute("DELETE FROM samples WHERE key < ?", (int(cut * 1000) << 16,))
        assert gone.rowcount > 0
        assert {one.what for one in verify(connection).faults} == {"rows"}
        detail = {"what": "samples", "rows": gone.rowcount, "before": cut}
        journal.add(connection, "pruned", detail, at=cut)
        looked = verify(connection)
        assert (looked.faults, looked.pruned) == ([], 1)
