"""What comes down: answers by QN, refusals in their order, rubbish."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uplink_fakes import MN, PW

from agent.uplink.dispatcher import Dispatcher
from agent.uplink.header import Header
from protocols.hj212.editions import edition
from protocols.hj212.segment import Segment

OTHER_MN = "010000A8900016F000169DC9"
QN = "20260610100000123"


def framed(segment: str | bytes) -> bytes:
    """Put length and CRC around a segment; the CRC is HJ 212's, worked out bit by bit."""
    data = segment.encode() if isinstance(segment, str) else segment
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return b"##%04d%b%04X\r\n" % (len(data), data, register)


def down(
    cn: str, *, qn: str = QN, mn: str = MN, pw: str = PW, flag: str = "Flag=5;", cp: str = ""
) -> bytes:
    return framed(f"QN={qn};ST=32;CN={cn};PW={pw};MN={mn};{flag}CP=&&{cp}&&")


@dataclass
class Desk:
    """A dispatcher and what it did."""

    handled: list[Segment] = field(default_factory=list)
    acknowledged: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    name: str = "hj212-2017"

    async def take(self, data: bytes) -> None:
        async def handler(segment: Segment) -> None:
            self.handled.append(segment)

        async def reply(frame: bytes) -> None:
            self.replies.append(frame)

        dispatcher = Dispatcher(
            Header(edition(self.name), MN, PW),
            self.acknowledged.append,
            self.refused.append,
            {"2011": handler},
        )
        await dispatcher.take(data, reply)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.mark.parametrize("cn", ["9014", "9013"])
async def test_answer_is_given_on_by_its_qn(desk: Desk, cn: str) -> None:
    await desk.take(framed(f"QN={QN};ST=91;CN={cn};PW={PW};MN={MN};Flag=4;CP=&&&&"))
    assert desk.acknowledged == [QN]
    assert (desk.replies, desk.refused) == ([], [])


async def test_answer_of_another_station_is_refused(desk: Desk) -> None:
    await desk.take(down("9014", mn=OTHER_MN))
    assert desk.acknowledged == []
    assert desk.refused == [f"answer for another MN {OTHER_MN}"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (down("2011", mn=OTHER_MN), 4),
        (down("2011", pw="654321"), 3),
        (down("2011", pw=""), 3),
        (down("3999"), 8),
        (down("3999", mn=OTHER_MN, pw="654321"), 4),
        (down("3999", pw="654321"), 3),
    ],
    ids=["MN", "PW", "no PW", "command", "MN before all", "PW before command"],
)
async def test_refused_request_is_answered_with_its_reason(
    desk: Desk, data: bytes, code: int
) -> None:
    await desk.take(data)
    wanted = framed(f"QN={QN};ST=91;CN=9011;PW={PW};MN={MN};Flag=4;CP=&&QnRtn={code}&&")
    assert desk.replies == [wanted]
    assert (desk.handled, len(desk.refused)) == ([], 1)


async def test_answer_of_2025_carries_its_own_version(desk: Desk) -> None:
    desk.name = "hj212-2025"
    await desk.take(down("3999", flag="Flag=9;"))
    assert desk.replies == [framed(f"QN={QN};ST=91;CN=9011;PW={PW};MN={MN};Flag=8;CP=&&QnRtn=8&&")]


async def test_served_command_goes_to_its_handler_only(desk: Desk) -> None:
    await desk.take(down("2011", cp="BeginTime=20260610000000"))
    (segment,) = desk.handled
    assert (segment.cn, segment.qn, segment.cp) == ("2011", QN, "BeginTime=20260610000000")
    assert (desk.replies, desk.refused) == ([], [])


@pytest.mark.parametrize("flag", ["Flag=4;", ""], ids=["says no", "is not there"])
async def test_request_whose_flag_wants_no_answer_gets_none(desk: Desk, flag: str) -> None:
    await desk.take(down("3999", flag=flag))
    assert (desk.replies, desk.handled) == ([], [])


@pytest.mark.parametrize("qn", ["", "QN=;", "QN=123;", "QN=2026061010000012x;"])
async def test_request_whose_qn_no_answer_can_carry_is_dropped(desk: Desk, qn: str) -> None:
    await desk.take(framed(f"{qn}ST=32;CN=3999;PW={PW};MN={MN};Flag=5;CP=&&&&"))
    assert desk.replies == []
    assert len(desk.refused) == 1


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
async def test_rubbish_is_counted_and_dropped(desk: Desk, data: bytes) -> None:
    await desk.take(data)
    assert len(desk.refused) == 1
    assert (desk.replies, desk.handled, desk.acknowledged) == ([], [], [])


FIELDS = st.lists(
    st.tuples(
        st.sampled_from(["QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF", "X"]),
        st.binary(max_size=24) | st.sampled_from([b"5", b"9014", QN.encode(), MN.encode()]),
    ),
    max_size=9,
).map(lambda fields: framed(b";".join(f"{name}=".encode() + value for name, value in fields)))


@given(data=st.binary(max_size=200) | st.text(max_size=100).map(framed) | FIELDS)
async def test_nothing_that_comes_down_is_an_error_of_ours(data: bytes) -> None:
    await Desk().take(data)


async def test_password_that_is_refused_is_not_repeated(desk: Desk) -> None:
    await desk.take(down("2011", pw="hunter2"))
    assert "hunter2" not in str(desk.refused) + str(desk.replies)
