"""Checks of itself that an analyzer tells of on a serial HJ 212 line."""

from __future__ import annotations

import pytest
from test_frame_device import analyzer, pushed

from drivers.parameters import CheckResult
from drivers.profile import load_profile
from drivers.pushed_checks import checks_in
from protocols.hj212.crc import crc16
from protocols.hj212.times import parse_wire_time

AT = "20260319100000"
PROFILE = load_profile("water/zetian-cod-hj212")
COMMAS = "011-SampleRd=50.1,011-StandardValue=50.0,011-ResultType=1"


def body(told: str, cn: str = "2062", at: str = f"DataTime={AT};") -> bytes:
    return f"ST=32;CN={cn};PW=;MN=0;CP=&&{at}{told}&&".encode()


def framed(told: str) -> bytes:
    data = body(told)
    return b"##%04d%b%04X\r\n" % (len(data), data, crc16(data))


def result(reading: float = 50.1, *, passed: bool = True) -> CheckResult:
    at = parse_wire_time(AT)
    return CheckResult("standard", reading, "mg/L", at, 50.0, passed, "w01018")


@pytest.mark.parametrize("told", [COMMAS, COMMAS.replace(",", ";")])
def test_check_is_read_whether_its_words_are_joined_by_comma_or_semicolon(told: str) -> None:
    assert list(checks_in(body(told), PROFILE)) == [result()]


@pytest.mark.parametrize(
    "told",
    [
        COMMAS.replace("011-ResultType=1", "011-ResultType=2"),
        COMMAS.replace("011-ResultType=1", "011-ResultType=x"),
        COMMAS.replace(",011-ResultType=1", ""),
        COMMAS.replace("=50.0,", "=,"),
        COMMAS.replace("011", "060"),
    ],
)
def test_message_that_lacks_a_word_tells_of_no_check(told: str) -> None:
    assert list(checks_in(body(told), PROFILE)) == []


def test_other_message_with_the_same_words_is_no_check() -> None:
    assert list(checks_in(body(COMMAS, cn="2013"), PROFILE)) == []


def test_check_without_a_time_has_none() -> None:
    (found,) = checks_in(body(COMMAS, at="DataTime=x;"), PROFILE)
    assert found.at is None


async def test_told_check_is_given_once_and_is_no_value() -> None:
    device, wire, _ = analyzer()
    await device.read()
    assert wire.overhear is not None
    failed = COMMAS.replace("Rd=50.1", "Rd=60.1").replace("Type=1", "Type=0")
    wire.overhear(framed(COMMAS)[:40])
    wire.overhear(framed(COMMAS)[40:] + framed(failed))
    assert await device.read() == []
    assert device.told_checks() == [result(), result(60.1, passed=False)]
    assert device.told_checks() == []
    wire.overhear(pushed("36.5") * 2)
    assert [one.value for one in await device.read() if one.point == "w01018"] == [36.5]
