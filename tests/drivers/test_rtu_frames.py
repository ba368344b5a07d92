"""RTU frames: the answer is found wherever it is, and nothing else is taken for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import rtu
from drivers.device import Fault
from drivers.question import Question
from protocols.checksums import crc16

READ = Question(1, 3, 0x0000, 2)
ANSWER = bytes.fromhex("01 03 04 00 00 42 12 4A 9E")
PDU = ANSWER[1:-2]
TABLE = [
    pytest.param(READ, ANSWER, id="holding registers"),
    pytest.param(
        Question(1, 4, 0x0132, 2), bytes.fromhex("01 04 04 66 66 42 1A B4 78"), id="input registers"
    ),
    pytest.param(Question(1, 1, 0, 10), rtu.frame(1, bytes((1, 2, 0xFF, 0x03))), id="coils"),
    pytest.param(
        Question(1, 16, 0x0219, 3, (1, 1, 3)),
        bytes.fromhex("01 10 02 19 00 03 50 77"),
        id="write of registers",
    ),
    pytest.param(
        Question(1, 6, 0x01AD, 1, (2,)), bytes.fromhex("01 06 01 AD 00 02 98 16"), id="write of one"
    ),
    pytest.param(
        Question(1, 16, 0x0219, 3, (1, 1, 3)), bytes.fromhex("01 90 04 4D C3"), id="exception"
    ),
]


def test_the_crc_of_a_frame_of_the_field() -> None:
    assert rtu.frame(1, bytes.fromhex("03 00 00 00 02")) == bytes.fromhex("01 03 00 00 00 02 C4 0B")
    assert crc16(b"123456789") == 0x4B37


@pytest.mark.parametrize(("question", "answer"), TABLE)
def test_a_whole_answer_is_found(question: Question, answer: bytes) -> None:
    assert rtu.find_answer(answer, question) == answer[1:-2]


@pytest.mark.parametrize(("question", "answer"), TABLE)
def test_an_answer_in_pieces_is_waited_for(question: Question, answer: bytes) -> None:
    for size in range(len(answer)):
        assert rtu.find_answer(answer[:size], question) is None
        assert rtu.find_stranger(answer[:size], question) is None


@pytest.mark.parametrize(("question", "answer"), TABLE)
@pytest.mark.parametrize(
    "junk", [b"\x00", b"\xff\x00\x7f", b"\x01", b"\x01\x03", b"\x01\x03\x04\x00"]
)
def test_an_answer_is_found_between_rubbish(question: Question, answer: bytes, junk: bytes) -> None:
    assert rtu.find_answer(junk + answer + junk, question, final=True) == answer[1:-2]


@pytest.mark.parametrize(("question", "answer"), TABLE)
def test_an_answer_with_any_byte_broken_is_refused(question: Question, answer: bytes) -> None:
    for place in range(len(answer)):
        broken = bytearray(answer)
        broken[place] ^= 0x55
        assert rtu.find_answer(bytes(broken), question, final=True) is None
        assert rtu.find_stranger(bytes(broken), question, final=True) is not None


def test_an_exception_is_found_without_waiting_for_a_whole_answer() -> None:
    assert rtu.find_answer(bytes.fromhex("01 83 02 C0 F1"), READ) == bytes((0x83, 2))


def test_two_glued_answers_give_the_fitting_one() -> None:
    other = rtu.frame(1, bytes((3, 2, 0, 7)))
    assert rtu.find_answer(other + ANSWER, READ) == PDU


def test_the_answer_behind_a_false_start_is_found() -> None:
    false_start = ANSWER[:6]
    assert rtu.find_answer(false_start + ANSWER, READ, final=True) == PDU


def test_an_exception_inside_the_data_of_an_unfinished_answer_is_not_taken() -> None:
    inside = bytes.fromhex("01 83 02 C0 F1")
    question = Question(1, 3, 0, 8)
    answer = rtu.frame(1, bytes((3, 16)) + inside + bytes(11))
    assert rtu.find_answer(answer[:12], question) is None
    assert rtu.find_answer(answer, question) == answer[1:-2]


@pytest.mark.parametrize(
    ("came", "fault", "unit"),
    [
        (rtu.frame(2, PDU), Fault.UNIT, 2),
        (rtu.frame(2, bytes((0x83, 2))), Fault.UNIT, 2),
        (rtu.frame(1, bytes((4, 4, 0, 0, 0x42, 0x12))), Fault.FUNCTION, None),
        (rtu.frame(1, bytes((3, 2, 0, 7))), Fault.LENGTH, None),
        (rtu.frame(1, bytes((3, 6, 0, 7, 0, 7, 0, 7))), Fault.LENGTH, None),
    ],
)
def test_a_whole_foreign_frame_ends_the_waiting_and_is_named(
    came: bytes, fault: Fault, unit: int | None
) -> None:
    stranger = rtu.find_stranger(came, READ)
    assert stranger is not None
    assert (stranger.fault, stranger.unit) == (fault, unit)


def test_a_foreign_unit_is_called_wrong_unit_not_wrong_crc() -> None:
    stranger = rtu.find_stranger(rtu.frame(18, PDU), Question(17, 3, 0, 2))
    assert stranger is not None
    assert stranger.text == "WRONG UNIT: 18 answered for 17"


def test_the_confirmation_of_another_write_is_refused() -> None:
    question = Question(1, 16, 0x0219, 3, (1, 1, 3))
    other = rtu.frame(1, bytes.fromhex("10 02 1A 00 03"))
    stranger = rtu.find_stranger(other, question)
    assert stranger is not None
    assert stranger.fault is Fault.CONTENT


@pytest.mark.parametrize(
    ("came", "fault"),
    [
        (ANSWER[:-1] + b"\x00", Fault.CHECKSUM),
        (ANSWER[:-2], Fault.LENGTH),
        (b"\x00\x55\xaa", Fault.GARBAGE),
    ],
)
def test_what_came_by_the_deadline_is_named(came: bytes, fault: Fault) -> None:
    assert rtu.find_stranger(came, READ) is None
    stranger = rtu.find_stranger(came, READ, final=True)
    assert stranger is not None
    assert stranger.fault is fault


def test_silence_is_no_stranger() -> None:
    assert rtu.find_stranger(b"", READ, final=True) is None


@given(st.binary(max_size=300), st.booleans())
def test_noise_never_becomes_an_answer_nor_an_error(noise: bytes, final: bool) -> None:
    answer = rtu.find_answer(noise, READ, final=final)
    assert answer is None or rtu.frame(1, answer) in noise
    rtu.find_stranger(noise, READ, final=final)


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_the_right_answer_is_found_at_any_offset(before: bytes, behind: bytes) -> None:
    assert rtu.find_answer(before + ANSWER + behind, READ, final=True) is not None
