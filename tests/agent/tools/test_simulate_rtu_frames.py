from __future__ import annotations

import pytest

from agent.tools.simulate.rtu_frames import close, crc, request_length, sound


@pytest.mark.parametrize(
    "frame",
    [
        "01 03 00 00 00 02 c4 0b",
        "01 10 02 19 00 03 06 00 01 00 01 00 03 10 83",
        "01 90 04 4d c3",
        "01 06 01 ae 00 ff a9 97",
    ],
)
def test_checksum_is_the_one_instruments_use(frame: str) -> None:
    data = bytes.fromhex(frame)
    assert sound(data)
    assert close(data[0], data[1:-2]) == data
    assert not sound(data[:-1] + bytes([data[-1] ^ 1]))


def test_checksum_of_the_usual_check_string() -> None:
    assert crc(b"123456789") == 0x4B37


@pytest.mark.parametrize(
    ("buffer", "length"),
    [
        ("", None),
        ("01", None),
        *((f"01 {function:02x}", 8) for function in range(1, 7)),
        ("01 00", None),
        ("01 07", None),
        ("01 10 02 19 00 03", None),
        ("01 10 02 19 00 03 06", 15),
        ("01 0f 00 00 00 0a 02", 11),
        ("01 2b 0e", None),
    ],
)
def test_length_of_a_request_is_known_from_its_head(buffer: str, length: int | None) -> None:
    assert request_length(bytes.fromhex(buffer)) == length


def test_address_alone_is_no_frame_whatever_its_checksum() -> None:
    assert sound(close(1, b"\x07"))
    assert not sound(close(1, b""))
