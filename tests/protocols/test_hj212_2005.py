import pytest

from protocols.hj212.answers import Answered, answer_to, answered, result_of
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.factor_table_2005 import SUCCESSORS_2017
from protocols.hj212.factors import code_in, factor, factor_table
from protocols.hj212.flag import Flag
from protocols.hj212.message import FactorValues, RealTime, parse_message, print_message
from protocols.hj212.segment import Segment, parse_segment, print_segment

OLD = edition("hj212-2005")
NEW = edition("hj212-2017")
MN = "88888880000001"
NOON = 1092196800.0  # 2004-08-11 12:00 in Beijing
PLAIN, WANTED, SPLIT, BOTH = Flag(0), Flag(0, answer=True), Flag(0, packets=True), Flag.of(3)
SEGMENTS = [
    (
        Segment("20040516010101001", "32", "1000", "123456", MN, WANTED, cp="OverTime=5;ReCount=3"),
        b"QN=20040516010101001;ST=32;CN=1000;PW=123456;MN=88888880000001;Flag=1;"
        b"CP=&&OverTime=5;ReCount=3&&",
    ),
    (
        Segment("", "32", "2011", "123456", MN, PLAIN, cp="DataTime=20040811120000"),
        b"ST=32;CN=2011;PW=123456;MN=88888880000001;Flag=0;CP=&&DataTime=20040811120000&&",
    ),
    (
        Segment("20040516010101001", "32", "2051", "123456", MN, BOTH, 2, 1, cp="DataTime=1"),
        b"QN=20040516010101001;PNUM=2;PNO=1;ST=32;CN=2051;PW=123456;MN=88888880000001;Flag=3;"
        b"CP=&&DataTime=1&&",
    ),
    (
        Segment("", "91", "9014", flag=PLAIN, cp="QN=20040516010101001;CN=2051"),
        b"ST=91;CN=9014;Flag=0;CP=&&QN=20040516010101001;CN=2051&&",
    ),
]


@pytest.mark.parametrize(("segment", "data"), SEGMENTS)
def test_segment_of_2005_is_written_and_read_without_a_warning(
    segment: Segment, data: bytes
) -> None:
    assert print_segment(segment, OLD) == data
    assert parse_segment(data, OLD) == (segment, ())


def test_header_of_2005_is_out_of_order_for_2017_and_the_other_way_round() -> None:
    old = SEGMENTS[2][1]
    assert "fields out of order" in parse_segment(old, NEW)[1][0]
    new = old.replace(b"PNUM=2;PNO=1;", b"").replace(b"Flag=3;", b"Flag=3;PNUM=2;PNO=1;")
    assert "fields out of order" in parse_segment(new, OLD)[1][0]
    assert parse_segment(new, NEW)[0] == SEGMENTS[2][0]


@pytest.mark.parametrize(
    "segment",
    [
        Segment("1", "32", "2011", "123456", MN, PLAIN),
        Segment("", "32", "2011", "123456", MN + "0", PLAIN),
        Segment("", "32", "2011", "123456", MN, Flag(1)),
        Segment("", "32", "2011", "123456", MN, PLAIN, rf=True),
        Segment("", "32", "2011", "123456", MN, PLAIN, 2, 1),
        Segment("", "32", "2011", "123456", MN, SPLIT),
        Segment("", "32", "2011", "123456", MN, PLAIN, cp="a" * 954),
    ],
)
def test_what_2005_has_not_is_not_written(segment: Segment) -> None:
    with pytest.raises(LocalFrameError):
        print_segment(segment, OLD)


def test_data_area_may_be_960_long() -> None:
    segment = Segment("", "32", "2011", "123456", MN, PLAIN, cp="a" * 953)
    assert print_segment(segment, OLD).endswith(b"aa&&")
    assert OLD.room(split=False) <= 953


ASKED = Segment("20160801085857223", "32", "2051", "123456", MN, WANTED)
PACKET = Segment("20160801085857223", "32", "2051", "123456", MN, BOTH, 2, 1)
ANSWERS = [
    (ASKED, "9011", 1, "QN=20160801085857223;QnRtn=1", "QnRtn=1", Answered(ASKED.qn)),
    (ASKED, "9012", 100, "QN=20160801085857223;ExeRtn=100", "ExeRtn=100", Answered(ASKED.qn)),
    (ASKED, "9013", None, "QN=20160801085857223", "", Answered(ASKED.qn)),
    (ASKED, "9014", None, "QN=20160801085857223;CN=2051", "", Answered(ASKED.qn, "2051")),
    (PACKET, "9014", None, "QN=20160801085857223;CN=2051;PNO=1;PNUM=2", "",
     Answered(ASKED.qn, "2051", 1)),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "cn", "result", "old", "new", "meant"), ANSWERS)
def test_answer_in_both_forms(
    asked: Segment, cn: str, *, result: int | None, old: str, new: str, meant: Answered
) -> None:
    in_2005 = answer_to(asked, cn, OLD, result=result)
    assert (in_2005.qn, in_2005.cp, in_2005.st, in_2005.flag) == ("", old, "91", PLAIN)
    assert parse_segment(print_segment(in_2005, OLD), OLD)[0] == in_2005
    assert answered(in_2005) == meant
    in_2017 = answer_to(asked, cn, NEW, result=result)
    assert (in_2017.qn, in_2017.cp, in_2017.flag) == (asked.qn, new, Flag(1))
    assert answered(in_2017) == Answered(asked.qn)


def test_answer_needs_its_result_and_no_other() -> None:
    for cn, result in (("9011", None), ("9014", 1), ("2051", None)):
        with pytest.raises(LocalFrameError):
            answer_to(ASKED, cn, OLD, result=result)


def test_number_of_a_packet_that_is_no_number_is_not_taken() -> None:
    segment = Segment(cn="9014", cp="QN=1;CN=2051;PNO=x")
    assert answered(segment) == Answered("1", "2051")


def test_upload_that_answers_a_request_bears_its_qn() -> None:
    upload = Segment("20170101000000000", "32", "1061", "1", MN, PLAIN, cp="RtdInterval=30")
    assert result_of(ASKED, upload, OLD).cp == "QN=20160801085857223;RtdInterval=30"
    assert result_of(ASKED, upload, OLD).qn == ""
    assert result_of(ASKED, upload, NEW).qn == ASKED.qn


def test_old_codes_know_their_successors_and_back() -> None:
    assert len(SUCCESSORS_2017) == len({old for old, _ in SUCCESSORS_2017}) == 93
    all_media = factor_table("hj212-2005").values()
    assert sum(known.medium in ("water", "gas") for known in all_media) == 96
    for old, new in SUCCESSORS_2017:
        assert code_in(old, "hj212-2017") == code_in(new, "hj212-2025") == new
        assert code_in(new, "hj212-2005") == code_in(old, "hj212-2005") == old
        before, after = factor(old, "hj212-2005"), factor(new, "hj212-2017")
        assert before and after and before.unit == after.unit and before.name_zh == after.name_zh
    assert {known.type for known in factor_table("hj212-2005").values()} == {"N14.2"}
    known = [("w01018", "011"), ("w21003", "060"), ("w21011", "101"), ("a34013", "01")]
    assert [(new, code_in(new, "hj212-2005")) for new, _ in known] == known
    assert code_in("a00000", "hj212-2005") == "B02"
    assert code_in("025", "hj212-2017") is code_in("w01014", "hj212-2005") is None
    assert code_in("Leq", "hj212-2005") == "Leq"


def test_values_of_2005_have_two_decimals_and_its_marks() -> None:
    message = RealTime(NOON, (FactorValues("011", {"Rtd": 229.613, "Flag": "P"}),))
    (area,) = print_message(message, OLD)
    assert area == "DataTime=20040811120000;011-Rtd=229.61,011-Flag=P"
    read = parse_message(Segment(cn="2011", cp=area), OLD)
    assert read == RealTime(NOON, (FactorValues("011", {"Rtd": 229.61, "Flag": "P"}),))
    assert OLD.letters["power"] == "P" and "B" not in OLD.letters.values()
    with pytest.raises(LocalFrameError):
        print_message(RealTime(NOON, (FactorValues("w01018", {"Rtd": 1.0}),)), OLD)
