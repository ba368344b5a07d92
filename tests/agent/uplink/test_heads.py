"""Frames whose head is known already: the same bytes as those that were printed strictly."""

from __future__ import annotations

import dataclasses

import pytest
from uplink_fakes import BODY, MN, PW

from agent.store.frames import segment_text
from agent.store.outbox import Row
from agent.uplink.header import Header
from agent.uplink.heads import KNOWN, learn
from agent.uplink.sealing import key_ring
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.segment import Segment

EDITIONS = ("hj212-2005", "hj212-2017", "hj212-2025")
FIRST = Row(1, "st1", "2051", "32", 0, 0, 1, 1, 1_781_056_801_007, 2, True, BODY, 0.0, 0.0, 0)
OTHER = BODY.replace("2026", "2027")


def header(name: str) -> Header:
    return Header(edition(name), MN[:14] if name == "hj212-2005" else MN, PW)


def printed(header: Header, row: Row, *, resent: bool) -> tuple[bytes, str]:
    """Give what is printed without any memory."""
    segment = header.segment(row, resent=resent)
    return header.bytes_of(segment), segment_text(segment)


@pytest.mark.parametrize("name", EDITIONS)
@pytest.mark.parametrize("resent", [False, True])
@pytest.mark.parametrize(
    "row", [FIRST, FIRST._replace(answer=False), FIRST._replace(pno=2, pnum=3)], ids=str
)
def test_second_frame_of_a_kind_is_what_would_be_printed(name: str, resent: bool, row: Row) -> None:
    one = header(name)
    one.written(row, resent=resent)
    later = row._replace(qn_ms=row.qn_ms + 61_001, body=OTHER)
    qn, frame, text = one.written(later, resent=resent)
    assert (frame, text) == printed(header(name), later, resent=resent)
    assert qn.encode() in frame
    assert PW not in text


@pytest.mark.parametrize(
    "body",
    ["a&&b", "a\nb", "a\x7fb", "x" * 938, "污" * 313],
    ids=["mark", "LF", "DEL", "CP", "UTF-8"],
)
def test_data_area_that_cannot_be_printed_is_refused_also_under_a_known_head(body: str) -> None:
    one = header("hj212-2017")
    one.written(FIRST, resent=False)
    with pytest.raises(LocalFrameError) as caught:
        one.written(FIRST._replace(body=body), resent=False)
    assert PW not in str(caught.value)


@pytest.mark.parametrize("body", ["", "a&b", "x" * 937, "一号排口"])
def test_data_area_that_can_be_printed_goes_out_under_a_known_head(body: str) -> None:
    one = header("hj212-2017")
    one.written(FIRST, resent=False)
    row = FIRST._replace(body=body)
    assert one.written(row, resent=False)[1:] == printed(header("hj212-2017"), row, resent=False)


def test_secret_in_the_data_area_is_masked_under_a_known_head() -> None:
    one = header("hj212-2017")
    one.written(FIRST, resent=False)
    text = one.written(FIRST._replace(body="NewPW=654321;x=1"), resent=False).text
    assert text.endswith("CP=&&NewPW=***;x=1&&")


def test_known_head_is_sealed_as_the_first_one_was() -> None:
    ring = key_ring("0000000000000000", None, rendering="raw", commands=None)
    sealed = dataclasses.replace(header("hj212-2025"), key=ring)
    row = FIRST._replace(cn="2011")
    sealed.written(row, resent=False)
    later = row._replace(body=OTHER)
    frame = sealed.written(later, resent=False).frame
    assert OTHER.encode() not in frame
    assert sealed.read(frame) == sealed.segment(later)


def test_new_password_takes_no_head_of_the_old_one() -> None:
    one = header("hj212-2017")
    one.written(FIRST, resent=False)
    assert b"PW=654321" in dataclasses.replace(one, pw="654321").frame(FIRST, resent=False)


def test_head_without_qn_in_front_is_not_known() -> None:
    segment = Segment("1" * 17, "32", "2051", PW, MN)
    assert learn(b"ST=32;QN=" + b"1" * 17 + b";CP=&&&&", segment, most=900) is None


def test_upload_of_more_packets_than_heads_goes_on() -> None:
    one = header("hj212-2017")
    for number in range(1, KNOWN + 3):
        row = FIRST._replace(pno=number, pnum=KNOWN + 2)
        assert f"PNO={number};".encode() in one.frame(row, resent=False)
