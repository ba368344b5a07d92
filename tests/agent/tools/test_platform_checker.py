from __future__ import annotations

import pytest
from platform_frames import GAS, MINUTE, MN, QN, REAL_TIME, checksum, framed, upload

from agent.tools.platform.answers import answer_frame
from agent.tools.platform.checker import Address, Rules, check
from agent.tools.platform.factor_items import fits
from protocols.hj212.editions import edition

ANY = Rules()
LONG = "DataTime=20260601083000;" + ";".join(
    f"w{20100 + i}-Rtd=1,w{20100 + i}-Flag=N" for i in range(40)
)

RIGHT = {
    "real time": upload("2011", REAL_TIME),
    "real time without answer": upload("2011", REAL_TIME, flag=4),
    "flag only": upload("2011", "DataTime=20260601083000;w01018-Flag=B"),
    "sample time": upload(
        "2011",
        "DataTime=20260601083000;w01018-SampleTime=20260601070000,w01018-Rtd=2.2,w01018-Flag=N,"
        "w01018-EFlag=A01",
    ),
    "negative": upload("2011", "DataTime=20260601083000;a01013-Rtd=-0.250,a01013-Flag=N", st="31"),
    "minute": upload("2051", MINUTE),
    "hour of gas": upload("2061", GAS, st="31"),
    "day": upload("2031", MINUTE.replace("083000", "000000")),
    "packet": upload("2051", MINUTE, flag=7, packets="PNUM=2;PNO=1;"),
    "nine packets": upload("2011", REAL_TIME, flag=11, packets="PNUM=9;PNO=9;"),
    "started": upload("2081", "DataTime=20260601083000;RestartTime=20260601082950"),
    "retained": upload("3015", "DataTime=20260601083000;VaseNo=7"),
    "2025": upload("2011", REAL_TIME, flag=9),
    "2025 again": upload("2051", MINUTE, flag=9, packets="RF=1;"),
    "asks for the time": upload("1013", ""),
    "request answered": upload("9011", "QnRtn=1", st="91", flag=4),
    "executed": upload("9012", "ExeRtn=100", st="91", flag=4),
    "notice answered": upload("9013", "", st="91", flag=4),
}

WRONG = {
    "crc:": framed("QN=1")[:-6] + b"0000\r\n",
    "length: wrong length": upload("2011", REAL_TIME)[:-20],
    "header: not a frame": b"QN=1;ST=32",
    "frame: no tail": upload("2011", REAL_TIME)[:-2],
    "lower case": upload("2011", REAL_TIME)[:-6]
    + b"%04x\r\n" % checksum(upload("2011", REAL_TIME)[6:-6]),
    "segment: missing: PW": framed(f"QN={QN};ST=32;CN=2011;MN={MN};Flag=5;CP=&&{REAL_TIME}&&"),
    "fields out of order": framed(
        f"ST=32;CN=2011;QN={QN};PW=123456;MN={MN};Flag=5;CP=&&{REAL_TIME}&&"
    ),
    "MN='LD130126000354' is not [0-9A-F]{24}": upload("2011", REAL_TIME, mn="LD130126000354"),
    "QN: '20261301083000123' is no time": upload("2011", REAL_TIME, qn="20261301083000123"),
    "ST: '99' is no system": upload("2011", REAL_TIME, st="99"),
    "ST: 32, 9011 goes with 91": upload("9011", "QnRtn=1", flag=4),
    "Flag: version 3 is no edition": upload("2011", REAL_TIME, flag=13),
    "PNUM and PNO with Flag=5": upload("2011", REAL_TIME, packets="PNUM=2;PNO=1;"),
    "Flag=7 without PNUM": upload("2011", REAL_TIME, flag=7),
    "PNO: 3 of 2": upload("2011", REAL_TIME, flag=7, packets="PNUM=2;PNO=3;"),
    "PNUM: 12, hj212-2025 has at most 9": upload(
        "2011", REAL_TIME, flag=11, packets="PNUM=12;PNO=1;"
    ),
    "RF: not in hj212-2017": upload("2011", REAL_TIME, packets="RF=1;"),
    "length: CP of 1110 bytes, 950 allowed": upload("2011", LONG),
    "frame: segment of 1190 bytes, 1024 allowed": upload("2011", LONG),
    "DataTime does not come first": upload("2011", "w01018-Rtd=1,w01018-Flag=N"),
    "DataTime: '2026060108300' is no time": upload("2011", REAL_TIME.replace("3000", "300", 1)),
    "DataTime: '20260632083000' is no time": upload("2011", REAL_TIME.replace("0601", "0632")),
    "DataTime: 20260601083001 is no start of a period of 2051": upload(
        "2051", MINUTE.replace("083000", "083001")
    ),
    "DataTime: 20260601083000 is no start of a period of 2061": upload("2061", MINUTE),
    "DataTime: 20260601083000 is no start of a period of 2031": upload("2031", MINUTE),
    "CP: no factor": upload("2011", "DataTime=20260601083000"),
    "w99999: no factor of hj212-2017": upload(
        "2011", "DataTime=20260601083000;w99999-Rtd=1,w99999-Flag=N"
    ),
    "w01018: a factor of water under ST 31": upload("2011", REAL_TIME, st="31"),
    "w01018: twice": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=1,w01018-Flag=N;w01018-Flag=N"
    ),
    "w01018-Rtd: twice": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=1,w01018-Rtd=2,w01018-Flag=N"
    ),
    "w01001-Rtd: stands in the item of w01018": upload(
        "2011", "DataTime=20260601083000;w01018-Flag=N,w01001-Rtd=7.1"
    ),
    "w01018: no Flag": upload("2011", "DataTime=20260601083000;w01018-Rtd=1"),
    "w01018-Flag: 'Q' is no mark": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=1,w01018-Flag=Q"
    ),
    "w01018-Rtd: '36.55' does not fit N5.1": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=36.55,w01018-Flag=N"
    ),
    "w01018-Rtd: '123456.5' does not fit N5.1": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=123456.5,w01018-Flag=N"
    ),
    "w01018-Rtd: 'nan' does not fit": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=nan,w01018-Flag=N"
    ),
    "w01018-Rtd: '' does not fit": upload(
        "2011", "DataTime=20260601083000;w01018-Rtd=,w01018-Flag=N"
    ),
    "w01018-ZsRtd: water is not converted": upload(
        "2011", "DataTime=20260601083000;w01018-ZsRtd=1,w01018-Flag=N"
    ),
    "w01018-Avg: not a field of 2011": upload(
        "2011", "DataTime=20260601083000;w01018-Avg=1,w01018-Flag=N"
    ),
    "w01018-SampleTime: '202606010700' is no time": upload(
        "2011", "DataTime=20260601083000;w01018-SampleTime=202606010700,w01018-Flag=N"
    ),
    "'20260601070000123' is no time": upload(
        "2011", "DataTime=20260601083000;w01018-SampleTime=20260601070000123,w01018-Flag=N"
    ),
    "RestartTime: '20260601082950000' is not right": upload(
        "2081", "DataTime=20260601083000;RestartTime=20260601082950000"
    ),
    "VaseNo: '100' is not right": upload("3015", "DataTime=20260601083000;VaseNo=100"),
    "VaseNo: '0' is not right": upload("3015", "DataTime=20260601083000;VaseNo=0"),
    "VaseNo: expected once": upload("3015", "DataTime=20260601083000"),
    "Door: not a field of 3015": upload("3015", "DataTime=20260601083000;VaseNo=1;Door=1"),
    "CP: 9014 has none": upload("9014", "QnRtn=1", st="91", flag=4),
}


@pytest.mark.parametrize("frame", RIGHT.values(), ids=RIGHT)
def test_right_frame_has_no_fault(frame: bytes) -> None:
    assert check(frame, rules=ANY).faults == ()


@pytest.mark.parametrize(("reason", "frame"), WRONG.items(), ids=WRONG)
def test_wrong_frame_is_rejected_with_its_reason(reason: str, frame: bytes) -> None:
    verdict = check(frame, rules=ANY)
    assert reason in verdict.reason
    assert answer_frame(verdict) is None


@pytest.mark.parametrize("frame", RIGHT.values(), ids=RIGHT)
def test_frame_with_any_one_byte_broken_is_rejected_or_still_right_and_never_raises(
    frame: bytes,
) -> None:
    for at in range(len(frame)):
        broken = frame[:at] + bytes([frame[at] ^ 0x01]) + frame[at + 1 :]
        check(broken, rules=ANY, address=Address(MN))
        check(frame[:at], rules=ANY)


def test_topic_must_say_what_the_header_says() -> None:
    frame = upload("2011", REAL_TIME)
    assert check(frame, rules=ANY, address=Address(MN, "2011")).ok
    assert "the topic says 2051" in check(frame, rules=ANY, address=Address(MN, "2051")).reason
    other = Address("0" * 24, "2011")
    assert f"MN: {MN}, the topic says" in check(frame, rules=ANY, address=other).reason


def test_password_is_compared_and_not_told() -> None:
    verdict = check(upload("2011", REAL_TIME), rules=Rules(pw="654321"))
    assert verdict.reason == "PW: not the station's"
    assert check(upload("2011", REAL_TIME), rules=Rules(pw="123456")).ok


def test_edition_that_is_insisted_on_refuses_the_other() -> None:
    rules = Rules(edition=edition("hj212-2025"))
    assert check(upload("2011", REAL_TIME, flag=9), rules=rules).ok
    assert "Flag: version 1" in check(upload("2011", REAL_TIME), rules=rules).reason


def test_marks_of_2025_are_not_those_of_2017() -> None:
    area = "DataTime=20260601083000;w01018-Flag={}"
    assert check(upload("2011", area.format("Td"), flag=9), rules=ANY).ok
    assert not check(upload("2011", area.format("Td"), flag=5), rules=ANY).ok
    assert not check(upload("2011", area.format("B"), flag=9), rules=ANY).ok


@pytest.mark.parametrize(
    ("text", "type_", "right"),
    [
        ("1", "N5.1", True),
        ("12345.6", "N5.1", True),
        ("-12345.6", "N5.1", True),
        ("123456", "N5.1", False),
        ("1.23", "N5.1", False),
        ("1.", "N5.1", False),
        (".5", "N5.1", False),
        ("1e3", "N5.1", False),
        ("+1", "N5.1", False),
        ("1.0", "N4", False),
        ("1234", "N4", True),
        ("１", "N4", False),
        ("1\n", "N4", False),
    ],
)
def test_number_has_no_more_digits_than_its_type(text: str, type_: str, right: bool) -> None:
    assert fits(text, type_) is right


@pytest.mark.parametrize(
    ("frame", "cn", "flag"),
    [
        (upload("2011", REAL_TIME), "9014", 4),
        (upload("2051", MINUTE, flag=9), "9014", 8),
        (upload("2051", MINUTE, flag=7, packets="PNUM=2;PNO=1;"), "9014", 4),
        (upload("3015", "DataTime=20260601083000;VaseNo=7"), "9014", 4),
        (upload("1013", ""), "9013", 4),
    ],
)
def test_answer_carries_qn_pw_and_mn_of_what_it_answers(frame: bytes, cn: str, flag: int) -> None:
    answer = answer_frame(check(frame, rules=ANY))
    assert answer == upload(cn, "", st="91", flag=flag)


@pytest.mark.parametrize(
    "frame",
    [
        upload("2011", REAL_TIME, flag=4),
        upload("9011", "QnRtn=1", st="91", flag=5),
    ],
    ids=["not asked for", "an answer itself"],
)
def test_frame_that_wants_no_answer_gets_none(frame: bytes) -> None:
    assert answer_frame(check(frame, rules=ANY)) is None
