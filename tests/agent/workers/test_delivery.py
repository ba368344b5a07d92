"""What a station is due, got and lacks: gaps, sending again, and the digests of days gone by."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from typing import Any

import pytest
from agent_house import House
from agent_site import DAY, FLOW, HOUR, PH, T0, destination, only

from agent import reconciling
from agent.dues import dues, since
from agent.model import Kind, Period
from agent.reconciling import reconcile
from agent.resending import Asked, Tally, resend, wanted
from agent.store import outbox
from agent.store.gaps import Gap, gaps
from agent.tools.words import local_time

AT = int(T0)
TODAY = Period.holding(Kind.DAY, T0).start


@pytest.fixture
async def station(house_with: Any) -> House:
    """A house of continuous instruments, one station with ten-minute periods, that has begun."""
    house: House = await house_with(only(FLOW, PH))
    await house.begin()
    return house


async def lacking(house: House, **keys: Any) -> list[Gap]:
    def job(connection: sqlite3.Connection) -> list[Gap]:
        asked = {"names": house.names, "now": house.clock.now(), "kept_days": 366.0, **keys}
        found = dues(connection, house.plan.stations["st1"], **asked)
        return [gap for due in found for gap in gaps(connection, due)]

    return await house.store.read(job)


async def deliver(house: House, state: str = "accepted", *, where: str = "1") -> None:
    """Close what is owed, as the sender does."""

    def job(connection: sqlite3.Connection) -> None:
        ids = connection.execute(f"SELECT id FROM outbox WHERE state = 'open' AND {where}")
        chosen = {number for (number,) in ids}
        now = house.clock.now() + HOUR
        asked: dict[str, Any] = {"now": now, "live_s": 60, "limit": 10_000}
        found = outbox.to_send(connection, "st1", **asked)
        for row in found + outbox.backlog(connection, "st1", **asked):
            if row.id in chosen:
                outbox.done(connection, row, state, outcome="9014", now=now)

    await house.write(job)


def told(found: list[Gap], kind: str) -> list[tuple[int, int, str]]:
    """Give (first, count, why) of the gaps of a kind, times from the beginning on."""
    return [(gap.first - AT, gap.count, gap.state) for gap in found if gap.kind == kind]


async def test_nothing_is_due_of_the_hours_before_there_was_an_agent(station: House) -> None:
    assert await lacking(station) == []
    await station.live(63)
    found = await lacking(station)
    assert await station.store.read(lambda c: since(c, station.plan.stations["st1"])) == TODAY
    assert told(found, "hour") == [(0, 1, "open")]
    assert told(found, "day") == []


async def test_from_the_since_of_the_file_on_all_is_due(house_with: Any) -> None:
    def yesterday(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["since"] = local_time(TODAY - DAY, "%Y-%m-%d")

    house: House = await house_with(only(FLOW, PH), yesterday)
    await house.begin()
    await house.live(63)
    assert told(await lacking(house), "hour") == [(TODAY - DAY - AT, 34, "no_data"), (0, 1, "open")]


async def test_delivered_periods_are_no_gap_and_others_say_why(station: House) -> None:
    await station.live(63)
    await deliver(station, where=f"cn <> '2051' OR at <> {AT + 600}")
    await deliver(station, "unconfirmed")
    found = [gap for gap in await lacking(station) if gap.first >= AT]
    assert told(found, "minute") == [(600, 1, "unconfirmed")]
    assert told(found, "hour") == []


async def test_period_that_is_due_and_not_closed_is_pending(station: House) -> None:
    await station.live(30)
    station.clock.go(2 * HOUR)
    found = [gap for gap in await lacking(station) if gap.first >= AT]
    assert told(found, "hour") == [(0, 2, "pending")]
    assert [why for *_, why in told(found, "minute")] == ["open", "pending"]


async def test_looking_back_may_be_bounded(station: House) -> None:
    await station.live(61)
    found = await lacking(station, looking_back_s=3 * HOUR)
    assert min(gap.first for gap in found) >= station.clock.now() - 3 * HOUR


async def test_minutes_of_another_length_are_no_gaps(house_with: Any) -> None:
    house: House = await house_with(only(FLOW, PH))
    await house.begin()
    await house.live(31)
    await deliver(house)
    other: House = await house_with(only(FLOW, PH), destination(minutes=5))
    house.clock.go(4)
    other.clock.go(house.clock.now() - other.clock.now())
    await other.begin()
    await other.live(31)
    await deliver(other)
    assert [gap for gap in await lacking(other) if gap.kind == "minute"] == []


def asked_for(house: House, kind: str = "minute", **keys: Any) -> Asked:
    return Asked(house.plan.stations["st1"], kind, AT, house.clock.now(), **keys)


async def send_again(house: House, asked: Asked, *, dry: bool = False) -> Tally:
    def job(connection: sqlite3.Connection) -> Tally:
        tally = Tally()
        now = house.clock.now()
        periods = list(wanted(connection, asked, now=now))
        resend(
            connection, asked, periods, names=house.names, why="resend by wang: lost", now=now,
            tally=tally, dry=dry,
        )  # fmt: skip
        return tally

    return await house.write(job)


async def test_counting_first_changes_nothing_and_tells_what_doing_it_does(station: House) -> None:
    await station.live(61)
    await deliver(station, where=f"at <> {AT + 1200}")
    await station.write(lambda c: c.execute(f"DELETE FROM outbox WHERE at = {AT}").rowcount)
    before = station.rows("SELECT * FROM outbox") + station.rows("SELECT * FROM deliveries")
    counted = await send_again(station, asked_for(station), dry=True)
    after = station.rows("SELECT * FROM outbox") + station.rows("SELECT * FROM deliveries")
    assert after == before
    assert (counted.again, counted.made, counted.owed, counted.without) == (4, 1, 1, 0)
    assert await send_again(station, asked_for(station)) == counted
    assert station.rows("SELECT count(*) FROM deliveries WHERE cn = '2051' AND state = 'open'") == [
        (6,)
    ]


async def test_upload_made_again_says_what_the_first_one_said(station: House) -> None:
    await station.live(61)
    await deliver(station)
    before = station.uploads("2051")
    await station.write(lambda c: c.execute("DELETE FROM outbox WHERE cn = '2051'").rowcount)
    await send_again(station, asked_for(station))
    assert station.uploads("2051") == before


async def test_missing_leaves_out_what_was_acknowledged(station: House) -> None:
    await station.live(61)
    await deliver(station, "unconfirmed", where=f"at = {AT + 600}")
    await deliver(station)
    tally = await send_again(station, asked_for(station, missing=True))
    assert (tally.again, tally.delivered) == (1, 5)


async def test_nothing_before_since_is_sent_however_much_is_asked_for(station: House) -> None:
    await station.live(61)
    asked = Asked(station.plan.stations["st1"], "hour", AT - 30 * DAY, station.clock.now())
    tally = await send_again(station, asked, dry=True)
    assert tally.owed == 1 and tally.without == 10, "ten hours of today before the first sample"


async def whole_day(house: House) -> None:
    """Live from ten to eleven and let the day go by."""
    await house.live(61)
    await house.close_at(TODAY + DAY + 3.4 * HOUR)


async def digest_rows(house: House) -> dict[str, tuple[int, int, int, int, str]]:
    found = house.rows("SELECT kind, due, sent, acknowledged, unconfirmed, sha256 FROM digests")
    return {kind: tuple(rest) for kind, *rest in found}  # type: ignore[misc]


async def test_day_gone_by_is_summed_up_and_told_once(station: House) -> None:
    await whole_day(station)
    await deliver(station, "unconfirmed", where=f"cn = '2061' AND at = {AT}")
    await deliver(station)
    assert await reconcile(station.plan, station.store, station.clock) == 1
    found = await digest_rows(station)
    assert found["minute"][0] == 144 and found["real_time"][0] == 2880 and found["day"][0] == 1
    bodies = station.rows(
        "SELECT body FROM outbox WHERE cn = '2061' AND at >= ? AND at < ? ORDER BY at, pno",
        TODAY,
        TODAY + DAY,
    )
    text = hashlib.sha256("".join(f"{body}\n" for (body,) in bodies).encode()).hexdigest()
    due, sent, acknowledged, unconfirmed, sha256 = found["hour"]
    assert (due, sent, unconfirmed, sha256) == (24, len(bodies), 1, text)
    assert acknowledged == sent - 1
    ((_, _, detail),) = station.events("digest")
    said = json.loads(detail)
    assert (said["station"], said["day"]) == ("st1", "20260610")
    assert {one["kind"]: one["sha256"] for one in said["digests"]}["hour"] == text
    notices = station.rows("SELECT body FROM outbox WHERE cn = 'event' AND body LIKE '%digest%'")
    assert [json.loads(body)["detail"] for (body,) in notices] == [said]
    assert await reconcile(station.plan, station.store, station.clock) == 0


async def test_what_comes_late_is_told_anew_and_never_less(station: House) -> None:
    await whole_day(station)
    await deliver(station, where=f"at < {AT + 1800} OR cn <> '2051'")
    assert await reconcile(station.plan, station.store, station.clock) == 1
    early = (await digest_rows(station))["minute"]
    await deliver(station)
    assert await reconcile(station.plan, station.store, station.clock) == 1
    late = (await digest_rows(station))["minute"]
    assert late[2] > early[2] and late[4] != early[4]
    await station.write(lambda c: c.execute("DELETE FROM outbox WHERE cn = '2051'").rowcount)
    assert await reconcile(station.plan, station.store, station.clock) == 0
    assert (await digest_rows(station))["minute"] == late


async def test_platform_that_did_not_ask_for_digests_is_not_told(house_with: Any) -> None:
    house: House = await house_with(only(FLOW, PH), destination(events=["power"]))
    await house.begin()
    await whole_day(house)
    await reconcile(house.plan, house.store, house.clock)
    assert len(house.events("digest")) == 1
    assert house.rows("SELECT count(*) FROM outbox WHERE body LIKE '%digest%'") == [(0,)]


def test_days_are_looked_at_while_the_outbox_has_the_whole_of_them() -> None:
    assert reconciling.DAYS < 30
