import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.cp import Item, find, parse_cp, print_cp
from protocols.hj212.errors import LocalFrameError

BOTH_WAYS: list[tuple[str, tuple[Item, ...]]] = [
    ("", ()),
    ("QnRtn=1", ((("QnRtn", "1"),),)),
    ("OverTime=5;ReCount=3", ((("OverTime", "5"),), (("ReCount", "3"),))),
    (
        "DataTime=20160801085857;w01018-Rtd=2.2,w01018-Flag=N",
        ((("DataTime", "20160801085857"),), (("w01018-Rtd", "2.2"), ("w01018-Flag", "N"))),
    ),
    ("DataTime=", ((("DataTime", ""),),)),
    ("03-Flag=N;03-Flag=D", ((("03-Flag", "N"),), (("03-Flag", "D"),))),
    ("a-Rtd=1,a-Rtd=2", ((("a-Rtd", "1"), ("a-Rtd", "2")),)),
    ("S07-Rtd=0.S07-Flag=N", ((("S07-Rtd", "0.S07-Flag=N"),),)),
    (
        "PolId=w01018;i11001-Info=//清洗;管路,k=v/2//;x=1",
        ((("PolId", "w01018"),), (("i11001-Info", "//清洗;管路,k=v/2//"),), (("x", "1"),)),
    ),
    ("i-Info=////,j=1", ((("i-Info", "////"), ("j", "1")),)),
    ("i-Info=//a//b//", ((("i-Info", "//a//b//"),),)),
]


@pytest.mark.parametrize(("text", "items"), BOTH_WAYS)
def test_data_area_is_read_and_written(text: str, items: tuple[Item, ...]) -> None:
    assert parse_cp(text) == items
    assert print_cp(items) == text


@pytest.mark.parametrize(
    ("text", "items"),
    [
        (" ", ()),
        (";,;", ()),
        ("a=1;;b=2;", ((("a", "1"),), (("b", "2"),))),
        (" a = 1 ; b= 2 3 ", ((("a", "1"),), (("b", "2 3"),))),
        ("alone", ((("alone", ""),),)),
        ("=1", ((("", "1"),),)),
        ("u=http://x;b=//open;c=1", ((("u", "http://x"),), (("b", "//open"),), (("c", "1"),))),
    ],
)
def test_what_peers_send_is_kept(text: str, items: tuple[Item, ...]) -> None:
    assert parse_cp(text) == items


def test_a_range_reads_the_same_with_comma_and_semicolon() -> None:
    for mark in ",;":
        items = parse_cp(f"BeginTime=20160801080000{mark}EndTime=20160801090000")
        assert find(items, "BeginTime") == "20160801080000"
        assert find(items, "EndTime") == "20160801090000"
        assert find(items, "PolId") is None


@pytest.mark.parametrize(
    "pair",
    [
        ("", "1"),
        ("a;b", "1"),
        ("a=b", "1"),
        (" a", "1"),
        ("a", "1;2"),
        ("a", "1,2"),
        ("a", "1&&"),
        ("a", " 1"),
        ("a", "x//y"),
        ("a", "//open"),
        ("a", "//early//;b=1//"),
        ("a", "//a&&b//"),
    ],
)
def test_what_would_read_back_as_something_else_is_not_written(pair: tuple[str, str]) -> None:
    with pytest.raises(LocalFrameError):
        print_cp([(pair,)])


_KEYS = st.text("abcDT019-", min_size=1, max_size=12)
_VALUES = st.text("0129.-eN:/", max_size=8).filter(lambda text: "//" not in text)
_LOGS = st.text("清a;,= /", max_size=12).map(lambda text: f"//{text}//")


@settings(deadline=None)
@given(st.lists(st.lists(st.tuples(_KEYS, _VALUES | _LOGS), min_size=1, max_size=4), max_size=5))
def test_what_is_written_reads_back(pairs: list[list[tuple[str, str]]]) -> None:
    items = tuple(tuple(item) for item in pairs)
    try:
        text = print_cp(items)
    except LocalFrameError:
        return
    assert parse_cp(text) == items


@settings(deadline=None)
@given(st.text("ab=;,/&清\x00", max_size=40).filter(lambda text: "//" not in text))
def test_patient_reading_agrees_with_the_quick_one(text: str) -> None:
    items = parse_cp(text)
    assert parse_cp(text + " ") == items
    assert parse_cp(text + ";i-Info=////") == (*items, (("i-Info", "////"),))


@settings(deadline=None)
@given(st.text("ab=;,/ ", max_size=60))
def test_any_text_reads(text: str) -> None:
    for item in parse_cp(text):
        assert item
        assert all(key or value or "=" in text for key, value in item)
