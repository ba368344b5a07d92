from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment, parse_segment, print_segment

MN = "010000A8900016F000169DC0"
PLAIN = Segment("20160801085857223", "32", "2011", "123456", MN, Flag.of(5), cp="DataTime=1")
HEAD = f"QN=20160801085857223;ST=32;CN=2011;PW=123456;MN={MN};"
BOTH_WAYS = [
    ("hj212-2017", PLAIN, HEAD + "Flag=5;CP=&&DataTime=1&&"),
    ("hj212-2017", replace(PLAIN, cp="", flag=Flag.of(4)), HEAD + "Flag=4;CP=&&&&"),
    (
        "hj212-2017",
        replace(PLAIN, flag=Flag.of(7), pnum=12, pno=3),
        HEAD + "Flag=7;PNUM=12;PNO=3;CP=&&DataTime=1&&",
    ),
    ("hj212-2025", replace(PLAIN, flag=Flag.of(9)), HEAD + "Flag=9;CP=&&DataTime=1&&"),
    (
        "hj212-2025",
        replace(PLAIN, flag=Flag.of(11), pnum=9, pno=9, rf=True),
        HEAD + "Flag=11;PNUM=9;PNO=9;RF=1;CP=&&DataTime=1&&",
    ),
    (
        "hj212-2025",
        replace(PLAIN, flag=Flag.of(8), rf=True, cp="i11001-Info=//清洗管路//"),
        HEAD + "Flag=8;RF=1;CP=&&i11001-Info=//清洗管路//&&",
    ),
]


@pytest.mark.parametrize(("name", "segment", "text"), BOTH_WAYS)
def test_segment_is_written_and_read(name: str, segment: Segment, text: str) -> None:
    assert print_segment(segment, edition(name)) == text.encode()
    assert parse_segment(text.encode()) == (segment, ())


@pytest.mark.parametrize(("name", "segment", "text"), BOTH_WAYS)
def test_patient_reading_agrees_with_the_strict_one(name: str, segment: Segment, text: str) -> None:
    read, warnings = parse_segment(text.encode() + b"?")
    assert (read, warnings) == (segment, ("'?' behind the data area",))
    read, warnings = parse_segment(text.replace(";ST=32", "; ST=32").encode())
    assert (read, warnings) == (segment, ("blanks in ' ST=32'",))


SHORT_MN = "is not 24 of 0-9 and A-F"


@pytest.mark.parametrize(
    ("text", "expected", "warnings"),
    [
        (
            "ST=91;CN=9011;PW=123456;MN=LD130103000388;Flag=0;CP=&&QN=20160824000504004;QnRtn=1&&",
            Segment(
                st="91",
                cn="9011",
                pw="123456",
                mn="LD130103000388",
                flag=Flag(0),
                cp="QN=20160824000504004;QnRtn=1",
            ),
            ["missing: QN", f"MN='LD130103000388' {SHORT_MN}"],
        ),
        (
            f"ST=32;CN=2011;PW=123456;,MN={MN};FLAG=0;CP=&&&&",
            Segment(st="32", cn="2011", pw="123456", mn=MN, flag=Flag(0)),
            ["comma between header fields", "FLAG for Flag", "missing: QN"],
        ),
        (
            f"ST=32;CN=2011;QN=20160801085857223;PW=123456;MN={MN};Flag=5CP=&&DataTime=1&&",
            PLAIN,
            ["header does not end in ;", "fields out of order: ST CN QN PW MN Flag"],
        ),
        (HEAD + "Flag=5;CP=DataTime=1", PLAIN, ["no && before", "no && behind"]),
        (HEAD + "Flag=5;CP= &&DataTime=1&&#G10&", PLAIN, ["'#G10&' behind the data area"]),
        (HEAD + "CP=&&DataTime=1&&", replace(PLAIN, flag=None), ["missing: Flag"]),
        (
            HEAD + "Flag=;CP=&&DataTime=1&&",
            replace(PLAIN, flag=None, other=(("Flag", ""),)),
            ["Flag='' is not a number up to 255"],
        ),
        (
            HEAD + "Flag=256;PNUM=x;CP=&&DataTime=1&&",
            replace(PLAIN, flag=None, other=(("Flag", "256"), ("PNUM", "x"))),
            ["Flag='256' is not", "PNUM='x' is not"],
        ),
        (
            HEAD + "Flag=7;CP=&&DataTime=1&&",
            replace(PLAIN, flag=Flag.of(7)),
            ["Flag=7 without PNUM and PNO"],
        ),
        (
            HEAD + "Flag=5;PNUM=0002;PNO=0001;CP=&&DataTime=1&&",
            replace(PLAIN, pnum=2, pno=1),
            ["PNUM and PNO with Flag=5"],
        ),
        (
            HEAD + "Flag=7;PNO=1;PNUM=2;CP=&&DataTime=1&&",
            replace(PLAIN, flag=Flag.of(7), pnum=2, pno=1),
            ["fields out of order"],
        ),
        (
            HEAD + "Flag=5;ST=31;A=;C11;CP=&&DataTime=1&&",
            replace(PLAIN, other=(("ST", "31"), ("A", ""), ("C11", ""))),
            ["ST twice", "unknown field 'A='", "unknown field 'C11'"],
        ),
        (
            "ST=\0\0;CN=2031",
            Segment(st="\0\0", cn="2031"),
            ["no CP", "header does not end in ;", "missing: QN PW MN Flag", "ST='\\x00\\x00' is"],
        ),
        (
            HEAD.replace(MN, "") + "Flag=8;CP=&&&&",
            replace(PLAIN, mn="", flag=Flag.of(8), cp=""),
            [f"MN='' {SHORT_MN}"],
        ),
    ],
)
def test_what_the_field_sends_is_read_with_warnings(
    text: str, expected: Segment, warnings: list[str]
) -> None:
    segment, found = parse_segment(text.encode())
    assert segment == expected
    assert len(found) == len(warnings)
    for warning in warnings:
        assert any(warning in each for each in found), (warning, found)


def test_gbk_text_is_read_with_a_warning() -> None:
    cp = "i11001-Info=//清洗管路//"
    data = (HEAD + f"Flag=5;CP=&&{cp}&&").encode("gbk")
    assert parse_segment(data) == (replace(PLAIN, cp=cp), ("text is GBK, not UTF-8",))


def test_text_in_no_known_encoding_is_kept_as_escapes() -> None:
    data = HEAD.encode() + b"Flag=5;CP=&&a=\xff\xffb&&"
    segment, warnings = parse_segment(data)
    assert segment.cp == "a=\\xff\\xffb"
    assert warnings == ("text is neither UTF-8 nor GBK",)


@pytest.mark.parametrize("data", [b"", b"hello", b";;;", b"A=1;B=2"])
def test_no_field_at_all_is_an_error(data: bytes) -> None:
    with pytest.raises(PeerFrameError) as caught:
        parse_segment(data)
    assert caught.value.kind == "segment"


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=80), st.text("QNSTCPFlag=;,& 0123清", max_size=80)))
def test_any_bytes_give_a_segment_or_a_peer_error(data: bytes | str) -> None:
    try:
        segment, _ = parse_segment(data if isinstance(data, bytes) else data.encode())
    except PeerFrameError as error:
        assert error.kind == "segment"
    else:
        assert isinstance(segment, Segment)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("hj212-2017", {"qn": ""}),
        ("hj212-2017", {"qn": "2016080108585722"}),
        ("hj212-2017", {"qn": "2016080108585722٣"}),
        ("hj212-2017", {"st": "3"}),
        ("hj212-2017", {"st": "3a"}),
        ("hj212-2017", {"cn": "20 1"}),
        ("hj212-2017", {"pw": "1234567"}),
        ("hj212-2017", {"pw": "12;456"}),
        ("hj212-2017", {"mn": MN + "0"}),
        ("hj212-2017", {"mn": "A,B"}),
        ("hj212-2017", {"mn": "A B"}),
        ("hj212-2017", {"mn": "A&&B"}),
        ("hj212-2017", {"mn": "清"}),
        ("hj212-2017", {"flag": None}),
        ("hj212-2017", {"flag": Flag.of(9)}),
        ("hj212-2017", {"flag": Flag.of(7)}),
        ("hj212-2017", {"pnum": 2, "pno": 1}),
        ("hj212-2017", {"pno": 1}),
        ("hj212-2017", {"flag": Flag.of(7), "pnum": 2, "pno": 3}),
        ("hj212-2017", {"flag": Flag.of(7), "pnum": 2, "pno": 0}),
        ("hj212-2017", {"flag": Flag.of(7), "pnum": 10_000, "pno": 1}),
        ("hj212-2017", {"rf": True}),
        ("hj212-2025", {"flag": Flag.of(5)}),
        ("hj212-2025", {"flag": Flag.of(11), "pnum": 10, "pno": 1}),
        ("hj212-2017", {"cp": "a&&b"}),
        ("hj212-2017", {"cp": "a\r\nb"}),
        ("hj212-2017", {"cp": "x" * 944}),
        ("hj212-2017", {"other": (("A", "1"),)}),
    ],
)
def test_what_the_edition_does_not_have_is_not_written(
    name: str, change: dict[str, object]
) -> None:
    with pytest.raises(LocalFrameError):
        print_segment(replace(PLAIN, **change), edition(name))  # type: ignore[arg-type] # any field


def test_both_limits_hold_when_writing() -> None:
    by = edition("hj212-2017")
    print_segment(replace(PLAIN, cp="x" * (1024 - 80 - 7)), by)
    with pytest.raises(LocalFrameError, match="segment of 1025 bytes"):
        print_segment(replace(PLAIN, cp="x" * (1025 - 80 - 7)), by)
    short = replace(PLAIN, mn="A")
    print_segment(replace(short, cp="x" * 943), by)
    with pytest.raises(LocalFrameError, match="CP of 951 bytes"):
        print_segment(replace(short, cp="x" * 944), by)


def test_length_counts_bytes_of_chinese_text() -> None:
    by = edition("hj212-2017")
    with pytest.raises(LocalFrameError):
        print_segment(replace(PLAIN, mn="A", cp="清" * 315), by)


def test_flag_numbers_of_the_three_editions() -> None:
    numbers = {
        version: [
            int(Flag(version, answer=answer, packets=packets))
            for packets in (False, True)
            for answer in (False, True)
        ]
        for version in (0, 1, 2)
    }
    assert numbers == {0: [0, 1, 2, 3], 1: [4, 5, 6, 7], 2: [8, 9, 10, 11]}
    assert all(int(Flag.of(number)) == number for number in range(256))
    with pytest.raises(ValueError, match="256"):
        Flag.of(256)


_SEGMENTS = st.builds(
    Segment,
    qn=st.text("0123456789", min_size=17, max_size=17),
    st=st.text("0123456789AZ", min_size=2, max_size=2),
    cn=st.text("0123456789", min_size=4, max_size=4),
    pw=st.text("09azAZ", max_size=6),
    mn=st.text("0123456789ABCDEFx_-", max_size=24),
    flag=st.sampled_from([Flag.of(8), Flag.of(9)]),
    rf=st.booleans(),
    cp=st.text("aZ09=;,/ &清", max_size=60).filter(lambda text: "&" not in text),
)


@settings(deadline=None)
@given(_SEGMENTS, st.none() | st.tuples(st.integers(1, 9), st.integers(1, 9)))
def test_what_is_written_reads_back(segment: Segment, packet: tuple[int, int] | None) -> None:
    if packet and segment.flag:
        flag = replace(segment.flag, packets=True)
        segment = replace(segment, flag=flag, pnum=max(packet), pno=min(packet))
    assert parse_segment(print_segment(segment, edition("hj212-2025")))[0] == segment
