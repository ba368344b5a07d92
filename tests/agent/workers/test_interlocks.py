"""Every interlock and failure of a retention: reported as what it is, and no bottle used twice."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from agent_fakes import READY, EndOfScript, FakeSampler
from agent_house import House
from agent_sampler import Station, sampler
from agent_site import COD, HOUR, T0, destination, factor
from test_exceedance import RESULT, judged

from agent.actions import DeviceActions
from agent.store import actions
from agent.tools.simulate.dayue import Habits
from drivers.device import Cause, Filled, NoAnswer, Refused, RetentionRecord

KEPT = RetentionRecord(at=T0 + HOUR + 60, bottle=3, volume_ml=500.0, ok=True)
DEADLINE = RESULT.completed_at + HOUR


@pytest.fixture
async def ordered(house: House) -> House:
    """The house an hour on, with a bottle ordered."""
    house.clock.go(HOUR + 10)
    await judged(house)
    return house


@pytest.fixture
def keeper() -> FakeSampler:
    one = FakeSampler()
    one.keep = lambda: KEPT
    return one


async def work(house: House, keeper: FakeSampler, *, until: float = 0.0) -> None:
    async def probe() -> Mapping[str, Any]:
        return {}

    house.bells.until = until or float("inf")
    with pytest.raises(EndOfScript):
        await DeviceActions(
            "sampler", keeper, probe, house.plan, house.store, house.clock, house.bells
        ).run()


def told(house: House, kind: str) -> list[str]:
    return [json.loads(text)["reason"] for _, _, text in house.events(kind)]


def state(house: House) -> str:
    return str(house.one("SELECT state FROM actions WHERE kind = 'retain'"))


LOCKS = {
    "door open": replace(READY, door_open=True),
    "sampler busy: it is filling a bottle": replace(READY, retaining=True),
    "sampler in maintenance: 暂停": replace(READY, state=Cause.MAINTENANCE, text="暂停"),
    "sampler not ready (fault): 故障": replace(READY, state=Cause.FAULT, text="故障"),
    "sampler not ready (stopped): 停止": replace(READY, state=Cause.STOPPED, text="停止"),
}


@pytest.mark.parametrize("reason", LOCKS)
async def test_interlock_is_an_event_once_and_the_bottle_is_kept_when_it_is_over(
    ordered: House, keeper: FakeSampler, reason: str
) -> None:
    def well() -> None:
        assert keeper.orders == []
        keeper.state = READY

    keeper.state = LOCKS[reason]
    ordered.bells.waits = [lambda: None, lambda: None, well]
    await work(ordered, keeper)
    assert told(ordered, "retention_blocked") == [reason]
    assert state(ordered) == "done"
    assert len(keeper.orders) == 1


@pytest.mark.parametrize("reason", LOCKS)
async def test_interlock_that_stays_until_the_vessel_drains_keeps_nothing_and_says_why(
    ordered: House, keeper: FakeSampler, reason: str
) -> None:
    keeper.state = LOCKS[reason]
    await work(ordered, keeper, until=DEADLINE + 5)
    assert keeper.orders == []
    assert state(ordered) == "expired"
    ((_, _, text),) = ordered.events("retention_failed")
    assert json.loads(text)["waited_for"] == reason


async def test_no_free_bottle_refuses_at_once(ordered: House, keeper: FakeSampler) -> None:
    keeper.state = replace(READY, bottles_ml=(500,) * 24)
    await work(ordered, keeper)
    assert (keeper.orders, state(ordered)) == ([], "refused")
    assert told(ordered, "retention_failed") == ["no free bottle"]


async def test_sampler_that_says_not_now_is_asked_again_and_fills_one_bottle(
    ordered: House, keeper: FakeSampler
) -> None:
    def free() -> None:
        keeper.keep = lambda: KEPT

    keeper.keep = lambda: Refused("exception 6", code=6)
    ordered.bells.waits = [lambda: None, free]
    await work(ordered, keeper)
    assert told(ordered, "retention_blocked") == ["sampler busy: it says not now"]
    assert state(ordered) == "done"
    assert ordered.rows("SELECT bottle FROM bottles") == [(3,)]


async def test_refusal_that_is_no_busy_is_not_tried_again(
    ordered: House, keeper: FakeSampler
) -> None:
    keeper.keep = lambda: Refused("exception 4", code=4)
    await work(ordered, keeper, until=ordered.clock.now() + 60)
    assert len(keeper.orders) == 1
    assert state(ordered) == "refused"


async def test_order_unanswered_and_answered_late_is_one_bottle(
    ordered: House, keeper: FakeSampler
) -> None:
    def late() -> None:
        keeper.silent, keeper.record = False, KEPT

    def lost() -> NoAnswer:
        keeper.silent = True
        return NoAnswer("no answer in time")

    keeper.keep = lost
    ordered.bells.waits = [lambda: None, lambda: None, late, lambda: None, lambda: None]
    await work(ordered, keeper)
    assert state(ordered) == "done"
    assert len(keeper.orders) == 1
    assert ordered.rows("SELECT bottle FROM bottles") == [(3,)]


async def test_crash_between_order_and_record_is_one_bottle(
    ordered: House, keeper: FakeSampler
) -> None:
    def die() -> RetentionRecord:
        raise EndOfScript

    keeper.keep = die
    await work(ordered, keeper)
    assert await ordered.write(actions.doubt_running) == 1
    keeper.record = KEPT
    await work(ordered, keeper)
    assert (len(keeper.orders), state(ordered)) == (1, "done")
    assert ordered.rows("SELECT bottle FROM bottles") == [(3,)]


async def test_restart_after_the_vessel_drained_sends_nothing(
    ordered: House, keeper: FakeSampler
) -> None:
    ordered.clock.go(DEADLINE - ordered.clock.now() + 1)
    await work(ordered, keeper)
    assert (keeper.orders, state(ordered)) == ([], "expired")
    assert told(ordered, "retention_failed") == ["its deadline had passed"]


async def test_dead_camera_keeps_no_bottle_from_being_kept(house_with: Any) -> None:
    def filmed(site: dict[str, Any]) -> None:
        site["cameras"] = [{"id": "cam", "url": "rtsp://127.0.0.1:1/x", "outlet": "DW001"}]

    house = await house_with(filmed)
    house.clock.go(HOUR + 10)
    await judged(house)
    keeper = FakeSampler()
    keeper.keep = lambda: KEPT
    await work(house, keeper)
    assert state(house) == "done"
    clips = house.rows("SELECT state FROM actions WHERE kind = 'clip'")
    assert clips and set(clips) == {("queued",)}, "nobody filmed, and nobody waited for it"


async def test_order_that_could_not_be_written_down_is_not_sent(
    ordered: House, keeper: FakeSampler
) -> None:
    await ordered.write(
        lambda connection: (
            connection.execute(
                "CREATE TRIGGER full BEFORE UPDATE ON actions WHEN new.state = 'running'"
                " BEGIN SELECT raise(FAIL, 'disk full'); END"
            )
            and None
        )
    )
    with pytest.raises(sqlite3.DatabaseError):
        await work(ordered, keeper)
    assert keeper.orders == [], "a thing is a row before it is an act"
    assert state(ordered) == "queued"
    await ordered.write(lambda connection: connection.execute("DROP TRIGGER full") and None)
    await work(ordered, keeper)
    assert (len(keeper.orders), state(ordered)) == (1, "done")


@pytest.mark.parametrize(("took_s", "fresh"), [(0.0, True), (1.0, True), (1.5, False)])
async def test_look_that_took_its_time_is_not_relied_on(
    ordered: House, keeper: FakeSampler, took_s: float, fresh: bool
) -> None:
    keeper.asking = lambda: ordered.clock.go(took_s)
    await work(ordered, keeper)
    assert keeper.seen == [READY if fresh else None]


# --- parallel bottles, per factor


async def test_parallel_bottles_are_each_a_row_and_a_report(house_with: Any) -> None:
    house = await house_with(sampler(factors={COD: {"bottles": 2}}))
    house.clock.go(HOUR + 10)
    await judged(house)
    keeper = FakeSampler()
    keeper.keep = lambda: replace(KEPT, others=(Filled(4, 480.0),))
    await work(house, keeper)
    assert keeper.wishes[0].bottles == 2
    assert house.rows("SELECT bottle, volume_ml FROM bottles ORDER BY id") == [
        (3, 500.0),
        (4, 480.0),
    ]
    assert [text for _, _, text in house.uploads("3015")] == [
        "DataTime=20260610110100;VaseNo=3",
        "DataTime=20260610110100;VaseNo=4",
    ]
    ((_, _, text),) = house.events("retention")
    assert json.loads(text)["bottles_kept"] == [3, 4]


async def test_threshold_of_its_own_keeps_a_bottle_below_the_limit(house_with: Any) -> None:
    house = await house_with(sampler(factors={COD: {"high": 40}}))
    await judged(house, replace(RESULT, value=45.0))
    assert house.events("exceedance") == []
    assert len(house.rows("SELECT id FROM actions")) == 1


async def test_threshold_above_the_limit_keeps_nothing_below_it(house_with: Any) -> None:
    house = await house_with(sampler(factors={COD: {"high": 80}}))
    await judged(house, replace(RESULT, value=61.5))
    assert len(house.events("exceedance")) == 1
    assert house.rows("SELECT id FROM actions") == []


async def test_threshold_needs_no_limit(house_with: Any) -> None:
    house = await house_with(sampler(factors={COD: {"high": 40}}), factor(COD, limits=[]))
    await judged(house, replace(RESULT, value=45.0))
    assert len(house.rows("SELECT id FROM actions")) == 1


async def test_synchronous_mode_keeps_what_the_analyzer_measured(house_with: Any) -> None:
    house = await house_with(sampler(factors={COD: {"every": True, "interval_min": 120}}))
    await judged(house, replace(RESULT, value=10.0))
    ((request,),) = house.rows("SELECT request FROM actions")
    assert json.loads(request)["mode"] == "synchronous"
    later = replace(
        RESULT, value=10.0, sampled_at=RESULT.sampled_at + HOUR, completed_at=T0 + 2 * HOUR
    )
    await judged(house, later)
    assert len(house.rows("SELECT id FROM actions")) == 1, "inside its interval"
    assert house.events("retention_blocked") == [], "nothing was exceeded: nothing to tell"


async def test_standard_check_that_was_ordered_blocks_and_says_so(house: House) -> None:
    def check(connection: sqlite3.Connection) -> None:
        number = actions.add(
            connection, ref="c", device="cod", kind="check", cause="rule", request={}, now=T0,
            not_after=T0 + 600,
        )  # fmt: skip
        actions.start(connection, number or 0, before=None, now=T0)

    await house.write(check)
    await judged(house)
    assert told(house, "retention_blocked") == ["standard check running"]
    assert house.rows("SELECT id FROM actions WHERE kind = 'retain'") == []


async def test_platform_of_2025_gets_a_report_by_the_command_it_named(house_with: Any) -> None:
    house = await house_with(destination(edition="hj212-2025", wire={"retained_cn": "3023"}))
    house.clock.go(HOUR + 10)
    await judged(house)
    keeper = FakeSampler()
    keeper.keep = lambda: KEPT
    await work(house, keeper)
    assert [text for _, _, text in house.uploads("3023")] == ["DataTime=20260610110100;VaseNo=3"]


# --- the whole way to the simulated sampler


async def test_simulated_sampler_busy_with_another_bottle_fills_the_next_one(
    house: House,
) -> None:
    station = Station(house, Habits())
    house.clock.go(HOUR + 10)
    await judged(house)
    station.dayue.retain(1, 1, kind=3)
    await station.work()
    assert told(house, "retention_blocked") == ["sampler busy: it is filling a bottle"]
    house.clock.go(60)
    await station.work()
    assert house.rows("SELECT bottle FROM bottles") == [(2,)]
    assert station.dayue.used == 2


async def test_simulated_sampler_keeps_two_parallel_bottles_once(house_with: Any) -> None:
    house = await house_with(sampler(bottles=2))
    station = Station(house, Habits())
    station.dayue.bottles[1] = 500
    house.clock.go(HOUR + 10)
    await judged(house)
    await station.work()
    await judged(house)
    await station.work()
    assert house.rows("SELECT bottle FROM bottles ORDER BY bottle") == [(3,), (4,)]
    assert len(station.wire.written) == 1
