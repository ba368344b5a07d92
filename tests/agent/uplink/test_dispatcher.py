"""What comes down: refusals in their order, repeated requests, rubbish."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from agent_desk import MN, PW, Platform
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from uplink_fakes import QN, down, framed

Across = Callable[..., Awaitable[Platform]]
OTHER_MN = "010000A8900016F000169DC9"


def said(platform: Platform) -> list[bytes]:
    return [platform.talk.header.bytes_of(one) for one in platform.talk.said]


def answer(cn: str, cp: str, *, flag: int = 4) -> bytes:
    return framed(f"QN={QN};ST=91;CN={cn};PW={PW};MN={MN};Flag={flag};CP=&&{cp}&&")


@pytest.mark.parametrize("cn", ["9011", "9012", "9013", "9014"])
async def test_answer_asks_for_nothing(across: Across, cn: str) -> None:
    platform = await across()
    await platform.dispatcher.take(down(cn), platform.talk)
    assert (said(platform), platform.talk.lost_reasons) == ([], [])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (down("1061", mn=OTHER_MN), 4),
        (down("1061", pw="654321"), 3),
        (down("1061", pw=""), 3),
        (down("1061", st="31"), 5),
        (down("2051", st="91"), 5),
        (down("3999"), 8),
        (down("3022", cp="PolId=w01018"), 8),
        (down("3999", mn=OTHER_MN, pw="654321"), 4),
        (down("3999", pw="654321", st="31"), 3),
        (down("3999", st="31"), 5),
        (down("1062", cp="RtdInterval=60"), 2),
        (down("1062", cp="RtdInterval=0"), 2),
        (down("3012", cp="PolId=w01018"), 2),
        (down("3012", qn="20260609100000123"), 2),
        (down("3012", pw="654321"), 3),
    ],
    ids=[
        "MN", "PW", "no PW", "ST", "ST of the logger for data", "command", "of another edition",
        "MN before all", "PW before ST", "ST before command", "policy", "policy before content",
        "control", "policy before age", "PW before policy",
    ],
)  # fmt: skip
async def test_refused_request_is_answered_with_its_reason(
    across: Across, data: bytes, code: int
) -> None:
    refuse = {"parameters": "refuse", "control": "refuse"}
    platform = await across(commands=refuse)
    await platform.dispatcher.take(data, platform.talk)
    qn = data[data.index(b"QN=") + 3 :][:17].decode()
    assert said(platform) == [
        framed(f"QN={qn};ST=91;CN=9011;PW={PW};MN={MN};Flag=4;CP=&&QnRtn={code}&&")
    ]
    assert len(platform.talk.lost_reasons) == 1
    ((who, what, detail),) = platform.journal()
    assert (who, what[-7:], detail["qn_rtn"]) == ("platform:st1", "refused", code)
    assert platform.house.rows("SELECT * FROM commands") == []
    assert platform.house.rows("SELECT * FROM actions") == []


async def test_answer_of_2025_carries_its_own_version(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.dispatcher.take(down("3999", flag="Flag=9;"), platform.talk)
    assert said(platform) == [answer("9011", "QnRtn=8", flag=8)]


@pytest.mark.parametrize("flag", ["Flag=4;", ""], ids=["says no", "is not there"])
async def test_request_whose_flag_wants_no_answer_gets_none(across: Across, flag: str) -> None:
    platform = await across()
    await platform.dispatcher.take(down("1062", flag=flag, cp="RtdInterval=60"), platform.talk)
    assert (said(platform), platform.overrides()) == ([], {})


@pytest.mark.parametrize("qn", ["", "QN=;", "QN=123;", "QN=2026061010000012x;"])
async def test_request_whose_qn_no_answer_can_carry_is_dropped(across: Across, qn: str) -> None:
    platform = await across()
    data = framed(f"{qn}ST=32;CN=3999;PW={PW};MN={MN};Flag=5;CP=&&&&")
    await platform.dispatcher.take(data, platform.talk)
    assert said(platform) == []
    assert len(platform.talk.lost_reasons) == 1


@pytest.mark.parametrize("offset_s", [-601.0, 601.0])
async def test_order_to_equipment_out_of_its_time_does_not_run(
    across: Across, offset_s: float
) -> None:
    platform = await across("hj212-2025")
    frames = await platform.ask("3022", "PolId=w01018", qn=platform.qn(offset_s))
    assert frames == ["9011 QnRtn=7"]
    assert platform.house.rows("SELECT * FROM actions") == []


@pytest.mark.parametrize("offset_s", [-599.0, 599.0])
async def test_order_to_equipment_within_ten_minutes_runs(across: Across, offset_s: float) -> None:
    platform = await across("hj212-2025")
    frames = await platform.ask("3022", "PolId=w01018", qn=platform.qn(offset_s))
    assert frames == ["9011 QnRtn=1"]


async def test_age_goes_by_the_measured_clock_of_the_platform(across: Across) -> None:
    platform = await across("hj212-2025")
    platform.office.offsets["province"] = -7200.0
    old = await platform.ask("3022", "PolId=w01018", qn=platform.qn(0))
    assert old == ["9011 QnRtn=7"]
    assert await platform.ask("3022", "PolId=w01018", qn=platform.qn(-7200)) == ["9011 QnRtn=1"]


async def test_age_says_nothing_while_the_clock_is_not_trusted(across: Across) -> None:
    platform = await across("hj212-2025")
    platform.house.time.trusted = False
    frames = await platform.ask("3022", "PolId=w01018", qn=platform.qn(-86_400))
    assert frames == ["9011 QnRtn=1"]


@pytest.mark.parametrize(("cn", "cp"), [("1062", "RtdInterval=60"), ("1061", "")])
async def test_what_moves_nothing_does_not_get_too_old(across: Across, cn: str, cp: str) -> None:
    platform = await across()
    frames = await platform.ask(cn, cp, qn=platform.qn(-86_400))
    assert frames[-1] == "9012 ExeRtn=1"


async def test_repeated_setting_is_answered_again_and_set_once(across: Across) -> None:
    platform = await across()
    first = await platform.ask("1062", "RtdInterval=60", qn=QN)
    set_at = platform.house.one("SELECT set_at FROM overrides")
    platform.house.clock.go(5)
    assert await platform.ask("1062", "RtdInterval=60", qn=QN) == first
    assert platform.house.one("SELECT set_at FROM overrides") == set_at
    assert platform.command("1062")["repeats"] == 1
    assert len(platform.journal()) == 1
    assert len(platform.reloads) == 1


async def test_repeated_number_with_another_word_keeps_what_was_first(across: Across) -> None:
    platform = await across()
    await platform.ask("1062", "RtdInterval=60", qn=QN)
    await platform.ask("1062", "RtdInterval=90", qn=QN)
    assert platform.overrides() == {"real_time_s": 60}


async def test_repeated_order_is_taken_again_and_ordered_once(across: Across) -> None:
    platform = await across("hj212-2025")
    for _ in range(3):
        assert await platform.ask("3022", "PolId=w01018", qn=QN) == ["9011 QnRtn=1"]
    assert len(platform.house.rows("SELECT * FROM actions")) == 1


async def test_repeated_question_is_answered_with_what_is_known_now(across: Across) -> None:
    platform = await across()
    first = await platform.ask("1011", qn=QN)
    platform.house.clock.go(5)
    second = await platform.ask("1011", qn=QN)
    assert first[0] == second[0] == "9011 QnRtn=1"
    assert first[1] != second[1]


async def test_refused_number_may_come_again_with_the_right_password(across: Across) -> None:
    platform = await across()
    await platform.ask("1062", "RtdInterval=60", qn=QN, pw="654321")
    assert (await platform.ask("1062", "RtdInterval=60", qn=QN))[-1] == "9012 ExeRtn=1"


async def test_end_that_did_not_get_out_is_told_on_the_next_connection(across: Across) -> None:
    platform = await across()
    assert await platform.cut("1062", "RtdInterval=60", at="9012", qn=QN) == ["9011 QnRtn=1"]
    assert platform.command("1062")["told_at"] is None
    assert await platform.tell_open_ends() == ["9012 ExeRtn=1"]
    assert platform.talk.said[-1].qn == QN
    assert len(platform.reloads) == 1
    assert await platform.tell_open_ends() == []


async def test_answer_to_a_question_ends_with_its_connection(across: Across) -> None:
    platform = await across()
    await platform.cut("1061", at="1061")
    assert await platform.tell_open_ends() == []


async def test_request_cut_off_before_it_was_begun_is_not_begun_later(across: Across) -> None:
    platform = await across()
    await platform.cut("1062", "RtdInterval=60", at="9011", qn=QN)
    assert await platform.tell_open_ends() == ["9012 ExeRtn=2"]
    assert platform.overrides() == {}
    assert (await platform.ask("1062", "RtdInterval=60", qn=QN))[-1] == "9012 ExeRtn=2"
    assert platform.overrides() == {}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"##",
        b"##9999QN=1",
        down("2011")[:-6] + b"0000\r\n",
        down("2011") + down("2011"),
        framed("no field in it"),
        b"\xff" * 5000,
    ],
)
async def test_rubbish_is_counted_and_dropped(across: Across, data: bytes) -> None:
    platform = await across()
    await platform.dispatcher.take(data, platform.talk)
    assert len(platform.talk.lost_reasons) == 1
    assert said(platform) == []


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF", "X"]),
        st.binary(max_size=24) | st.sampled_from([b"5", b"9014", QN.encode(), MN.encode()]),
    ),
    max_size=9,
).map(lambda fields: framed(b";".join(f"{name}=".encode() + value for name, value in fields)))
AREAS = st.builds(
    lambda cn, cp, number: down(cn, cp=cp, qn=f"20260610100000{number:03d}"),
    st.sampled_from(["1000", "1012", "1062", "1072", "2011", "2051", "2061", "3015", "3020"]),
    st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
    | st.sampled_from(["BeginTime=20260610000000;EndTime=99999999999999", "SystemTime=0"]),
    st.integers(0, 999),
)


@pytest.fixture
async def patient(across: Across) -> Platform:
    return await across()


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200) | st.text(max_size=100).map(framed) | FIELDS | AREAS)
async def test_nothing_that_comes_down_is_an_error_of_ours(patient: Platform, data: bytes) -> None:
    await patient.dispatcher.take(data, patient.talk)


async def test_flood_of_refused_requests_is_answered_and_journalled_once_a_minute(
    across: Across,
) -> None:
    platform = await across()
    for number in range(5):
        await platform.ask("1061", pw="654321", qn=platform.qn(number / 10))
    assert len(platform.talk.said) == len(platform.talk.lost_reasons) == 5
    assert len(platform.journal()) == 1
    await platform.ask("1063", pw="654321")
    platform.house.clock.go(61)
    await platform.ask("1061", pw="654321")
    assert len(platform.journal()) == 3


async def test_password_that_is_refused_is_not_repeated(across: Across) -> None:
    platform = await across()
    await platform.dispatcher.take(down("1061", pw="hunter2"), platform.talk)
    everything = str(platform.talk.lost_reasons) + str(said(platform)) + str(platform.journal())
    assert "hunter2" not in everything
