"""The whole of each exchange: what came down, what was said, and what is left of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from agent_desk import FACTS, Platform
from agent_site import COD, FLOW, HOUR, MINUTE, PH, T0

from agent.model import Cause, Sample
from agent.store import samples
from agent.uplink.serving import LONG
from protocols.hj212.commands import COMMANDS
from protocols.hj212.times import wire_time

Across = Callable[..., Awaitable[Platform]]
_2005, _2017, _2025 = "hj212-2005", "hj212-2017", "hj212-2025"
ALL, NEW = (_2005, _2017, _2025), (_2017, _2025)
DONE = ("9011 QnRtn=1", "9012 ExeRtn=1")
NOTHING = ("9011 QnRtn=1", "9012 ExeRtn=100")
REFUSED = ("9011 QnRtn=2",)
RANGE = f"BeginTime={wire_time(T0)};EndTime={wire_time(T0 + HOUR)}"
NOW = wire_time(T0)


def told(cn: str, text: str) -> tuple[str, ...]:
    return ("9011 QnRtn=1", f"{cn} {text}", "9012 ExeRtn=1")


CASES: list[tuple[tuple[str, ...], str, str, tuple[str, ...]]] = [
    # editions, command, data area, what is said
    (ALL, "1000", "OverTime=5;ReCount=2", DONE),
    ((_2005,), "1001", "WarnTime=5", REFUSED),
    (ALL, "1011", "", told("1011", f"SystemTime={NOW}")),
    (ALL, "1011", "PolId=w01018", REFUSED),
    (ALL, "1012", f"SystemTime={NOW}", DONE),
    (ALL, "1012", f"PolId=w01018;SystemTime={NOW}", REFUSED),
    ((_2025,), "1014", "SKCreateTime=20260601000000000,NewSK=msbE74gsiSHSEh5e", DONE),
    ((_2005,), "1021", "", told("1021", "011-UpValue=50.00")),
    ((_2005,), "1022", "w01018-LowValue=1.0,w01018-UpValue=2.0", REFUSED),
    ((_2005,), "1031", "", NOTHING),
    ((_2005,), "1032", "AlarmTarget=1234", REFUSED),
    ((_2005,), "1041", "", NOTHING),
    ((_2005,), "1042", "ReportTime=0830", REFUSED),
    (ALL, "1061", "", told("1061", "RtdInterval=30")),
    (ALL, "1062", "RtdInterval=60", DONE),
    (NEW, "1063", "", told("1063", "MinInterval=10")),
    (NEW, "1064", "MinInterval=5", DONE),
    ((_2005,), "1072", "PW=abc123", DONE),
    (NEW, "1072", "NewPW=abc123", DONE),
    ((_2005,), "2011", "", ("9011 QnRtn=1",)),
    (NEW, "2011", "", DONE),
    ((_2025,), "2011", RANGE, ("9011 QnRtn=1", "9012 ExeRtn=3")),  # electricity alone has it
    (ALL, "2012", "", ("9013",)),
    ((_2025,), "2013", RANGE, NOTHING),
    ((_2005,), "2021", "", REFUSED),
    (NEW, "2021", "", NOTHING),
    (ALL, "2022", "", ("9013",)),
    (ALL, "2031", RANGE, NOTHING),
    (ALL, "2041", RANGE, NOTHING),
    (ALL, "2051", RANGE, NOTHING),
    ((_2025,), "2052", RANGE, NOTHING),
    (ALL, "2061", RANGE, NOTHING),
    ((_2025,), "2062", RANGE, NOTHING),
    ((_2005,), "2071", RANGE, NOTHING),
    ((_2025,), "2111", RANGE, NOTHING),
    (ALL[:2], "3011", "PolId=w01018", REFUSED),
    ((_2025,), "3011", "PolId=w01018,CalibrationType=0", REFUSED),
    (ALL, "3012", "PolId=w01018", REFUSED),
    (ALL, "3013", "PolId=w01018", REFUSED),
    (ALL[:2], "3014", "PolId=w01018", REFUSED),
    ((_2017,), "3015", "", ("9011 QnRtn=1",)),
    ((_2017,), "3016", "PolId=w01018;CstartTime=000000;Ctime=2", REFUSED),
    ((_2017,), "3017", "PolId=w01018", told("3017", "PolId=w01018;CstartTime=000000;Ctime=1")),
    (NEW, "3018", "PolId=w01018", told("3018", "PolId=w01018;Stime=60")),
    (NEW, "3019", "PolId=w01018", NOTHING),
    (NEW, "3020", "PolId=w01018;InfoId=i12002", told(
        "3020", f"DataTime={NOW};PolId=w01018;i12002-Info=1")),
    (NEW, "3020", "InfoId=i22001", told("3020", f"DataTime={NOW};i22001-Info=0")),
    ((_2025,), "3020", "InfoId=i23005", told(
        "3020", f"DataTime={NOW};i23005-Info={FACTS.logger_id}")),
    (NEW, "3020", "PolId=w01018;InfoId=i13004", NOTHING),
    (NEW, "3021", "PolId=w01018;InfoId=i13004;i13004-Info=168.0", REFUSED),
    ((_2025,), "3022", "PolId=w01018", ("9011 QnRtn=1",)),
    ((_2025,), "3024", "PolId=w01018", REFUSED),
]  # fmt: skip
EACH = [(edition, *case) for editions, *case in CASES for edition in editions]


def in_old(frames: list[str], qn: str) -> list[str]:
    """Take the QN out of the data areas of 2005, where each of them must begin with it."""
    assert all(frame.partition(" ")[2].startswith(f"QN={qn}") for frame in frames)
    return [frame.replace(f"QN={qn};", "").replace(f" QN={qn}", "") for frame in frames]


@pytest.mark.parametrize(("edition", "cn", "cp", "wanted"), EACH)
async def test_request_is_answered_as_its_edition_says(
    across: Across, edition: str, cn: str, cp: str, wanted: tuple[str, ...]
) -> None:
    platform = await across(edition)
    qn = platform.qn()
    frames = await platform.ask(cn, cp, qn=qn)
    said = list(platform.talk.said)
    if edition == _2005:
        frames = in_old(frames, qn)
        assert all(one.qn == "" for one in said)
    else:
        assert all(one.qn == qn for one in said)
    assert frames == list(wanted)
    answers = [one for one in said if one.cn in ("9011", "9012", "9013")]
    assert all(one.st == "91" and one.flag and not one.flag.answer for one in answers)
    ((who, what, _),) = platform.journal()
    refused = wanted[0].startswith("9011") and not wanted[0].endswith("=1")
    assert (who, what) == ("platform:st1", f"command {cn}" + (" refused" if refused else ""))


def test_table_of_cases_holds_every_request_of_every_edition() -> None:
    wanted = {
        (edition, one.cn)
        for one in COMMANDS
        if one.direction == "down" and one.kind in ("request", "notice")
        for edition in one.editions
    }
    # 1002 needs an MN of its own: see below
    assert wanted - {(edition, cn) for edition, cn, *_ in EACH} == {(_2025, "1002")}


@pytest.mark.parametrize("edition", NEW)
async def test_minutes_go_out_in_order_each_with_a_number_of_its_own(
    across: Across, edition: str
) -> None:
    platform = await across(edition, minutes=1)
    house = platform.house
    await house.begin()
    await house.live(4)
    await house.close_at(house.clock.now() + 6)
    begin, end = T0 + MINUTE, T0 + 2 * MINUTE
    request = f"BeginTime={wire_time(begin)};EndTime={wire_time(end)}"
    before = house.clock.now()
    frames = await platform.ask("2051", request)
    assert frames[0] == "9011 QnRtn=1"
    assert frames[-1] == "9012 ExeRtn=1"
    assert [frame[: len("2051 DataTime=") + 14] for frame in frames[1:-1]] == [
        f"2051 DataTime={wire_time(begin)}",
        f"2051 DataTime={wire_time(end)}",
    ]
    records = platform.talk.said[1:-1]
    numbers = [one.qn for one in records]
    assert numbers == sorted(set(numbers))
    assert platform.talk.said[0].qn not in numbers
    assert all(one.flag is not None and one.flag.answer for one in records)
    assert house.clock.now() - before >= 1 / 5 - 1e-6  # under the rate for backlog
    assert f"{PH}-Avg=7" in frames[1]
    assert f"{FLOW}-Cou=" in frames[1]


async def test_history_of_2005_bears_the_number_of_its_request(across: Across) -> None:
    platform = await across(_2005, minutes=1)
    await platform.house.begin()
    await platform.house.live(2)
    await platform.house.close_at(platform.house.clock.now() + 6)
    qn = platform.qn()
    frames = await platform.ask("2051", RANGE, qn=qn)
    assert [frame[: len(f"2051 QN={qn};DataTime=") + 14] for frame in frames[1:-1]] == [
        f"2051 QN={qn};DataTime={wire_time(T0)}",
        f"2051 QN={qn};DataTime={wire_time(T0 + MINUTE)}",
    ]


async def test_long_history_is_read_in_pieces_and_misses_nothing(across: Across) -> None:
    platform = await across(_2017, minutes=1, backlog_per_s=1000)
    await platform.house.begin()
    await platform.house.live(130)
    await platform.house.close_at(platform.house.clock.now() + 6)
    whole = f"BeginTime=20000101000000;EndTime={wire_time(T0 + 10 * HOUR)}"
    frames = await platform.ask("2051", whole)
    times = [frame[len("2051 DataTime=") :][:14] for frame in frames[1:-1]]
    assert times == [wire_time(T0 + number * MINUTE) for number in range(130)]
    assert platform.command("2051")["outcome"] == "130 records"


async def test_platform_that_gives_no_9014_is_asked_twice_and_then_only_told(
    across: Across,
) -> None:
    platform = await across(_2017, minutes=1)
    await platform.house.begin()
    await platform.house.live(3)
    await platform.house.close_at(platform.house.clock.now() + 6)
    platform.talk.answers = False
    frames = await platform.ask("2051", RANGE)
    records = platform.talk.said[1:-1]
    assert [one.flag.answer for one in records if one.flag] == [True, True, False, False]
    assert records[0] == records[1]
    assert frames[-1] == "9012 ExeRtn=1"


async def test_platform_that_must_confirm_and_does_not_is_told_so(across: Across) -> None:
    platform = await across(_2017, minutes=1, ack="9014")
    await platform.house.begin()
    await platform.house.live(1)
    await platform.house.close_at(platform.house.clock.now() + 6)
    platform.talk.answers = False
    assert (await platform.ask("2051", RANGE))[-1] == "9012 ExeRtn=4"


async def test_hours_of_a_batch_analyzer_come_with_its_result(across: Across) -> None:
    platform = await across(_2017)
    await platform.house.begin()
    await platform.house.result(T0, 33.0)
    await platform.house.close_at(T0 + 3 * HOUR)
    frames = await platform.ask("2061", f"BeginTime={wire_time(T0)};EndTime={wire_time(T0)}")
    assert frames[1].startswith(f"2061 DataTime={wire_time(T0)};")
    assert f"{COD}-Avg=33.0" in frames[1]
    assert len(frames) == 3


async def test_results_of_batch_analyzers_come_with_their_times(across: Across) -> None:
    platform = await across(_2025)
    await platform.house.result(T0 - HOUR, 33.0)
    await platform.house.result(T0 - 5 * HOUR, 44.0)
    request = f"BeginTime={wire_time(T0 - HOUR)};EndTime={wire_time(T0)}"
    frames = await platform.ask("2013", request)
    assert frames[1:-1] == [
        f"2013 DataTime={wire_time(T0)};{COD}-SampleTime={wire_time(T0 - HOUR)},"
        f"{COD}-Avg=33.0,{COD}-CompleteTime={wire_time(T0)},{COD}-SampleType=1,{COD}-Flag=N"
    ]


@pytest.mark.parametrize("cn", ["2051", "2061", "2013"])
async def test_range_that_ends_before_it_begins_is_a_wrong_condition(
    across: Across, cn: str
) -> None:
    platform = await across(_2025)
    request = f"BeginTime={wire_time(T0)};EndTime={wire_time(T0 - 1)}"
    assert await platform.ask(cn, request) == ["9011 QnRtn=1", "9012 ExeRtn=3"]


@pytest.mark.parametrize(
    ("edition", "cn", "cp", "end"),
    [
        (_2017, "1062", "RtdInterval=29", 3),
        (_2017, "1062", "RtdInterval=x", 3),
        (_2017, "1062", "", 3),
        (_2005, "1062", "RtdInterval=29", 2),
        (_2017, "1064", "MinInterval=7", 3),
        (_2017, "1000", "OverTime=0;ReCount=3", 3),
        (_2017, "1072", "NewPW=12345", 3),
        (_2025, "1014", "SKCreateTime=20260601000000000,NewSK=short", 3),
        (_2017, "2061", "BeginTime=20260610000000", 3),
        (_2017, "3018", "PolId=w99999", 3),
        (_2017, "3022", "PolId=w01018", 0),
    ],
)
async def test_wrong_word_ends_as_wrong_condition_and_changes_nothing(
    across: Across, edition: str, cn: str, cp: str, end: int
) -> None:
    platform = await across(edition)
    qn = platform.qn()
    frames = await platform.ask(cn, cp, qn=qn)
    frames = in_old(frames, qn) if edition == _2005 else frames
    wanted = ["9011 QnRtn=1", f"9012 ExeRtn={end}"] if end else ["9011 QnRtn=8"]
    assert frames == wanted
    assert platform.overrides() == {}
    assert platform.house.rows("SELECT * FROM credentials") == []
    assert (platform.reloads, platform.talk.renewed) == ([], 0)


async def test_log_of_the_logger_comes_a_line_a_record(across: Across) -> None:
    platform = await across(_2017)
    await platform.ask("1062", "RtdInterval=60")
    platform.house.clock.go(5)
    log_range = f"BeginTime={wire_time(T0)},EndTime={wire_time(T0 + 60)}"
    frames = await platform.ask("3020", f"InfoId=i21001;{log_range}")
    assert frames[1].startswith(f"3020 DataTime={NOW};i21001-Info=//command 1062 ")
    assert frames[-1] == "9012 ExeRtn=1"


async def test_log_without_its_range_is_a_wrong_condition(across: Across) -> None:
    platform = await across(_2017)
    assert (await platform.ask("3020", "InfoId=i21001"))[-1] == "9012 ExeRtn=3"


async def test_serial_number_of_the_site_file_is_told(across: Across) -> None:
    def serial(site: dict[str, list[dict[str, str]]]) -> None:
        site["devices"][2]["serial"] = "00A0001"

    platform = await across(_2017, serial)
    frames = await platform.ask("3019", "PolId=w01018")
    assert frames[1] == "3019 PolId=w01018;w01018-SN=00A0001"


async def test_long_answers_do_not_keep_short_ones_waiting(across: Across) -> None:
    platform = await across(_2017)
    serving = platform.dispatcher.serving
    serving.running.update(("st1", f"2026061010000000{number}", "2061") for number in range(LONG))
    serving.running.add(("st2", "20260610100000009", "2061"))
    assert (await platform.ask("2051", RANGE))[-1] == "9012 ExeRtn=5"
    assert (await platform.ask("1061"))[-1] == "9012 ExeRtn=1"
    serving.running.pop()
    while len([one for one in serving.running if one[0] == "st1"]) >= LONG:
        serving.running.discard(next(one for one in serving.running if one[0] == "st1"))
    assert (await platform.ask("2051", RANGE, qn=platform.qn(1)))[-1] == "9012 ExeRtn=100"


def metered(site: dict[str, Any]) -> None:
    """Add an outlet of electricity; its instrument tells volts where others tell litres."""
    points = {"w00000": {"unit": "V"}}
    site["devices"].append({**site["devices"][0], "id": "meter", "address": 30, "points": points})
    factors = {"d20105": {"device": "meter", "point": "w00000"}}
    site["outlets"].append({"id": "EL001", "medium": "electricity", "factors": factors})
    site["destinations"][0]["stations"][0]["outlets"].append("EL001")


async def test_history_of_electricity_is_what_was_at_each_interval(across: Across) -> None:
    platform = await across(_2025, metered, real_time_s=60)
    house = platform.house

    def sampled(connection: sqlite3.Connection) -> None:
        for number in range(12):
            taken_at = T0 + 10 * number
            found = [Sample("EL001", "d20105", taken_at, 220.0 + number)]
            samples.add(connection, found, device="meter", at=taken_at, epoch=0, names=house.names)

    await house.write(sampled)
    house.clock.go(HOUR)
    frames = await platform.ask("2011", RANGE, st="44")
    assert frames[1:-1] == [
        f"2011 DataTime={wire_time(T0)};d20105-Rtd=220.00,d20105-Flag=N",
        f"2011 DataTime={wire_time(T0 + MINUTE)};d20105-Rtd=226.00,d20105-Flag=N",
        f"2011 DataTime={wire_time(T0 + 2 * MINUTE)};d20105-Rtd=231.00,d20105-Flag=N",
    ]
    assert frames[-1] == "9012 ExeRtn=1"
    assert platform.overrides() == {}


async def test_command_of_a_dialect_is_served_as_the_one_it_speaks_like(across: Across) -> None:
    platform = await across(_2017)
    header = platform.talk.header
    extra = {"5061": "2061", "5012": "2012", "5011": "1061"}
    dialect = replace(header.edition, extra_commands=extra)
    platform.talk.header = replace(header, edition=dialect)
    await platform.house.begin()
    await platform.house.result(T0, 33.0)
    await platform.house.close_at(T0 + 3 * HOUR)
    frames = await platform.ask("5061", f"BeginTime={wire_time(T0)};EndTime={wire_time(T0)}")
    assert frames[1].startswith(f"5061 DataTime={wire_time(T0)};")
    assert f"{COD}-Avg=33.0" in frames[1]
    assert await platform.ask("5012") == ["9013"]
    assert platform.overrides() == {"real_time": False}
    assert len(platform.reloads) == 1
    assert await platform.ask("5011") == list(told("5011", "RtdInterval=30"))


STATES = [  # cause of the newest sample, national number, and that of the dialect
    (Cause.NORMAL, "0", "1"),
    (Cause.MAINTENANCE, "1", "3"),
    (Cause.FAULT, "2", "4"),
    (Cause.CALIBRATION, "3", "5"),
    (Cause.STOPPED, "9", None),
]


@pytest.mark.parametrize(("cause", "national", "own"), STATES)
@pytest.mark.parametrize("dialect", [None, "shandong"])
async def test_working_state_is_told_by_the_numbers_of_who_asks(
    across: Across, dialect: str | None, cause: Cause, national: str, own: str | None
) -> None:
    platform = await across(_2017, **({"dialect": dialect} if dialect else {}))
    house = platform.house

    def sampled(connection: sqlite3.Connection) -> None:
        found = [Sample("DW001", PH, T0, 7.0 if cause is Cause.NORMAL else None, cause)]
        samples.add(connection, found, device="ph", at=T0, epoch=0, names=house.names)

    await house.write(sampled)
    frames = await platform.ask("3020", f"PolId={PH};InfoId=i12001")
    number = own if dialect else national
    if number is None:
        assert frames[1:] == ["9012 ExeRtn=100"]
    else:
        assert frames[1] == f"3020 DataTime={NOW};PolId={PH};i12001-Info={number}"


@pytest.mark.parametrize(("cause", "wanted"), [(Cause.NORMAL, None), (Cause.FAULT, "4")])
async def test_batch_analyzer_that_is_well_may_measure_or_be_idle(
    across: Across, cause: Cause, wanted: str | None
) -> None:
    platform = await across(_2017, dialect="shandong")
    house = platform.house

    def sampled(connection: sqlite3.Connection) -> None:
        found = [Sample("DW001", COD, T0, None, cause)]
        samples.add(connection, found, device="cod", at=T0, epoch=0, names=house.names)

    await house.write(sampled)
    frames = await platform.ask("3020", f"PolId={COD};InfoId=i12001")
    end = f"3020 DataTime={NOW};PolId={COD};i12001-Info={wanted}" if wanted else "9012 ExeRtn=100"
    assert frames[1] == end
