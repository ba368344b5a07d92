"""An answer that differs from the last one in its QN alone is known by its bytes."""

from __future__ import annotations

import pytest
from uplink_fakes import MN, PW, down

from agent.store.frames import segment_text
from agent.uplink.alike import Alike
from protocols.hj212.frame import decode_frame
from protocols.hj212.segment import parse_segment

FIRST, SECOND = "20260610100000123", "20260610100000124"


def data(qn: str = FIRST, **keys: str) -> bytes:
    plain = {"qn": qn, "flag": "Flag=4;"} | keys
    return decode_frame(down("9014", **plain)).segment


def learnt(segment: bytes) -> Alike:
    alike, read = Alike(), parse_segment(segment)[0]
    alike.learn(segment, read, segment_text(read))
    return alike


def test_next_answer_is_known_with_its_own_number_and_text() -> None:
    alike = learnt(data())
    assert alike.qn(data(SECOND)) == SECOND
    assert alike.cn == "9014"
    assert alike.text(SECOND) == segment_text(parse_segment(data(SECOND))[0])
    assert PW not in alike.text(SECOND)


@pytest.mark.parametrize(
    "other",
    [
        data(SECOND, mn=MN.replace("0", "1", 1)),
        data(SECOND, pw="654321"),
        data(SECOND, flag="Flag=5;"),
        data(SECOND, cp="QnRtn=1"),
        data(SECOND).replace(b"9014", b"9013"),
        data(SECOND).replace(b"QN=", b"ON="),
        data(SECOND).replace(SECOND.encode(), b"2026061010000012x"),
        data(SECOND)[:20],
        b"",
    ],
)
def test_anything_else_is_left_to_who_reads_everything(other: bytes) -> None:
    assert learnt(data()).qn(other) == ""


@pytest.mark.parametrize(
    "first",
    [
        data(cp="QN=20260610100000123;CN=2051"),
        data().replace(b"Flag=4;", b"Flag=4;XX=1;"),
        data().replace(b"QN=20260610100000123;ST=32;", b"ST=32;QN=20260610100000123;"),
    ],
)
def test_nothing_is_learnt_where_the_number_is_not_all_there_is(first: bytes) -> None:
    assert learnt(first).qn(first) == ""


def test_nothing_is_known_before_anything_was_learnt() -> None:
    assert Alike().qn(data()) == ""
    assert Alike().qn(b"QN=20260610100000123") == ""
