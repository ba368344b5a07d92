from __future__ import annotations

import pytest

from agent.tools.simulate.faults import SOUND, Fault, Kind, Reply, spoil
from agent.tools.simulate.rtu_frames import sound

REPLY = Reply(7, bytes.fromhex("03 04 0001 0002"))


def test_sound_unit_answers_unchanged() -> None:
    assert spoil(SOUND, REPLY) is REPLY


def test_silent_unit_says_nothing() -> None:
    assert spoil(Fault(Kind.SILENT), REPLY) is None


def test_late_unit_says_the_same_later() -> None:
    late = spoil(Fault(Kind.LATE, late_s=2.5), REPLY)
    assert late == Reply(7, REPLY.pdu, 2.5)


def test_foreign_answer_comes_from_another_address() -> None:
    assert spoil(Fault(Kind.FOREIGN), REPLY) == Reply(8, REPLY.pdu)
    assert spoil(Fault(Kind.FOREIGN), Reply(247, b"\x03")) == Reply(1, b"\x03")


def test_short_answer_lacks_its_last_register_and_says_so() -> None:
    assert spoil(Fault(Kind.SHORT), REPLY) == Reply(7, bytes.fromhex("03 02 0001"))


@pytest.mark.parametrize(
    ("pdu", "short"),
    [
        ("04 04 0001 0002", "04 02 0001"),
        ("01 02 55 01", "01 01 55"),
        ("03 02 0001", "03 02 0001"),  # nothing left to lose
        ("01 01 55", "01 01 55"),
        ("06 0001 0002", "06 0001 0002"),
        ("83 02", "83 02"),
    ],
)
def test_short_takes_one_register_or_byte_of_bits_off_a_read(pdu: str, short: str) -> None:
    spoiled = spoil(Fault(Kind.SHORT), Reply(7, bytes.fromhex(pdu)))
    assert spoiled == Reply(7, bytes.fromhex(short))


def test_garbage_is_as_long_as_the_frame_and_no_frame() -> None:
    spoiled = spoil(Fault(Kind.GARBAGE), REPLY)
    assert spoiled is not None
    assert spoiled.garbage is not None
    assert len(spoiled.garbage) == len(REPLY.pdu) + 3
    assert not sound(spoiled.garbage)


def test_exception_and_busy_answer_their_codes() -> None:
    assert spoil(Fault(Kind.EXCEPTION, code=4), REPLY) == Reply(7, b"\x83\x04")
    assert spoil(Fault(Kind.BUSY), REPLY) == Reply(7, b"\x83\x06")
