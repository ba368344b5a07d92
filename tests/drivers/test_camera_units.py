from __future__ import annotations

import pytest

from drivers.camera.units import shows_something

DELIMITER, PARAMETERS = b"\0\0\0\1\x09\xf0", b"\0\0\0\1\x67\x64\0\0\1\x68\xee"


@pytest.mark.parametrize("slice_", [b"\0\0\1\x65\x88", b"\0\0\0\1\x41\x9a"])
def test_slice_behind_delimiter_and_parameters_is_a_picture(slice_: bytes) -> None:
    assert shows_something(DELIMITER + PARAMETERS + slice_, "avc1")
    assert shows_something(slice_, "avc1")


@pytest.mark.parametrize("cut", [DELIMITER, DELIMITER + PARAMETERS, DELIMITER + b"\0\0\1"])
def test_what_was_cut_before_its_slice_is_none(cut: bytes) -> None:
    assert not shows_something(cut, "avc1")


def test_units_of_h265_have_their_own_numbers() -> None:
    delimiter = b"\0\0\0\1\x46\x01\x50"
    assert not shows_something(delimiter, "hvc1")
    assert shows_something(delimiter + b"\0\0\0\1\x26\x01\xaf", "hvc1")
    assert shows_something(b"\0\0\0\1\x02\x01\xd0", "hvc1")


def test_other_layout_is_not_judged() -> None:
    assert shows_something(b"\0\0\0\x09\x65\x88\x84\0\0\0\0\0\0", "avc1")
