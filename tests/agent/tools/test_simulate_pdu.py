from __future__ import annotations

import struct
from collections.abc import Sequence

import pytest

from agent.tools.simulate.pdu import Refusal, answer


class Echo:
    """Registers hold their own address, bits are 1 at even addresses; writes are remembered."""

    def __init__(self) -> None:
        self.written: list[tuple[int, int, list[int]]] = []

    def read(self, function: int, start: int, count: int) -> Sequence[int]:
        if start >= 0x1000:
            raise Refusal(2)
        span = range(start, start + count)
        return list(span) if function in (3, 4) else [1 - address % 2 for address in span]

    def write(self, function: int, start: int, values: Sequence[int]) -> None:
        if start >= 0x1000:
            raise Refusal(4)
        self.written.append((function, start, list(values)))


@pytest.mark.parametrize(
    ("request_pdu", "answer_pdu"),
    [
        ("03 0010 0002", "03 04 0010 0011"),
        ("04 0000 0001", "04 02 0000"),
        ("01 0000 000a", "01 02 55 01"),  # first bit lowest: 1010 1010 10
        ("02 0001 0003", "02 01 02"),
        ("06 0020 1234", "06 0020 1234"),
        ("05 0020 ff00", "05 0020 ff00"),
        ("10 0219 0003 06 0001 0001 0003", "10 0219 0003"),
        ("0f 0000 000a 02 55 01", "0f 0000 000a"),
        ("03 1000 0001", "83 02"),
        ("06 1000 0001", "86 04"),
        ("03 0000 0000", "83 03"),
        ("03 0000 007e", "83 03"),
        ("03 ffff 0002", "83 03"),
        ("03 0000", "83 03"),
        ("05 0000 0001", "85 03"),
        ("10 0000 0002 04 0001", "90 03"),
        ("10 0000 0002 02 0001 0002", "90 03"),
        ("03 ffff 0001", "83 02"),
        ("01 0000 0008", "01 01 55"),
        ("01 0000 0009", "01 02 55 01"),
        ("01 0000 07d1", "81 03"),
        ("0f 0000 0000 00", "8f 03"),
        ("0f 0000 0008 01 ff", "0f 0000 0008"),
        ("0f 0000 0009 01 ff", "8f 03"),
        ("10 0000 0001 02 0001 0002", "90 03"),
        ("10 0000 0000 00", "90 03"),
        ("07", "87 01"),
        ("2b 0e 01 00", "ab 01"),
    ],
)
def test_request_is_answered_as_the_standard_says(request_pdu: str, answer_pdu: str) -> None:
    assert answer(Echo(), bytes.fromhex(request_pdu)).hex() == answer_pdu.replace(" ", "")


def test_function_6_is_echoed_whatever_the_register_reads_back() -> None:
    unit = Echo()
    assert answer(unit, bytes.fromhex("06 0020 00ff")) == bytes.fromhex("06 0020 00ff")
    assert unit.written == [(6, 0x20, [0xFF])]


@pytest.mark.parametrize(
    ("function", "most", "answer_length"),
    [(1, 2000, 252), (2, 2000, 252), (3, 125, 252), (4, 125, 252)],
)
def test_longest_read_is_answered_and_one_more_is_not(
    function: int, most: int, answer_length: int
) -> None:
    longest = answer(Echo(), struct.pack(">BHH", function, 0, most))
    assert len(longest) == answer_length
    too_long = answer(Echo(), struct.pack(">BHH", function, 0, most + 1))
    assert too_long == bytes([function | 0x80, 3])


@pytest.mark.parametrize(("function", "most", "size"), [(15, 1968, 246), (16, 123, 246)])
def test_longest_write_is_taken_and_one_more_is_not(function: int, most: int, size: int) -> None:
    head = struct.pack(">BHHB", function, 0, most, size)
    assert answer(Echo(), head + bytes(size)) == head[:5]
    longer = size + (2 if function == 16 else 1)
    more = struct.pack(">BHHB", function, 0, most + 1, longer)
    assert answer(Echo(), more + bytes(longer)) == bytes([function | 0x80, 3])


def test_eleventh_coil_comes_from_the_second_byte() -> None:
    unit = Echo()
    answer(unit, bytes.fromhex("0f 0000 000b 02 01 05"))
    assert unit.written == [(15, 0, [1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1])]


def test_coils_are_written_as_bits() -> None:
    unit = Echo()
    answer(unit, bytes.fromhex("05 0003 ff00"))
    answer(unit, bytes.fromhex("0f 0000 0003 01 05"))
    assert unit.written == [(5, 3, [1]), (15, 0, [1, 0, 1])]
