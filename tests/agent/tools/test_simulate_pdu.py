from __future__ import annotations

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


def test_coils_are_written_as_bits() -> None:
    unit = Echo()
    answer(unit, bytes.fromhex("05 0003 ff00"))
    answer(unit, bytes.fromhex("0f 0000 0003 01 05"))
    assert unit.written == [(5, 3, [1]), (15, 0, [1, 0, 1])]
