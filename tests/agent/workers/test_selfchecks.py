"""Checks that instruments make of themselves: verdict, report 2062, stretches out of control."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, HOUR, T0, Change, destination, factor

from agent.control import CONTROL, all_stretches, settle_control
from agent.parameters import note
from agent.store import actions, checks
from agent.store.checks import CheckRecord
from agent.substitution import Verdict
from drivers.parameters import CheckResult, ParameterValue
from protocols.hj212.times import wire_time

Builder = Callable[..., Awaitable[House]]
NOMINAL = factor(COD, references={"standard": 100})
NEW = destination(edition="hj212-2025")


def result(value: float, at: float | None = T0, **more: Any) -> CheckResult:
    return CheckResult("standard", value, "mg/L", at, **more)


async def heard(house: House, *results: CheckResult, own: float | None = None) -> None:
    said = [] if own is None else [ParameterValue("check_standard", own, "mg/L")]
    now = house.clock.now()
    await house.write(lambda one: note(one, house.plan, "cod", (said, results), now=now))


def stored(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT factor, kind, end, reading, nominal, verdict FROM checks ORDER BY id")


async def test_result_is_judged_against_the_nominal_of_the_site_file(house_with: Builder) -> None:
    house = await house_with(NOMINAL)
    await heard(house, result(108.0), result(88.9, T0 + HOUR / 6))
    assert stored(house) == [
        (COD, "standard", T0, 108.0, 100.0, "pass"),
        (COD, "standard", T0 + HOUR // 6, 88.9, 100.0, "fail"),
    ]
    await heard(house, result(108.0))
    assert len(stored(house)) == 2, "told twice it is one check"


async def test_instruments_own_standard_stands_in_where_the_file_has_none(house: House) -> None:
    await heard(house, result(45.0), own=50.0)
    assert stored(house) == [(COD, "standard", T0, 45.0, 50.0, "pass")]


async def test_what_cannot_be_judged_stays_what_the_instrument_said(house: House) -> None:
    await heard(house, result(45.0), CheckResult("blank", 0.1, "mg/L", T0))
    assert stored(house) == []
    assert house.one("SELECT count(*) FROM device_checks") == 2


@pytest.mark.parametrize("more", [{"at": T0 + HOUR}, {"unit": "mV"}, {"value": None}])
async def test_check_of_no_known_time_unit_or_value_is_not_judged(
    house_with: Builder, more: dict[str, Any]
) -> None:
    house = await house_with(NOMINAL)
    said = {"kind": "standard", "value": 45.0, "unit": "mg/L", "at": T0, **more}
    await heard(house, CheckResult(**said))
    assert stored(house) == []


async def test_undated_result_counts_from_the_second_reading_on(house_with: Builder) -> None:
    house = await house_with(NOMINAL)
    await heard(house, result(101.0, None))
    assert stored(house) == [], "what stood there at first is of any time"
    house.clock.go(HOUR)
    await heard(house, result(101.0, None))
    await heard(house, result(99.0, None))
    assert stored(house) == [(COD, "standard", T0 + HOUR, 99.0, 100.0, "pass")]


async def test_analyzers_own_verdict_is_kept_beside_ours(house: House) -> None:
    await heard(house, result(60.0, nominal=50.0, passed=True, point="w01018"))
    assert stored(house) == [(COD, "standard", T0, 60.0, 50.0, "fail")]
    detail = json.loads(house.one("SELECT detail FROM checks"))
    assert detail == {"device": "cod", "instrument": "pass"}
    await heard(house, result(60.0, T0 + 60, nominal=50.0, passed=True, point="w99999"))
    assert len(stored(house)) == 1, "another point is none of ours"


async def test_result_of_an_order_says_so_and_began_with_it(house_with: Builder) -> None:
    house = await house_with(NOMINAL)

    def ordered(one: sqlite3.Connection) -> None:
        number = actions.add(
            one, ref="3024:1", device="cod", kind="check", cause="platform", request={},
            now=T0 - 900, not_after=T0,
        )  # fmt: skip
        assert number is not None
        actions.start(one, number, before=None, now=T0 - 600, mono=0.0)

    await house.write(ordered)
    await heard(house, result(101.0))
    assert house.rows("SELECT start, end FROM checks") == [(T0 - 600, T0)]
    assert json.loads(house.one("SELECT detail FROM checks"))["order"] == "3024:1"


async def test_check_is_reported_as_2062_where_the_edition_has_it(house_with: Builder) -> None:
    house = await house_with(NOMINAL, NEW)
    await heard(house, result(108.0), result(88.9, T0 + 60))
    told = [
        f"DataTime={wire_time(T0 + n)};{COD}-SampleRd={rd},{COD}-StandardValue=100.0,"
        f"{COD}-ResultType={ok}"
        for n, rd, ok in ((0, 108.0, 1), (60, 88.9, 0))
    ]
    assert [text for *_, text in house.uploads("2062")] == told
    assert house.one("SELECT count(*) FROM deliveries WHERE cn = '2062'") == 2


@pytest.mark.parametrize(
    "changes",
    [
        (destination(edition="hj212-2017"),),
        (NEW, destination(wire={"check_upload": False})),
        (NEW, destination(factors=["w01001"])),
    ],
)
async def test_platform_that_has_no_2062_or_does_not_want_it_gets_none(
    house_with: Builder, changes: tuple[Change, ...]
) -> None:
    house = await house_with(NOMINAL, *changes)
    await heard(house, result(108.0))
    assert len(stored(house)) == 1
    assert house.rows("SELECT cn FROM outbox WHERE cn = '2062'") == []


async def test_failed_check_is_out_of_control_from_the_last_pass_to_the_next(
    house_with: Builder,
) -> None:
    house = await house_with(NOMINAL)
    await heard(house, result(101.0, T0 - 2 * HOUR), result(120.0, T0))
    ((at, end, text),) = house.events(CONTROL)
    assert (at, end) == (T0 - 2 * HOUR, None)
    assert json.loads(text) == {
        "why": "failed_check", "since": T0 - 2 * HOUR, "passed_at": T0 - 2 * HOUR
    }  # fmt: skip
    (lasting,) = await house.store.read(
        lambda one: list(all_stretches(one, house.plan, until=int(T0) + 1))
    )
    assert (lasting.factor, lasting.lasting) == (COD, True)
    house.clock.go(HOUR)
    await heard(house, result(99.0, T0 + HOUR))
    assert [(at, end) for at, end, _ in house.events(CONTROL)] == [(T0 - 2 * HOUR, T0 + HOUR)]


async def test_check_entered_later_ends_a_stretch_that_it_disproves(house_with: Builder) -> None:
    house = await house_with(NOMINAL)
    await heard(house, result(101.0, T0 - 5 * HOUR), result(120.0, T0))
    late = CheckRecord("DW001", COD, "standard", T0 - HOUR, T0 - HOUR, Verdict.PASS)
    await house.write(lambda one: checks.add(one, late))
    await house.write(lambda one: settle_control(one, house.plan, "DW001", COD, now=T0))
    first, second = house.events(CONTROL)
    assert first[1] == T0
    assert json.loads(first[2])["ended_because"]
    assert (second[0], second[1]) == (T0 - HOUR, None)
