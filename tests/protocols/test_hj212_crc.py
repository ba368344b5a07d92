import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.crc import crc16
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import decode_frame

ANNEX_A = (
    "QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
    "CP=&&RtdInterval=30&&"
)
ANSWER = "QN=20160801085857223;ST=91;CN={};PW=123456;MN=010000A8900016F000169DC0;Flag=4;CP=&&{}&&"
A_1 = "QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0xFFFF),
        ("0", 0x5440),
        ("A", 0x7080),
        ("Q", 0xBC81),
        ("QN", 0x8581),
        ("QN=", 0x7200),
        ("QN=2", 0xF001),
        ("123456789", 0x2F80),
        (ANNEX_A, 0x1C80),
        (ANSWER.format("9014", ""), 0x3240),
        (ANSWER.format("9013", ""), 0x2A80),
        (ANSWER.format("9011", "QnRtn=1"), 0x1B00),
        (ANSWER.format("9012", "ExeRtn=1"), 0x6240),
        (A_1, 0x2200),
    ],
)
def test_check_values_of_the_standard(text: str, expected: int) -> None:
    assert crc16(text.encode()) == expected


def bit_by_bit(segment: bytes) -> int:
    """The wording of HJ 212-2017 annex A."""
    register = 0xFFFF
    for byte in segment:
        register = (register >> 8) ^ byte
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return register


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_folding_gives_what_the_annex_describes(segment: bytes) -> None:
    assert crc16(segment) == bit_by_bit(segment)


@pytest.mark.parametrize("size", [63, 64, 65, 128, 1024, 1025, 9999, 20_000])
def test_folding_holds_at_every_length(size: int) -> None:
    segment = bytes(index * 7 % 251 for index in range(size))
    assert crc16(segment) == bit_by_bit(segment)
    assert crc16(bytes(size)) == bit_by_bit(bytes(size))


@pytest.mark.parametrize("swapped", [False, True], ids=["high byte first", "low byte first"])
def test_crc_of_plain_modbus_is_refused(swapped: bool) -> None:
    """Seen in the field from wrong implementations; 0x4B37 is Modbus' own check value."""
    assert plain_modbus(b"123456789") == 0x4B37
    segment = ANNEX_A.encode()
    crc = plain_modbus(segment)
    told = b"%04X" % ((crc & 0xFF) << 8 | crc >> 8 if swapped else crc)
    with pytest.raises(PeerFrameError) as caught:
        decode_frame(b"##%04d%b%b\r\n" % (len(segment), segment, told))
    assert (caught.value.kind, caught.value.found) == ("crc", "1C80")
    assert caught.value.declared == told.decode()


def plain_modbus(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return register
