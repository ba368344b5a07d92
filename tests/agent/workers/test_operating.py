"""Orders an instrument carries out: once, never late, and never called done without a proof."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from agent_fakes import EndOfScript
from agent_house import House
from agent_instrument import (
    COMMAND,
    IDLE,
    INTERVAL,
    MAINTENANCE,
    MEASURING,
    PROFILE,
    STANDARD,
    STATE,
    Analyzer,
    driven,
)

from agent.actions import DeviceActions
from agent.operating import operation_for
from agent.store import actions
from drivers.device import NoAnswer
from drivers.profile import load_profile

MEASURE: dict[str, Any] = {"operation": "measure", "arguments": {}}
SPAN: dict[str, Any] = {"operation": "standard", "arguments": {}}
CYCLE: dict[str, Any] = {"operation": "set_interval", "arguments": {"minutes": 120.0}}
SETTING: dict[str, Any] = {"parameter": "interval", "value": 120.0, "unit": "min"}


@pytest.fixture
def analyzer() -> Analyzer:
    return Analyzer()


def to_state(analyzer: Analyzer, number: int) -> Callable[[int, tuple[int, ...]], None]:
    def obey(start: int, values: tuple[int, ...]) -> None:
        if start == COMMAND:
            analyzer.put(STATE, [number])

    return obey


async def ordered(
    house: House, kind: str, request: Mapping[str, object], *, within_s: float = 600.0
) -> None:
    """Queue an order of the station st1."""
    now = house.clock.now()
    await house.write(
        lambda connection: actions.add(
            connection,
            ref=f"platform:st1:{kind}",
            device="cod",
            kind=kind,
            cause="platform",
            request={"outlet": "DW001", "station": "st1", **request},
            now=now,
            not_after=now + within_s,
        )
    )


async def work(house: House, analyzer: Analyzer, *, until_s: float = 0.0) -> None:
    """Let the analyzer's worker work until it has nothing to do, or for that long."""

    async def probe() -> Mapping[str, Any]:
        return {}

    house.bells.until = house.clock.now() + until_s if until_s else float("inf")
    worker = DeviceActions(
        "cod", None, probe, house.plan, house.store, house.clock, house.bells,
        driven(house, analyzer),
    )  # fmt: skip
    with pytest.raises(EndOfScript):
        await worker.run()


def row(house: House) -> tuple[str, dict[str, Any]]:
    """Give the state and the outcome of the only order."""
    ((state, outcome),) = house.rows("SELECT state, outcome FROM actions")
    return state, json.loads(outcome) or {}


def told(house: House) -> list[tuple[str, str, dict[str, Any]]]:
    rows = house.rows("SELECT who, what, detail FROM journal ORDER BY seq")
    return [(who, what, json.loads(detail)) for who, what, detail in rows]


# --- done only when it shows


async def test_measurement_is_done_when_the_state_shows_it(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.obey = to_state(analyzer, MEASURING)
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    assert row(house) == ("done", {"outcome": "done", "seen": "state 1"})
    assert analyzer.written == [(COMMAND, (1,))]
    ((who, what, detail),) = told(house)
    assert (who, what) == ("platform:st1", "measure done")
    assert (detail["device"], detail["operation"]) == ("cod", "measure")
    assert "commands:st1" in house.bells.rung


async def test_how_things_were_is_on_disk_before_anything_is_sent(
    house: House, analyzer: Analyzer
) -> None:
    seen = []

    def obey(start: int, values: tuple[int, ...]) -> None:
        seen.extend(house.rows("SELECT state, before FROM actions"))
        analyzer.put(STATE, [STANDARD])

    analyzer.obey = obey
    await ordered(house, "span", SPAN)
    await work(house, analyzer)
    ((state, before),) = seen
    assert (state, json.loads(before)["thing"]) == ("running", IDLE)


async def test_what_has_no_proof_is_done_as_far_as_acknowledged_and_says_so(
    house: House, analyzer: Analyzer
) -> None:
    await ordered(house, "schedule", CYCLE)
    await work(house, analyzer)
    state, outcome = row(house)
    assert (state, outcome["outcome"]) == ("done", "acknowledged")
    assert analyzer.written == [(COMMAND, (15, 120))]
    assert told(house)[0][2]["outcome"] == "acknowledged"


async def test_what_was_acknowledged_and_dropped_has_failed(
    house: House, analyzer: Analyzer
) -> None:
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    state, outcome = row(house)
    assert (state, outcome["outcome"]) == ("failed", "not shown")
    assert len(analyzer.written) == 1


async def test_what_was_under_way_before_shows_nothing_of_the_order(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.put(STATE, [MEASURING])
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    state, outcome = row(house)
    assert (state, outcome["outcome"]) == ("failed", "already")


async def test_instrument_that_would_drop_it_is_sent_nothing(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.put(STATE, [MAINTENANCE])
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    assert row(house)[0] == "refused"
    assert analyzer.written == []


async def test_operation_the_profile_does_not_have_is_refused(
    house: House, analyzer: Analyzer
) -> None:
    await ordered(house, "compare", {"operation": "sample", "arguments": {}})
    await work(house, analyzer)
    assert row(house)[0] == "refused"
    assert analyzer.written == []


# --- never late


async def test_order_past_its_deadline_is_not_sent(house: House, analyzer: Analyzer) -> None:
    await ordered(house, "measure", MEASURE, within_s=60)
    house.clock.go(61)
    await work(house, analyzer)
    assert row(house)[0] == "expired"
    assert (analyzer.written, analyzer.reads) == ([], 0)


async def test_deadline_that_passes_while_it_is_asked_keeps_the_order_back(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.on_read = lambda: house.clock.go(30)
    await ordered(house, "measure", MEASURE, within_s=20)
    await work(house, analyzer)
    assert row(house)[0] == "expired"
    assert analyzer.written == []


async def test_silent_instrument_is_ordered_when_it_is_back(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.silent = True
    analyzer.obey = to_state(analyzer, MEASURING)

    def back() -> None:
        analyzer.silent = False
        house.clock.go(10)

    house.bells.waits = [lambda: None, back, lambda: None]
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    assert row(house)[0] == "done"
    assert len(analyzer.written) == 1


async def test_instrument_that_stays_silent_is_never_ordered(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.silent = True
    await ordered(house, "measure", MEASURE, within_s=60)
    await work(house, analyzer, until_s=300)
    assert row(house)[0] == "expired"
    assert analyzer.written == []


async def test_clock_that_cannot_be_right_gives_no_order(house: House, analyzer: Analyzer) -> None:
    await ordered(house, "measure", MEASURE)
    house.clock.jump(-house.clock.now())
    await work(house, analyzer)
    assert row(house)[0] == "queued"
    assert analyzer.written == []


# --- never twice


async def test_lost_reply_is_settled_by_what_the_state_shows(
    house: House, analyzer: Analyzer
) -> None:
    def obey(start: int, values: tuple[int, ...]) -> None:
        analyzer.put(STATE, [MEASURING])
        raise NoAnswer("lost", sent=b"?")

    analyzer.obey = obey
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    assert row(house)[0] == "done"
    assert len(analyzer.written) == 1


async def test_what_nobody_can_say_is_unknown_and_said_once(
    house: House, analyzer: Analyzer
) -> None:
    def obey(start: int, values: tuple[int, ...]) -> None:
        analyzer.silent = True
        raise NoAnswer("lost", sent=b"?")

    analyzer.obey = obey
    await ordered(house, "measure", MEASURE)
    await work(house, analyzer)
    assert row(house)[0] == "unknown"
    assert house.one("SELECT finished_at FROM actions") is not None
    assert [what for _, what, _ in told(house)] == ["measure unknown"]
    assert len(analyzer.written) == 1


async def killed(house: House, analyzer: Analyzer, kind: str, request: dict[str, Any]) -> None:
    """Let the process die as the order goes out, and begin again."""

    def die(start: int, values: tuple[int, ...]) -> None:
        raise EndOfScript

    analyzer.obey = die
    await ordered(house, kind, request)
    await work(house, analyzer)
    assert row(house)[0] == "running"
    assert await house.write(actions.doubt_running) == 1
    analyzer.obey = lambda start, values: None


async def test_order_cut_off_by_a_restart_is_settled_from_the_state(
    house: House, analyzer: Analyzer
) -> None:
    await killed(house, analyzer, "span", SPAN)
    analyzer.put(STATE, [STANDARD])
    await work(house, analyzer)
    assert row(house) == ("done", {"outcome": "done", "seen": "state 9"})
    assert len(analyzer.written) == 1


async def test_order_cut_off_without_a_proof_is_told_as_unknown_and_not_repeated(
    house: House, analyzer: Analyzer
) -> None:
    await killed(house, analyzer, "schedule", CYCLE)
    await work(house, analyzer)
    assert row(house)[0] == "unknown"
    assert [what for _, what, _ in told(house)] == ["schedule unknown"]
    assert len(analyzer.written) == 1
    await work(house, analyzer)
    assert len(told(house)) == 1


async def test_state_that_has_gone_by_proves_nothing_after_a_restart(
    house: House, analyzer: Analyzer
) -> None:
    await killed(house, analyzer, "measure", MEASURE)
    house.clock.go(7200)
    await work(house, analyzer)
    assert row(house)[0] == "unknown"


# --- parameters


async def test_parameter_is_read_back_and_journalled_with_old_and_new(
    house: House, analyzer: Analyzer
) -> None:
    analyzer.obey = analyzer.put
    await ordered(house, "set_parameter", SETTING)
    await work(house, analyzer)
    assert row(house) == ("done", {"outcome": "read back", "old": 60.0, "new": 120.0})
    assert analyzer.written == [(INTERVAL, (120,))]
    ((who, what, detail),) = told(house)
    assert (who, what) == ("platform:st1", "set_parameter done")
    assert (detail["parameter"], detail["old"], detail["new"]) == ("interval", 60.0, 120.0)


async def test_parameter_that_reads_back_something_else_has_failed(
    house: House, analyzer: Analyzer
) -> None:
    await ordered(house, "set_parameter", SETTING)
    await work(house, analyzer)
    assert row(house)[0] == "failed"
    assert len(analyzer.written) == 1


@pytest.mark.parametrize(("there", "end"), [(120, "done"), (60, "failed")])
async def test_parameter_cut_off_by_a_restart_is_settled_from_the_instrument(
    house: House, analyzer: Analyzer, there: int, end: str
) -> None:
    await killed(house, analyzer, "set_parameter", SETTING)
    analyzer.put(INTERVAL, [there])
    await work(house, analyzer)
    assert row(house)[0] == end
    assert len(analyzer.written) == 1


# --- which operation an order is


def test_operation_that_its_source_only_guesses_is_not_ordered() -> None:
    profile = load_profile(PROFILE)
    guessed = profile.operations["measure"].model_copy(update={"confirmed": False})
    doubtful = profile.model_copy(update={"operations": {"measure": guessed}})
    assert operation_for(profile, "measure", {}) == "measure"
    assert operation_for(doubtful, "measure", {}) is None


def test_operation_that_wants_to_know_more_is_not_ordered_without_it() -> None:
    profile = load_profile(PROFILE)
    assert operation_for(profile, "schedule", {}) is None
    assert operation_for(profile, "schedule", {"minutes": 60.0}) == "set_interval"


def test_zero_of_a_wet_chemical_analyzer_is_its_blank() -> None:
    assert operation_for(load_profile(PROFILE), "zero", {}) == "blank"
    assert operation_for(load_profile("gas/thermo-43i-clink"), "zero", {}) == "zero"
