"""The hour's sequence against the simulated sampler: whose water is in the bottle, and once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_house import House
from agent_sampler import Station, led
from agent_site import HOUR, MINUTE, T0

from agent.store import actions

FIRST = int(T0)
SECOND = FIRST + HOUR
NUMBER = FIRST // HOUR % 2
ONE, OTHER = "AB"[NUMBER], "BA"[NUMBER]


@pytest.fixture
async def station(house_with: Any) -> Station:
    return Station(await house_with(*led()))


def kinds(house: House) -> list[str]:
    return [kind for (kind,) in house.rows("SELECT kind FROM events ORDER BY id")]


async def test_hour_is_collected_supplied_measured_judged_and_drained(station: Station) -> None:
    await station.until(SECOND + 10 * MINUTE)
    assert sorted(station.orders()) == sorted(
        [
            ("drain", f"drain_{ONE.lower()}", "done"),
            *[("portion", f"sample_{ONE.lower()}", "done")] * 4,
            ("supply", f"supply_{ONE.lower()}", "done"),
            ("measure", "measure", "done"),
            ("drain", f"drain_{OTHER.lower()}", "done"),
            ("portion", f"sample_{OTHER.lower()}", "done"),
        ]
    )
    await station.result(FIRST, 12.0)
    await station.until(SECOND + 13 * MINUTE)
    drained = [one for one in station.orders() if one[0] == "drain"]
    assert len(drained) == 3, "the judged vessel is drained at once"
    assert station.dayue.vessels.water(NUMBER) == ()
    assert station.dayue.used == 0


async def test_bottle_holds_the_water_of_the_hour_that_exceeded(station: Station) -> None:
    await station.until(SECOND + 40 * MINUTE)
    await station.result(FIRST, 86.0)
    await station.until(SECOND + 50 * MINUTE)
    ((bottle, vessel, sampled_at, guarded),) = station.house.rows(
        "SELECT bottle, vessel, sampled_at, guarded FROM bottles"
    )
    assert (vessel, sampled_at, guarded) == (ONE, FIRST, 1)
    water = station.dayue.water[bottle]
    assert len(water) == 4
    assert all(FIRST <= at < SECOND for at in water), "not the water that is being collected now"
    states = [one for one in station.orders() if one[0] in ("retain", "drain")]
    assert states[-1][0] == "drain", "drained behind the bottle, not before it"


async def test_verdict_that_does_not_come_drains_and_says_so(station: Station) -> None:
    await station.until(SECOND + 49 * MINUTE)
    assert "sequence_no_verdict" not in kinds(station.house)
    await station.until(SECOND + 53 * MINUTE)
    assert kinds(station.house).count("sequence_no_verdict") == 1
    assert station.dayue.vessels.water(NUMBER) == ()
    assert station.dayue.used == 0


async def test_verdict_that_does_not_come_keeps_a_bottle_where_that_is_set(house_with: Any) -> None:
    station = Station(await house_with(*led(no_verdict="retain")))
    await station.until(SECOND + 56 * MINUTE)
    ((mode, guarded, sampled_at),) = station.house.rows(
        "SELECT mode, guarded, sampled_at FROM bottles"
    )
    assert (mode, guarded, sampled_at) == ("no_verdict", 1, FIRST)
    assert station.dayue.vessels.water(NUMBER) == (), "and then drained"


async def test_verdict_after_the_vessel_drained_keeps_nothing_and_says_why(
    station: Station,
) -> None:
    await station.until(SECOND + 55 * MINUTE)
    await station.result(FIRST, 86.0)
    await station.until(SECOND + 58 * MINUTE)
    assert station.dayue.used == 0
    ((_, _, text),) = station.house.events("retention_blocked")
    assert json.loads(text)["reason"] == "the vessel was drained before"


async def test_restart_orders_no_step_twice(station: Station) -> None:
    await station.until(FIRST + 20 * MINUTE)
    before = len(station.wire.written)
    again = Station(station.house)
    again.wire.unit, again.dayue = station.wire.unit, station.dayue
    await again.minute()
    assert again.wire.written == []
    assert len(station.wire.written) == before


async def test_step_interrupted_by_a_crash_is_not_done_again(station: Station) -> None:
    await station.house.time.look()
    await station.lead.look()
    await station.house.write(
        lambda connection: connection.execute("UPDATE actions SET state = 'running'") and None
    )
    assert await station.house.write(actions.doubt_running) == 1
    await station.minute()
    assert [kind for kind, _, state in station.orders() if state == "done"] == []
    assert station.wire.written == [], "nobody knows whether it was drained: it is not assumed"


async def test_vessel_that_could_not_be_drained_is_not_filled(station: Station) -> None:
    station.dayue.led = False  # acknowledged and ignored, as out of serial control mode
    await station.until(FIRST + 20 * MINUTE)
    assert [kind for kind, _, _ in station.orders()] == ["drain"]
    assert kinds(station.house) == ["sequence_no_composite"]


async def test_vessel_whose_bottle_waits_for_the_door_is_not_drained(station: Station) -> None:
    await station.until(SECOND + 40 * MINUTE)
    station.dayue.set_door(open_=True)
    await station.result(FIRST, 86.0)
    await station.until(SECOND + 53 * MINUTE)
    assert station.dayue.vessels.water(NUMBER), "the water is still there"
    station.dayue.set_door(open_=False)
    await station.until(SECOND + 57 * MINUTE)
    ((sampled_at,),) = station.house.rows("SELECT sampled_at FROM bottles")
    assert sampled_at == FIRST
    (bottle,) = station.dayue.water
    assert all(at < SECOND for at in station.dayue.water[bottle])


async def test_daily_check_is_tried_again_and_then_told(house_with: Any) -> None:
    station = Station(await house_with(*led(check_at="10:05")))
    station.analyzer.silent = True
    await station.until(FIRST + 70 * MINUTE)
    checks = [state for kind, _, state in station.orders() if kind == "check"]
    assert len(checks) == 6
    assert set(checks) == {"expired"}
    assert "sequence_no_check" in kinds(station.house)


async def test_daily_check_is_ordered_once(house_with: Any) -> None:
    station = Station(await house_with(*led(check_at="10:05")))
    await station.until(FIRST + 70 * MINUTE)
    checks = [(what, state) for kind, what, state in station.orders() if kind == "check"]
    assert len(checks) == 1
    assert "sequence_no_check" not in kinds(station.house)
