"""Results that come after their hour was closed: beside what was reported, never in its place."""

from __future__ import annotations

from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, HOUR, MINUTE, T0, Change, destination, factor

SETTLED = HOUR + 75 * MINUTE


def with_nh3() -> Change:
    def change(site: dict[str, Any]) -> None:
        cod = next(device for device in site["devices"] if device["id"] == "cod")
        site["devices"].append(
            {**cod, "id": "nh3", "profile": "water/hach-amtax-compact-ii", "address": 40}
        )
        site["outlets"][0]["factors"]["w21003"] = {"device": "nh3"}

    return change


async def test_late_result_makes_a_revision_and_leaves_what_was_known_when_due(
    house: House,
) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED)
    known = house.rows("SELECT * FROM statistics WHERE revision = 0 ORDER BY 1, 2, 3")
    await house.result(T0, 61.5)
    await house.close_at(T0 + SETTLED + 10)
    rows = house.statistics("1h", COD)
    assert rows == [(T0, 0, None, "power", 0), (T0, 1, 61.5, "normal", 1)]
    again = house.rows("SELECT * FROM statistics WHERE revision = 0 ORDER BY 1, 2, 3")
    assert again == known
    assert house.one("SELECT count(*) FROM journal WHERE what = 'revision'") == 1


@pytest.mark.parametrize(("taken", "expected"), [(False, [0]), (True, [0, 1])])
async def test_revision_goes_only_to_a_platform_that_takes_revisions(
    house_with: Any, taken: bool, expected: list[int]
) -> None:
    house = await house_with(destination(revisions=taken))
    await house.begin()
    await house.close_at(T0 + SETTLED)
    await house.result(T0, 61.5)
    await house.close_at(T0 + SETTLED + 10)
    sent = [(revision, text) for at, revision, text in house.uploads("2061") if at == T0]
    assert [revision for revision, _ in sent] == expected
    assert "61.5" not in sent[0][1]
    assert ("61.5" in sent[-1][1]) == taken


async def test_each_late_result_of_an_hour_is_sent(house_with: Any) -> None:
    house = await house_with(with_nh3(), destination(revisions=True))
    await house.begin()
    await house.close_at(T0 + SETTLED)
    await house.result(T0, 61.5)
    await house.close_at(T0 + SETTLED + 10)
    await house.result(T0, 4.5, factor="w21003")
    await house.close_at(T0 + SETTLED + 20)
    texts = [text for at, _, text in house.uploads("2061") if at == T0]
    assert len(texts) == 3
    assert "61.5" in texts[1] and "w21003-Avg" not in texts[1]
    assert "61.5" in texts[2] and "w21003-Avg=4.5" in texts[2]


@pytest.mark.parametrize(("taken", "expected"), [(False, [0]), (True, [0, 1])])
async def test_hour_that_comes_again_after_a_step_back_is_sent_as_a_revision_or_not_at_all(
    house_with: Any, taken: bool, expected: list[int]
) -> None:
    house = await house_with(destination(revisions=taken))
    await house.begin()
    await house.close_at(T0 + SETTLED)
    await house.result(T0, 61.5)
    await house.close_at(T0 + SETTLED + 10)
    house.clock.jump(-3 * HOUR)
    await house.tick()
    await house.close_at(T0 + SETTLED + 20)
    assert [revision for at, revision, _ in house.uploads("2061") if at == T0] == expected


async def test_late_result_is_held_against_the_limit_of_the_hour(house_with: Any) -> None:
    house = await house_with(factor(COD, limits=[{"high": 50, "on": "hour", "retain": False}]))
    await house.begin()
    await house.close_at(T0 + SETTLED)
    assert house.events("exceedance") == []
    await house.result(T0, 61.5)
    await house.close_at(T0 + SETTLED + 10)
    await house.close_at(T0 + SETTLED + 20)
    assert len(house.events("exceedance")) == 1


async def test_late_result_is_looked_at_once(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED)
    await house.result(T0, 61.5)
    for second in range(10, 40, 10):
        await house.close_at(T0 + SETTLED + second)
    assert [row[1] for row in house.statistics("1h", COD)] == [0, 1]


async def test_late_result_behind_many_others_is_found(house: House) -> None:
    await house.begin()
    for hours in range(240, 0, -1):
        await house.result(T0 - hours * HOUR, 50.0)
    await house.close_at(T0 + SETTLED)
    await house.result(T0, 61.5)
    for second in range(10, 60, 10):
        await house.close_at(T0 + SETTLED + second)
    assert [row[:3] for row in house.statistics("1h", COD)] == [(T0, 0, None), (T0, 1, 61.5)]


async def test_second_late_result_of_an_hour_is_revision_two(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED)
    await house.result(T0, 60.0, completed_at=T0 + HOUR)
    await house.close_at(T0 + SETTLED + 10)
    await house.result(T0, 64.0, completed_at=T0 + HOUR + 60)
    await house.close_at(T0 + SETTLED + 20)
    assert [row[:3] for row in house.statistics("1h", COD)] == [
        (T0, 0, None),
        (T0, 1, 60.0),
        (T0, 2, 62.0),
    ]


async def test_late_result_revises_the_day_that_is_closed(house: House) -> None:
    await house.begin()
    await house.result(T0, 50.0)
    midnight = T0 + 14 * HOUR
    await house.close_at(midnight + SETTLED)
    await house.result(T0 + HOUR, 70.0)
    await house.close_at(midnight + SETTLED + 10)
    days = [row[:3] for row in house.statistics("1d", COD)]
    assert days == [(midnight - DAY, 0, 50.0), (midnight - DAY, 1, 60.0)]


async def test_result_of_an_hour_that_is_still_pending_is_no_revision(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED - 10)
    await house.result(T0, 61.5)
    await house.close_at(T0 + SETTLED)
    assert house.statistics("1h", COD) == [(T0, 0, 61.5, "normal", 1)]


async def test_result_from_before_the_store_began_is_kept_and_revises_nothing(
    house: House,
) -> None:
    await house.begin()
    await house.result(T0 - 30 * DAY, 61.5)
    await house.close_at(T0 + 10)
    assert house.statistics("1h", COD) == []
    assert house.one("SELECT count(*) FROM measurements") == 1
