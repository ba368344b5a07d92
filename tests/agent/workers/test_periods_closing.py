"""When periods close, out of which rows, and that no tick more or less makes a difference."""

from __future__ import annotations

from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, FLOW, HOUR, MINUTE, PH, T0, only

from agent.model import Cause

SETTLED = HOUR + 75 * MINUTE
"""From the start of an hour until it is due with a batch analyzer of an hour's cycle."""


def starts(rows: list[Any]) -> list[int]:
    return [int(row[0] - T0) for row in rows]


async def test_minute_closes_five_seconds_after_its_end_with_the_samples_taken_in_it(
    house: House,
) -> None:
    await house.begin()
    await house.sampled(PH, [(T0 - 0.001, 99.0), (T0 + 60, 99.0)])
    await house.sampled(PH, [(T0 + 10 * n, 7.0 + n) for n in range(6)])
    await house.steady(FLOW, T0, T0 + 60, value=2.0)
    await house.close_at(T0 + 64.9)
    assert house.statistics("1m", PH) == []
    await house.close_at(T0 + 65)
    assert house.statistics("1m", PH) == [(T0, 0, 9.5, "normal", 1)]
    volume = house.one(
        "SELECT cou FROM statistics WHERE kind = '1m' AND series = ?",
        house.names.series["DW001", FLOW, "rtd"],
    )
    assert volume == pytest.approx(0.12), "2 L/s for a minute, in m3"


async def test_batch_factor_has_no_minutes(house: House) -> None:
    await house.begin()
    await house.steady(PH, T0, T0 + 60)
    await house.sampled(COD, [(T0 + 5, None)])
    await house.close_at(T0 + 65)
    assert house.statistics("1m", COD) == []
    assert len(house.statistics("1m", PH)) == 1


async def test_period_that_began_before_the_first_look_is_owed_from_its_start(
    house: House,
) -> None:
    house.clock.go(30)
    await house.begin()
    await house.steady(PH, T0 + 30, T0 + 60)
    await house.close_at(T0 + 65)
    assert starts(house.statistics("1m", PH)) == [0]


async def test_hour_is_pending_until_a_cycle_and_a_quarter_after_its_end(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED - 1)
    assert house.statistics("1h", COD) == []
    assert house.uploads("2061") == []
    await house.close_at(T0 + SETTLED)
    assert starts(house.statistics("1h", COD)) == [0]
    assert len(house.uploads("2061")) == 1


async def test_result_forty_minutes_after_its_hour_lands_in_that_hour_and_is_sent_once(
    house: House,
) -> None:
    await house.begin()
    await house.close_at(T0 + HOUR + 39 * MINUTE)
    await house.result(T0, 61.5, completed_at=T0 + HOUR + 40 * MINUTE)
    for at in range(HOUR + 40 * MINUTE, SETTLED + HOUR, 5 * MINUTE):
        await house.close_at(T0 + at)
    assert house.statistics("1h", COD)[0] == (T0, 0, 61.5, "normal", 1)
    sent = [text for at, _, text in house.uploads("2061") if at == T0]
    assert len(sent) == 1
    assert "w01018-Avg=61.5" in sent[0]
    assert "w01018-Flag=N" in sent[0]
    assert all("61.5" not in text for at, _, text in house.uploads("2061") if at != T0)


async def test_hour_of_a_continuous_outlet_closes_at_once(house_with: Any) -> None:
    house = await house_with(only(FLOW, PH))
    await house.begin()
    await house.close_at(T0 + HOUR + 4)
    assert house.statistics("1h", PH) == []
    await house.close_at(T0 + HOUR + 5)
    assert starts(house.statistics("1h", PH)) == [0]


async def test_hour_is_the_mean_of_its_minutes_and_the_day_of_its_hours(house: House) -> None:
    await house.begin()
    for minute in range(60):
        value = 6.0 if minute < 30 else 8.0
        await house.steady(PH, T0 + minute * 60, T0 + minute * 60 + 60, value=value)
    await house.close_at(T0 + SETTLED)
    assert house.statistics("1h", PH)[0] == (T0, 0, 7.0, "normal", 1)
    midnight = T0 - 10 * HOUR
    await house.close_at(midnight + DAY + 75 * MINUTE - 1)
    assert house.statistics("1d", PH) == []
    await house.close_at(midnight + DAY + 75 * MINUTE)
    ((start, revision, avg, _, valid),) = house.statistics("1d", PH)
    assert (start, revision, avg, valid) == (midnight, 0, 7.0, 0)


def amounts(house: House, kind: str, code: str) -> list[float]:
    series = house.names.series["DW001", code, "rtd"]
    rows = house.rows(
        "SELECT cou FROM statistics WHERE kind = ? AND series = ? ORDER BY start", kind, series
    )
    return [cou for (cou,) in rows if cou is not None]


async def test_result_has_the_mass_of_its_hours_volume_and_the_day_is_weighted_by_it(
    house: House,
) -> None:
    await house.begin()
    await house.steady(FLOW, T0, T0 + HOUR, value=1.0)
    await house.steady(FLOW, T0 + HOUR, T0 + 2 * HOUR, value=3.0)
    await house.result(T0, 50.0)
    await house.result(T0 + HOUR, 100.0)
    await house.close_at(T0 + 14 * HOUR + 75 * MINUTE)
    assert amounts(house, "1h", FLOW) == pytest.approx([3.6, 10.8])
    assert amounts(house, "1h", COD) == pytest.approx([0.18, 1.08]), "kg"
    ((_, _, avg, _, _),) = house.statistics("1d", COD)
    assert avg == pytest.approx(87.5)
    assert amounts(house, "1d", COD) == pytest.approx([1.26])


async def test_silent_analyzer_gives_its_hour_the_cause_it_was_seen_in(house: House) -> None:
    await house.begin()
    await house.sampled(COD, [(T0 + n * 60, None, Cause.MAINTENANCE) for n in range(60)])
    await house.close_at(T0 + SETTLED)
    assert house.statistics("1h", COD) == [(T0, 0, None, "maintenance", 0)]


async def test_hour_nobody_sampled_was_without_power(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED)
    assert house.statistics("1h", COD) == [(T0, 0, None, "power", 0)]
    assert house.statistics("1h", PH) == [(T0, 0, None, "power", 0)]


async def test_doubled_ticks_close_nothing_twice(house: House) -> None:
    await house.begin()
    await house.steady(PH, T0, T0 + 600)
    await house.close_at(T0 + SETTLED)
    before = (house.rows("SELECT * FROM statistics"), house.rows("SELECT * FROM outbox"))
    for _ in range(3):
        assert await house.periods.close_due() == 0
    after = (house.rows("SELECT * FROM statistics"), house.rows("SELECT * FROM outbox"))
    assert after == before


async def test_missed_ticks_change_nothing(house: House, other_house: House) -> None:
    for one in (house, other_house):
        await one.begin()
        await one.steady(PH, T0, T0 + 5 * MINUTE)
        await one.steady(FLOW, T0, T0 + 12 * MINUTE)
    for at in range(5, 13 * MINUTE, 5):
        await house.close_at(T0 + at)
    await other_house.close_at(T0 + 13 * MINUTE)
    rows = [one.rows("SELECT * FROM statistics") for one in (house, other_house)]
    assert rows[0] == rows[1]
    assert [house.uploads("2051")] == [other_house.uploads("2051")]


async def test_one_commit_closes_a_bounded_number_of_periods(house: House) -> None:
    await house.begin()
    statements: list[str] = []
    await house.write(lambda connection: connection.set_trace_callback(statements.append))
    await house.close_at(T0 + 10 * DAY)
    moved = [0]
    for statement in statements:
        if statement == "COMMIT":
            moved.append(0)
        elif statement.startswith("INSERT INTO cursors"):
            moved[-1] += 1
    assert sum(moved) > 240
    assert max(moved) <= 40


async def test_period_and_its_frame_are_one_commit(house: House) -> None:
    await house.begin()
    statements: list[str] = []
    await house.write(lambda connection: connection.set_trace_callback(statements.append))
    await house.close_at(T0 + SETTLED)
    commits = "\n".join(statements).split("COMMIT")
    (closing,) = [text for text in commits if "INSERT INTO statistics" in text and "'1h'" in text]
    assert "'2061'" in closing
    assert "'1h/DW001'" in closing
