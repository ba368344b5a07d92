"""What outlived its days goes, a little at a time and written down; the rest stays."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from typing import Any

import pytest
from agent_house import House
from agent_site import DAY, HOUR, PH, T0, destination

from agent import upkeep as module
from agent.model import Upload
from agent.store import frame_packs, journal, outbox
from agent.upkeep import CHUNK, upkeep

YEAR = 366 * DAY


def store_days(site: dict[str, Any]) -> None:
    site["storage"] = {"samples_days": 2, "minutes_days": 32, "years": 1}


@pytest.fixture
async def short(house_with: Any) -> House:
    """A house that keeps samples for 2 days, minutes for 32 and the rest for a year."""
    house: House = await house_with(store_days)
    return house


async def keep_up(house: House) -> None:
    await upkeep(house.plan, house.store, house.clock, house.metrics)


def pruned(house: House) -> dict[str, int]:
    lines = house.rows("SELECT detail FROM journal WHERE what = 'pruned'")
    found = [json.loads(text) for (text,) in lines]
    rows: Counter[str] = Counter()
    for one in found:
        rows[one["what"]] += one["rows"]
    return dict(rows)


async def statistics(house: House, kind: str, *starts: float) -> None:
    def job(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO statistics VALUES (?, ?, 1, 0, 1.0, 1.0, 1.0, NULL, NULL, NULL, NULL,"
            " 'normal', 'normal', 1.0, 1, 1, 1, 0, '')",
            ((kind, int(start)) for start in starts),
        )

    await house.write(job)


def kept(house: House, kind: str) -> list[int]:
    rows = house.rows("SELECT start FROM statistics WHERE kind = ? ORDER BY start", kind)
    return [start for (start,) in rows]


async def test_samples_older_than_their_days_go_and_it_is_journalled(short: House) -> None:
    await short.sampled(PH, [(T0 - 2 * DAY - 1, 1.0), (T0 - 2 * DAY, 2.0), (T0, 3.0)])
    await keep_up(short)
    left = short.rows("SELECT key >> 16 FROM samples ORDER BY key")
    assert [at_ms / 1000 - T0 for (at_ms,) in left] == [-2 * DAY, 0]
    assert pruned(short) == {"samples": 1}
    assert 'paikou_dropped_rows_total{what="samples"} 1.0' in short.metrics.text()
    assert await short.store.read(journal.broken_at) is None


@pytest.mark.parametrize("kind", ["1m", "10m"])
async def test_minutes_of_any_length_have_their_own_days(short: House, kind: str) -> None:
    await statistics(short, kind, T0 - 32 * DAY - 60, T0 - 32 * DAY)
    await keep_up(short)
    assert kept(short, kind) == [T0 - 32 * DAY]


@pytest.mark.parametrize("kind", ["1h", "1d", "1M"])
async def test_hours_days_and_months_stay_for_years(short: House, kind: str) -> None:
    await statistics(short, kind, T0 - YEAR - DAY, T0 - YEAR, T0 - 33 * DAY)
    await keep_up(short)
    assert kept(short, kind) == [T0 - YEAR, T0 - 33 * DAY]
    assert pruned(short) == {"statistics": 1}


async def test_rows_go_in_chunks_so_that_nobody_waits_long_for_the_writer(short: House) -> None:
    def many(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO samples VALUES (?, 0, x'')", ((n << 16,) for n in range(2 * CHUNK + 1))
        )

    await short.write(many)
    deleted: list[int] = []
    statements: list[str] = []
    await short.write(lambda connection: connection.set_trace_callback(statements.append))
    await keep_up(short)
    commits = "\n".join(statements).split("COMMIT")
    deleted = [text.count("DELETE FROM samples") for text in commits if "DELETE FROM sam" in text]
    assert deleted == [1, 1, 1, 1], "two whole chunks, the rest, and the look that found nothing"
    assert pruned(short) == {"samples": 2 * CHUNK + 1}


async def test_nothing_old_is_nothing_to_say(short: House) -> None:
    await short.sampled(PH, [(T0, 3.0)])
    await keep_up(short)
    assert short.rows("SELECT * FROM journal") == []


async def test_untimed_samples_of_earlier_boots_go_once_they_are_surely_too_old(
    short: House,
) -> None:
    mono = short.clock.monotonic()
    for seconds in (mono, mono + 3 * DAY):
        await short.untimed(7.0, boot="b", mono=seconds)
    await keep_up(short)
    assert short.one("SELECT count(*) FROM untimed") == 2
    short.clock.go(2 * DAY + 1)
    await keep_up(short)
    assert short.rows("SELECT mono_ms FROM untimed") == [((mono + 3 * DAY) * 1000,)]


async def owe(house: House, cn: str, at: float, *, state: str = "open") -> None:
    def job(connection: sqlite3.Connection) -> None:
        outbox.add(connection, "st1", Upload(cn, "32", int(at), ("body",)), now=at)
        connection.execute(
            "UPDATE outbox SET state = ? WHERE cn = ? AND at = ?", (state, cn, int(at))
        )

    await house.write(job)


def states(house: House, cn: str) -> list[tuple[float, str]]:
    rows = house.rows("SELECT at, state FROM outbox WHERE cn = ? ORDER BY at", cn)
    return [(at - T0, state) for at, state in rows]


async def test_real_time_uploads_too_old_to_send_are_dropped_and_counted(
    house_with: Any,
) -> None:
    house = await house_with(destination(rtd_keep_h=2))
    for hours in (3, 2.5, 1):
        await owe(house, "2011", T0 - hours * HOUR)
    await owe(house, "2051", T0 - 3 * HOUR)
    await keep_up(house)
    assert states(house, "2011") == [
        (-3 * HOUR, "dropped"),
        (-2.5 * HOUR, "dropped"),
        (-HOUR, "open"),
    ]
    assert states(house, "2051") == [(-3 * HOUR, "open")]
    assert 'paikou_dropped_rows_total{what="real_time"} 2.0' in house.metrics.text()
    ((detail,),) = house.rows("SELECT detail FROM journal")
    assert json.loads(detail)["rows"] == 2


async def test_sent_rows_go_and_what_is_owed_stays_however_old(house: House) -> None:
    days = (module.SENT_DAYS + 1) * DAY
    await owe(house, "2061", T0 - days, state="accepted")
    await owe(house, "2061", T0 - days - HOUR)
    await owe(house, "2061", T0 - DAY, state="accepted")
    await owe(house, "2011", T0 - 2 * DAY, state="accepted")
    await owe(house, "2011", T0 - HOUR, state="accepted")
    await keep_up(house)
    assert states(house, "2061") == [(-days - HOUR, "open"), (-DAY, "accepted")]
    assert states(house, "2011") == [(-HOUR, "accepted")]
    assert house.one("SELECT count(*) FROM deliveries") == 3, "what was delivered is still known"


async def test_room_of_what_went_is_given_back(short: House) -> None:
    def many(connection: sqlite3.Connection) -> None:
        connection.executemany(
            "INSERT INTO samples VALUES (?, 0, zeroblob(2000))", ((n << 16,) for n in range(500))
        )

    await short.write(many)
    (before,) = short.rows("PRAGMA page_count")
    await keep_up(short)
    (after,) = short.rows("PRAGMA page_count")
    assert after[0] < before[0] / 2


async def test_uploads_nobody_took_are_given_up_with_their_values(short: House) -> None:
    await owe(short, "2051", T0 - 32 * DAY - 60)
    await owe(short, "2051", T0 - 31 * DAY)
    await owe(short, "2061", T0 - 33 * DAY)
    await owe(short, "2061", T0 - YEAR - 60)
    await keep_up(short)
    assert states(short, "2051") == [(-31 * DAY, "open")]
    assert states(short, "2061") == [(-33 * DAY, "open")]
    debts = short.rows("SELECT cn, start, state FROM deliveries ORDER BY cn, start")
    assert ("2051", T0 - 32 * DAY - 60, "abandoned") in debts
    lines = short.rows("SELECT detail FROM journal WHERE what = 'uploads abandoned'")
    assert [json.loads(text)["uploads"] for (text,) in lines] == [1, 1]
    assert 'paikou_dropped_rows_total{what="abandoned"} 2.0' in short.metrics.text()


async def frames_of(house: House, *ats: float) -> None:
    def job(connection: sqlite3.Connection) -> None:
        for at in ats:
            record = frame_packs.FrameRecord(at, "st1", ">", "1", "2011", "text" * 1000)
            frame_packs.add(connection, [record])

    await house.write(job)


async def test_message_log_has_days_of_its_own(short: House) -> None:
    await frames_of(short, T0 - 36 * DAY, T0 - 34 * DAY, T0 - DAY, T0)
    await keep_up(short)
    assert pruned(short) == {"frames": 1}
    assert short.one("SELECT count(*) FROM frames") == 3


async def test_message_log_larger_than_its_share_loses_its_oldest(house_with: Any) -> None:
    house: House = await house_with(
        lambda site: site.update(storage={"frames_mb": 16, "samples_days": 2})
    )

    def job(connection: sqlite3.Connection) -> None:
        for number in range(20):
            connection.execute(
                "INSERT INTO frames (first_at, last_at, stations, pack)"
                " VALUES (?, ?, ' st1 ', zeroblob(1000000))",
                (T0 + number, T0 + number),
            )

    await house.write(job)
    await keep_up(house)
    assert house.rows("SELECT min(first_at), count(*) FROM frames") == [(T0 + 4, 16)]
    assert pruned(house) == {"frames beyond frames_mb": 4}


async def test_switches_and_checks_of_instruments_go_after_years_open_switches_stay(
    short: House,
) -> None:
    def job(connection: sqlite3.Connection) -> None:
        for ended_at in (T0 - YEAR - DAY, T0 - 1, None):
            connection.execute(
                "INSERT INTO maintenance (outlet, factor, kind, who, why, source, began_at, until,"
                " ended_at) VALUES ('DW001', '', 'stopped', 'x', 'x', 'operator', 0, 1, ?)",
                (ended_at,),
            )
        for seen_at in (T0 - YEAR - DAY, T0):
            connection.execute(
                "INSERT INTO device_checks VALUES ('cod', 'zero', ?, 1.0, '', ?)",
                (seen_at, seen_at),
            )

    await short.write(job)
    await keep_up(short)
    assert pruned(short) == {"maintenance": 1, "device_checks": 1}
    assert short.rows("SELECT ended_at FROM maintenance ORDER BY id") == [(T0 - 1,), (None,)]


async def test_states_and_substitutes_go_after_years_what_lasts_stays(short: House) -> None:
    old = T0 - YEAR - 2 * DAY

    def job(connection: sqlite3.Connection) -> None:
        for ended_at in (old, T0 - 1, None):
            connection.execute(
                "INSERT INTO states (input, facility, outlet, means, level, start, seen_at,"
                " ended_at) VALUES ('fan', 'SB1', 'DW001', 'run', 1, 0.0, 0.0, ?)",
                (ended_at,),
            )
        for start in (old, T0):
            connection.execute(
                "INSERT INTO substitutes VALUES ('1d', ?, 1, 0, 1.0, 'max', 0.0)", (int(start),)
            )

    await short.write(job)
    await keep_up(short)
    assert pruned(short) == {"states": 1, "substitutes": 1}
    assert short.rows("SELECT ended_at FROM states ORDER BY id") == [(T0 - 1,), (None,)]
