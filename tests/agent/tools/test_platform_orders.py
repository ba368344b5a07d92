"""Orders as they are typed, and the frames made of them; read back by the tests' own parser."""

from __future__ import annotations

import re

import pytest
from plain_station import MN, read

from agent.tools.platform.orders import BadOrder, make_order, parse_line
from agent.tools.platform.stations import Station
from protocols.hj212.commands import COMMANDS
from protocols.hj212.editions import edition

AT = 1_780_273_800_123  # 2026-06-01 08:30:00.123 in Beijing
RANGE = "BeginTime=20260601000000 EndTime=20260601010000"
AREA = "BeginTime=20260601000000;EndTime=20260601010000"
RANGED = ("2013", "2031", "2041", "2051", "2052", "2061", "2062", "2071", "2111")
OF_FACTOR = ("3011", "3012", "3013", "3014", "3017", "3018", "3019", "3022", "3024")
TYPED = {
    "1000": ("OverTime=5 ReCount=3", "OverTime=5;ReCount=3"),
    "1001": ("WarnTime=60", "WarnTime=60"),
    "1002": ("i23005-Info=LOGGER1", "i23005-Info=LOGGER1"),
    "1012": ("", "SystemTime=20260601083000"),
    "1014": ("SKCreateTime=20260601083000123 NewSK=0123456789abcdef",
             "SKCreateTime=20260601083000123,NewSK=0123456789abcdef"),
    "1022": ("011-LowValue=1,011-UpValue=99", "011-LowValue=1.00,011-UpValue=99.00"),
    "1032": ("AlarmTarget=13800000000", "AlarmTarget=13800000000"),
    "1042": ("ReportTime=0830", "ReportTime=0830"),
    "1062": ("RtdInterval=60", "RtdInterval=60"),
    "1064": ("MinInterval=5", "MinInterval=5"),
    "1072": ("NewPW=654321", "NewPW=654321"),
    "3016": ("PolId=w01018 CstartTime=000000 Ctime=2", "PolId=w01018;CstartTime=000000;Ctime=2"),
    "3020": (f"PolId=w01018 InfoId=i11001 {RANGE}",
             "PolId=w01018;InfoId=i11001;BeginTime=20260601000000,EndTime=20260601010000"),
    "3021": ("PolId=w01018 InfoId=i13004 i13004-Info=168",
             "PolId=w01018;InfoId=i13004;i13004-Info=168"),
}  # fmt: skip
TYPED |= dict.fromkeys(RANGED, (RANGE, AREA))
TYPED |= dict.fromkeys(OF_FACTOR, ("PolId=w01018", "PolId=w01018"))
OLD = {"1072": ("NewPW=654321", "PW=654321"), "3013": ("", "")}
OLD |= dict.fromkeys(("3011", "3012", "3014"), ("PolID=011", "PolID=011"))
NEW = {"3011": ("PolId=w01018 CalibrationType=1", "PolId=w01018,CalibrationType=1")}
BY_EDITION = {"hj212-2005": TYPED | OLD, "hj212-2017": TYPED, "hj212-2025": TYPED | NEW}
FLAGS = {"hj212-2005": "1", "hj212-2017": "5", "hj212-2025": "9"}
DOWN = [(each.cn, name) for each in COMMANDS
        if each.direction == "down" and each.kind != "interaction"
        for name in each.editions]  # fmt: skip


def station(name: str = "hj212-2017") -> Station:
    mn = "88888880000001" if name == "hj212-2005" else MN
    return Station(mn, edition(name), pw="123456")


@pytest.mark.parametrize(("cn", "name"), DOWN)
def test_every_command_that_goes_down_is_written_as_its_edition_has_it(cn: str, name: str) -> None:
    typed, area = BY_EDITION[name].get(cn, ("", ""))
    order = make_order(station(name), cn, typed.split(), now_ms=AT)
    told = read(order.frame)
    assert told.area == area
    assert told.head == {
        "QN": "20260601083000123", "ST": "32", "CN": cn, "PW": "123456",
        "MN": station(name).mn, "Flag": FLAGS[name],
    }  # fmt: skip
    assert list(told.head) == ["QN", "ST", "CN", "PW", "MN", "Flag"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("3012", "expected PolId="),
        ("1062 RtdInterval=7", "7 is not 30 to 3600"),
        ("1061 Foo=1", "unknown: Foo"),
        ("2051 BeginTime=yesterday EndTime=now", "a time of 14 or 17 digits expected"),
        ("2051 BeginTime", "BeginTime: name=value expected"),
        ("2013 BeginTime=1 EndTime=2", "2013: no command of hj212-2017"),
        ("1061 @XX=1", "@QN= @ST= @PW="),
    ],
)
def test_order_that_the_edition_does_not_have_is_refused_with_what_it_has(
    line: str, why: str
) -> None:
    _, cn, words = parse_line(line)
    with pytest.raises(BadOrder, match=re.escape(why)):
        make_order(station(), cn, words, now_ms=AT)


@pytest.mark.parametrize("flag", ["x", "", "256", "-1", "５"])
def test_flag_that_is_no_flag_is_refused(flag: str) -> None:
    with pytest.raises(BadOrder, match="up to 255"):
        make_order(station(), "1011", [f"@Flag={flag}"], now_ms=AT)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        ("1011", ("", "1011", [])),
        (f"{MN} 1062 RtdInterval=60", (MN, "1062", ["RtdInterval=60"])),
        (
            "3021 InfoId=i11001 'i11001-Info=a b'",
            ("", "3021", ["InfoId=i11001", "i11001-Info=a b"]),
        ),
    ],
)
def test_line_is_parted_into_station_command_and_words(
    line: str, parts: tuple[str, str, list[str]]
) -> None:
    assert parse_line(line) == parts


@pytest.mark.parametrize("line", ["", "   ", MN, "'open", "12 34"])
def test_line_without_a_command_is_refused(line: str) -> None:
    with pytest.raises(BadOrder):
        parse_line(line)


def test_header_and_area_may_be_made_wrong_on_purpose() -> None:
    words = ["@PW=000000", "@ST=31", f"@MN={'F' * 24}", "@CP=RtdInterval=7"]
    told = read(make_order(station(), "1062", words, now_ms=AT).frame)
    assert (told["PW"], told["ST"], told["MN"], told.area) == (
        "000000", "31", "F" * 24, "RtdInterval=7",
    )  # fmt: skip


def test_new_key_goes_down_sealed_and_is_another_each_time() -> None:
    sealed = station("hj212-2025")
    sealed.key = bytes(range(16))
    first, second = (make_order(sealed, "1014", [], now_ms=AT) for _ in range(2))
    assert first.segment.cp != second.segment.cp
    assert first.segment.cp[5:40].encode() not in first.frame
    assert b"NewSK" not in first.frame
    assert "NewSK" not in repr(sealed)


def test_other_orders_of_a_sealed_station_go_in_clear() -> None:
    sealed = station("hj212-2025")
    sealed.key = bytes(range(16))
    assert read(make_order(sealed, "2051", RANGE.split(), now_ms=AT).frame).area == AREA
