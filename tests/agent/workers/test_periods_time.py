"""Clock steps, power-offs and the first boot: no period lost, none twice, none made up."""

from __future__ import annotations

import json

import pytest
from agent_fakes import FakeClock
from agent_house import House
from agent_site import COD, DAY, HOUR, MINUTE, PH, T0, destination, plan_with

SETTLED = HOUR + 75 * MINUTE


def minutes(house: House) -> list[tuple[float, float]]:
    return [((start - T0) / 60, avg) for start, _, avg, *_ in house.statistics("1m", PH)]


async def restarted(house: House, *, at: float) -> House:
    """Give the house after the process began again at that time."""
    clock = FakeClock(at, ticks=house.clock.ticks + 60)
    return await House.on(house.store, house.plan, clock=clock)


@pytest.mark.parametrize("while_off", [False, True])
async def test_clock_back_an_hour_loses_no_period_and_makes_none_twice(
    house: House, while_off: bool
) -> None:
    await house.begin()
    await house.live(90, value=7.0)
    if while_off:
        house = await restarted(house, at=house.clock.now() - HOUR)
    else:
        house.clock.jump(-HOUR)
    await house.tick()
    await house.live(90, value=8.0)
    found = minutes(house)
    assert [start for start, _ in found] == list(range(119)), "119: 12:00 lacks its five seconds"
    assert {avg for start, avg in found if start < 89} == {7.0}, "closed under the false time"
    assert {avg for start, avg in found if start >= 89} == {8.0}, "89 was sampled in both times"
    sent = [at - T0 for at, _, _ in house.uploads("2051")]
    assert sent == [600 * n for n in range(11)]


async def test_samples_after_a_step_back_do_not_change_what_was_closed_or_sent(
    house: House,
) -> None:
    await house.begin()
    await house.live(70, value=7.0)
    before = house.rows("SELECT * FROM statistics"), house.rows("SELECT * FROM outbox")
    house.clock.jump(-HOUR)
    await house.tick()
    await house.live(50, value=8.0)
    statistics = house.rows("SELECT * FROM statistics")
    assert set(before[0]) <= set(statistics)
    assert len(statistics) == len(before[0])
    kept = house.rows("SELECT * FROM outbox WHERE cn <> '2011'")
    assert kept == [row for row in before[1] if row[2] != "2011"]


@pytest.mark.parametrize("while_off", [False, True])
async def test_periods_a_false_time_ran_past_are_made_when_their_time_comes(
    house: House, while_off: bool
) -> None:
    await house.begin()
    await house.live(5)
    house.clock.jump(2 * HOUR)
    await house.live(5)
    if while_off:
        house = await restarted(house, at=T0 + 10 * MINUTE)
    else:
        house.clock.jump(-2 * HOUR)
    await house.tick()
    await house.live(10, value=8.0)
    found = [(start, avg) for start, avg in minutes(house) if start < 60]
    assert found == [
        *[(start, 7.0) for start in range(5)],
        *[(start, None) for start in range(5, 10)],
        *[(start, 8.0) for start in range(10, 19)],
    ]


@pytest.mark.parametrize("while_off", [False, True])
async def test_real_time_goes_on_at_once_after_a_step_back(house: House, while_off: bool) -> None:
    await house.begin()
    await house.live(10)
    if while_off:
        house = await restarted(house, at=house.clock.now() - HOUR)
    else:
        house.clock.jump(-HOUR)
    await house.tick()
    before = len(house.uploads("2011"))
    await house.live(3, value=8.0)
    after = house.uploads("2011")[before:]
    assert [at - (T0 - HOUR) for at, _, _ in after] == [660, 720, 780]
    assert {revision for _, revision, _ in after} == {1}, "the step's own epoch"


async def test_clock_forward_an_hour_gives_hours_without_value_and_one_event(
    house: House,
) -> None:
    await house.begin()
    await house.live(5)
    house.clock.jump(2 * HOUR)
    await house.live(5)
    await house.close_at(T0 + 2 * HOUR + SETTLED)
    assert [start for start, _ in minutes(house)] == [0, 1, 2, 3, 4, 125, 126, 127, 128, 129]
    hours = [(row[0], row[2], row[4]) for row in house.statistics("1h", PH)]
    assert hours == [(T0, 7.0, 0), (T0 + HOUR, None, 0), (T0 + 2 * HOUR, 7.0, 0)]
    events = [json.loads(detail) for _, _, detail in house.events("power")]
    assert [(one["from"], one["to"]) for one in events][:1] == [
        (T0 + 5 * MINUTE, T0 + 125 * MINUTE)
    ]
    steps = house.rows("SELECT epoch, step_s FROM clock_steps")
    assert steps == [(1, 2 * HOUR)]


async def test_month_without_power_is_hours_days_and_one_event(house: House) -> None:
    await house.begin()
    await house.live(5)
    back = T0 + 30 * DAY + 7 * HOUR + 123
    house = await restarted(house, at=back)
    statements: list[str] = []
    await house.write(lambda connection: connection.set_trace_callback(statements.append))
    await house.tick()

    hours = house.statistics("1h", PH)
    assert len(hours) == 30 * 24 + 5, "each one due by now"
    assert hours[0][2:] == (7.0, "power", 0)
    assert {row[2:] for row in hours[1:]} == {(None, "power", 0)}
    assert len(house.statistics("1d", PH)) == 30
    assert len(house.statistics("1M", PH)) == 1
    assert len(minutes(house)) <= 6
    assert len(house.uploads("2061")) == len(hours)
    assert len(house.uploads("2031")) == 30
    assert len(house.uploads("2051")) <= 2

    ((_, _, detail),) = house.events("power")
    told = json.loads(detail)
    assert told["from"] == T0 + 5 * MINUTE
    assert told["to"] == back - 123 % 60
    assert len(house.uploads("event")) == 1

    moved = [0]
    for statement in statements:
        moved = [*moved, 0] if statement == "COMMIT" else moved
        moved[-1] += statement.startswith("INSERT INTO cursors")
    assert max(moved) <= 40


async def test_work_goes_on_after_days_without_power(house: House) -> None:
    await house.begin()
    await house.live(5)
    house = await restarted(house, at=T0 + 3 * DAY)
    await house.tick()
    await house.live(12, value=8.0)
    late = [(start, avg) for start, avg in minutes(house) if start > 6]
    assert late == [(3 * 24 * 60 + n, 8.0) for n in range(11)]
    (last,) = house.uploads("2051")[-1:]
    assert "w01001-Avg=8.00" in last[2]


async def test_short_gap_has_its_minutes(house: House) -> None:
    await house.begin()
    await house.live(2)
    house = await restarted(house, at=house.clock.now() + 5 * MINUTE)
    await house.tick()
    await house.live(2)
    assert [row[2:4] for row in house.statistics("1m", PH)] == [
        (7.0, "normal"),
        (7.0, "normal"),
        *[(None, "power")] * 5,
        (7.0, "normal"),
    ]
    assert house.events("power") == []


async def test_short_gap_has_its_minutes_even_when_they_are_closed_late(house: House) -> None:
    await house.begin()
    await house.steady(PH, T0, T0 + 2 * MINUTE)
    await house.steady(PH, T0 + 7 * MINUTE, T0 + 30 * MINUTE)
    await house.close_at(T0 + 30 * MINUTE + 5)
    assert [start for start, _ in minutes(house)] == list(range(30))
    assert house.events("power") == []


async def test_batch_result_from_the_time_without_power_is_not_lost(house: House) -> None:
    await house.begin()
    house = await restarted(house, at=T0 + HOUR + 70 * MINUTE)
    await house.result(T0, 61.5, completed_at=T0 + HOUR)
    await house.close_at(T0 + SETTLED)
    assert house.statistics("1h", COD) == [(T0, 0, 61.5, "normal", 1)]


async def test_nothing_is_closed_or_owed_before_the_clock_is_trusted(house: House) -> None:
    house.clock.jump(-house.clock.now() + 100)
    for _ in range(3):
        house.clock.go(HOUR)
        await house.tick()
    for table in ("cursors", "statistics", "outbox", "events", "journal", "clock_steps"):
        assert house.rows(f"SELECT * FROM {table}") == []
    house.clock.jump(T0 - house.clock.now())
    await house.tick()
    assert house.one("SELECT next FROM cursors WHERE name = '1h/DW001'") == T0


async def test_clock_that_falls_back_to_1970_stops_the_periods_and_not_for_ever(
    house: House,
) -> None:
    await house.begin()
    await house.live(5)
    house.clock.jump(-house.clock.now() + 100)
    await house.tick()
    assert not house.time.trusted
    house.clock.go(60)
    await house.tick()
    assert house.one("SELECT min(start) FROM statistics WHERE kind = '1m'") == T0
    house.clock.jump(T0 + 7 * MINUTE - house.clock.now())
    await house.tick()
    await house.live(2)
    assert [start for start, _ in minutes(house)] == list(range(8))


async def test_open_minute_takes_no_samples_of_the_time_before_a_step_back(house: House) -> None:
    await house.begin()
    await house.steady(PH, T0, T0 + 60, value=6.0)
    house.clock.go(62)
    await house.tick()
    house.clock.jump(-62)
    await house.tick()
    await house.sampled(PH, [(T0 + 10 * n + 3, 8.0) for n in range(6)], epoch=1)
    await house.close_at(T0 + 65)
    assert minutes(house) == [(0, 8.0)]


async def test_station_first_seen_under_a_clock_that_ran_ahead_is_owed_from_today(
    house: House,
) -> None:
    house.clock.jump(365 * DAY)
    await house.begin()
    await house.live(2)
    house.clock.jump(T0 - house.clock.now())
    await house.tick()
    await house.live(21)
    assert [at - T0 for at, _, _ in house.uploads("2051") if at < T0 + DAY] == [0, 600]


async def test_interval_that_is_changed_goes_on_from_the_present(house: House) -> None:
    await house.begin()
    await house.live(15)
    changed = await House.on(house.store, plan_with(destination(minutes=5)), clock=house.clock)
    await changed.tick()
    await changed.live(11)
    assert [at - T0 for at, _, _ in changed.uploads("2051")] == [0, 900, 1200]
