"""Questions and answers of every protocol other than Modbus, byte by byte.

Requests are those of field loggers' sources and makers' manuals (marked), answers too where there
are any; the other answers have the form the source describes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from protocols import clink, dcon, dlt645, elan, isco, megatec, mewtocol, sampler_frames
from protocols.frame_shapes import Denied, Said, Shape
from protocols.hj212.on_serial import Hj212Shape
from protocols.parts import day_number, decode_part

ANALOGUE = b">+08.074+05.794+07.228+07.748+05.763+06.812+11.576+14.668"
ELAN_BODY = bytes.fromhex(
    "10 01 D0 11 00 04 6B 02 33 36 2E 35 00 01 02 06 00 31 32 30 2E 34 00 01 02 07 00 10 03"
)
ISCO_TEXT = b"MO,6712,ID,2424741493,TI,35523.50000,STS,1,STI,35523.41875,BTL,2,SVO,100,SOR,0,CS,"
KESHENG = bytes.fromhex(
    "CC DD AA 42 26 03 19 10 05 00 01 00 02 00 00 00 00 00 00 00"
    "00 00 00 00 00 00 00 00 00 00 03 00 00 00 00 00 00 05 00 BB"
)
METER_BODY = bytes.fromhex("68 78 56 34 12 00 00 68 91 06 33 34 34 35 37 55")
METER = METER_BODY + bytes((sum(METER_BODY) & 0xFF, 0x16))
PUSHED = (
    b"##0096ST=32;CN=2011;PW=123456;MN=00000000000001;"
    b"CP=&&DataTime=20260319100000;011-Rtd=36.5,011-Flag=B&&4680\r\n"
)


@dataclass(frozen=True)
class Frames:
    name: str
    shape: Shape
    answer: bytes
    checked: bool
    """Whether a check sum sees every single byte that is wrong."""

    def __str__(self) -> str:
        return self.name


def summed(data: bytes) -> bytes:
    return data + b"%02X" % (sum(data) & 0xFF)


def crc(data: bytes) -> bytes:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return value.to_bytes(2, "little")


def bcc(data: bytes) -> bytes:
    value = 0
    for byte in data:
        value ^= byte
    return data + b"%02X\r" % value


TABLE = [
    Frames("clink", clink.CLinkShape("so2"), b"so2 25.3E+0 ppb\r", checked=False),
    Frames(
        "clink with sum",
        clink.CLinkShape("so2", summed=True),
        b"so2 25.3E+0 ppb\nsum 0408\r",
        checked=True,
    ),
    Frames("elan", elan.ElanShape(b"k\x02", 0x11), b"\x10\x06" + ELAN_BODY + crc(ELAN_BODY), True),
    Frames(
        "mewtocol",
        mewtocol.MewtocolShape(1, 5),
        bcc(b"%01$RD" + b"0" * 12 + b"00000365"),
        checked=True,
    ),
    Frames("dcon", dcon.DconShape(1, 8), ANALOGUE + b"\r", checked=False),
    Frames("dcon with sum", dcon.DconShape(1, 8, True), summed(ANALOGUE) + b"\r", checked=True),
    Frames(
        "megatec",
        megatec.MegatecShape(),
        b"(208.4 140.0 208.4 034 59.9 2.05 35.0 00110000\r",
        checked=False,
    ),
    Frames("isco", isco.IscoShape(), ISCO_TEXT + b"%d\r" % sum(ISCO_TEXT), checked=True),
    Frames("dlt645", dlt645.Dlt645Shape("12345678", "02010100"), METER, checked=True),
    Frames("kesheng", sampler_frames.KESHENG, KESHENG, checked=False),
    Frames("hj212", Hj212Shape("2011"), PUSHED[6:-6], checked=True),
]


def on_wire(frames: Frames) -> bytes:
    return PUSHED if frames.name == "hj212" else frames.answer


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param(clink.ask("so2", prefix=0xAB), "AB 73 6F 32 0D", id="clink"),
        pytest.param(clink.ask("flags", prefix=0xAB), "AB 66 6C 61 67 73 0D", id="clink flags"),
        pytest.param(elan.ask(b"k\x02", 0x11), "10 01 11 D0 6B 02 10 03 63 71", id="elan"),
        pytest.param(
            elan.ask(b"s\x08", 0x10), "10 01 10 10 D0 73 08 10 03 02 F8", id="elan, stuffed address"
        ),
        pytest.param(elan.ask(b"w\x02", 0x10), "10 01 10 10 D0 77 02 10 03 23 CA", id="elan, w 02"),
        pytest.param(elan.ask(b"w+", 0x10), "10 01 10 10 D0 77 2B 10 03 F2 02", id="elan, w 2B"),
        pytest.param(
            mewtocol.ask(1, 1521, 1525, checks=False, feed=True),
            "25 30 31 23 52 44 44 30 31 35 32 31 30 31 35 32 35 2A 2A 0D 0A",
            id="mewtocol without check",
        ),
        pytest.param(
            mewtocol.ask(1, 1521, 1525),
            "25 30 31 23 52 44 44 30 31 35 32 31 30 31 35 32 35 35 31 0D",
            id="mewtocol with check",
        ),
        pytest.param(
            mewtocol.ask(1, 601, 601, checks=False),
            b"%01#RDD0060100601**\r".hex(),
            id="mewtocol of a sampler",
        ),
        pytest.param(dcon.ask(1), "23 30 31 0D", id="dcon"),
        pytest.param(dcon.ask(1, checks=True), "23 30 31 38 34 0D", id="dcon with sum"),
        pytest.param(megatec.ASK, "51 31 0D", id="megatec"),
        pytest.param(isco.ask("STS,1"), "53 54 53 2C 31 2C 43 53 2C 35 38 31 0D", id="isco status"),
        pytest.param(
            isco.ask("BTL,2,SVO,100"),
            "42 54 4C 2C 32 2C 53 56 4F 2C 31 30 30 2C 43 53 2C 31 30 33 39 0D",
            id="isco sample",
        ),
        pytest.param(isco.ask("STS,2"), b"STS,2,CS,582\r".hex(), id="isco on"),
        pytest.param(isco.ask("TI,35523.50000"), b"TI,35523.50000,CS,988\r".hex(), id="isco clock"),
        pytest.param(
            dlt645.ask("12345678", "02010100"),
            "FE FE FE FE 68 78 56 34 12 00 00 68 11 04 33 34 34 35 C9 16",
            id="dlt645",
        ),
    ],
)
def test_a_question_is_the_recorded_one(ours: bytes, theirs: str) -> None:
    assert ours == bytes.fromhex(theirs)


@pytest.mark.parametrize("frames", TABLE, ids=str)
def test_an_answer_is_found_whole_and_behind_anything(frames: Frames) -> None:
    wire = on_wire(frames)
    assert frames.shape.find(wire) == frames.answer
    for junk in (b"\xff\x00", wire[: len(wire) // 2], b"\r", b"(>%#", bytes(range(256))):
        assert frames.shape.find(junk + wire, final=True) == frames.answer
    assert frames.shape.find(wire + b"\x00junk", final=True) == frames.answer


@pytest.mark.parametrize("frames", TABLE, ids=str)
def test_an_answer_is_not_there_before_its_last_byte(frames: Frames) -> None:
    wire = on_wire(frames)
    needed = len(wire) - (2 if frames.name == "hj212" else 0)
    for end in range(needed):
        assert frames.shape.find(wire[:end]) is None
        assert frames.shape.find(wire[:end], final=True) is None
        assert frames.shape.fault(wire[:end] or b"\x00").kind


@pytest.mark.parametrize("frames", [one for one in TABLE if one.checked], ids=str)
def test_an_answer_with_one_wrong_byte_is_none(frames: Frames) -> None:
    wire = on_wire(frames)
    body = len(wire) - (2 if frames.name == "hj212" else 0)
    for at in range(body):
        for mask in (0x01, 0x08, 0x40, 0xFF):
            broken = wire[:at] + bytes((wire[at] ^ mask,)) + wire[at + 1 :]
            found = frames.shape.find(broken, final=True)
            assert found is None or found.upper() == frames.answer.upper(), (at, mask)


@pytest.mark.parametrize("frames", TABLE, ids=str)
def test_the_answer_of_one_protocol_is_none_of_another(frames: Frames) -> None:
    for other in TABLE:
        if other.name.split()[0] != frames.name.split()[0]:
            assert frames.shape.find(on_wire(other), final=True) is None


def test_a_stale_answer_to_another_command_is_not_taken() -> None:
    assert clink.CLinkShape("no").find(b"no2 12.0E+0 ppb\r", final=True) is None
    assert clink.CLinkShape("no2").find(b"no 12.0E+0 ppb\r", final=True) is None
    other = elan.ElanShape(b"k\x02", 0x21)
    assert other.find(b"\x10\x06" + ELAN_BODY + crc(ELAN_BODY), final=True) is None
    assert other.fault(b"\x10\x06" + ELAN_BODY + crc(ELAN_BODY)).kind == "unit"
    assert mewtocol.MewtocolShape(2, 5).fault(TABLE[3].answer).unit == 1
    assert dlt645.Dlt645Shape("87654321", "02010100").fault(METER).kind == "unit"
    assert dlt645.Dlt645Shape("12345678", "02020100").find(METER, final=True) is None


def test_sum_of_clink_passes_with_and_without_its_line_feed() -> None:
    for told in (b"03FE", b"0408"):
        answer = b"so2 25.3E+0 ppb\nsum %b\r" % told
        assert clink.CLinkShape("so2").find(answer) == answer
        assert clink.said("so2", answer) == b"25.3E+0 ppb"


RECORDED = [
    pytest.param(clink.CLinkShape("so2"), b"so2 25.3E+0 ppb\r", id="43i"),
    pytest.param(clink.CLinkShape("so2"), b"so2 25.3E+0 ppb\nsum 0408\r", id="43i, format 1"),
    pytest.param(clink.CLinkShape("flags"), b"flags 80068000\r", id="48i, flags"),
    pytest.param(dcon.DconShape(1, 8), ANALOGUE + b"\r", id="7017"),
    pytest.param(dcon.DconShape(1, 8, True), ANALOGUE + b"32\r", id="7017 with sum"),
    pytest.param(
        megatec.MegatecShape(),
        b"(209.7 209.7 219.7 020 50.0 41.8 23.3 00000001\r",
        id="ups with its whole battery",
    ),
    pytest.param(sampler_frames.KESHENG, KESHENG, id="kesheng"),
]


@pytest.mark.parametrize(("shape", "answer"), RECORDED)
def test_an_answer_of_the_field_is_one(shape: Shape, answer: bytes) -> None:
    assert shape.find(answer) == answer


def test_parts_are_read_by_their_type() -> None:
    flags = decode_part(clink.said("flags", b"flags 80068000\r"), "hex")
    assert flags == Said(float(0x80068000))
    for text, number, unit in (
        (b"25.3E+0 ppb", 25.3, "ppb"), (b"4.000E+1", 40.0, ""), (b"15.00 %", 15.0, "%"),
        (b"-1.5mg/m3", -1.5, "mg/m3"),
    ):  # fmt: skip
        assert decode_part(text, "number") == Said(number, unit)
    for text, type_ in (
        (b"25.3 25.3", "number"), (b"", "number"), (b"nan", "number"), (b"1 2", "number"),
        (b"4.000E+", "number"), (b"4.000E", "number"), (b"1 ppb 2", "number"),
        (b"1E999", "number"), (b"-2E010000 ppb", "number"), (b"9999*", "number"),
        (b"----", "number"), (b"1E999", "days1900"),
        (b"\xff\xc0\x00\x00", "float32"), (b"\x1a", "bcd"), (b"", "bcd"), (b"\x01", "uint16"),
        (b"\x26\x13\x19\x10\x05\x00", "bcd6"), (b"2026", "hj212"), (b"xyz", "hex"), (b" ", "text"),
    ):  # fmt: skip
        assert decode_part(text, type_) is None, (text, type_)
    assert decode_part(b"\x80\x12", "bcd-signed") == Said(-12.0)
    assert decode_part(b"\xff\xfe", "int16") == Said(-2.0)
    assert decode_part(b"\x01\x02", "uint16-le") == Said(513.0)
    assert decode_part(b"26 March", "text") == Said("26 March")
    at = decode_part(b"\x26\x03\x19\x10\x05\x00", "bcd6")
    assert at == decode_part(b"20260319100500", "hj212") == Said(1_773_885_900.0)
    days = decode_part(day_number(1_773_885_900.0).encode(), "days1900")
    assert days is not None
    assert isinstance(days.value, float)
    assert abs(days.value - 1_773_885_900.0) < 0.5
    assert decode_part(b"35523.50000", "days1900") == Said(860_040_000.0)


def test_a_channel_full_of_nines_is_no_signal() -> None:
    """No module of this kind has a range that ends there: 20 mA, 500 mV, 10 V are the most."""
    for mark in (b"+9999.9", b"-9999.9", b"+99.999", b"-999.99", b"+99999."):
        assert dcon.channels(b">" + mark + b"+04.000\r") == [b"", b"+04.000"]
    assert dcon.channels(b">+19.999\r") == [b"+19.999"]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        pytest.param(lambda: clink.said("so3", b"so3 bad cmd\r"), 0, id="clink"),
        pytest.param(lambda: mewtocol.answer_text(bcc(b"%01!41")), 0x41, id="mewtocol"),
        pytest.param(lambda: dcon.channels(b"?01\r"), 0, id="dcon"),
        pytest.param(lambda: dlt645.value_bytes(denial()), 2, id="dlt645"),
    ],
)
def test_a_no_of_the_instrument_is_a_no(said: Callable[[], object], code: int) -> None:
    with pytest.raises(Denied) as caught:
        said()
    assert caught.value.code == code


def denial() -> bytes:
    body = bytes.fromhex("68 78 56 34 12 00 00 68 D1 01 35")
    frame = body + bytes((sum(body) & 0xFF, 0x16))
    assert dlt645.Dlt645Shape("12345678", "02010100").find(frame) == frame
    return frame


def test_refusals_are_found_as_answers() -> None:
    assert mewtocol.MewtocolShape(1, 5).find(bcc(b"%01!41")) == bcc(b"%01!41")
    assert dcon.DconShape(1).find(b"?01\r") == b"?01\r"
    refused = isco.refusal(ISCO_TEXT.replace(b"STS,1", b"STS,22"))
    assert refused is not None
    assert (refused.code, str(refused)) == (22, "invalid bottle")


def test_values_of_elan_are_found_behind_doubled_bytes() -> None:
    shape = elan.ElanShape(b"k\x02", 0x10)
    body = bytes.fromhex("10 01 D0 10 10 10 10 04 6B 02 31 2E 35 00 10 10 02 0C 00 10 03")
    frame = b"\x10\x06" + body + crc(body)
    assert shape.find(b"\x10\x06" + frame) == frame
    assert elan.fields(shape, frame) == {"status": b"\x10", "state": b"\x04", "12": b"1.5"}


def test_a_length_that_counts_the_line_end_too_is_read() -> None:
    counted = b"##%04d" % (int(PUSHED[2:6]) + 2) + PUSHED[6:]
    assert Hj212Shape("2011").find(counted) == PUSHED[6:-6]
    assert Hj212Shape("5015").find(counted, final=True) is None
    assert Hj212Shape("").find(PUSHED.replace(b"4680", b"4681"), final=True) is None


def test_a_sampler_frame_without_a_time_in_it_is_none() -> None:
    broken = KESHENG[:5] + b"\x13" + KESHENG[6:]
    assert sampler_frames.KESHENG.find(broken, final=True) is None
