"""Instruments with protocols of their own: what counts as said, and what does not."""

from functools import reduce
from operator import xor

import pytest
import yaml
from driver_fakes import SETTINGS, FakeClock, FrameWire, device_settings

from drivers.agreement import agree
from drivers.bus import Bus
from drivers.device import BadAnswer, Cause, NoAnswer, Reading
from drivers.frame_device import FrameDevice
from drivers.hj212_serial import Hj212Device, Hj212Serial
from drivers.profile import load_profile
from drivers.profile_dialogue import Question
from drivers.profile_model import Profile
from drivers.registry import LANGUAGES, OTHERS, open_device
from protocols.hj212.crc import crc16

CLINK = {b"so2": b"25.3E+0 ppb", b"gas mode": b"sample", b"mode": b"remote"}


class Gas:
    """A C-Link analyzer that says what it is told to."""

    def __init__(self) -> None:
        self.says: dict[bytes, list[bytes]] = {}
        self.silent: set[bytes] = set()

    def __call__(self, request: bytes) -> bytes | None:
        command = request[1:-1]
        if command in self.silent:
            return None
        queue = self.says.get(command)
        value = queue.pop(0) if queue else CLINK[command]
        return command + b" " + value + b"\r"


def made(
    profile: Profile, wire: FrameWire, *, address: int = 43, serial: str = "", period_s: float = 5.0
) -> FrameDevice:
    settings = device_settings(profile.profile, address=address, serial=serial, period_s=period_s)
    device = open_device(settings, profile, bus=Bus(SETTINGS, wire=wire), clock=FakeClock())
    assert isinstance(device, FrameDevice)
    return device


def gas_analyzer() -> tuple[FrameDevice, Gas, FrameWire]:
    gas = Gas()
    wire = FrameWire(gas)
    return made(load_profile("gas/thermo-43i-clink"), wire), gas, wire


async def value(device: FrameDevice, point: str = "a21026") -> Reading:
    return next(reading for reading in await device.read() if reading.point == point)


async def test_the_answer_names_the_unit() -> None:
    device, gas, _ = gas_analyzer()
    assert (await value(device)).unit == "ppb"
    gas.says[b"so2"] = [b"66.0E+0 mg/m3"] * 2
    assert (await value(device)).unit == "mg/m3"
    gas.says[b"so2"] = [b"66.0E+0 bananas"] * 2
    reading = await value(device)
    assert (reading.value, reading.cause) == (None, Cause.FAULT)
    assert "'bananas' is not known" in reading.reason


async def test_an_answer_in_another_unit_than_the_profile_gives_no_value() -> None:
    profile = load_profile("gas/thermo-43i-clink")
    fixed = profile.values[0].model_copy(update={"unit": "ppb", "units": {}, "unit_at": None})
    gas = Gas()
    device = made(profile.model_copy(update={"values": (fixed,)}), FrameWire(gas))
    assert (await value(device)).value == 25.3
    gas.says[b"so2"] = [b"66.0E+0 mg/m3"] * 2
    reading = await value(device)
    assert (reading.value, reading.reason) == (None, "the answer says mg/m3, not ppb")


async def test_one_odd_answer_without_check_sum_never_becomes_a_value() -> None:
    device, gas, wire = gas_analyzer()
    assert (await value(device)).value == 25.3
    asked = len(wire.requests)
    gas.says[b"so2"] = [b"95.3E+0 ppb"]
    assert (await value(device)).value == 25.3
    assert len(wire.requests) == asked + 3 + 1, "it was asked again"


async def test_a_real_jump_counts_when_it_is_said_twice() -> None:
    device, gas, _ = gas_analyzer()
    await device.read()
    gas.says[b"so2"] = [b"80.0E+0 ppb", b"81.0E+0 ppb"]
    assert (await value(device)).value == 81.0


async def test_answers_that_never_agree_give_no_value() -> None:
    device, gas, _ = gas_analyzer()
    gas.says[b"so2"] = [b"1.0E+2 ppb", b"2.0E+2 ppb", b"4.0E+2 ppb"]
    reading = await value(device)
    assert (reading.value, reading.cause) == (None, Cause.NO_LINK)
    assert "no two answers say the same" in reading.reason


async def test_a_state_the_instrument_does_not_tell_is_not_normal() -> None:
    device, gas, _ = gas_analyzer()
    gas.silent = {b"mode"}
    reading = await value(device)
    assert reading.value == 25.3
    assert reading.cause is Cause.NO_LINK


async def test_span_gas_is_calibration() -> None:
    device, gas, _ = gas_analyzer()
    gas.says[b"gas mode"] = [b"span"] * 2
    reading = await value(device)
    assert (reading.cause, reading.reason) == (Cause.CALIBRATION, "标气")


async def test_a_silent_instrument_costs_two_time_outs_and_no_more() -> None:
    device, gas, wire = gas_analyzer()
    gas.silent = set(CLINK)
    with pytest.raises(NoAnswer):
        await device.read()
    assert len(wire.requests) == 2


async def test_small_values_may_move_by_steps_of_their_last_digit() -> None:
    profile = load_profile("gas/thermo-43i-clink")
    assert agree({"a21026": 0.01}, {"a21026": 0.02}, profile)
    assert agree({"a21026": 25.3}, {"a21026": 26.0}, profile)
    assert not agree({"a21026": 25.3}, {"a21026": 95.3}, profile)
    assert not agree({"a21026": 25.3}, {"a21026": None}, profile)
    assert not agree(None, {"a21026": 25.3}, profile)


async def test_a_batch_result_has_to_be_said_twice_alike() -> None:
    profile = load_profile("metals/zhongxing-ascii")
    assert agree({"metal": 12.5}, {"metal": 12.5}, profile)
    assert not agree({"metal": 12.5}, {"metal": 12.6}, profile)


async def test_an_energy_meter_is_named_by_its_serial_number() -> None:
    wire = FrameWire(lambda _: None)
    device = made(load_profile("power/dlt645-2007"), wire, address=1, serial="000012345678")
    with pytest.raises(NoAnswer):
        await device.read()
    assert wire.requests[0][4:12] == bytes.fromhex("68 78 56 34 12 00 00 68")


EIGHT = b">+08.074+05.794+07.228+07.748+05.763+06.812+11.576+14.668"


async def test_a_module_that_checks_sums_is_asked_and_heard_with_them() -> None:
    profile = load_profile("modules/icpdas-7017-dcon")
    question = profile.questions[0].model_copy(update={"send": "#check"})
    wire = FrameWire(lambda _: EIGHT + b"32\r")
    device = made(profile.model_copy(update={"questions": (question,)}), wire, address=1)
    values = [one.value for one in await device.read()]
    assert (values[0], values[7]) == (8.074, 14.668)
    assert wire.requests == [b"#0184\r"]
    wire.reply = lambda _: EIGHT + b"33\r"
    with pytest.raises(BadAnswer, match="wrong check sum"):
        await device.read()


async def test_a_channel_beyond_its_range_has_no_value_and_its_neighbours_have() -> None:
    over = EIGHT.replace(b"+05.794", b"+9999.9")
    wire = FrameWire(lambda _: over + b"\r")
    device = made(load_profile("modules/icpdas-7017-dcon"), wire, address=1)
    first, second, *_ = await device.read()
    assert (first.value, first.cause) == (8.074, Cause.NORMAL)
    assert (second.value, second.cause) == (None, Cause.FAULT)


async def test_reply_format_one_of_clink_is_read_like_the_plain_one() -> None:
    _, gas, wire = gas_analyzer()
    wire.reply = lambda asked: (
        b"so2 25.3E+0 ppb\nsum 0408\r" if asked[1:-1] == b"so2" else gas(asked)
    )
    device = made(load_profile("gas/thermo-43i-clink"), wire)
    reading = await value(device)
    assert (reading.value, reading.unit, wire.requests[0]) == (25.3, "ppb", b"\xabso2\r")


METER = {
    "00010000": "78 56 34 12",
    "0201FF00": "04 22 15 22 98 21",
    "0202FF00": "00 15 80 25 16 00 80 14 80",
    "02030000": "23 01 80",
}
"""Answers of a meter whose power, and the current of phases A and C, flow back."""


def meter_answer(request: bytes) -> bytes:
    identifier = bytes(byte - 0x33 & 0xFF for byte in request[14:18])
    data = identifier + bytes.fromhex(METER[identifier[::-1].hex().upper()])
    body = request[4:12] + bytes((0x91, len(data))) + bytes(byte + 0x33 & 0xFF for byte in data)
    return body + bytes((sum(body) & 0xFF, 0x16))


async def test_power_that_flows_back_is_negative_and_not_eighty_kilowatts() -> None:
    device = made(load_profile("power/dlt645-2007"), FrameWire(meter_answer), address=1)
    values = {one.point: one.value for one in await device.read()}
    assert values["power"] == pytest.approx(-0.0123)
    assert values["current_a"] == pytest.approx(-1.5)
    assert values["current_b"] == pytest.approx(1.625)
    assert values["current_c"] == pytest.approx(-1.48)
    assert values["voltage_b"] == pytest.approx(221.5)
    assert values["energy"] == pytest.approx(123456.78)


@pytest.mark.parametrize("digits", [b"0000036A", b"00012E03", b"2E010000", b"1234 5E1"])
async def test_registers_that_hold_no_digits_are_no_number(digits: bytes) -> None:
    """Characters of a PLC's answer are hex; only where all are digits are they a number."""
    body = b"%01$RD" + b"0" * 12 + digits.replace(b" ", b"0")
    checked = body + b"%02X\r" % reduce(xor, body)
    profile = load_profile("water/shimadzu-toc4200-mewtocol")
    device = made(profile, FrameWire(lambda _: checked), address=1)
    reading = await value(device, "w01018")
    assert (reading.value, reading.cause) == (None, Cause.FAULT)


GLUED = {
    "flow/jiubo-wl1a1": b"Q =12.50(L/s) M =123456.5",
    "water/shimadzu-toc4100cn": b"###001R1" + b"0" * 22 + b"36.5000000",
    "metals/zhongxing-ascii": b"Z1,12.5," + b"0" * 50 + b"\r",
}


@pytest.mark.parametrize("name", GLUED)
async def test_the_head_of_a_cut_answer_is_not_read_into_the_whole_one(name: str) -> None:
    """An answer that was cut anywhere, and a whole one behind it, both times alike."""
    whole = GLUED[name]
    truth = await made(load_profile(name), FrameWire(lambda _: whole), address=1).read()
    for end in range(1, len(whole)):
        glued = whole[:end] + whole
        device = made(load_profile(name), FrameWire(lambda _, glued=glued: glued), address=1)  # type: ignore[misc]
        came = await device.read()
        assert [one.value for one in came] == [one.value for one in truth], end


SHIFTED = bytes.fromhex("07 03 00 04 57 0A 42 95 90 8A")


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(bytes.fromhex("07 03 04 57 0A 42 95 3C 0E"), id="not shifted"),
        pytest.param(b"\x08" + SHIFTED[1:], id="another unit"),
        pytest.param(SHIFTED[:-1], id="cut"),
        pytest.param(SHIFTED + b"\x00", id="longer"),
    ],
)
async def test_a_shifted_answer_is_of_its_own_unit_and_length(frame: bytes) -> None:
    profile = load_profile("metals/tianrui2-shifted")
    device = made(profile, FrameWire(lambda _: SHIFTED), address=7)
    assert (await value(device, "metal")).value == pytest.approx(74.67, abs=0.01)
    device = made(profile, FrameWire(lambda _: frame), address=7)
    with pytest.raises(BadAnswer):
        await device.read()


@pytest.mark.parametrize(
    ("profile", "send"),
    [("gas/siemens-ultramat23", "k"), ("metals/panasonic-mewtocol", "D2-D1")],
)
def test_a_question_in_foreign_words_is_refused(profile: str, send: str) -> None:
    device = made(load_profile(profile), FrameWire(lambda _: None))
    with pytest.raises(ValueError, match="wanted"):
        device.language.ask(Question(id="q", send=send))


def test_every_protocol_but_those_with_commands_refuses_orders() -> None:
    device = made(load_profile("power/megatec-q1-ups"), FrameWire(lambda _: None))
    with pytest.raises(ValueError, match="megatec has no orders"):
        device.language.order("shutdown")


def test_every_driver_name_of_a_profile_has_its_class() -> None:
    names = Profile.model_fields["driver"].annotation.__args__  # type: ignore[union-attr]
    assert set(LANGUAGES) | set(OTHERS) == set(names)


ASCII = """
profile: water/example
name: Example
source: made for a test
confidence: manual
driver: ascii
frame: {end: '\\r', check: sum8-hex, answer_end: '\\r'}
questions:
  - {id: q, send: '{address:02X}RD', answer: '>(?P<value>[-+0-9.]+),(?P<raw>.{2})'}
values:
  - {id: w01018, question: q, at: value, unit: mg/L}
  - {id: code, question: q, at: raw, type: uint16}
"""


def summed(text: bytes) -> bytes:
    return text + b"%02X\r" % (sum(text) & 0xFF)


async def test_the_declarative_driver_frames_checks_and_cuts() -> None:
    profile = Profile.model_validate(yaml.safe_load(ASCII))
    wire = FrameWire(lambda _: b"\x00>+1" + summed(b">+12.50,\x01\x02"))
    device = made(profile, wire, address=31)
    assert [one.value for one in await device.read()] == [12.5, 258.0]
    assert wire.requests == [summed(b"1FRD")]
    wire.reply = lambda _: summed(b">+12.50,\x01\x02").replace(b"5", b"6")
    with pytest.raises(Exception, match="wrong check sum"):
        await device.read()


ASKED = {
    "CN=5015;AL=": b"##0062ST=32;CN=5015;PW=123456;MN=00000000000001;AL=;CP=&&DataTime=&&C181\r\n",
    "CN=5019;RA=;MRL=;MRH=": b"##0072ST=32;CN=5019;PW=123456;MN=00000000000001;RA=;MRL=;MRH=;"
    b"CP=&&DataTime=&&1400\r\n",
    "CN=5012;RCK=;RCB=": b"##0068ST=32;CN=5012;PW=123456;MN=00000000000001;RCK=;RCB=;"
    b"CP=&&DataTime=&&0CC0\r\n",
    "CN=5021;DTE=": b"##0063ST=32;CN=5021;PW=123456;MN=00000000000001;DTE=;"
    b"CP=&&DataTime=&&7080\r\n",
}


@pytest.mark.parametrize(("send", "frame"), ASKED.items(), ids=ASKED.keys())
def test_a_question_of_a_vendor_in_hj212_is_the_recorded_one(send: str, frame: bytes) -> None:
    settings = device_settings("water/zetian-cod-hj212")
    language = Hj212Serial(settings, load_profile(settings.profile))
    assert language.ask(Question(id="q", send=send)).request == frame


def pushed(value: str, cn: str = "2011") -> bytes:
    body = f"ST=32;CN={cn};PW=;MN=0;CP=&&DataTime=20260319100000;011-Rtd={value},011-Flag=N&&"
    data = body.encode()
    return b"##%04d%b%04X\r\n" % (len(data), data, crc16(data))


def analyzer() -> tuple[Hj212Device, FrameWire, FakeClock]:
    wire, clock = FrameWire(lambda _: None), FakeClock()
    settings = device_settings("water/zetian-cod-hj212", period_s=30.0)
    bus = Bus(SETTINGS, wire=wire)
    return Hj212Device(settings, load_profile(settings.profile), bus=bus, clock=clock), wire, clock


async def test_a_pushed_value_counts_when_it_was_pushed_twice() -> None:
    device, wire, _ = analyzer()
    assert await device.read() == []
    assert wire.overhear is not None
    wire.overhear(pushed("36.5"))
    assert await device.read() == []
    wire.overhear(pushed("36.5")[:30])
    wire.overhear(pushed("36.5")[30:])
    assert (await value(device, "w01018")).value == 36.5
    assert await device.read() == [], "what was read is not read again"
    wire.overhear(pushed("86.5"))
    assert await device.read() == [], "one message with another value is no result yet"
    wire.overhear(pushed("99.9", cn="5015") * 2)
    assert await device.read() == [], "other messages are none of it"


async def test_an_analyzer_that_stopped_pushing_does_not_answer() -> None:
    device, wire, clock = analyzer()
    assert await device.read() == []
    assert wire.overhear is not None
    await clock.sleep(80)
    wire.overhear(pushed("36.5"))
    await clock.sleep(80)
    assert await device.read() == []
    await clock.sleep(20)
    with pytest.raises(NoAnswer, match="nothing was pushed"):
        await device.read()
