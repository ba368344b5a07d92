from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.message import (
    DataAnswer,
    Executed,
    FactorValues,
    Message,
    NoticeAnswer,
    Other,
    Periodic,
    RealTime,
    RequestAnswer,
    Retained,
    Started,
    parse_message,
    print_message,
    read_message,
)
from protocols.hj212.segment import Segment
from protocols.hj212.times import parse_wire_time

OLD, NEW = edition("hj212-2017"), edition("hj212-2025")
AT = parse_wire_time("20160801085000")
SAMPLED = parse_wire_time("20160801070000")

BOTH_WAYS: list[tuple[str, Message, str]] = [
    (
        "2011",
        RealTime(
            AT,
            (
                FactorValues("w01001", {"Rtd": 7.1, "Flag": "N"}),
                FactorValues(
                    "w01018", {"SampleTime": SAMPLED, "Rtd": 2.2, "Flag": "N", "EFlag": "A01"}
                ),
            ),
        ),
        "DataTime=20160801085000;w01001-Rtd=7.10,w01001-Flag=N;"
        "w01018-SampleTime=20160801070000,w01018-Rtd=2.2,w01018-Flag=N,w01018-EFlag=A01",
    ),
    (
        "2011",
        RealTime(AT, (FactorValues("a21026", {"Rtd": 30.0, "ZsRtd": 42.5, "Flag": "T"}),)),
        "DataTime=20160801085000;a21026-Rtd=30.00,a21026-ZsRtd=42.50,a21026-Flag=T",
    ),
    (
        "2011",
        RealTime(AT, (FactorValues("LA", {"Rtd": 50.1}),)),
        "DataTime=20160801085000;LA-Rtd=50.1",
    ),
    (
        "2051",
        Periodic(
            "2051",
            AT,
            (
                FactorValues(
                    "w00000", {"Cou": 10.5, "Min": 16.4, "Avg": 17.5, "Max": 20.1, "Flag": "N"}
                ),
                FactorValues("w01018", {"Flag": "D"}),
            ),
        ),
        "DataTime=20160801085000;w00000-Cou=10.50,w00000-Min=16.40,w00000-Avg=17.50,"
        "w00000-Max=20.10,w00000-Flag=N;w01018-Flag=D",
    ),
    (
        "2061",
        Periodic(
            "2061",
            AT,
            (
                FactorValues(
                    "a34013", {"Avg": 5.0, "ZsMin": 6.0, "ZsAvg": 7.0, "ZsMax": -1.0, "Flag": "N"}
                ),
            ),
        ),
        "DataTime=20160801085000;a34013-Avg=5,a34013-ZsMin=6,a34013-ZsAvg=7,a34013-ZsMax=-1,"
        "a34013-Flag=N",
    ),
    ("2031", Periodic("2031", AT, ()), "DataTime=20160801085000"),
    (
        "2081",
        Started(AT, SAMPLED),
        "DataTime=20160801085000;RestartTime=20160801070000",
    ),
    ("3015", Retained(AT, 12), "DataTime=20160801085000;VaseNo=12"),
    ("9011", RequestAnswer(1), "QnRtn=1"),
    ("9011", RequestAnswer(100), "QnRtn=100"),
    ("9012", Executed(2), "ExeRtn=2"),
    ("9013", NoticeAnswer(), ""),
    ("9014", DataAnswer(), ""),
    ("9014", DataAnswer(((("QnRtn", "1"),), (("PNO", "11"),))), "QnRtn=1;PNO=11"),
    ("8013", Other("8013", ((("HeartbeatTime", "180"),),)), "HeartbeatTime=180"),
]


@pytest.mark.parametrize(("cn", "message", "text"), BOTH_WAYS)
def test_message_is_written_and_read(cn: str, message: Message, text: str) -> None:
    assert message.cn == cn
    assert print_message(message, OLD) == (text,)
    assert parse_message(Segment(cn=cn, cp=text), OLD) == message


def test_fields_stand_in_the_order_of_the_examples() -> None:
    mixed: dict[str, float | str | None] = {
        "Flag": "N",
        "RawAvg": 3.0,
        "Max": 2.0,
        "Cou": 1.0,
        "Avg": 1.5,
        "ZsAvg": 4.0,
    }
    (text,) = print_message(Periodic("2051", AT, (FactorValues("a21026", mixed),)), NEW)
    names = [pair.partition("=")[0] for pair in text.partition(";")[2].split(",")]
    assert names == [f"a21026-{n}" for n in ("Cou", "Avg", "Max", "ZsAvg", "RawAvg", "Flag")]


def test_missing_value_is_left_out_and_never_zero() -> None:
    said = FactorValues("w01018", {"Rtd": None, "Flag": "D", "SampleTime": None})
    silent = FactorValues("w21003", {"Rtd": None})
    assert print_message(RealTime(AT, (said, silent)), OLD) == (
        "DataTime=20160801085000;w01018-Flag=D",
    )


def test_value_is_rounded_by_the_type_of_the_edition() -> None:
    message = RealTime(AT, (FactorValues("a21002", {"Rtd": 12.345, "Cou": 0.125}),))
    assert print_message(message, OLD)[0].endswith("a21002-Cou=0.12,a21002-Rtd=12.3")
    assert print_message(message, NEW)[0].endswith("a21002-Cou=0.12,a21002-Rtd=12.34")


def test_long_value_is_written_whole_and_a_converted_one_as_2025_has_it() -> None:
    values = {"Rtd": 123456.0, "ZsRtd": 123456.0}
    message = RealTime(AT, (FactorValues("a21002", values),))
    assert print_message(message, OLD)[0].endswith("a21002-Rtd=123456.0,a21002-ZsRtd=123456.0")
    assert print_message(message, NEW)[0].endswith("a21002-Rtd=123456.00,a21002-ZsRtd=9999.99")
    below = RealTime(AT, (FactorValues("a21002", {"ZsRtd": -123456.0}),))
    assert print_message(below, NEW)[0].endswith("a21002-ZsRtd=-9999.99")


def test_text_in_place_of_a_number_is_written_as_it_is() -> None:
    message = RealTime(AT, (FactorValues("a21002", {"ZsRtd": "9999.99"}),))
    assert print_message(message, NEW) == ("DataTime=20160801085000;a21002-ZsRtd=9999.99",)


@pytest.mark.parametrize(
    "message",
    [
        RealTime(AT, (FactorValues("w99999", {"Rtd": 1.0}),)),
        RealTime(AT, (FactorValues("w01018", {"Rtd": float("nan")}),)),
        RealTime(AT, (FactorValues("w01018", {"Flag": "N;x=1"}),)),
    ],
)
def test_what_cannot_be_said_is_our_fault(message: Message) -> None:
    with pytest.raises(LocalFrameError):
        print_message(message, OLD)


def test_2025_has_no_message_for_a_kept_bottle() -> None:
    with pytest.raises(LocalFrameError):
        print_message(Retained(AT, 1), NEW)
    cp = "DataTime=20160801085000;VaseNo=1"
    assert isinstance(parse_message(Segment(cn="3015", cp=cp), NEW), Other)
    assert parse_message(Segment(cn="3015", cp=cp), replace(NEW, retained_cn="3015")) == Retained(
        AT, 1
    )


@pytest.mark.parametrize(
    ("cn", "cp", "why"),
    [
        ("2011", "w01018-Rtd=1", ""),
        ("2051", "BeginTime=20160801080000;EndTime=x", "EndTime='x': a time of"),
        ("3012", "DataTime=20160801085000", ""),
        ("1062", "RtdInterval=often", "RtdInterval='often': a whole number"),
        ("2011", "DataTime=2016082410450;B02-Rtd=1", "DataTime='2016082410450': a time of"),
        ("2011", "DataTime=", "DataTime='': a time of"),
        ("2061", "DataTime=20161301000000", "DataTime='20161301000000': a time of"),
        ("2081", "DataTime=20160801085000", "no RestartTime"),
        ("3015", "DataTime=20160801085000;VaseNo=x", "VaseNo='x'"),
        ("9011", "", "no QnRtn"),
        ("9012", "ExeRtn=", "ExeRtn=''"),
    ],
)
def test_what_cannot_be_read_as_its_number_says_is_kept_as_it_is(
    cn: str, cp: str, why: str
) -> None:
    message = parse_message(Segment(cn=cn, cp=cp), OLD)
    assert isinstance(message, Other)
    assert message.why.startswith(why) and bool(message.why) == bool(why)
    assert print_message(message, OLD) == (cp,)


def test_milliseconds_unknown_keys_and_odd_values_are_kept() -> None:
    cp = (
        "DataTime=20160824140000123;Load=5;SB1-RS=1;a01-Rtd=1_0,b02-Rtd=-0.4e1,b02-Flag=0,x=2;"
        "03-Rtd=,03-Flag=;03-ZsRtd=１,03-SampleTime=later;LA-Rtd-Rtd=71.0"
    )
    message = parse_message(Segment(cn="2011", cp=cp), OLD)
    assert message == RealTime(
        parse_wire_time("20160824140000") + 0.123,
        (
            FactorValues("SB1", {"RS": 1.0}),
            FactorValues("a01", {"Rtd": "1_0"}),
            FactorValues("b02", {"Rtd": -4.0, "Flag": "0"}),
            FactorValues("03", {"Rtd": None, "Flag": None}),
            FactorValues("03", {"ZsRtd": "１", "SampleTime": "later"}),
            FactorValues("LA-Rtd", {"Rtd": 71.0}),
        ),
        ((("Load", "5"),), (("x", "2"),)),
    )


_NUMBERS = st.integers(-99_999, 99_999).map(lambda tenths: tenths / 10)
_FACTORS = st.lists(
    st.builds(
        FactorValues,
        code=st.sampled_from(["w01017", "w01018", "w01009", "w01010"]),
        values=st.dictionaries(
            st.sampled_from(["Rtd", "Min", "Avg", "Max"]), _NUMBERS, min_size=1
        ).map(lambda values: {**values, "Flag": "N"}),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(_FACTORS, st.integers(0, 4_000_000_000))
def test_what_is_written_reads_back(factors: list[FactorValues], at: int) -> None:
    message = RealTime(float(at), tuple(factors))
    (text,) = print_message(message, OLD)
    assert parse_message(Segment(cn="2011", cp=text), OLD) == message


@settings(deadline=None)
@given(st.sampled_from(["2011", "2051", "2081", "3015", "9011", "9014"]), st.text(max_size=60))
def test_any_data_area_gives_a_message(cn: str, cp: str) -> None:
    for text in (cp, f"DataTime=20160801085000;{cp}"):
        assert parse_message(Segment(cn=cn, cp=text), OLD).cn == cn


@pytest.mark.parametrize("name", ["hj212-2017", "hj212-2025"])
def test_process_codes_are_read_and_not_written_without_a_type(name: str) -> None:
    area = "DataTime=20240601085857;e10101-Rtd=1.1;g11902-Rtd=2.25,g11902-Flag=N"
    message, warnings = read_message(Segment(cn="2011", st="52", cp=area), edition(name))
    assert warnings == ()
    assert isinstance(message, RealTime)
    assert [(one.code, one.values["Rtd"]) for one in message.factors] == [
        ("e10101", 1.1),
        ("g11902", 2.25),
    ]
    with pytest.raises(LocalFrameError, match="e10101 is not a factor"):
        print_message(message, edition(name))
