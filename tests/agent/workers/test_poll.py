"""The polling of one bus: what is asked when, what a cycle leaves behind, in one commit."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import Answer, EndOfScript, FakeDevice
from agent_house import House
from agent_site import COD, HOUR, MINUTE, PH, T0, factor, plan_with

from agent.poll import BEAT_S, BusPoll
from agent.store import samples
from agent.store.db import Store
from drivers.device import BadAnswer, Cause, NoAnswer, Reading, Refused

LEAD = "w20120"


def said(
    house: House,
    point: str,
    value: float | None,
    *,
    unit: str = "",
    cause: Cause = Cause.NORMAL,
    measured_at: float | None = None,
) -> Callable[[], list[Reading]]:
    """Give what an instrument says of one point, at the time it is asked."""

    def answer() -> list[Reading]:
        now = house.clock.now()
        return [Reading(point, value, unit, now, cause, measured_at=measured_at)]

    return answer


def cod(house: House, value: float, measured_at: float, **more: Any) -> Callable[[], list[Reading]]:
    return said(house, COD, value, unit="mg/L", measured_at=measured_at, **more)


def poll_of(house: House, *devices: FakeDevice, period_s: float = 10.0) -> BusPoll:
    async def flush() -> None:
        for _ in range(3):  # lets the cycles reach the writer, and hear that they are on disk
            await asyncio.sleep(0)
            await house.store.write(lambda _: None)

    for device in devices:
        device.at_the_end = flush
    return BusPoll(
        "net1",
        [(device, period_s) for device in devices],
        plan=house.plan,
        names=house.names,
        store=house.store,
        clock=house.clock,
        time=house.time,
        bells=house.bells,
        metrics=house.metrics,
    )


async def play(house: House, *devices: FakeDevice, period_s: float = 10.0) -> BusPoll:
    """Poll until the first device has said all it has to say."""
    poll = poll_of(house, *devices, period_s=period_s)
    try:
        await poll.run()
    except* EndOfScript:
        pass
    return poll


def stored(house: House, code: str) -> list[tuple[float, float | None, Cause]]:
    with sqlite3.connect(house.store.path) as connection:
        found = samples.between(connection, 0, 2**33, outlet="DW001", names=house.names)
    connection.close()
    return [(one.at - T0, one.value, one.cause) for one in found.get(code, [])]


def results(house: House) -> list[tuple[float, float, float | None, str]]:
    rows = house.rows("SELECT sampled_at, completed_at, value, cause FROM measurements ORDER BY id")
    return [(row[0] - T0, row[1] - T0, *row[2:]) for row in rows]


@pytest.fixture
async def trusted(house: House) -> House:
    await house.time.look()
    return house


# --- asking


async def test_device_is_asked_at_its_fixed_rate(trusted: House) -> None:
    asked: list[float] = []

    def answer() -> list[Reading]:
        asked.append(trusted.clock.now() - T0)
        trusted.clock.go(0.7)
        return [Reading(PH, 7.0, "", trusted.clock.now())]

    await play(trusted, FakeDevice("ph", *[answer] * 4))
    assert asked == pytest.approx([0, 10, 20, 30])
    assert [at for at, *_ in stored(trusted, PH)] == pytest.approx([0.7, 10.7, 20.7, 30.7])


async def test_lines_that_begin_at_odd_moments_ask_on_one_beat(trusted: House) -> None:
    asked: list[float] = []

    def answer() -> list[Reading]:
        asked.append(trusted.clock.monotonic())
        return [Reading(PH, 7.0, "", trusted.clock.now())]

    for odd_s in (0.07, 0.11, 0.2):
        trusted.clock.go(odd_s)
        await play(trusted, FakeDevice("ph", answer))
    assert [at % BEAT_S for at in asked] == pytest.approx([0.0] * 3, abs=1e-6)


async def test_cycles_that_came_too_late_are_skipped_and_not_hurried_after(trusted: House) -> None:
    asked: list[float] = []

    def answer(takes_s: float) -> Callable[[], list[Reading]]:
        def answer() -> list[Reading]:
            asked.append(trusted.clock.now() - T0)
            trusted.clock.go(takes_s)
            return [Reading(PH, 7.0, "", trusted.clock.now())]

        return answer

    await play(trusted, FakeDevice("ph", answer(35), answer(0), answer(0), answer(0)))
    assert asked == [0, 35, 40, 50]


async def test_step_of_the_wall_clock_does_not_change_the_rate(trusted: House) -> None:
    asked: list[float] = []

    def answer() -> list[Reading]:
        asked.append(trusted.clock.monotonic())
        trusted.clock.jump(-HOUR if len(asked) == 1 else HOUR)
        return [Reading(PH, 7.0, "", trusted.clock.now())]

    await play(trusted, FakeDevice("ph", *[answer] * 3))
    assert [at - asked[0] for at in asked] == [0, 10, 20]


# --- one cycle


async def test_silent_device_leaves_absent_samples_and_its_neighbours_alone(trusted: House) -> None:
    silent = FakeDevice("ph", NoAnswer("ph: silent"), NoAnswer("ph: silent"))
    flow = FakeDevice("flow", *[said(trusted, "w00000", 2.5, unit="L/s")] * 2)
    await play(trusted, silent, flow)
    assert stored(trusted, PH) == [(0, None, Cause.NO_LINK), (10, None, Cause.NO_LINK)]
    assert stored(trusted, "w00000") == [(0, 2.5, Cause.NORMAL), (10, 2.5, Cause.NORMAL)]


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (NoAnswer("silent"), Cause.NO_LINK),
        (BadAnswer("garbage"), Cause.NO_LINK),
        (Refused("busy", code=6), Cause.FAULT),
    ],
)
async def test_device_error_is_a_sample_without_value_and_with_its_cause(
    trusted: House, error: Answer, cause: Cause
) -> None:
    poll = await play(trusted, FakeDevice("ph", error))
    assert stored(trusted, PH) == [(0, None, cause)]
    (state,) = poll.states
    assert (state.ok, state.cause, state.last_good_at) == (False, str(error), None)


async def test_all_points_of_one_answer_are_one_row(trusted: House) -> None:
    both = factor("w01010", device="ph")
    house = await House.on(trusted.store, plan_with(both), clock=trusted.clock)
    await house.time.look()
    now = house.clock.now()
    answer = [Reading(PH, 7.0, "", now), Reading("w01010", 21.5, "degC", now)]
    await play(house, FakeDevice("ph", answer))
    assert house.one("SELECT count(*) FROM samples") == 1
    assert stored(house, "w01010") == [(0, 21.5, Cause.NORMAL)]


async def test_value_beyond_the_range_is_kept_with_its_cause(trusted: House) -> None:
    house = await House.on(trusted.store, plan_with(factor(PH, range=[0, 14])), clock=trusted.clock)
    await house.time.look()
    await play(house, FakeDevice("ph", said(house, PH, 14.5)))
    assert stored(house, PH) == [(0, 14.5, Cause.OVER_RANGE)]


async def test_point_that_no_factor_takes_is_not_stored(trusted: House) -> None:
    now = trusted.clock.now()
    await play(trusted, FakeDevice("ph", [Reading("w01010", 21.5, "degC", now)]))
    assert stored(trusted, "w01010") == []


async def test_busy_instrument_runs_and_is_not_without_power(trusted: House) -> None:
    await trusted.begin()
    both = FakeDevice("ph", *[[]] * 7), FakeDevice("cod", *[[]] * 7)
    poll = await play(trusted, *both)
    assert stored(trusted, PH)[:2] == [(0, None, Cause.FAULT), (10, None, Cause.FAULT)]
    assert stored(trusted, COD)[:1] == [(0, None, Cause.NORMAL)], "it has no result to give yet"
    seen = {state.id: (state.ok, state.cause) for state in poll.states}
    assert seen == {"ph": (False, "busy"), "cod": (True, "busy")}
    await trusted.close_at(T0 + 65)
    assert [row[3] for row in trusted.statistics("1m", PH)] == ["fault"]


async def test_result_shown_before_stands_to_be_seen_while_its_analyzer_is_at_work(
    trusted: House,
) -> None:
    await trusted.begin()
    last = T0 - 300
    device = FakeDevice("cod", cod(trusted, 31.5, last), [], [])
    (state,) = (await play(trusted, device)).states
    assert (state.ok, state.cause) == (True, "busy")
    assert [(one.value, one.measured_at, one.reason) for one in state.readings] == [
        (31.5, last, "busy")
    ]
    assert state.last_good_at == T0, "it was not measured anew"
    assert [value for _, value, _ in stored(trusted, COD)][1:] == [None, None]


async def test_silent_analyzer_shows_no_result_of_before(trusted: House) -> None:
    await trusted.begin()
    device = FakeDevice("cod", cod(trusted, 31.5, T0 - 300), [], NoAnswer("silent"), [])
    (state,) = (await play(trusted, device)).states
    assert [one.value for one in state.readings] == [None]


async def test_point_that_was_busy_is_absent_and_its_neighbour_is_not(trusted: House) -> None:
    house = await House.on(
        trusted.store, plan_with(factor("w01010", device="ph")), clock=trusted.clock
    )
    await house.time.look()
    await play(house, FakeDevice("ph", said(house, PH, 7.0)))
    assert stored(house, PH) == [(0, 7.0, Cause.NORMAL)]
    assert stored(house, "w01010") == [(0, None, Cause.FAULT)]


async def test_change_of_state_is_logged_once(
    trusted: House, caplog: pytest.LogCaptureFixture
) -> None:
    well = said(trusted, PH, 7.0)
    with caplog.at_level(logging.INFO, "agent.device_state"):
        device = FakeDevice("ph", well, well, *[NoAnswer("silent")] * 3, well)
        poll = await play(trusted, device)
    assert [record.getMessage() for record in caplog.records] == [
        "ph: answers",
        "ph: silent",
        "ph: answers",
    ]
    (state,) = poll.states
    assert (state.ok, state.cause, state.last_good_at) == (True, "", T0 + 50)


async def test_device_without_factors_shows_its_trouble_too(trusted: House) -> None:
    poll = await play(trusted, FakeDevice("sampler", NoAnswer("sampler: silent")))
    (state,) = poll.states
    assert (state.ok, state.cause) == (False, "sampler: silent")


async def test_readings_are_counted(trusted: House) -> None:
    await play(trusted, FakeDevice("ph", said(trusted, PH, 7.0), NoAnswer("silent")))
    text = trusted.metrics.text()
    assert 'paikou_readings_total{device="ph"} 1.0' in text
    assert 'paikou_absent_readings_total{device="ph"} 1.0' in text
    assert 'paikou_poll_cycles_total{bus="net1"} 2.0' in text


# --- results of batch analyzers


async def test_result_is_taken_once_by_its_own_time(trusted: House) -> None:
    first, second = T0 - 20 * MINUTE, T0 + 5
    device = FakeDevice(
        "cod",
        *[cod(trusted, 41.0, first)] * 3,
        NoAnswer("silent"),
        cod(trusted, 41.0, first),
        cod(trusted, 41.0, second),
        cod(trusted, 41.0, second),
    )
    await play(trusted, device)
    assert results(trusted) == [
        (-2 * HOUR, -20 * MINUTE, 41.0, "normal"),
        (-HOUR, 5, 41.0, "normal"),
    ]
    states = stored(trusted, COD)
    assert {value for _, value, _ in states} == {None}, "a poll must not repeat a standing result"
    assert [cause for *_, cause in states].count(Cause.NO_LINK) == 1


async def test_result_forty_minutes_late_is_of_the_hour_whose_water_it_was(trusted: House) -> None:
    completed = T0 + HOUR + 40 * MINUTE
    trusted.clock.go(HOUR + 40 * MINUTE + 8)
    await play(trusted, FakeDevice("cod", cod(trusted, 41.0, completed)))
    assert results(trusted) == [(0, HOUR + 40 * MINUTE, 41.0, "normal")]


async def test_standing_result_is_not_new_after_a_restart(trusted: House) -> None:
    for _ in range(2):
        await play(trusted, FakeDevice("cod", *[cod(trusted, 61.0, T0 - 60)] * 2))
    assert len(results(trusted)) == 1
    assert trusted.one("SELECT count(*) FROM actions") == 1


async def test_result_in_calibration_keeps_that_cause(trusted: House) -> None:
    answer = cod(trusted, 500.0, T0 - 60, cause=Cause.CALIBRATION)
    await play(trusted, FakeDevice("cod", answer))
    assert results(trusted) == [(-2 * HOUR, -60, 500.0, "calibration")]


def altered(house: House) -> list[tuple[float, float, float]]:
    """Give what analyzers told otherwise: when it was noted, both values."""
    found = house.events("result_changed")
    details = [(at, json.loads(detail)) for at, _, detail in found]
    return [(at - T0, one["old"], one["new"]) for at, one in details]


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ([41.0, 41.0, 41.0], []),
        ([41.0, 38.0, 41.0, 41.0], []),
        ([41.0, 38.0, 37.0, 41.0], []),
        ([41.0, 38.0, 41.0, 38.0, 41.0], []),
        ([41.0, 41.0, 38.0, 38.0, 38.0, 38.0], [(30, 41.0, 38.0)]),
        ([41.0, 38.0, 38.0, 41.0, 41.0, 38.0, 38.0], [(20, 41.0, 38.0)]),
    ],
    ids=str,
)
async def test_af_08_result_told_otherwise_is_one_event_when_two_polls_in_a_row_read_it(
    trusted: House, shown: list[float], told: list[tuple[float, float, float]]
) -> None:
    await play(trusted, FakeDevice("cod", *(cod(trusted, value, T0 - 60) for value in shown)))
    assert altered(trusted) == told
    assert results(trusted) == [(-2 * HOUR, -60, 41.0, "normal")], "it stays as it was stored"


@pytest.mark.parametrize(("polls", "events"), [(1, 0), (2, 1), (3, 1)])
async def test_af_08_result_told_otherwise_after_a_restart_needs_two_polls_too(
    trusted: House, polls: int, events: int
) -> None:
    await play(trusted, FakeDevice("cod", *[cod(trusted, 41.0, T0 - 60)] * 2))
    await play(trusted, FakeDevice("cod", *[cod(trusted, 38.0, T0 - 60)] * polls))
    assert len(altered(trusted)) == events


async def test_af_08_poll_that_read_no_result_does_not_part_two_that_did(trusted: House) -> None:
    first, other = cod(trusted, 41.0, T0 - 60), cod(trusted, 38.0, T0 - 60)
    await play(trusted, FakeDevice("cod", first, other, NoAnswer("silent"), [], other))
    assert [values for _, *values in altered(trusted)] == [[41.0, 38.0]]


async def test_af_08_older_result_that_is_shown_again_is_compared(trusted: House) -> None:
    old, new = T0 - HOUR - 60, T0 - 60
    course = [cod(trusted, 41.0, old), cod(trusted, 44.0, new), *[cod(trusted, 38.0, old)] * 2]
    await play(trusted, FakeDevice("cod", *course))
    assert [values for _, *values in altered(trusted)] == [[41.0, 38.0]]
    assert len(results(trusted)) == 2


async def test_af_08_what_stands_there_in_calibration_is_compared_when_it_has_ended(
    trusted: House,
) -> None:
    other = cod(trusted, 38.0, T0 - 60)
    during = [cod(trusted, 38.0, T0 - 60, cause=Cause.CALIBRATION)] * 3
    await play(trusted, FakeDevice("cod", cod(trusted, 41.0, T0 - 60), *during, other))
    assert altered(trusted) == [(40, 41.0, 38.0)]


async def test_af_08_result_that_goes_on_standing_is_looked_up_once(trusted: House) -> None:
    poll = poll_of(trusted, FakeDevice("cod", *[cod(trusted, 41.0, T0 - 60)] * 4))
    cycles = [await poll._ask(poll._due[0]) for _ in range(4)]
    assert [len(cycle.results) for cycle in cycles] == [1, 0, 0, 0]
    assert [len(cycle.again) for cycle in cycles] == [0, 1, 0, 0]


async def test_result_of_one_analyzer_is_that_of_each_outlet_that_names_it(store: Store) -> None:
    def second(site: dict[str, Any]) -> None:
        site["outlets"].append(
            {"id": "DW002", "medium": "water", "factors": {COD: {"device": "cod"}}}
        )

    house = await House.on(store, plan_with(second))
    await house.time.look()
    await play(house, FakeDevice("cod", *[cod(house, 41.0, T0 - 60)] * 3))
    assert [row[2] for row in results(house)] == [41.0, 41.0]


async def test_result_and_all_that_follows_from_it_are_one_commit(trusted: House) -> None:
    statements: list[str] = []
    await trusted.write(lambda connection: connection.set_trace_callback(statements.append))
    await play(trusted, FakeDevice("cod", cod(trusted, 61.0, T0 - 60)))
    commits = "\n".join(statements).split("COMMIT")
    (own,) = [text for text in commits if "INTO measurements" in text]
    for table in ("samples", "events", "actions", "outbox", "journal"):
        assert f"INTO {table} " in own, table
    (request,) = (json.loads(text) for (text,) in trusted.rows("SELECT request FROM actions"))
    assert (request["sampled_at"], request["value"], request["limit"]) == (T0 - 2 * HOUR, 61.0, 50)
    assert "actions:sampler" in trusted.bells.rung
    assert "outbox:st1" in trusted.bells.rung


def untimed_lead(site: dict[str, Any]) -> None:
    """An analyzer that tells no time, in another unit than the wire's."""
    device = {**site["devices"][2], "id": "lead", "profile": "metals/ruiquan-metals"}
    site["devices"].append({**device, "address": 7})
    site["outlets"][0]["factors"][LEAD] = {"device": "lead", "point": "metal"}


@pytest.fixture
async def lead_house(store: Store) -> House:
    house = await House.on(store, plan_with(untimed_lead))
    await house.time.look()
    return house


def lead(house: House, value: float) -> Callable[[], list[Reading]]:
    return said(house, "metal", value, unit="mg/L")


async def test_result_without_time_is_new_when_its_value_changes(lead_house: House) -> None:
    house = lead_house
    device = FakeDevice("lead", *(lead(house, value) for value in (0.5, 0.5, 0.6, 0.6, 0.5)))
    await play(house, device)
    assert [row[:3] for row in results(house)] == [
        (-HOUR, 20, 600.0),
        (-HOUR, 40, 500.0),
    ], "what stood there at first is of an unknown hour"


async def test_poll_that_failed_does_not_hide_a_changed_value(lead_house: House) -> None:
    house = lead_house
    await play(house, FakeDevice("lead", lead(house, 0.5), NoAnswer("silent"), lead(house, 0.6)))
    assert [row[1:3] for row in results(house)] == [(20, 600.0)]


async def test_value_that_changed_while_nobody_looked_for_a_cycle_is_of_an_unknown_hour(
    lead_house: House,
) -> None:
    house = lead_house
    silence = [NoAnswer("silent")] * 3
    device = FakeDevice("lead", lead(house, 0.5), *silence, lead(house, 0.6), lead(house, 0.7))
    await play(house, device, period_s=20.0 * MINUTE)
    assert [row[2] for row in results(house)] == [700.0]


async def test_restart_does_not_make_a_new_result_of_the_standing_one(lead_house: House) -> None:
    house = lead_house
    await play(house, FakeDevice("lead", lead(house, 0.5), lead(house, 0.6)))
    await play(house, FakeDevice("lead", lead(house, 0.6), lead(house, 0.6)))
    assert [row[2] for row in results(house)] == [600.0]


async def test_result_that_came_during_a_restart_is_not_lost(lead_house: House) -> None:
    house = lead_house
    await play(house, FakeDevice("lead", lead(house, 0.5), lead(house, 0.6)))
    house.clock.go(60)
    await play(house, FakeDevice("lead", lead(house, 0.7)))
    assert [row[2] for row in results(house)] == [600.0, 700.0]


async def test_result_that_came_while_off_for_hours_is_of_an_unknown_hour(
    lead_house: House,
) -> None:
    house = lead_house
    await play(house, FakeDevice("lead", lead(house, 0.5), lead(house, 0.6)))
    house.clock.go(3 * HOUR)
    await play(house, FakeDevice("lead", lead(house, 0.7), lead(house, 0.8)))
    assert [row[2] for row in results(house)] == [600.0, 800.0]


# --- limits on a continuous instrument


async def limited(store: Store, **limit: object) -> House:
    limits = [{"high": 9, "on": "measurement", **limit}]
    house = await House.on(store, plan_with(factor(PH, limits=limits)))
    await house.time.look()
    return house


async def test_values_in_a_row_make_an_exceedance_and_order_one_bottle(store: Store) -> None:
    house = await limited(store, rows=3, retain=True)
    course = [9.5, 9.6, 7.0, 9.5, 9.6, 9.7, 9.8, 9.9]
    await play(house, FakeDevice("ph", *(said(house, PH, value) for value in course)))
    assert [(at - T0, ended) for at, ended, _ in house.events("exceedance")] == [(50, None)]
    detail = json.loads(house.events("exceedance")[0][2])
    assert (detail["state"]["rows"], detail["state"]["worst"]) == (5, 9.9)
    assert house.rows("SELECT ref FROM actions") == [(f"retain:DW001:{PH}:{int(T0)}",)]


async def test_value_within_the_limit_ends_the_exceedance(store: Store) -> None:
    house = await limited(store)
    course = [9.5, 9.0, 9.5]
    await play(house, FakeDevice("ph", *(said(house, PH, value) for value in course)))
    times = [(at - T0, ended and ended - T0) for at, ended, _ in house.events("exceedance")]
    assert times == [(0, 10), (20, None)]
    notices = [json.loads(text)["state"] for _, _, text in house.uploads("event")]
    assert notices == ["opened", "closed", "opened"]


async def test_absent_value_neither_counts_nor_ends_a_row(store: Store) -> None:
    house = await limited(store, rows=2)
    over = said(house, PH, 9.5)
    await play(house, FakeDevice("ph", over, NoAnswer("silent"), over))
    assert len(house.events("exceedance")) == 1


# --- before the clock is trusted


@pytest.fixture
async def early(store: Store) -> House:
    """The house in 1970, as a machine without a battery begins."""
    house = await House.on(store, plan_with(factor(PH, limits=[{"high": 9, "on": "measurement"}])))
    house.clock.jump(5.0 - house.clock.now())
    house.clock.step()
    await house.time.look()
    return house


async def test_samples_before_the_clock_is_trusted_get_their_time_when_it_is(early: House) -> None:
    await play(early, FakeDevice("ph", said(early, PH, 9.5), said(early, PH, 9.6)))
    assert early.one("SELECT count(*) FROM samples") == 0
    assert early.one("SELECT count(*) FROM untimed") == 2
    assert early.events("exceedance") == [], "no rule under a false time"
    assert early.rows("SELECT * FROM outbox") == []
    early.clock.jump(T0 + 10 - early.clock.now())
    await early.time.look()
    assert [(at, value) for at, value, _ in stored(early, PH)] == [(-10, 9.5), (0, 9.6)]
    assert early.one("SELECT count(*) FROM untimed") == 0


async def test_result_seen_before_the_clock_is_trusted_is_not_lost(early: House) -> None:
    def trusted_now() -> list[Reading]:
        early.clock.jump(T0 - early.clock.now())
        return cod(early, 41.0, T0 - 60)()

    device = FakeDevice("cod", cod(early, 41.0, T0 - 60), trusted_now, cod(early, 41.0, T0 - 60))
    poll = poll_of(early, device)
    await keep(poll, 1)
    assert results(early) == []
    await keep(poll, 1)
    await early.time.look()
    await keep(poll, 1)
    assert [row[:3] for row in results(early)] == [(-2 * HOUR, -60, 41.0)]


async def test_each_dated_result_from_before_the_clock_was_trusted_is_judged_then(
    early: House,
) -> None:
    seen = [T0 - 2 * HOUR, T0 - HOUR, T0 - 60]
    course = [cod(early, 41.0 + 10 * n, at) for n, at in enumerate(seen) for _ in range(2)]
    device = FakeDevice("cod", *course, course[-1])
    poll = poll_of(early, device)
    for _ in course:
        await keep(poll, 1)
        early.clock.go(10)
    assert results(early) == []
    early.clock.jump(T0 - early.clock.now())
    await early.time.look()
    await keep(poll, 1)
    assert [row[1:] for row in results(early)] == [
        (-2 * HOUR, 41.0, "normal"),
        (-HOUR, 51.0, "normal"),
        (-60, 61.0, "normal"),
    ]
    received = early.rows("SELECT received_at FROM measurements ORDER BY id")
    assert [at - T0 for (at,) in received] == pytest.approx([-60, -40, -20]), "when first seen"
    assert len(early.events("exceedance")) == 1


async def test_results_that_wait_for_a_trusted_clock_are_bounded(early: House) -> None:
    device = FakeDevice("cod", *(cod(early, 41.0, T0 - at * 60.0) for at in range(300, 0, -1)))
    poll = poll_of(early, device)
    for _ in range(300):
        await poll._ask(poll._due[0])
    held = poll._due[0].results.before().held
    assert len(held) == 100
    assert held[-1].reading.measured_at == T0 - 60


async def keep(poll: BusPoll, cycles: int) -> None:
    for _ in range(cycles):
        await stored_at_once(poll, await poll._ask(poll._due[0]))


async def stored_at_once(poll: BusPoll, cycle: Any) -> None:
    """Let a cycle go to disk with a job that does not wait for company."""
    await poll._slots.acquire()
    kept = asyncio.ensure_future(poll._keep(cycle))
    await asyncio.sleep(0)
    await poll._store.write(lambda _: None)
    await kept


async def test_cycle_that_waits_for_the_disk_while_the_clock_comes_right_gets_its_time(
    early: House,
) -> None:
    poll = poll_of(early, FakeDevice("ph", said(early, PH, 7.0)))
    cycle = await poll._ask(poll._due[0])
    early.clock.go(3)
    early.clock.jump(T0 - early.clock.now())
    await early.time.look()
    await stored_at_once(poll, cycle)
    assert stored(early, PH) == [(-3, 7.0, Cause.NORMAL)]
    assert early.one("SELECT count(*) FROM untimed") == 0


# --- a full disk


def fill_measurements(connection: sqlite3.Connection) -> None:
    """Fill the last page that has room for a result, and let the file not grow any more."""
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    for number in range(1000):
        connection.execute("SAVEPOINT one")
        try:
            connection.execute(
                "INSERT INTO measurements (series, device, sampled_at, completed_at, received_at,"
                " cause) VALUES (999, 1, 0, ?, 0, 'normal')",
                (number,),
            )
        except sqlite3.OperationalError:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            return
        connection.execute("RELEASE one")


@pytest.mark.parametrize("timed", [True, False])
async def test_result_that_found_no_room_is_taken_again(directory: Path, timed: bool) -> None:
    async with Store(directory, ballast_mb=0) as store:
        house = await House.on(store, plan_with(untimed_lead))
        await house.time.look()
        if timed:
            device = FakeDevice("cod", *[cod(house, 41.0, T0 - 60)] * 2)
        else:
            device = FakeDevice("lead", *(lead(house, value) for value in (0.5, 0.041, 0.041)))
        poll = poll_of(house, device)
        if not timed:
            await keep(poll, 1)
        writer = store._writer
        assert writer is not None
        fill_measurements(writer)
        await keep(poll, 1)
        assert house.one("SELECT count(*) FROM measurements WHERE value >= 41.0") == 0
        assert 'paikou_dropped_rows_total{what="samples"} 1.0' in house.metrics.text()
        writer.execute("PRAGMA max_page_count = 100000")
        await keep(poll, 1)
        assert house.one("SELECT count(*) FROM measurements WHERE value >= 41.0") == 1


async def test_results_that_waited_for_a_trusted_clock_wait_for_room_too(directory: Path) -> None:
    async with Store(directory, ballast_mb=0) as store:
        house = await House.on(store, plan_with())
        await house.time.look()
        house.time.trusted = False
        seen = [T0 - HOUR, T0 - 60, T0 - 60, T0 - 60]
        poll = poll_of(house, FakeDevice("cod", *(cod(house, 41.0, at) for at in seen)))
        await keep(poll, 2)
        await house.time.look()
        writer = store._writer
        assert writer is not None
        fill_measurements(writer)
        await keep(poll, 1)
        assert house.one("SELECT count(*) FROM measurements WHERE value = 41.0") == 0
        writer.execute("PRAGMA max_page_count = 100000")
        await keep(poll, 1)
        assert house.one("SELECT count(*) FROM measurements WHERE value = 41.0") == 2
