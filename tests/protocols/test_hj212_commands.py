from collections.abc import Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.code_tables import EXE_RTN, ON_SITE, QN_RTN, SYSTEMS, find_on_site
from protocols.hj212.commands import COMMANDS, Direction, Effect, Kind, command, commands
from protocols.hj212.editions import edition, edition_names
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factors import factor_table
from protocols.hj212.message import (
    FactorValues,
    Message,
    Periodic,
    RealTime,
    Started,
    parse_message,
    print_message,
    read_message,
)
from protocols.hj212.message_types import (
    DataAnswer,
    Executed,
    NoticeAnswer,
    Other,
    RequestAnswer,
    Retained,
)
from protocols.hj212.orders import (
    AlarmLimits,
    AlarmTarget,
    AskOnSite,
    Between,
    Calibrate,
    ClockTime,
    DeliverKey,
    ForInstrument,
    ForLogger,
    MinuteInterval,
    Plain,
    RealTimeInterval,
    ReportTime,
    SamplingCycle,
    SetMn,
    SetOnSite,
    SetPassword,
    SetTimeOut,
    SetWarnTime,
)
from protocols.hj212.reports import (
    AlarmEvent,
    AskKey,
    FacilityRunTimes,
    FacilityStates,
    Hardware,
    InstrumentSerial,
    Measured,
    OnSite,
    SampleOutTime,
)
from protocols.hj212.segment import Segment
from protocols.hj212.times import parse_wire_time

Y5, Y17, Y25 = edition_names()
ALL, NEW = (Y5, Y17, Y25), (Y17, Y25)
T, U = "20240601085857", "20240601090000"
AT, END = parse_wire_time(T), parse_wire_time(U)
KEY_AT = parse_wire_time("20240601085857223")
ROOM = ((("SB1", 1), ("SB2", 0)), (("SB1", 1.1), ("SB2", 24.0)))
RANGE = f"BeginTime={T};EndTime={U}"
MESSAGES: list[tuple[tuple[str, ...], Direction, Message, str]] = [
    (ALL, "down", SetTimeOut("1000", 5, 3), "OverTime=5;ReCount=3"),
    ((Y5,), "down", SetTimeOut("1000", 86_400, 3), "OverTime=86400;ReCount=3"),
    ((Y5,), "down", SetWarnTime("1001", 5), "WarnTime=5"),
    ((Y25,), "up", Hardware("1001", "L1", "C1", "00-1B", "00-1C"),
     "i23005-Info=L1;i23006-Info=C1;i23007-Info=00-1B;i23008-Info=00-1C"),
    ((Y25,), "down", SetMn("1002", "L1"), "i23005-Info=L1"),
    (ALL, "down", ForLogger("1011"), ""),
    (ALL, "down", ForLogger("1011", "w01018"), "PolId=w01018"),
    (ALL, "up", ClockTime("1011", AT), f"SystemTime={T}"),
    (ALL, "down", ClockTime("1012", AT, "w01018"), f"PolId=w01018;SystemTime={T}"),
    (NEW, "up", ForLogger("1013"), ""),
    ((Y25,), "up", AskKey("1014", KEY_AT), f"SKCreateTime={T}223"),
    ((Y25,), "down", DeliverKey("1014", KEY_AT, "0123456789abcdef"),
     f"SKCreateTime={T}223,NewSK=0123456789abcdef"),
    ((Y5,), "down", ForLogger("1021", "011"), "PolId=011"),
    ((Y5,), "up", AlarmLimits("1021", (FactorValues("011", {"LowValue": 1.1, "UpValue": 9.9}),)),
     "011-LowValue=1.10,011-UpValue=9.90"),
    ((Y5,), "down", AlarmLimits("1022", (FactorValues("011", {"UpValue": 9.9}),)),
     "011-UpValue=9.90"),
    ((Y5,), "down", Plain("1031"), ""),
    ((Y5,), "up", AlarmTarget("1031", "10.0.0.1"), "AlarmTarget=10.0.0.1"),
    ((Y5,), "down", AlarmTarget("1032", "10.0.0.1"), "AlarmTarget=10.0.0.1"),
    ((Y5,), "down", Plain("1041"), ""),
    ((Y5,), "up", ReportTime("1041", "2359"), "ReportTime=2359"),
    ((Y5,), "down", ReportTime("1042", "0000"), "ReportTime=0000"),
    (ALL, "down", Plain("1061"), ""),
    (ALL, "up", RealTimeInterval("1061", 30), "RtdInterval=30"),
    (ALL, "down", RealTimeInterval("1062", 3600), "RtdInterval=3600"),
    (NEW, "down", Plain("1063"), ""),
    (NEW, "up", MinuteInterval("1063", 10), "MinInterval=10"),
    (NEW, "down", MinuteInterval("1064", 1), "MinInterval=1"),
    (NEW, "down", SetPassword("1072", "abc123"), "NewPW=abc123"),
    ((Y5,), "down", SetPassword("1072", "abc123"), "PW=abc123"),
    (ALL, "down", Plain("2011"), ""),
    ((Y25,), "down", Between("2011", AT, END), RANGE),
    (NEW, "up", RealTime(AT, (FactorValues("w01018", {"Rtd": 2.2, "Flag": "N"}),)),
     f"DataTime={T};w01018-Rtd=2.2,w01018-Flag=N"),
    ((Y5,), "up", RealTime(AT, (FactorValues("011", {"Rtd": 2.2, "Flag": "P"}),)),
     f"DataTime={T};011-Rtd=2.20,011-Flag=P"),
    ((Y25,), "up", RealTime(AT, (FactorValues("d20105", {"Rtd": 220.2, "Flag": "N"}),)),
     f"DataTime={T};d20105-Rtd=220.20,d20105-Flag=N"),
    ((Y25,), "up", RealTime(AT, (FactorValues("p99101", {"Rtd": "St"}),)),
     f"DataTime={T};p99101-Rtd=St"),
    (ALL, "down", Plain("2012"), ""),
    ((Y25,), "down", Between("2013", AT, END), RANGE),
    ((Y25,), "up", Measured("2013", (FactorValues("w01018", {
        "SampleTime": AT, "SampleType": 1.0, "Avg": 17.5, "i13004": 168.0,
        "CompleteTime": END, "Flag": "N"}),), END),
     f"DataTime={U};w01018-SampleTime={T},w01018-Avg=17.5,w01018-SampleType=1,"
     f"w01018-i13004=168.0,w01018-CompleteTime={U},w01018-Flag=N"),
    (ALL, "down", Plain("2021"), ""),
    (ALL, "up", FacilityStates("2021", AT, ROOM[0]), f"DataTime={T};SB1-RS=1;SB2-RS=0"),
    (ALL, "down", Plain("2022"), ""),
    (ALL, "down", Between("2041", AT, END), RANGE),
    (ALL, "up", FacilityRunTimes("2041", AT, ROOM[1]), f"DataTime={T};SB1-RT=1.10;SB2-RT=24.00"),
    ((Y25,), "down", Between("2052", AT, END), RANGE),
    ((Y25,), "up", Measured("2052", (FactorValues("Leq", {"Data": 50.1}),), AT),
     f"DataTime={T};Leq-Data=50.1"),
    ((Y25,), "down", Between("2062", AT, END), RANGE),
    ((Y25,), "up", Measured("2062", (FactorValues("w01018", {
        "SampleRd": 50.1, "StandardValue": 50.0, "ResultType": 1.0}),), AT),
     f"DataTime={T};w01018-SampleRd=50.1,w01018-StandardValue=50.0,w01018-ResultType=1"),
    ((Y5,), "down", Between("2071", AT, END), RANGE),
    ((Y5,), "up", Measured("2071", (FactorValues("011", {"Ala": 99.5}),), AT),
     f"DataTime={T};011-Ala=99.50"),
    ((Y5,), "up", AlarmEvent("2072", (FactorValues("011", {"Ala": 99.5}),), AT,
                             ((("AlarmType", "1"),),)), f"AlarmTime={T};011-Ala=99.50;AlarmType=1"),
    (NEW, "up", Started(AT, END), f"DataTime={T};RestartTime={U}"),
    ((Y25,), "down", Between("2111", AT, END), RANGE),
    ((Y25,), "up", Measured("2111", (FactorValues("a01901", {"Avg": 901.5}),), AT),
     f"DataTime={T};a01901-Avg=901.5"),
    ((Y17,), "down", ForInstrument("3011", "w01018"), "PolId=w01018"),
    ((Y5,), "down", ForInstrument("3011", "011"), "PolID=011"),
    ((Y25,), "down", Calibrate("3011", "w01018", 0), "PolId=w01018,CalibrationType=0"),
    (NEW, "down", ForInstrument("3012", "w01018"), "PolId=w01018"),
    ((Y5,), "down", ForInstrument("3012", "011"), "PolID=011"),
    ((Y5,), "down", ForLogger("3013"), ""),
    (NEW, "down", ForInstrument("3013", "w01018"), "PolId=w01018"),
    ((Y5,), "down", ForInstrument("3014", "011", ((("CTime", "8"),),)), "PolID=011;CTime=8"),
    ((Y17,), "down", ForInstrument("3014", "w01018"), "PolId=w01018"),
    ((Y17,), "down", Plain("3015"), ""),
    ((Y17,), "up", Retained(AT, 3), f"DataTime={T};VaseNo=3"),
    ((Y17,), "down", SamplingCycle("3016", "w01018", "000000", 2),
     "PolId=w01018;CstartTime=000000;Ctime=2"),
    ((Y17,), "down", ForInstrument("3017", "w01018"), "PolId=w01018"),
    ((Y17,), "up", SamplingCycle("3017", "w01018", "235959", 24),
     "PolId=w01018;CstartTime=235959;Ctime=24"),
    (NEW, "down", ForInstrument("3018", "w01018"), "PolId=w01018"),
    (NEW, "up", SampleOutTime("3018", "w01018", 30), "PolId=w01018;Stime=30"),
    (NEW, "down", ForInstrument("3019", "w01018"), "PolId=w01018"),
    (NEW, "up", InstrumentSerial("3019", "w01018", (("w01018", "0102AF"),)),
     "PolId=w01018;w01018-SN=0102AF"),
    (NEW, "up", InstrumentSerial("3019", "w01018", (("w01018", "0102AF"),), AT),
     f"DataTime={T};PolId=w01018;w01018-SN=0102AF"),
    (NEW, "down", AskOnSite("3020", "i12001", "w01018"), "PolId=w01018;InfoId=i12001"),
    (NEW, "down", AskOnSite("3020", "i21001", None, AT, END),
     f"InfoId=i21001;BeginTime={T},EndTime={U}"),
    (NEW, "up", OnSite("3020", AT, (("i11001", "清洗管路;a=1,b"),), "w01018"),
     f"DataTime={T};PolId=w01018;i11001-Info=//清洗管路;a=1,b//"),
    (NEW, "up", OnSite("3020", AT, (("i12001", "1"), ("i12002", "0"))),
     f"DataTime={T};i12001-Info=1;i12002-Info=0"),
    (NEW, "down", SetOnSite("3021", "i13004", (("i13004", "168.0"),), "w01018"),
     "PolId=w01018;InfoId=i13004;i13004-Info=168.0"),
    ((Y25,), "down", ForInstrument("3022", "w01018"), "PolId=w01018"),
    ((Y25,), "down", ForInstrument("3024", "w01018"), "PolId=w01018"),
    (ALL, "up", RequestAnswer(1), "QnRtn=1"),
    (ALL, "up", Executed(100), "ExeRtn=100"),
    (ALL, "up", NoticeAnswer(), ""),
    (ALL, "down", NoticeAnswer(), ""),
    (ALL, "up", DataAnswer(), ""),
    (ALL, "down", DataAnswer(), ""),
    ((Y25,), "up", Plain("9015"), ""),
]  # fmt: skip
for _cn in ("2031", "2051", "2061"):
    MESSAGES.append((ALL, "down", Between(_cn, AT, END), RANGE))
    MESSAGES.append((ALL, "up", Periodic(_cn, AT, (FactorValues("Leq", {"Data": "50.1"}),)), ""))


def rows() -> Iterator[tuple[str, Direction, Message, str]]:
    for editions, direction, message, cp in MESSAGES:
        for name in editions:
            yield name, direction, message, cp


@pytest.mark.parametrize(("name", "direction", "message", "cp"), list(rows()))
def test_message_is_written_and_read(
    name: str, direction: Direction, message: Message, cp: str
) -> None:
    if not cp and isinstance(message, Periodic):
        return  # their own table is in test_hj212_message
    by = edition(name)
    assert print_message(message, by) == (cp,)
    segment = Segment(cn=message.cn, cp=cp)
    assert read_message(segment, by, direction=direction) == (message, ())
    if message.cn not in ("1013", "9013", "9014"):
        assert parse_message(segment, by) == message or message.cn in ("3013", "1022", "1032")


def test_every_command_of_every_edition_has_a_row() -> None:
    told = {(name, m.cn, way, type(m)) for name, way, m, _ in rows()}
    named = {
        (name, each.cn, each.direction, kind)
        for each in COMMANDS
        for name in each.editions
        for kind in each.messages
    }
    assert told == named
    assert len(commands(Y5)) + len(commands(Y17)) + len(commands(Y25)) == sum(
        len(each.editions) for each in COMMANDS
    )


def test_command_says_what_it_is() -> None:
    for each in COMMANDS:
        assert each.direction in get_args(Direction) and each.kind in get_args(Kind)
        assert each.effect in get_args(Effect)
        assert bool(each.effect) == (each.direction == "down" and each.kind != "interaction")
        assert each.confidence in ("text", "two", "one", "guess")
        if each.kind == "request":
            assert each.answer[0] == "9011" and each.answer[-1] == "9012"
            middle = each.answer[1:-1]
            assert all(command(cn, "up", name) for cn in middle for name in each.editions)
    with pytest.raises(KeyError):
        commands("hj212-1999")
    assert command("1002", "down", Y17) is None


def test_policy_can_go_by_effect() -> None:
    def codes(effect: str) -> set[str]:
        return {each.cn for each in COMMANDS if each.effect == effect and Y5 not in each.editions}

    assert codes("control") >= {"3014", "3015", "3016", "3021", "3022", "3024"}
    assert codes("parameters") == {"1002", "1014", "1064"}
    by_code = {each.cn: each.effect for each in COMMANDS if each.effect}
    for cn in ("1011", "1061", "1063", "2011", "2013", "2021", "2051", "3017", "3018", "3020"):
        assert by_code[cn] == "read"
    for cn in ("1000", "1012", "1062", "1072", "2012", "2022"):
        assert by_code[cn] == "parameters"


@pytest.mark.parametrize(
    "message",
    [
        SetTimeOut("1000", 100, 3),
        SetTimeOut("1000", 5, -1),
        RealTimeInterval("1062", 29),
        MinuteInterval("1064", 7),
        SetPassword("1072", "abc"),
        DeliverKey("1014", KEY_AT, "short"),
        Calibrate("3011", "w01018", 2),
        ForInstrument("3012", "a;b=1"),
        ForInstrument("3099", "w01018"),
        SampleOutTime("3018", "w01018", 0),
        FacilityStates("2021", AT, (("SB1", 10),)),
        FacilityStates("2021", AT, (("XX1", 1),)),
        FacilityRunTimes("2041", AT, (("SB1", 24.5),)),
        OnSite("3020", AT, (("i11001", "x" * 891),)),
        OnSite("3020", AT, (("i11001", "a//;b"),)),
        InstrumentSerial("3019", "w01018", (("w01018", "no serial"),)),
        ReportTime("1041", "2359"),
    ],
)
def test_what_the_edition_has_not_is_not_written(message: Message) -> None:
    with pytest.raises(LocalFrameError):
        print_message(message, edition(Y25))


@pytest.mark.parametrize(
    ("cn", "cp", "message", "warning"),
    [
        ("1000", "Overtime=5;ReCount=3", SetTimeOut("1000", 5, 3), "Overtime for OverTime"),
        ("1000", "OverTime=500;ReCount=3", SetTimeOut("1000", 500, 3), "500 is not 0 to 99"),
        ("1062", "RtdInterval=5", RealTimeInterval("1062", 5), "5 is not 30 to 3600"),
        ("1064", "MinInterval=7", MinuteInterval("1064", 7), "7 is none of"),
        ("1012", f"SystemTime={T}000", ClockTime("1012", AT), "17 digits, not 14"),
        ("3012", "PolID=w01018", ForInstrument("3012", "w01018"), "PolID for PolId"),
        ("3016", "PolId=w01018;CstartTime=000000;CTime=2",
         SamplingCycle("3016", "w01018", "000000", 2), "CTime for Ctime"),
        ("3012", "PolId=w01018;X=1", ForInstrument("3012", "w01018", ((("X", "1"),),)),
         "3012 has no X"),
        ("2051", f"BeginTime={T},EndTime={U}", Between("2051", AT, END), None),
        ("2021", f"DataTime={T};SB1-RS=8", FacilityStates("2021", AT, (("SB1", 8),)), None),
        ("2021", f"DataTime={T};S1-RS=8", FacilityStates("2021", AT, (("S1", 8),)), "S1 is not"),
        ("3020", f"DataTime={T};i13001-Info=1",
         OnSite("3020", AT, (("i13001", "1"),)), None),
    ],
)  # fmt: skip
def test_what_is_near_enough_is_read_with_a_warning(
    cn: str, cp: str, *, message: Message, warning: str | None
) -> None:
    read, warnings = read_message(Segment(cn=cn, cp=cp), edition(Y17))
    assert read == message
    assert bool(warnings) == (warning is not None)
    assert warning is None or warning in warnings[0]


def test_log_of_890_bytes_is_written_and_one_more_is_our_fault() -> None:
    longest = "污" * 296 + "ab"
    message = OnSite("3020", AT, (("i21001", longest),))
    assert len(longest.encode()) == 890
    assert print_message(message, edition(Y25))[0].endswith(f"//{longest}//")
    with pytest.raises(LocalFrameError, match="891 bytes, 890 allowed"):
        print_message(replace(message, told=(("i21001", longest + "c"),)), edition(Y25))


def test_words_of_another_command_leave_it_unread() -> None:
    for cn, cp in (("1062", ""), ("3018", ""), ("2051", ""), ("1002", "x=1"), ("9999", "a=1")):
        read = parse_message(Segment(cn=cn, cp=cp), edition(Y25))
        assert isinstance(read, Other)
        assert ";".join("=".join(p) for item in read.other for p in item) == cp


def test_no_secret_is_shown() -> None:
    for message in (DeliverKey("1014", KEY_AT, "0123456789abcdef"), SetPassword("1072", "abc123")):
        assert "abc" not in repr(message)


def test_code_tables_are_keyed_by_edition() -> None:
    for name in edition_names():
        assert 1 in QN_RTN[name] and 100 in EXE_RTN[name] and "91" in SYSTEMS[name]
        noise = {code for code, known in factor_table(name).items() if known.medium == "noise"}
        assert {"LA", "L5", "L10", "L50", "L90", "L95", "Leq", "Ldn", "Ld", "Ln"} <= noise
    assert [len(SYSTEMS[name]) for name in ALL] == [13, 20, 22]
    assert [len(QN_RTN[name]) for name in ALL] == [3, 10, 10]
    assert [len(EXE_RTN[name]) for name in ALL] == [3, 7, 7]
    assert 9 not in QN_RTN[Y5] and 9 in QN_RTN[Y17]
    assert "44" in SYSTEMS[Y25] and "44" not in SYSTEMS[Y17]
    assert not ON_SITE[Y5] and "i13108" in ON_SITE[Y25] and "i13108" not in ON_SITE[Y17]
    assert len(set(ON_SITE[Y25]) - set(ON_SITE[Y17])) == 7 and set(ON_SITE[Y17]) < set(ON_SITE[Y25])
    for code, name_zh in (("i33123", None), ("i33121", None), ("I33400", "生产负荷"),
                          ("i33312", "炉膛内上部焚烧温度"), ("i12001", "工作状态")):  # fmt: skip
        known = find_on_site(code, ON_SITE[Y17])
        assert (known and known.name_zh) == name_zh


NUMBERS = st.integers(-9_999, 9_999).map(lambda tenths: tenths / 10)
MOMENTS = st.integers(0, 4_000_000_000).map(float)


def said_of(name: str) -> st.SearchStrategy[tuple[FactorValues, ...]]:
    codes = sorted(
        code for code, known in factor_table(name).items() if ".1" in known.type or name == Y5
    )
    values = st.dictionaries(
        st.sampled_from(["Rtd", "Min", "Avg", "Max", "ZsAvg", "Cou", "Flag", "SampleTime"]),
        NUMBERS, min_size=1,
    ).map(lambda said: {k: "N" if k == "Flag" else abs(float(int(v))) if "T" in k else v
                        for k, v in said.items()})  # fmt: skip
    one = st.builds(FactorValues, code=st.sampled_from(codes), values=values)
    return st.lists(one, max_size=6, unique_by=lambda said: said.code).map(tuple)


@st.composite
def any_message(draw: Any) -> tuple[str, Direction, Message]:
    name = draw(st.sampled_from(ALL))
    known = draw(st.sampled_from(sorted(commands(name).values(), key=lambda c: (c.cn, c.name_zh))))
    if known.messages == (RealTime,):
        return name, "up", RealTime(draw(MOMENTS), draw(said_of(name)))
    if known.messages == (Periodic,):
        return name, "up", Periodic(known.cn, draw(MOMENTS), draw(said_of(name)))
    ready = [m for n, way, m, _ in rows() if (n, way, m.cn) == (name, known.direction, known.cn)]
    message = draw(st.sampled_from(ready))
    changed = {
        field: draw(MOMENTS)
        for field in ("data_time", "begin", "end", "system_time", "alarm_time")
        if isinstance(getattr(message, field, None), float)
    }
    if isinstance(message, OnSite):
        text = st.text(st.characters(codec="utf-8", exclude_characters="/&", min_codepoint=0x20),
                       max_size=60)  # fmt: skip
        changed["told"] = (("i11001", draw(text)), ("i12001", "3"))
    return name, known.direction, replace(message, **changed)


@settings(deadline=None, max_examples=300)
@given(any_message())
def test_whatever_is_written_reads_back(made: tuple[str, Direction, Message]) -> None:
    name, direction, message = made
    by = edition(name)
    packets = print_message(message, by)
    assert len(packets) == 1
    segment = Segment(cn=message.cn, cp=packets[0])
    read, warnings = read_message(segment, by, direction=direction)
    assert read == message
    assert warnings == ()
