"""Which frames each station is owed, of what, and which factors are in them."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any

import pytest
from agent_house import House
from agent_site import (
    COD,
    DAY,
    FLOW,
    HOUR,
    MINUTE,
    PH,
    T0,
    Change,
    destination,
    factor,
    only,
    plan_with,
    second_destination,
    second_outlet,
)

from agent.model import Cause
from protocols.hj212.factor_table import FACTORS_2017
from protocols.hj212.times import wire_time

SETTLED = HOUR + 75 * MINUTE


def fields(text: str) -> dict[str, str]:
    """Read the text of a packet; a key that comes twice is an error."""
    pairs = [pair.split("=") for item in text.split(";") for pair in item.split(",")]
    found = dict(pairs)
    assert len(found) == len(pairs), text
    return found


def last(house: House, cn: str, station: str = "st1") -> dict[str, str]:
    return fields(house.uploads(cn, station=station)[-1][2])


# --- real time


async def test_real_time_is_the_newest_sample_of_each_factor(house: House) -> None:
    await house.begin()
    await house.sampled(PH, [(T0 + 15, 6.5), (T0 + 25, 7.25), (T0 + 30.5, 9.0)])
    await house.sampled(FLOW, [(T0 + 29, None, Cause.FAULT)])
    await house.close_at(T0 + 31)
    assert last(house, "2011") == {
        "DataTime": wire_time(T0 + 30),
        "w00000-Flag": "D",
        "w01001-Rtd": "7.25",
        "w01001-Flag": "N",
        "w01018-Flag": "B",
    }


async def test_sample_older_than_three_polls_is_not_told_as_now(house: House) -> None:
    await house.begin()
    await house.sampled(PH, [(T0 + 0.5, 7.0)])
    await house.sampled(FLOW, [(T0 - 0.5, 2.0)])
    await house.close_at(T0 + 30)
    found = last(house, "2011")
    assert found["w01001-Rtd"] == "7.00"
    assert "w00000-Rtd" not in found
    assert found["w00000-Flag"] == "B"


async def test_each_factor_has_its_own_age(house_with: Any) -> None:
    house = await house_with(factor(PH, max_age_s=120))
    await house.begin()
    for code in (PH, FLOW):
        await house.sampled(code, [(T0 - 60, 7.0)])
    await house.close_at(T0 + 30)
    found = last(house, "2011")
    assert "w01001-Rtd" in found
    assert "w00000-Rtd" not in found


async def test_missed_boundaries_of_real_time_stay_missed(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + 29.9)
    await house.close_at(T0 + 30)
    await house.close_at(T0 + 59.9)
    await house.close_at(T0 + 301)
    assert [at - T0 for at, _, _ in house.uploads("2011")] == [30, 300]


async def test_result_is_repeated_under_its_own_time_for_a_cycle_and_a_half_then_flagged(
    house: House,
) -> None:
    await house.begin()
    await house.result(T0 - HOUR, 41.2, completed_at=T0)
    await house.close_at(T0 + 5400)
    found = last(house, "2011")
    assert found["w01018-SampleTime"] == wire_time(T0 - HOUR)
    assert (found["w01018-Rtd"], found["w01018-Flag"]) == ("41.2", "N")
    await house.sampled(COD, [(T0 + 5429, None)])
    await house.close_at(T0 + 5430)
    found = last(house, "2011")
    assert found["w01018-Flag"] == "D", "asked and well, and yet without a new result"
    assert "w01018-Rtd" not in found


async def test_analyzer_in_maintenance_says_so_once_its_result_is_too_old(house: House) -> None:
    await house.begin()
    await house.result(T0 - 2 * HOUR, 41.2, completed_at=T0 - 2 * HOUR)
    await house.sampled(COD, [(T0 + 29, None, Cause.MAINTENANCE)])
    await house.close_at(T0 + 30)
    assert last(house, "2011")["w01018-Flag"] == "M"


async def test_sample_from_a_clock_that_ran_ahead_is_not_told_as_now(house: House) -> None:
    await house.live(2)
    house.clock.jump(-60)
    await house.tick()
    now = house.clock.now()
    await house.sampled(PH, [(now + 10, 6.0)], epoch=1)
    await house.close_at(now + 30)
    assert last(house, "2011")["w01001-Rtd"] == "6.00", "and not the 7.00 labelled a minute ahead"


# --- minutes


async def test_minutes_go_out_in_the_interval_of_the_platform(house_with: Any) -> None:
    house = await house_with(destination(minutes=10), second_destination(minutes=1))
    await house.begin()
    await house.steady(PH, T0, T0 + 20 * MINUTE)
    await house.close_at(T0 + 20 * MINUTE + 5)
    ten = [at - T0 for at, _, _ in house.uploads("2051")]
    one = [at - T0 for at, _, _ in house.uploads("2051", station="st2")]
    assert ten == [0, 600]
    assert one == [60 * n for n in range(20)]
    assert last(house, "2051")["w01001-Avg"] == "7.00"


async def test_batch_factors_are_not_in_minutes(house: House) -> None:
    await house.begin()
    await house.result(T0 - HOUR, 41.2, completed_at=T0)
    await house.steady(PH, T0, T0 + 600)
    await house.close_at(T0 + 605)
    assert not any(key.startswith(COD) for key in last(house, "2051"))


async def test_platform_that_wants_it_gets_the_standing_result_repeated_in_minutes(
    house_with: Any,
) -> None:
    house = await house_with(destination(batch_in_minutes="repeat_flagged"))
    await house.begin()
    await house.result(T0 - HOUR, 41.2, completed_at=T0)
    await house.steady(PH, T0, T0 + 600)
    await house.close_at(T0 + 605)
    found = last(house, "2051")
    assert found["w01018-SampleTime"] == wire_time(T0 - HOUR)
    assert {found[f"w01018-{name}"] for name in ("Min", "Avg", "Max")} == {"41.2"}
    assert found["w01018-Flag"] == "N"
    assert found["w01001-Avg"] == "7.00", "the others stand there once, as ever"


# --- stations


async def test_each_station_has_its_own_frames_and_request_numbers(house_with: Any) -> None:
    house = await house_with(second_destination())
    await house.begin()
    await house.steady(PH, T0, T0 + 600)
    await house.close_at(T0 + 605)
    assert house.uploads("2051") == house.uploads("2051", station="st2")
    numbers = house.rows("SELECT station, count(DISTINCT qn_ms), count(*) FROM outbox GROUP BY 1")
    assert numbers == [("st1", 2, 2), ("st2", 2, 2)]


async def test_frame_waits_for_all_outlets_of_its_code(house_with: Any) -> None:
    house = await house_with(second_outlet(COD), only(FLOW, PH))
    await house.begin()
    await house.steady(PH, T0, T0 + HOUR)
    await house.result(T0, 33.0, outlet="DW002")
    await house.close_at(T0 + HOUR + 5)
    assert len(house.statistics("1h", PH)) == 1
    assert house.uploads("2061") == []
    await house.close_at(T0 + SETTLED)
    found = last(house, "2061")
    assert (found["w01001-Avg"], found["w01018-Avg"]) == ("7.00", "33.0")


async def test_outlet_with_results_only_does_not_hold_up_its_neighbours_minutes(
    house_with: Any,
) -> None:
    house = await house_with(second_outlet(COD), only(FLOW, PH))
    await house.begin()
    await house.steady(PH, T0, T0 + 600)
    await house.close_at(T0 + 605)
    assert last(house, "2051")["w01001-Avg"] == "7.00"


async def test_outlet_that_is_new_does_not_hold_up_what_was_pending(house: House) -> None:
    await house.begin()
    await house.result(T0, 33.0)
    await house.close_at(T0 + HOUR + 600)
    grown = await House.on(house.store, plan_with(second_outlet(), nh3()), clock=house.clock)
    await grown.begin()
    await grown.close_at(T0 + SETTLED)
    assert "w01018-Avg=33.0" in grown.uploads("2061")[0][2]
    await grown.close_at(T0 + SETTLED + HOUR)
    assert "w21003-Flag" in grown.uploads("2061")[1][2], "it takes part from its first hour on"


def nh3() -> Change:
    """Let DW002 have an ammonia analyzer."""

    def change(site: dict[str, Any]) -> None:
        site["devices"].append(
            {
                "id": "nh3",
                "profile": "water/hach-amtax-compact-ii",
                "bus": "net1",
                "address": 40,
                "period_s": 10,
            }
        )
        site["outlets"][1]["factors"] = {"w21003": {"device": "nh3"}}

    return change


async def test_station_is_owed_nothing_from_before_it_begins(house_with: Any) -> None:
    def since_tomorrow(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["since"] = "2026-06-11"

    house = await house_with(since_tomorrow)
    midnight = T0 + 14 * HOUR
    await house.begin()
    await house.sampled(PH, [(T0 + 60.0 * n, 7.0) for n in range(15 * 60)])
    for at in range(0, 16 * HOUR, 10 * MINUTE):
        await house.close_at(T0 + at + 5)
    assert min(at for at, _, _ in house.uploads("2051")) == midnight
    assert min(at for at, _, _ in house.uploads("2011")) >= midnight
    assert house.uploads("2061") == [], "the first hour of that day is still pending"
    await house.close_at(midnight + SETTLED)
    assert [at for at, _, _ in house.uploads("2061")] == [midnight]


async def test_station_without_a_since_is_owed_the_day_it_was_first_seen(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + DAY)
    assert [at for at, _, _ in house.uploads("2031")] == [T0 - 10 * HOUR]


def since(day: str) -> Change:
    """Let the second platform begin on that day."""

    def change(site: dict[str, Any]) -> None:
        site["destinations"][1]["stations"][0]["since"] = day

    return change


async def test_new_station_is_owed_once_what_was_closed_since_its_day_began(
    house: House, house_with: Any
) -> None:
    await house.begin()
    await house.close_at(T0 + 3 * DAY)
    grown = await House.on(
        house.store, plan_with(second_destination(), since("2026-06-12")), clock=house.clock
    )
    sizes = []
    for second in range(1, 21):
        await grown.close_at(T0 + 3 * DAY + second)
        sizes.append(grown.one("SELECT count(*) FROM outbox WHERE station = 'st2'"))
    begin = T0 + 38 * HOUR
    for cn in ("2061", "2031"):
        known = {at for at, _, _ in grown.uploads(cn) if at >= begin}
        assert sorted(at for at, _, _ in grown.uploads(cn, station="st2")) == sorted(known)
        assert known
    assert max(later - one for one, later in pairwise(sizes)) <= 40, "bounded in each commit"
    assert grown.one("SELECT next FROM cursors WHERE name = 'past/st2'") == 0
    last = "SELECT max(max(created_at, not_before)) FROM outbox WHERE station = 'st2' AND cn = ?"
    assert grown.one(last, "2061") <= T0 + 3 * DAY - HOUR, "it is backlog, and under its rate"


async def test_platform_gets_only_the_factors_it_takes(house_with: Any) -> None:
    house = await house_with(destination(factors=[PH]), second_destination(factors=[COD]))
    await house.begin()
    await house.steady(PH, T0, T0 + 600)
    await house.close_at(T0 + 605)
    assert {key.partition("-")[0] for key in last(house, "2011")} == {"DataTime", PH}
    assert {key.partition("-")[0] for key in last(house, "2051")} == {"DataTime", PH}
    assert {key.partition("-")[0] for key in last(house, "2011", "st2")} == {"DataTime", COD}
    assert house.uploads("2051", station="st2") == [], "nothing of COD is ever in a minute"


# --- what is not there, and what is too much


@pytest.mark.parametrize(
    ("absent", "expected"), [("flag_only", {"w01001-Flag": "D"}), ("omit", {})]
)
async def test_factor_without_value_is_written_as_the_platform_wants(
    house_with: Any, absent: str, expected: dict[str, str]
) -> None:
    house = await house_with(destination(absent=absent, minutes=1))
    await house.begin()
    await house.sampled(PH, [(T0 + 10.0 * n, None, Cause.FAULT) for n in range(6)])
    await house.steady(FLOW, T0, T0 + 60, value=2.0)
    await house.close_at(T0 + 65)
    found = last(house, "2051")
    assert {key: text for key, text in found.items() if key.startswith(PH)} == expected
    assert found["w00000-Avg"] == "2.00"


async def test_hour_without_any_value_has_a_frame_all_the_same(house: House) -> None:
    await house.begin()
    await house.close_at(T0 + SETTLED)
    assert last(house, "2061") == {
        "DataTime": wire_time(T0),
        "w00000-Flag": "D",
        "w01001-Flag": "D",
        "w01018-Flag": "D",
    }


def many_factors(site: dict[str, Any]) -> None:
    """Forty factors in mg/L, all off the one analyzer."""
    codes = [row[0] for row in FACTORS_2017 if row[2] == "water" and row[3] == "mg/L"][:40]
    for code in codes:
        factor(code, device="cod", point="w01018")(site)


async def test_frame_of_forty_factors_is_split_into_packets_that_each_read_alone(
    house_with: Any,
) -> None:
    house = await house_with(many_factors)
    await house.begin()
    await house.steady(FLOW, T0, T0 + HOUR, value=2.0)
    for code in house.plan.outlets["DW001"].factors:
        if code not in (FLOW, PH):
            await house.result(T0, 123.4, factor=code)
    await house.close_at(T0 + SETTLED)
    rows = house.rows("SELECT pno, pnum, body, qn_ms FROM outbox WHERE cn = '2061' ORDER BY pno")
    assert len(rows) > 2
    assert [(pno, pnum) for pno, pnum, *_ in rows] == [
        (n, len(rows)) for n in range(1, len(rows) + 1)
    ]
    assert len({qn for *_, qn in rows}) == len(rows)
    seen: list[str] = []
    for _, _, body, _ in rows:
        assert len(f"CP=&&{body}&&") <= 950
        assert body.startswith(f"DataTime={wire_time(T0)};")
        seen += re.findall(r"(w\d+)-Flag", body)
    assert seen == list(house.plan.outlets["DW001"].factors), "each once, in the site's order"
