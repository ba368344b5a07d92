"""Equipment, checks of instruments and furnace temperature, as a platform asks for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from agent_desk import Platform
from agent_site import COD, DAY, HOUR, MINUTE, T0, Change

from agent.model import Cause, Kind, Period, Statistic
from agent.store import checks, states, statistics
from agent.store.checks import CheckRecord
from agent.store.states import Standing
from agent.substitution import Verdict
from protocols.hj212.times import wire_time

Across = Callable[..., Awaitable[Platform]]
_2005, _2017, _2025 = "hj212-2005", "hj212-2017", "hj212-2025"
TODAY = Period.holding(Kind.DAY, T0).start
HEAT = "a01901"


def between(begin: float, end: float) -> str:
    return f"BeginTime={wire_time(begin)};EndTime={wire_time(end)}"


def fan(site: dict[str, Any]) -> None:
    module = {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 30}
    site["devices"].append(module)
    site["inputs"] = [
        {"id": "fan", "device": "io", "point": "contact1", "means": "run", "facility": "SB1"}
    ]


def furnace(site: dict[str, Any]) -> None:
    points = {"value1": {"unit": "degC"}}
    site["devices"] = [{"id": "plc", "profile": "modules/plc-floats", "bus": "net1", "address": 40,
                        "points": points}]  # fmt: skip
    site["samplers"] = []
    factors = {HEAT: {"device": "plc", "point": "value1"}}
    site["outlets"] = [{"id": "DW001", "medium": "gas", "factors": factors}]


async def ran(platform: Platform, *spells: tuple[float, float, bool]) -> None:
    def job(one: sqlite3.Connection) -> None:
        for start, end, level in spells:
            states.note(one, Standing("fan", "SB1", "DW001", "run", level, start, start, None))
            states.end(one, "fan", at=end)

    await platform.house.write(job)


async def made(platform: Platform, rows: Sequence[Statistic]) -> None:
    house = platform.house
    await house.write(lambda one: statistics.add(one, rows, names=house.names))


@pytest.mark.parametrize(("edition", "end"), [(_2005, ()), (_2017, ("9012 ExeRtn=1",))])
async def test_states_are_started_and_stopped(
    across: Across, edition: str, end: tuple[str, ...]
) -> None:
    platform = await across(edition, fan)
    assert [one.partition(" QN=")[0][:12] for one in await platform.ask("2022")] == ["9013"]
    assert platform.overrides() == {"states": False}
    frames = await platform.ask("2021", qn=platform.qn(1))
    assert len(frames) == 1 + len(end)
    assert platform.overrides() == {"states": True}
    assert len(platform.reloads) == 2


async def test_states_are_not_those_of_another_system(across: Across) -> None:
    platform = await across(_2017, fan, _with_stack)
    assert await platform.ask("2021", st="31") == ["9011 QnRtn=1", "9012 ExeRtn=100"]
    assert platform.overrides() == {}


def _with_stack(site: dict[str, Any]) -> None:
    points = {"value1": {"unit": "degC"}}
    site["devices"].append({"id": "plc", "profile": "modules/plc-floats", "bus": "net1",
                            "address": 40, "points": points})  # fmt: skip
    factors = {"a01012": {"device": "plc", "point": "value1"}}
    site["outlets"].append({"id": "DA001", "medium": "gas", "factors": factors})
    site["inputs"][0]["outlet"] = "DW001"
    site["destinations"][0]["stations"][0]["outlets"].append("DA001")


async def test_run_times_come_day_by_day_and_not_of_today(across: Across) -> None:
    platform = await across(_2017, fan)
    await ran(
        platform,
        (TODAY - 3 * DAY, TODAY - 3 * DAY + 2 * HOUR, True),
        (TODAY - 2 * HOUR, TODAY + 5 * HOUR, True),
    )
    frames = await platform.ask("2041", between(TODAY - 400 * DAY, TODAY))
    assert frames == [
        "9011 QnRtn=1",
        f"2041 DataTime={wire_time(TODAY - 3 * DAY)};SB1-RT=2.00",
        f"2041 DataTime={wire_time(TODAY - DAY)};SB1-RT=2.00",
        "9012 ExeRtn=1",
    ]
    one = await platform.ask("2041", between(TODAY - DAY, TODAY - DAY), qn=platform.qn(1))
    assert len(one) == 3


async def checked(platform: Platform, *given: tuple[float, str, checks.Channel]) -> None:
    def job(one: sqlite3.Connection) -> None:
        for at, code, channel in given:
            record = CheckRecord(
                "DW001", code, "standard", int(at), int(at) + 600, Verdict.PASS,
                nominal=50.0, reading=49.0, deviation=-2.0, channel=channel,
            )  # fmt: skip
            checks.add(one, record)

    await platform.house.write(job)


async def test_checks_come_by_their_start_without_those_of_a_hand(across: Across) -> None:
    platform = await across(_2025)
    await checked(
        platform,
        (T0 - 2 * HOUR, COD, "auto"),
        (T0 - HOUR, COD, "auto"),
        (T0 - HOUR + 1, COD, "manual"),
        (T0 - MINUTE, COD, "auto"),
    )
    frames = await platform.ask("2062", between(T0 - 2 * HOUR, T0 - HOUR))
    assert frames[1:-1] == [
        f"2062 DataTime={wire_time(T0 - n * HOUR)};{COD}-SampleRd=49.0,"
        f"{COD}-StandardValue=50.0,{COD}-ResultType=1"
        for n in (2, 1)
    ]
    assert frames[-1] == "9012 ExeRtn=1"


def five(start: float, mean: float, *, valid: bool = True) -> Statistic:
    cause = Cause.NORMAL if valid else Cause.FAULT
    return Statistic(
        "DW001", HEAT, Period(Kind.N_MINUTES, int(start), 5), mean, mean, mean, None, cause,
        cause, 1.0, valid, 5, 5,
    )  # fmt: skip


async def test_means_of_a_furnace_come_where_they_are_valid(across: Across) -> None:
    platform = await across(_2025, furnace, wire={"furnace_upload": False}, backlog_per_s=1000)
    await made(platform, [five(T0 - n * 300, 900.0 + n, valid=n != 2) for n in range(1, 101)])
    frames = await platform.ask("2111", between(T0 - 3 * 300, T0), st="31")
    assert frames[1:-1] == [
        f"2111 DataTime={wire_time(T0 - n * 300)};{HEAT}-Avg={900 + n}.0" for n in (3, 1)
    ]
    every = await platform.ask("2111", between(T0 - DAY, T0), st="31", qn=platform.qn(1))
    assert len(every) == 2 + 99, "more than is read at once"


@pytest.mark.parametrize("cn", ["2041", "2062", "2111"])
async def test_range_that_ends_before_it_begins_is_a_wrong_condition(
    across: Across, cn: str
) -> None:
    changes: tuple[Change, ...] = (furnace,) if cn == "2111" else ()
    platform = await across(_2025, *changes)
    st = "31" if cn == "2111" else "32"
    assert (await platform.ask(cn, between(T0, T0 - 1), st=st))[-1] == "9012 ExeRtn=3"


async def test_edition_without_a_command_does_not_know_it(across: Across) -> None:
    platform = await across(_2017)
    assert await platform.ask("2062", between(T0, T0)) == ["9011 QnRtn=8"]
    assert await platform.ask("2111", between(T0, T0), qn=platform.qn(1)) == ["9011 QnRtn=8"]
