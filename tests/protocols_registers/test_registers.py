"""Registers to numbers and times, and back."""

import datetime
import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.registers import (
    NUMBER_TYPES,
    TIME_FORMATS,
    ByteOrder,
    NumberType,
    TimeFormat,
    decode_number,
    decode_time,
    encode_number,
    encode_time,
    number_width,
    time_width,
)

ORDERS: list[ByteOrder] = ["ABCD", "CDAB", "BADC", "DCBA"]
CHINA = datetime.timezone(datetime.timedelta(hours=8))


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> float:
    return datetime.datetime(year, month, day, hour, minute, second, tzinfo=CHINA).timestamp()


@pytest.mark.parametrize(
    ("registers", "order"),
    [
        ([0x4178, 0x0000], "ABCD"),
        ([0x0000, 0x4178], "CDAB"),
        ([0x7841, 0x0000], "BADC"),
        ([0x0000, 0x7841], "DCBA"),
    ],
)
def test_the_four_orders_of_15_5(registers: list[int], order: ByteOrder) -> None:
    assert decode_number(registers, "float32", order) == 15.5
    assert encode_number(15.5, "float32", order) == registers


@pytest.mark.parametrize(
    ("value", "type_", "order", "registers"),
    [
        (65535, "uint16", "ABCD", [0xFFFF]),
        (-1, "int16", "ABCD", [0xFFFF]),
        (0x1234, "uint16", "BADC", [0x3412]),
        (686, "int16", "ABCD", [0x02AE]),
        (123456, "uint32", "ABCD", [0x0001, 0xE240]),
        (123456, "uint32", "CDAB", [0xE240, 0x0001]),
        (-2, "int32", "ABCD", [0xFFFF, 0xFFFE]),
        (2**48 + 1, "uint64", "ABCD", [0x0001, 0, 0, 1]),
        (2**48 + 2, "uint64", "CDAB", [2, 0, 0, 1]),
        (-1, "int64", "ABCD", [0xFFFF] * 4),
        (123456.5, "float64", "ABCD", [0x40FE, 0x2408, 0, 0]),
        (123456.5, "float64", "DCBA", [0, 0, 0x0824, 0xFE40]),
        (2026, "bcd16", "ABCD", [0x2026]),
        (20261121, "bcd32", "ABCD", [0x2026, 0x1121]),
        (ord("N"), "char-le", "ABCD", [0x004E]),
    ],
)
def test_numbers_both_ways(
    value: float, type_: NumberType, order: ByteOrder, registers: list[int]
) -> None:
    assert decode_number(registers, type_, order) == value
    assert encode_number(value, type_, order) == registers


@pytest.mark.parametrize(
    ("registers", "type_"),
    [
        ([0x7FC0, 0x0000], "float32"),
        ([0x7F80, 0x0000], "float32"),
        ([0xFF80, 0x0000], "float32"),
        ([0x7FF8, 0, 0, 0], "float64"),
        ([0x00A0], "bcd16"),
        ([0x1234, 0xFFFF], "bcd32"),
        ([0x0000], "char-le"),
        ([0x00FF], "char-le"),
    ],
)
def test_bits_that_are_no_number_give_none(registers: list[int], type_: NumberType) -> None:
    assert decode_number(registers, type_) is None


def test_a_wrong_count_of_registers_is_our_mistake_and_raises() -> None:
    with pytest.raises(ValueError, match="2 registers expected, 1 given"):
        decode_number([1], "float32")
    with pytest.raises(ValueError, match="4 registers expected, 3 given"):
        decode_time([1, 2, 3], "hach")


@pytest.mark.parametrize(
    ("value", "type_"),
    [(65536, "uint16"), (-1, "uint16"), (32768, "int16"), (10_000, "bcd16"), (-1, "bcd16")],
)
def test_a_number_that_does_not_fit_is_refused_when_encoding(
    value: float, type_: NumberType
) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode_number(value, type_)


def test_whole_types_round_when_encoding() -> None:
    assert encode_number(6.86 / 0.01, "int16") == [686]


@given(st.data())
def test_every_finite_number_survives_every_order(data: st.DataObject) -> None:
    type_ = data.draw(st.sampled_from(NUMBER_TYPES))
    order = data.draw(st.sampled_from(ORDERS))
    width = number_width(type_)
    registers = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=width, max_size=width))
    number = decode_number(registers, type_, order)
    if number is None or type_ == "char-le":
        return
    assert math.isfinite(number)
    assert decode_number(encode_number(number, type_, order), type_, order) == number


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float32_is_what_struct_says(value: float) -> None:
    assert encode_number(value, "float32") == list(struct.unpack(">2H", struct.pack(">f", value)))


@pytest.mark.parametrize(
    ("registers", "format_"),
    [
        ([2026, 626, 1730, 5], "hach"),
        ([0x2606, 0x2617, 0x3005], "bcd6"),
        ([2026, 6, 26, 17, 30, 5], "words6"),
        ([0x2026, 0x06, 0x26, 0x17, 0x30, 0x05], "bcd-words6"),
    ],
)
def test_times_are_local_and_become_utc(registers: list[int], format_: TimeFormat) -> None:
    moment = at(2026, 6, 26, 17, 30, 5)
    assert moment == datetime.datetime(2026, 6, 26, 9, 30, 5, tzinfo=datetime.UTC).timestamp()
    assert decode_time(registers, format_) == moment
    assert encode_time(moment, format_) == registers


def test_years_come_with_or_without_century() -> None:
    assert decode_time([26, 6, 26, 17, 30, 5], "words6") == at(2026, 6, 26, 17, 30, 5)
    assert decode_time([0x26, 0x06, 0x26, 0x17, 0x30, 0x05], "bcd-words6") == at(
        2026, 6, 26, 17, 30, 5
    )


@pytest.mark.parametrize(
    ("registers", "format_"),
    [
        ([0, 0, 0, 0], "hach"),
        ([2026, 1301, 0, 0], "hach"),
        ([2026, 231, 0, 0], "hach"),
        ([2026, 626, 2460, 0], "hach"),
        ([2026, 626, 1730, 60], "hach"),
        ([1970, 101, 0, 0], "hach"),
        ([0xFFFF, 626, 1730, 5], "hach"),
        ([0x260A, 0x2617, 0x3005], "bcd6"),
        ([0xFFFF, 0xFFFF, 0xFFFF], "bcd6"),
        ([0, 0, 0, 0, 0, 0], "bcd-words6"),
        ([0x2026, 0x06, 0x26, 0x17, 0x30, 0x5F], "bcd-words6"),
        ([2026, 6, 31, 0, 0, 0], "words6"),
    ],
)
def test_registers_that_are_no_time_give_none(registers: list[int], format_: TimeFormat) -> None:
    assert decode_time(registers, format_) is None


@given(
    st.sampled_from(TIME_FORMATS),
    st.integers(int(at(2000, 1, 1)), int(at(2099, 12, 31, 23, 59, 59))),
)
def test_every_second_of_the_century_survives_every_format(
    format_: TimeFormat, moment: int
) -> None:
    registers = encode_time(moment, format_)
    assert len(registers) == time_width(format_)
    assert decode_time(registers, format_) == moment


@given(st.sampled_from(TIME_FORMATS), st.data())
def test_no_registers_make_time_decoding_fail(format_: TimeFormat, data: st.DataObject) -> None:
    width = time_width(format_)
    registers = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=width, max_size=width))
    decode_time(registers, format_)
