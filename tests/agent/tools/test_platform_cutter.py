from __future__ import annotations

import random

import pytest
from platform_frames import MINUTE, REAL_TIME, framed, upload

from agent.tools.platform.cutter import Cutter

FRAMES = [upload("2011", REAL_TIME), upload("2051", MINUTE), upload("9013", "", st="91", flag=4)]
# a cipher may hold anything: a header, a tail, the end of a data area
SEALED = framed(b"QN=20260601083000123;CP=&&\r\n##0099&&;\x00\xff##\r\n\r\n&&")


def cut(data: bytes, size: int) -> list[bytes]:
    cutter = Cutter()
    found: list[bytes] = []
    for at in range(0, len(data), size):
        found += cutter.feed(data[at : at + size])
    return found + cutter.flush()


@pytest.mark.parametrize("size", [1, 3, 7, 64, 10_000])
def test_frames_are_cut_wherever_the_pieces_end(size: int) -> None:
    frames = [*FRAMES, SEALED, FRAMES[0]]
    assert cut(b"".join(frames), size) == frames


@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_rubbish_is_given_out_and_costs_no_frame(size: int) -> None:
    data = b"hello" + FRAMES[0] + b"rest" + FRAMES[1] + b"\r\n" + FRAMES[2]
    assert [one for one in cut(data, size) if one.startswith(b"##")] == FRAMES
    assert b"".join(cut(data, size)) == data


def test_frame_without_a_tail_ends_where_the_next_begins() -> None:
    for frame in (FRAMES[0], SEALED):  # what looks like a header in a cipher is none
        assert cut(frame[:-2] + FRAMES[1], 10_000) == [frame[:-2], FRAMES[1]]


def test_wrong_length_costs_one_frame_and_not_the_next() -> None:
    longer = b"##" + b"%04d" % (int(FRAMES[0][2:6]) + 20) + FRAMES[0][6:]
    assert cut(longer + FRAMES[1] + FRAMES[2], 10_000)[-2:] == FRAMES[1:]
    shorter = b"##" + b"%04d" % (int(FRAMES[0][2:6]) - 20) + FRAMES[0][6:]
    assert cut(shorter + FRAMES[1] + FRAMES[2], 10_000)[-2:] == FRAMES[1:]


def test_length_of_letters_costs_one_frame_and_not_the_next() -> None:
    assert cut(b"##00x7abc" + FRAMES[1], 1)[-1] == FRAMES[1]


def test_no_byte_is_lost_whatever_comes() -> None:
    chance = random.Random(212)
    for _ in range(300):
        parts = [chance.choice([*FRAMES, SEALED, b"##", b"#", b"##0010", b"\r\n", b"xyz"])
                 for _ in range(8)]  # fmt: skip
        data = b"".join(part[: chance.randint(0, len(part))] for part in parts)
        assert b"".join(cut(data, chance.randint(1, 50))) == data


def test_line_of_rubbish_without_end_is_not_held_for_ever() -> None:
    cutter = Cutter()
    assert sum(len(one) for _ in range(100) for one in cutter.feed(b"x" * 1000)) > 95_000


def test_end_of_the_line_gives_the_half_frame() -> None:
    cutter = Cutter()
    assert cutter.feed(FRAMES[0][:30]) == []
    assert cutter.flush() == [FRAMES[0][:30]]
    assert cutter.flush() == []
