"""Forms of numbers and times that some instruments have, with bytes worked out by hand."""

import pytest

from protocols.registers import (
    TimeFormat,
    decode_number,
    decode_time,
    encode_number,
    encode_time,
    number_width,
    time_width,
)

AT = 1_773_885_600.0  # 2026-03-19 10:00:00 in China, 02:00:00 UTC


@pytest.mark.parametrize(
    ("form", "registers"),
    [
        ("bytes6", [0x1A03, 0x130A, 0x0000]),
        ("words6", [2026, 3, 19, 10, 0, 0]),
        ("words6-yy", [26, 3, 19, 10, 0, 0]),
        ("words6-1970", [56, 3, 19, 10, 0, 0]),
        ("unix32", [0x69BB, 0x58A0]),
    ],
)
def test_a_time_goes_in_and_out(form: TimeFormat, registers: list[int]) -> None:
    assert len(registers) == time_width(form)
    assert decode_time(registers, form) == AT
    assert encode_time(AT, form) == registers


@pytest.mark.parametrize(
    ("form", "registers"),
    [
        ("bytes6", [0, 0, 0]),
        ("words6-1970", [0, 0, 0, 0, 0, 0]),
        ("words6-1970", [0xFFFF] * 6),
        ("unix32", [0, 0]),
        ("unix32", [0xFFFF, 0xFFFF]),
    ],
)
def test_what_is_no_time_is_none(form: TimeFormat, registers: list[int]) -> None:
    assert decode_time(registers, form) is None


def test_two_numbers_share_a_register() -> None:
    assert number_width("uint8-hi") == 1
    assert decode_number([0x0201], "uint8-hi") == 2.0
    assert decode_number([0x0201], "uint8-lo") == 1.0
    assert encode_number(2, "uint8-hi") == [0x0200]
    assert encode_number(1, "uint8-lo") == [0x0001]
    with pytest.raises(ValueError, match="does not fit"):
        encode_number(256, "uint8-lo")
