"""The strict check for every command that goes up, in each edition, on frames of the tests' own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from plain_station import read
from platform_frames import MINUTE, MN, QN, REAL_TIME, framed, upload

from agent.tools.platform.answers import answer_frame
from agent.tools.platform.checker import Rules, check
from agent.tools.platform.verdict import Verdict
from protocols.hj212.commands import COMMANDS
from protocols.hj212.editions import edition

DATA = Path(__file__).parents[2] / "data" / "hj212"
T, DAY = "20260601083000", "20260601000000"
OLD_MN = "88888880000001"

PERIOD = "DataTime=%s;w01018-Min=1.0,w01018-Avg=2.0,w01018-Max=3.0,w01018-Flag=N"
OLD_PERIOD = "DataTime=%s;011-Min=1.00,011-Avg=2.00,011-Max=3.00,011-Flag=N"
ANSWER, RESULT = {"9011": "QnRtn=1", "9012": "ExeRtn=1"}, ("1011", "1021", "1031", "1041", "1061")
NEW = {
    "1001": "i23005-Info=LOGGER1;i23006-Info=CPU1;i23007-Info=0011;i23008-Info=2233",
    "1011": f"SystemTime={T}",
    "1013": "",
    "1014": "SKCreateTime=20260601083000123",
    "1061": "RtdInterval=30",
    "1063": "MinInterval=10",
    "2011": REAL_TIME,
    "2013": f"DataTime={T};w01018-SampleTime={T},w01018-CompleteTime={T},w01018-SampleType=1,"
            "w01018-Avg=17.5,w01018-i13004=168.0,w01018-Flag=N",
    "2021": f"DataTime={T};SB1-RS=1;SB2-RS=0",
    "2031": PERIOD % DAY,
    "2041": f"DataTime={DAY};SB1-RT=1.10;SB2-RT=24.00",
    "2051": MINUTE,
    "2052": f"DataTime={T};Leq-Data=50.1;LMx-Data=60.0",
    "2061": PERIOD % "20260601080000",
    "2062": f"DataTime={T};w01018-SampleRd=50.1,w01018-StandardValue=50.0,w01018-ResultType=1",
    "2081": f"DataTime={T};RestartTime={T}",
    "2111": f"DataTime={T};a01901-Avg=901.5",
    "3015": f"DataTime={T};VaseNo=7",
    "3017": "PolId=w01018;CstartTime=000000;Ctime=2",
    "3018": "PolId=w01018;Stime=30",
    "3019": "PolId=w01018;w01018-SN=A1B2C3",
    "3020": f"DataTime={T};PolId=w01018;i11001-Info=//清洗;管路=1,2//",
    "9013": "",
    "9014": "",
    "9015": "",
} | ANSWER  # fmt: skip
OLD = {
    "1011": f"SystemTime={T}",
    "1021": "011-LowValue=1.00,011-UpValue=99.00",
    "1031": "AlarmTarget=13800000000",
    "1041": "ReportTime=0830",
    "1061": "RtdInterval=30",
    "2011": f"DataTime={T};011-Rtd=36.50,011-Flag=N",
    "2021": f"DataTime={T};SB1-RS=1",
    "2031": OLD_PERIOD % DAY,
    "2041": f"DataTime={DAY};SB1-RT=1.10",
    "2051": OLD_PERIOD % T,
    "2061": OLD_PERIOD % "20260601080000",
    "2071": f"DataTime={T};011-Ala=99.50",
    "2072": f"AlarmTime={T};011-Ala=99.50;AlarmType=1",
    "9011": f"QN={QN};QnRtn=1",
    "9012": f"QN={QN};ExeRtn=1",
    "9013": f"QN={QN}",
    "9014": f"QN={QN};CN=9012",
}
FLAGS = {"hj212-2005": 1, "hj212-2017": 5, "hj212-2025": 9}
MEDIA = {"2052": "36", "2111": "31"}
UP = [(each.cn, name) for each in COMMANDS if each.direction == "up" for name in each.editions]


def frame_of(cn: str, name: str, area: str) -> bytes:
    """Write a frame by hand, in the layout of its edition."""
    interaction = cn in ("9011", "9012", "9013", "9014")
    st = "91" if interaction else MEDIA.get(cn, "32")
    flag = FLAGS[name] - interaction
    if name != "hj212-2005":
        return upload(cn, area, st=st, flag=flag, mn="" if cn == "1001" else MN)
    qn = "" if interaction or cn in RESULT else f"QN={QN};"
    flag -= bool(cn in RESULT)
    area = f"QN={QN};{area}" if cn in RESULT else area
    return framed(f"{qn}ST={st};CN={cn};PW=123456;MN={OLD_MN};Flag={flag};CP=&&{area}&&")


def judged(cn: str, name: str, area: str) -> Verdict:
    return check(frame_of(cn, name, area), rules=Rules())


@pytest.mark.parametrize(("cn", "name"), UP)
def test_every_command_that_goes_up_is_right_in_its_editions(cn: str, name: str) -> None:
    verdict = judged(cn, name, (OLD if name == "hj212-2005" else NEW)[cn])
    assert verdict.faults == ()
    assert verdict.edition is edition(name)


@pytest.mark.parametrize(("cn", "name"), UP)
def test_every_command_that_goes_up_with_a_strange_word_is_refused(cn: str, name: str) -> None:
    area = (OLD if name == "hj212-2005" else NEW)[cn]
    assert not judged(cn, name, f"{area};Strange=1".lstrip(";")).ok


ELSEWHERE = [
    ("2072", "hj212-2017"), ("2013", "hj212-2017"), ("3015", "hj212-2025"),
    ("1063", "hj212-2005"), ("1012", "hj212-2017"), ("8013", "hj212-2017"),
]  # fmt: skip


@pytest.mark.parametrize(("cn", "name"), ELSEWHERE)
def test_command_of_another_edition_is_refused(cn: str, name: str) -> None:
    assert f"CN: {cn} does not go up in {name}" in judged(cn, name, "").reason


@pytest.mark.parametrize(
    ("cn", "name", "area", "why"),
    [
        ("1061", "hj212-2017", "RtdInterval=7", "7 is not 30 to 3600"),
        ("1063", "hj212-2025", "MinInterval=7", "7 is none of"),
        ("2041", "hj212-2017", f"DataTime={T};SB1-RT=1.10", "no start of a period of 2041"),
        ("2041", "hj212-2017", f"DataTime={DAY};SB1-RT=1.1", "to the letter it is"),
        ("2021", "hj212-2017", f"DataTime={T},SB1-RS=1", "to the letter it is"),
        ("3020", "hj212-2017", f"DataTime={T};i11001-Info=text", "to the letter it is"),
        ("2013", "hj212-2025", f"DataTime={T};w01018-Avg=1.0,w01018-i99999=1,w01018-Flag=N",
         "w01018-i99999: no code"),
        ("2062", "hj212-2025", f"DataTime={T};w01018-SampleRd=50.123", "does not fit N5.1"),
        ("9011", "hj212-2017", "QnRtn=77", "QnRtn: '77' is not right"),
        ("9011", "hj212-2005", f"QN={QN};QnRtn=8", "QnRtn: '8' is not right"),
        ("9011", "hj212-2005", "QnRtn=1", "QN: expected once"),
        ("9014", "hj212-2005", f"QN={QN}", "CN: expected once"),
        ("9012", "hj212-2017", f"QN={QN};ExeRtn=1", "QN: not a field of 9012"),
        ("1001", "hj212-2025", "i23005-Info=A", "not what 1001 says"),
        ("1014", "hj212-2025", "SKCreateTime=2026", "17 digits expected"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(cn: str, name: str, area: str, why: str) -> None:
    assert why in judged(cn, name, area).reason


def test_header_of_2005_in_the_order_of_2017_is_refused() -> None:
    verdict = check(upload("2011", OLD["2011"], flag=1, mn=OLD_MN), rules=Rules())
    assert verdict.ok  # the order differs only where there are packet numbers
    packets = upload("2011", OLD["2011"], flag=3, mn=OLD_MN, packets="PNUM=2;PNO=1;")
    assert "fields out of order" in check(packets, rules=Rules()).reason


def test_upload_of_2005_that_wants_an_answer_must_say_its_qn() -> None:
    frame = framed(f"ST=32;CN=2011;PW=123456;MN={OLD_MN};Flag=%d;CP=&&{OLD['2011']}&&" % 1)
    assert check(frame, rules=Rules()).reason == "QN: none, and an answer is wanted"
    frame = framed(f"ST=32;CN=2011;PW=123456;MN={OLD_MN};Flag=%d;CP=&&{OLD['2011']}&&" % 0)
    assert check(frame, rules=Rules()).ok


@pytest.mark.parametrize("cn", ["2011", "1001", "9015"])
def test_no_mn_is_for_registration_alone(cn: str) -> None:
    verdict = check(upload(cn, NEW[cn], flag=9, mn=""), rules=Rules())
    assert verdict.ok is (cn == "1001")


def test_answers_of_2005_say_in_their_data_area_what_they_answer() -> None:
    answer = answer_frame(judged("2011", "hj212-2005", OLD["2011"]))
    assert answer is not None
    told = read(answer)
    assert "QN" not in told.head
    assert (told["CN"], told["ST"], told["Flag"]) == ("9014", "91", "0")
    assert told.area == f"QN={QN};CN=2011"
    done = framed(f"ST=91;CN=9012;PW=123456;MN={OLD_MN};Flag=1;CP=&&QN={QN};ExeRtn=1&&")
    answer = answer_frame(check(done, rules=Rules()))
    assert answer is None or read(answer).area.endswith("CN=9012")


@pytest.mark.parametrize("cn", ["1001", "1013", "1014", "9015"])
def test_notices_are_answered_by_9013(cn: str) -> None:
    answer = answer_frame(judged(cn, "hj212-2025", NEW[cn]))
    assert answer is not None
    assert read(answer)["CN"] == "9013"
    assert read(answer)["MN"] == ("" if cn == "1001" else MN)


def vectors(name: str) -> list[dict[str, str]]:
    text = (DATA / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("line", vectors("edition_2025.jsonl"), ids=lambda line: line["cn"])
def test_published_frames_are_refused_where_they_are_broken(line: dict[str, str]) -> None:
    verdict = check(line["frame"].encode(), rules=Rules())
    if line["verdict"] != "ok":
        assert verdict.reason.startswith(line["verdict"])
    else:
        assert verdict.segment is not None


@pytest.mark.parametrize("line", vectors("sealed_2025.jsonl"), ids=lambda line: line["rendering"])
def test_published_sealed_frames_are_opened_with_their_key_alone(line: dict[str, str]) -> None:
    wire, key = bytes.fromhex(line["frame_hex"]), bytes.fromhex(line["key"])
    verdict = check(wire, rules=Rules(keys=(key,), rendering=line["rendering"]))  # type: ignore[arg-type]
    if line["verdict"] == "ok":
        assert verdict.sealed == "current"
        assert verdict.segment is not None
        assert verdict.segment.cp == line["area"]
    assert check(wire, rules=Rules()).segment is None
    assert check(wire, rules=Rules(keys=(bytes(16),))).segment is None
