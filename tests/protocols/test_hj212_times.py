import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.times import parse_wire_time, wire_qn, wire_time


def test_wire_time_is_beijing_time() -> None:
    assert wire_time(0) == "19700101080000"
    assert wire_time(1_717_203_537.9) == "20240601085857"
    assert wire_qn(1_717_203_537_223) == "20240601085857223"


def test_seventeen_digits_carry_milliseconds() -> None:
    assert parse_wire_time("20240601085857223") == pytest.approx(1_717_203_537.223)


@pytest.mark.parametrize(
    "text", ["", "2024060108585", "202406010858577", "20241301085857", "20240601246060", "２" * 14]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_wire_time(text)


@settings(deadline=None)
@given(st.integers(0, 4_000_000_000))
def test_what_is_written_reads_back(at: int) -> None:
    assert parse_wire_time(wire_time(at)) == at
