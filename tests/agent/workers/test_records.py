"""Run times, checks and furnace means a station has not got: found, and sent again as they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, HOUR, T0, Change, destination, factor
from test_contacts import contact, inputs, trusted
from test_furnaces import FIVE, HEAT, burnt, furnace
from test_selfchecks import heard, result

from agent import report
from agent.facilities import close_states
from agent.furnaces import number_of
from agent.model import Kind, Period
from agent.reconciling import reconcile
from agent.records import KINDS, Shelf, all_lacking, days
from agent.resending import Asked, Tally, resend_records
from agent.store import outbox, states
from agent.store.gaps import Gap
from agent.store.states import Standing

Builder = Callable[..., Awaitable[House]]
NEW = destination(edition="hj212-2025", minutes=10)
TODAY = Period.holding(Kind.DAY, T0).start


def second_furnace(site: dict[str, Any]) -> None:
    """Give the station another stack, whose furnace has another code."""
    stack = dict(site["outlets"][0], id="DA002", furnace={"factor": "a01902"})
    stack["factors"] = {"a01902": {"device": "plc", "point": "value3"}}
    site["devices"][0]["points"]["value3"] = {"unit": "degC"}
    site["outlets"].append(stack)
    site["destinations"][0]["stations"][0]["outlets"].append("DA002")


async def lacking(house: House) -> list[tuple[str, float, int, str]]:
    def job(connection: sqlite3.Connection) -> list[Gap]:
        station = house.plan.stations["st1"]
        asked: dict[str, Any] = {"now": house.clock.now(), "looking_back_s": 40 * DAY}
        return [*all_lacking(connection, house.plan, station, names=house.names, **asked)]

    return [(one.kind, one.first - T0, one.count, one.state) for one in await house.store.read(job)]


async def change(house: House, *statements: str) -> None:
    await house.write(lambda one: [one.execute(statement) for statement in statements])


async def again(house: House, kind: str, *, missing: bool = False, dry: bool = False) -> Tally:
    """Ask for a week of a kind once more."""
    tally, now = Tally(), house.clock.now()
    station = house.plan.stations["st1"]
    shelf = Shelf(house.plan, house.names, station, kind)
    asked = Asked(station, kind, T0 - 7 * DAY, now, missing)

    def job(connection: sqlite3.Connection) -> None:
        for day in days(asked.first, asked.end):
            resend_records(
                connection, asked, shelf, day, why="by hand", now=now, tally=tally, dry=dry
            )

    await house.write(job)
    return tally


async def heated_house(house_with: Builder, *changes: Change) -> House:
    house = await house_with(furnace(), NEW, *changes)
    await burnt(house, 900.0, 851.5, 870.0)
    return house


async def ran(house_with: Builder) -> House:
    """A house whose fan ran for two hours yesterday, which was reported."""
    house = await trusted(house_with, inputs(contact("fan", "run", facility="SB1")), NEW)

    def job(one: sqlite3.Connection) -> None:
        place = ("fan", "SB1", "DW001", "run")
        states.note(one, Standing(*place, True, TODAY + 60, TODAY + 2 * HOUR, None))
        states.end(one, "fan", at=TODAY + 2 * HOUR)
        one.execute("INSERT OR REPLACE INTO cursors VALUES ('since/st1', ?)", (TODAY,))
        close_states(one, house.plan, now=T0)

    await house.write(job)
    house.clock.go(TODAY + DAY + 300 - house.clock.now())
    await house.write(lambda one: close_states(one, house.plan, now=house.clock.now()))
    return house


async def test_what_was_taken_lacks_no_more_and_the_rest_says_why(house_with: Builder) -> None:
    house = await heated_house(house_with)
    assert await lacking(house) == [("furnace", 0, 3, "open")]
    await change(house, "UPDATE deliveries SET state = 'accepted' WHERE cn = '2111'")
    assert await lacking(house) == []
    await change(house, f"UPDATE deliveries SET state = 'rejected' WHERE start = {T0 + FIVE}")
    assert await lacking(house) == [("furnace", FIVE, 1, "rejected")]


async def test_record_without_an_upload_was_never_made(house_with: Builder) -> None:
    house = await heated_house(house_with)
    await change(
        house,
        "UPDATE deliveries SET state = 'accepted'",
        f"DELETE FROM deliveries WHERE cn = '2111' AND start >= {T0 + FIVE}",
        f"DELETE FROM outbox WHERE cn = '2111' AND at >= {T0 + FIVE}",
    )
    assert await lacking(house) == [("furnace", FIVE, 2, "never_made")]
    assert await again(house, "furnace", missing=True) == Tally(made=2, packets=2, delivered=1)
    assert await lacking(house) == [("furnace", FIVE, 2, "open")]
    assert [text for *_, text in house.uploads("2111")][-1].endswith(f"{HEAT}-Avg=870.0")


@pytest.mark.parametrize(
    "unwanted",
    [
        destination(edition="hj212-2017", minutes=10),
        destination(wire={"furnace_upload": False}),
    ],
)
async def test_nobody_lacks_what_is_not_reported_to_him(
    house_with: Builder, unwanted: Change
) -> None:
    house = await heated_house(house_with, unwanted)
    assert await lacking(house) == []
    assert await again(house, "furnace") == Tally()


async def test_two_furnaces_of_one_station_are_two_uploads(house_with: Builder) -> None:
    house = await house_with(furnace(), NEW, second_furnace)
    stations = house.plan.stations["st1"]
    assert [one.id for one in stations.outlets] == ["DA001", "DA002"]

    def job(one: sqlite3.Connection) -> list[bool]:
        made = []
        for outlet, code in (("DA001", HEAT), ("DA002", "a01902")):
            upload = report.furnace(
                stations.wording, st="31", factor=code, start=int(T0), mean=900.0,
                number=number_of(stations, outlet),
            )  # fmt: skip
            assert upload is not None
            made.append(outbox.add(one, "st1", upload, now=T0))
        return made

    assert await house.write(job) == [True, True]


async def test_run_times_go_again_as_they_were_and_are_made_anew_when_gone(
    house_with: Builder,
) -> None:
    house = await ran(house_with)
    (before,) = house.rows("SELECT st, at, revision, body, qn_ms FROM outbox WHERE cn = '2041'")
    assert await lacking(house) == [("run_times", TODAY - T0, 1, "open")]
    await change(
        house,
        "UPDATE outbox SET state = 'accepted', attempts = 1",
        "UPDATE deliveries SET state = 'accepted'",
    )
    assert await lacking(house) == []
    assert await again(house, "run_times", missing=True) == Tally(delivered=1)
    assert await again(house, "run_times", dry=True) == Tally(again=1, packets=1)
    assert await again(house, "run_times") == Tally(again=1, packets=1)
    assert await again(house, "run_times") == Tally(owed=1)
    assert house.rows("SELECT st, at, revision, body, qn_ms FROM outbox WHERE cn = '2041'") == [
        before
    ]
    await change(house, "DELETE FROM outbox", "UPDATE deliveries SET state = 'accepted'")
    assert await again(house, "run_times") == Tally(made=1, packets=1)
    (after,) = house.rows("SELECT st, at, revision, body FROM outbox WHERE cn = '2041'")
    assert after == before[:4]


async def test_digest_of_the_day_has_the_records_there_were(house_with: Builder) -> None:
    house = await ran(house_with)
    await reconcile(house.plan, house.store, house.clock)
    asked = "SELECT kind, due, sent, acknowledged FROM digests WHERE day = ? AND kind IN (?, ?, ?)"
    assert house.rows(asked, TODAY, *KINDS) == [("run_times", 1, 0, 0)]
    await change(house, "UPDATE outbox SET state = 'accepted', attempts = 1 WHERE cn = '2041'")
    await reconcile(house.plan, house.store, house.clock)
    assert house.rows(asked, TODAY, *KINDS) == [("run_times", 1, 1, 1)]


async def test_today_is_not_due_yet(house_with: Builder) -> None:
    house = await ran(house_with)
    await change(house, "DELETE FROM deliveries WHERE cn = '2041'")
    assert await lacking(house) == [("run_times", TODAY - T0, 1, "never_made")]
    house.clock.go(-400)
    assert await lacking(house) == []


async def test_two_checks_that_began_at_once_are_two(house_with: Builder) -> None:
    house = await house_with(factor(COD, references={"standard": 100}), NEW)
    await house.begin()
    await heard(house, result(108.0, T0), result(95.0, T0 + HOUR / 4))
    await change(house, f"UPDATE checks SET start = {int(T0)}")
    await change(house, "DELETE FROM deliveries WHERE cn = '2062'", "DELETE FROM outbox")
    house.clock.go(HOUR)
    assert await lacking(house) == [("checks", 0, 2, "never_made")]
    assert await again(house, "checks") == Tally(made=2, packets=2)
    assert await lacking(house) == [("checks", 0, 2, "open")]
    readings = [text.split(";")[1] for *_, text in house.uploads("2062")]
    assert [one.split(",")[0] for one in readings] == [
        "w01018-SampleRd=108.0",
        "w01018-SampleRd=95.0",
    ]


async def test_record_that_is_pruned_and_text_that_is_gone_cannot_be_sent(
    house_with: Builder,
) -> None:
    house = await heated_house(house_with)
    await change(
        house,
        "DELETE FROM statistics",
        "DELETE FROM outbox",
        "UPDATE deliveries SET state = 'abandoned' WHERE cn = '2111'",
    )
    assert await lacking(house) == [("furnace", 0, 3, "abandoned")]
    assert await again(house, "furnace") == Tally(without=3)
    assert set(KINDS.values()) == {"2041", "2062", "2111"}
