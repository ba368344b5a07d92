"""Bytes of an outbox row, and the password that shows nowhere else."""

from __future__ import annotations

import dataclasses

import pytest
from uplink_fakes import BODY, MN, PW, framed

from agent.store.outbox import Row
from agent.uplink.header import Header
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.times import parse_wire_time

HEADER = Header(edition("hj212-2017"), MN, PW)
QN_MS = int(parse_wire_time("20260610100001") * 1000) + 7
ROW = Row(
    id=1,
    station="st1",
    cn="2051",
    st="32",
    at=0,
    revision=0,
    pno=1,
    pnum=1,
    qn_ms=QN_MS,
    urgency=2,
    answer=True,
    body=BODY,
    created_at=0.0,
    not_before=0.0,
    attempts=0,
)


def test_row_becomes_the_frame_of_its_edition() -> None:
    assert HEADER.frame(ROW, resent=False) == framed(
        f"QN=20260610100001007;ST=32;CN=2051;PW={PW};MN={MN};Flag=5;CP=&&{BODY}&&"
    )


def test_packet_names_its_number_and_how_many_there_are() -> None:
    row = ROW._replace(pno=2, pnum=3)
    assert HEADER.frame(row, resent=True) == framed(
        f"QN=20260610100001007;ST=32;CN=2051;PW={PW};MN={MN};Flag=7;PNUM=3;PNO=2;CP=&&{BODY}&&"
    )


def test_backlog_of_2025_says_so() -> None:
    header = Header(edition("hj212-2025"), MN, PW)
    assert header.frame(ROW, resent=True) == framed(
        f"QN=20260610100001007;ST=32;CN=2051;PW={PW};MN={MN};Flag=9;RF=1;CP=&&{BODY}&&"
    )


def test_station_without_mn_writes_an_empty_field() -> None:
    assert b";MN=;" in Header(edition("hj212-2025"), "", PW).frame(ROW, resent=False)


def test_only_the_very_password_is_known() -> None:
    assert HEADER.knows(PW)
    assert not any(HEADER.knows(other) for other in ("", "12345", "1234567", "密码"))


@pytest.mark.parametrize("pw", ["a;b", "far too long to be one", "密码"])
def test_password_that_cannot_be_written_is_not_shown_either(pw: str) -> None:
    with pytest.raises(LocalFrameError) as caught:
        Header(edition("hj212-2017"), MN, pw).frame(ROW, resent=False)
    assert "PW=***" in str(caught.value)
    assert pw not in str(caught.value)
    assert caught.value.__suppress_context__


def test_password_is_not_in_the_repr() -> None:
    assert PW not in repr(HEADER)


@pytest.mark.parametrize(
    ("encoding", "read"), [("auto", "ģ"), ("utf-8", "ģ"), ("gbk", "模")], ids=str
)
def test_text_is_read_as_the_platform_is_known_to_write_it(encoding: str, read: str) -> None:
    """Two bytes that are a word in either: only the settings can tell."""
    frame = framed(f"ST=91;CN=9013;PW={PW};MN={MN};Flag=4;CP=&&A=".encode() + b"\xc4\xa3&&")
    header = dataclasses.replace(HEADER, encoding=encoding)
    assert header.read(frame).cp == f"A={read}"


@pytest.mark.parametrize("encoding", ["utf-8", "gbk"])
def test_text_in_another_encoding_is_read_with_escapes(encoding: str) -> None:
    frame = framed(f"ST=91;CN=9013;PW={PW};MN={MN};Flag=4;CP=&&A=".encode() + b"\xff&&")
    assert dataclasses.replace(HEADER, encoding=encoding).read(frame).cp == "A=\\xff"
