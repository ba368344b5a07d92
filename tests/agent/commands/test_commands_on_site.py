"""Logs, states and parameters of an instrument on request (3020)."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable

import pytest
from agent_desk import Platform
from agent_site import COD, T0

from agent.commands.logs import AT_ONCE
from agent.model import Cause, Sample
from agent.store import journal, parameters, samples
from agent.store.parameters import Kept
from protocols.hj212.times import wire_time

_2017, _2025 = "hj212-2017", "hj212-2025"
NOW, RANGE = wire_time(T0), f"BeginTime={wire_time(T0 - 60)},EndTime={wire_time(T0 + 60)}"
Across = Callable[..., Awaitable[Platform]]


async def kept(platform: Platform, name: str, value: float, unit: str = "") -> None:
    row = Kept("cod", name, value, "", unit, T0 - 900, T0 - 300)
    await platform.house.write(lambda connection: parameters.put(connection, row))


async def happened(platform: Platform, what: str, **detail: object) -> None:
    def job(connection: sqlite3.Connection) -> None:
        journal.add(connection, what, detail, at=T0 - 5)

    await platform.house.write(job)


@pytest.mark.parametrize(
    ("code", "name", "value", "unit", "text"),
    [
        ("i13001", "range", 200.0, "mg/L", "200"),
        ("i13003", "interval", 2.0, "h", "120"),
        ("i13004", "digestion_temperature", 168.04, "degC", "168.0"),
        ("i13005", "digestion_time", 15.0, "min", "15"),
        ("i13006", "calibration_time", T0 - 86_400, "time", wire_time(T0 - 86_400)),
        ("i13007", "intercept", -0.0125, "", "-0.0125"),
        ("i13008", "slope", 1.02, "", "1.02"),
        ("i13009", "detection_limit", 5.0, "mg/L", "5"),
    ],
)
@pytest.mark.parametrize("edition", [_2017, _2025])
async def test_parameter_is_told_as_it_was_read_last(
    across: Across, edition: str, code: str, name: str, value: float, unit: str, text: str
) -> None:
    platform = await across(edition)
    await kept(platform, name, value, unit)
    frames = await platform.ask("3020", f"PolId={COD};InfoId={code}")
    at = wire_time(T0 - 300)
    wanted = f"3020 DataTime={at};PolId={COD};{code}-Info={text}"
    assert frames == ["9011 QnRtn=1", wanted, "9012 ExeRtn=1"]


@pytest.mark.parametrize(
    ("code", "name", "value", "unit"),
    [
        ("i13004", "interval", 60.0, "min"),  # another one was read
        ("i13003", "interval", 60.0, "degC"),  # no time at all
        ("i13004", "digestion_temperature", 12_345.0, "degC"),  # does not fit its type
        ("i13006", "calibration_time", 3.0, ""),
        ("i13002", "decimals", 1.0, ""),  # the maker's own
    ],
)
async def test_parameter_that_nobody_knows_is_no_data(
    across: Across, code: str, name: str, value: float, unit: str
) -> None:
    platform = await across(_2017)
    await kept(platform, name, value, unit)
    frames = await platform.ask("3020", f"PolId={COD};InfoId={code}")
    assert frames == ["9011 QnRtn=1", "9012 ExeRtn=100"]


@pytest.mark.parametrize(
    ("cause", "told"), [(Cause.NORMAL, "0"), (Cause.FAULT, "1"), (Cause.MAINTENANCE, "0")]
)
async def test_alarm_state_of_a_cod_analyzer_is_its_fault(
    across: Across, cause: Cause, told: str
) -> None:
    platform = await across(_2017)
    house = platform.house

    def sampled(connection: sqlite3.Connection) -> None:
        found = [Sample("DW001", COD, T0, None, cause)]
        samples.add(connection, found, device="cod", at=T0, epoch=0, names=house.names)

    await house.write(sampled)
    frames = await platform.ask("3020", f"PolId={COD};InfoId=i12003")
    assert frames[1] == f"3020 DataTime={NOW};PolId={COD};i12003-Info={told}"


@pytest.mark.parametrize("edition", [_2017, _2025])
async def test_log_of_an_instrument_is_what_was_done_to_it_and_said_by_it(
    across: Across, edition: str
) -> None:
    platform = await across(edition)
    await happened(platform, "event parameter", device="cod", parameter="slope", old=1.0, new=1.1)
    await happened(platform, "zero done", device="ph", ref="3011:1")
    await happened(platform, "clean done", device="cod", ref="3013:1")
    frames = await platform.ask("3020", f"PolId={COD};InfoId=i11001;{RANGE}")
    at = wire_time(T0 - 5)
    assert frames == [
        "9011 QnRtn=1",
        f"3020 DataTime={at};PolId={COD};i11001-Info="
        "//event parameter device:cod new:1.1 old:1.0 parameter:slope//",
        f"3020 DataTime={at};PolId={COD};i11001-Info=//clean done device:cod ref:3013:1//",
        "9012 ExeRtn=1",
    ]


async def test_log_of_doors_has_nothing_else(across: Across) -> None:
    platform = await across(_2017)
    await happened(platform, "event door", contact="station", open=True)
    await happened(platform, "event power", contact="mains")
    frames = await platform.ask("3020", f"InfoId=i31001;{RANGE}")
    assert [one.partition("i31001-Info=")[2] for one in frames[1:-1]] == [
        "//event door contact:station open:True//"
    ]


@pytest.mark.parametrize(
    ("asked", "end"),
    [
        (f"PolId={COD};InfoId=i11001;{RANGE}", 100),  # nothing happened
        (f"PolId={COD};InfoId=i11001", 3),
        (f"PolId=w99999;InfoId=i11001;{RANGE}", 3),
        (f"InfoId=i11001;{RANGE}", 100),  # of which instrument?
        (f"PolId={COD};InfoId=i21001;{RANGE}", 100),  # the logger's is no instrument's
    ],
)
async def test_log_that_is_not_to_be_had_is_refused(across: Across, asked: str, end: int) -> None:
    platform = await across(_2017)
    assert (await platform.ask("3020", asked))[1:] == [f"9012 ExeRtn={end}"]


async def test_log_of_a_range_comes_whole_however_long(across: Across) -> None:
    platform = await across(_2017)

    def job(connection: sqlite3.Connection) -> None:
        for number in range(AT_ONCE + 10):
            device = "cod" if number % 500 == 0 else "ph"
            journal.add(connection, "clean done", {"device": device, "n": number}, at=T0 - 5)

    await platform.house.write(job)
    frames = await platform.ask("3020", f"PolId={COD};InfoId=i11001;{RANGE}")
    said = [int(one.rpartition("n:")[2].rstrip("/")) for one in frames[1:-1]]
    assert said == list(range(0, AT_ONCE + 10, 500))


async def test_line_that_is_no_json_spoils_no_log(across: Across) -> None:
    platform = await across(_2017)
    await happened(platform, "old line", device="cod", value=float("nan"))
    await happened(platform, "clean done", device="cod")
    frames = await platform.ask("3020", f"PolId={COD};InfoId=i11001;{RANGE}")
    assert len(frames) == 3
