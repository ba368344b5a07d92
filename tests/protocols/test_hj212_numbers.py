import math
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.errors import LocalFrameError, NumberOverflow
from protocols.hj212.numbers import largest_number, print_number, print_whole_number


@pytest.mark.parametrize(
    ("value", "type_", "text"),
    [
        (0.0, "N5.1", "0.0"),
        (-0.0, "N5.1", "0.0"),
        (-0.04, "N5.1", "0.0"),
        (0.05, "N5.1", "0.0"),
        (0.15, "N5.1", "0.2"),
        (0.25, "N5.1", "0.2"),
        (0.35, "N5.1", "0.4"),
        (-0.25, "N5.1", "-0.2"),
        (0.251, "N5.1", "0.3"),
        (2.675, "N5.2", "2.68"),
        (1.005, "N5.2", "1.00"),
        (1.015, "N5.2", "1.02"),
        (10.5, "N4", "10"),
        (11.5, "N4", "12"),
        (-35.5, "N4", "-36"),
        (7, "N2.2", "7.00"),
        (0.1 + 0.2, "N1.6", "0.300000"),
        (1e-7, "N1.6", "0.000000"),
        (123456.78, "N14.2", "123456.78"),
        (99999.94, "N5.1", "99999.9"),
        (12345678901234.5, "N14.2", "12345678901234.50"),
    ],
)
def test_numbers_round_half_to_even_in_decimal(value: float, type_: str, text: str) -> None:
    assert print_number(value, type_) == text
    assert print_whole_number(value, type_) == text


@pytest.mark.parametrize(
    ("value", "type_"), [(99999.96, "N5.1"), (100.0, "N2.2"), (-100.0, "N2.2"), (1e300, "N14.2")]
)
def test_number_too_long_for_its_type_is_not_cut(value: float, type_: str) -> None:
    with pytest.raises(NumberOverflow):
        print_number(value, type_)
    assert float(print_whole_number(value, type_)) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_never_written(value: float) -> None:
    with pytest.raises(LocalFrameError):
        print_number(value, "N5.1")


@pytest.mark.parametrize("type_", ["", "C4", "N", "N5.", "5.1", "N5.1x"])
def test_what_is_no_type_is_refused(type_: str) -> None:
    with pytest.raises(LocalFrameError):
        print_number(1.0, type_)


def test_largest_number_of_a_type() -> None:
    assert largest_number("N4.2") == "9999.99"
    assert largest_number("N4.2", negative=True) == "-9999.99"
    assert largest_number("N4") == "9999"


@settings(deadline=None)
@given(st.floats(-99_999, 99_999))
def test_every_number_is_within_half_a_unit(value: float) -> None:
    text = print_whole_number(value, "N5.2")
    assert abs(Decimal(text) - Decimal(repr(value))) <= Decimal("0.005")
    assert Decimal(text) == Decimal(repr(value)).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
    assert len(text.partition(".")[2]) == 2
