"""From rows to the text of frames: letters, fields, what is left out, identity."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from agent.model import EVENT, Cause, Kind, Measurement, Period, Sample, Statistic, Urgency
from agent.report import (
    EventNotice,
    Live,
    Wording,
    event,
    letter,
    period_letter,
    periodic,
    real_time,
    retained,
    started,
)
from protocols.hj212.editions import edition
from protocols.hj212.times import parse_wire_time

T0 = int(parse_wire_time("20260610100000"))
HOUR = Period(Kind.HOUR, T0)
W2017, W2025 = Wording(edition("hj212-2017")), Wording(edition("hj212-2025"))
ROW = Statistic(
    outlet="DW001",
    factor="w01018",
    period=HOUR,
    avg=41.25,
    min=40.0,
    max=43.0,
    cou=1.5,
    cause=Cause.NORMAL,
    abnormal=Cause.NORMAL,
    share=1.0,
    valid=True,
    parts=60,
    due=60,
)
EMPTY = replace(ROW, avg=None, min=None, max=None, cou=None, cause=Cause.FAULT, valid=False)


def hourly(*rows: Statistic, wording: Wording = W2017, medium: str = "water") -> str:
    (packet,) = periodic(wording, HOUR, st="32", medium=medium, rows=rows).packets
    assert packet.startswith("DataTime=20260610100000")
    return packet.removeprefix("DataTime=20260610100000").removeprefix(";")


# --- letters


@pytest.mark.parametrize(
    ("cause", "first", "second"),
    [
        (Cause.NORMAL, "N", "N"),
        (Cause.STOPPED, "F", "F"),
        (Cause.FAULT, "D", "D"),
        (Cause.POWER, "D", "D"),
        (Cause.NO_LINK, "B", "D"),
        (Cause.MAINTENANCE, "M", "M"),
        (Cause.CALIBRATION, "C", "C"),
        (Cause.OVER_RANGE, "T", "T"),
        (Cause.PARAMETER, "D", "Td"),
        (Cause.MANUAL, "S", "M"),
    ],
)
def test_cause_has_the_letter_of_its_edition(cause: Cause, first: str, second: str) -> None:
    """HJ 212-2017 §6.6.4; HJ 212-2025 table 10 with the defaults of our editions."""
    assert (letter(W2017, cause), letter(W2025, cause)) == (first, second)


PARTLY = replace(ROW, cause=Cause.NORMAL, abnormal=Cause.CALIBRATION, share=0.9)


@pytest.mark.parametrize(
    ("wording", "medium", "expected"),
    [(W2017, "water", "C"), (W2017, "gas", "N"), (W2025, "water", "N"), (W2025, "gas", "N")],
)
def test_edition_says_how_a_period_finds_its_letter(
    wording: Wording, medium: str, expected: str
) -> None:
    assert period_letter(wording, medium, PARTLY) == expected


@pytest.mark.parametrize(
    ("share", "expected"), [(0.75, "N"), (1.0, "N"), (0.7499, "D"), (0.0, "D")]
)
def test_gas_period_is_normal_from_three_quarters_on(share: float, expected: str) -> None:
    """HJ 212-2017, notes to C.16 to C.18: 75 % included."""
    row = replace(PARTLY, share=share)
    assert period_letter(W2017, "gas", row) == expected


@pytest.mark.parametrize(
    ("rule", "expected"), [("dominant", "N"), ("d_if_below_75", "N"), ("any_abnormal", "C")]
)
def test_platform_may_have_its_own_rule(rule: str, expected: str) -> None:
    wording = Wording(edition("hj212-2017"), period_flag={"water": rule})  # type: ignore[dict-item]
    assert period_letter(wording, "water", PARTLY) == expected


@pytest.mark.parametrize("medium", ["noise", "electricity", "process"])
def test_other_media_follow_the_dominant_cause(medium: str) -> None:
    assert period_letter(W2017, medium, replace(PARTLY, cause=Cause.MAINTENANCE)) == "M"


# --- periods


def test_period_has_amount_extremes_mean_and_letter() -> None:
    assert hourly(ROW) == (
        "w01018-Cou=1.50,w01018-Min=40.0,w01018-Avg=41.2,w01018-Max=43.0,w01018-Flag=N"
    )


def test_converted_values_of_gas_stand_beside_the_measured_ones() -> None:
    row = replace(
        ROW, factor="a21026", outlet="DA001", zs_min=55.0, zs_avg=56.5, zs_max=60.25, cou=None
    )
    text = hourly(row, medium="gas")
    assert "a21026-Avg=41.2" in text
    for expected in ("a21026-ZsMin=55.0", "a21026-ZsAvg=56.5", "a21026-ZsMax=60.2"):
        assert expected in text


def test_row_without_converted_values_has_no_such_fields() -> None:
    assert "Zs" not in hourly(replace(ROW, factor="a21026"), medium="gas")


def test_missing_mean_is_a_letter_and_never_a_number() -> None:
    assert hourly(replace(EMPTY, abnormal=Cause.FAULT)) == "w01018-Flag=D"


def test_missing_factor_is_left_out_where_the_platform_wants_it_so() -> None:
    wording = replace(W2017, absent="omit")
    text = hourly(EMPTY, replace(ROW, factor="w21003"), wording=wording)
    assert "w01018" not in text
    assert "w21003-Avg" in text


def test_period_without_any_factor_left_still_says_its_time() -> None:
    assert hourly(EMPTY, wording=replace(W2017, absent="omit")) == ""


def test_value_of_zero_is_a_value() -> None:
    row = replace(ROW, avg=0.0, min=0.0, max=0.0, cou=0.0)
    assert "w01018-Avg=0.0" in hourly(row, wording=replace(W2017, absent="omit"))


@pytest.mark.parametrize(
    ("kind", "minutes", "cn"),
    [
        (Kind.MINUTE, 0, "2051"),
        (Kind.N_MINUTES, 10, "2051"),
        (Kind.HOUR, 0, "2061"),
        (Kind.DAY, 0, "2031"),
    ],
)
def test_kind_of_period_has_its_command_code(kind: Kind, minutes: int, cn: str) -> None:
    period = Period(kind, T0, minutes)
    upload = periodic(W2017, period, st="32", medium="water", rows=[replace(ROW, period=period)])
    assert (upload.cn, upload.st, upload.at, upload.revision) == (cn, "32", T0, 0)
    assert upload.urgency is Urgency.LIVE
    assert upload.answer


def test_each_revision_of_any_row_is_an_upload_of_its_own() -> None:
    def revision(*revisions: int) -> int:
        rows = [
            replace(ROW, factor=code, revision=number)
            for code, number in zip(("w01018", "w21003"), revisions, strict=True)
        ]
        return periodic(W2017, HOUR, st="32", medium="water", rows=rows).revision

    course = [revision(0, 0), revision(1, 0), revision(1, 1), revision(1, 2)]
    assert course == sorted(set(course))


def test_wording_says_whether_an_answer_is_asked_for() -> None:
    wording = replace(W2017, answer=False)
    assert not periodic(wording, HOUR, st="32", medium="water", rows=[ROW]).answer


# --- real time

SAMPLE = Sample("DW001", "w01001", T0 - 5.0, 7.256)
RESULT = Measurement("DW001", "w01018", "cod", T0 - 7200, T0 - 3600.0, T0 - 3590.0, 61.53)


def live(one: Live, *, at: int = T0, wording: Wording = W2017) -> str:
    (packet,) = real_time(wording, at, st="32", live=[one]).packets
    return packet.partition(";")[2]


def continuous(sample: Sample | None) -> Live:
    return Live("w01001", batch=False, max_age_s=30, sample=sample, result=None)


def batch(result: Measurement | None, sample: Sample | None = None) -> Live:
    return Live("w01018", batch=True, max_age_s=5400, sample=sample, result=result)


def test_sample_is_told_with_its_letter() -> None:
    assert live(continuous(SAMPLE)) == "w01001-Rtd=7.26,w01001-Flag=N"
    over = SAMPLE._replace(cause=Cause.OVER_RANGE)
    assert live(continuous(over)) == "w01001-Rtd=7.26,w01001-Flag=T"


def test_sample_without_value_is_its_letter_alone() -> None:
    assert live(continuous(SAMPLE._replace(value=None, cause=Cause.FAULT))) == "w01001-Flag=D"


def test_factor_without_sample_has_no_link() -> None:
    assert live(continuous(None)) == "w01001-Flag=B"
    assert live(continuous(None), wording=replace(W2017, absent="omit")) == ""


def test_converted_sample_is_told_beside_the_measured_one() -> None:
    sample = SAMPLE._replace(factor="a21026", value=100.0, zs=140.0)
    one = Live("a21026", batch=False, max_age_s=30, sample=sample, result=None)
    assert live(one) == "a21026-Rtd=100.00,a21026-ZsRtd=140.00,a21026-Flag=N"


def test_result_stands_under_its_own_time_as_long_as_it_may() -> None:
    expected = "w01018-SampleTime=20260610080000,w01018-Rtd=61.5,w01018-Flag=N"
    assert live(batch(RESULT)) == expected
    assert live(batch(RESULT), at=T0 - 3600 + 5400) == expected
    assert live(batch(RESULT), at=T0 - 3600 + 5401) == "w01018-Flag=B"


@pytest.mark.parametrize(
    ("cause", "expected"),
    [(Cause.NORMAL, "D"), (Cause.MAINTENANCE, "M"), (Cause.NO_LINK, "B")],
)
def test_analyzer_without_a_standing_result_says_why(cause: Cause, expected: str) -> None:
    state = Sample("DW001", "w01018", T0 - 5.0, None, cause)
    assert live(batch(None, state)) == f"w01018-Flag={expected}"


def test_held_result_in_minutes_is_its_own_least_mean_and_most() -> None:
    period = Period(Kind.N_MINUTES, T0 - 600, 10)
    upload = periodic(W2017, period, st="32", medium="water", rows=[], held=[batch(RESULT)])
    assert upload.packets[0].partition(";")[2] == (
        "w01018-SampleTime=20260610080000,w01018-Min=61.5,w01018-Avg=61.5,w01018-Max=61.5,"
        "w01018-Flag=N"
    )


def test_clock_epoch_tells_two_uploads_of_one_time_apart() -> None:
    uploads = [real_time(W2017, T0, st="32", live=[continuous(SAMPLE)], revision=n) for n in (0, 1)]
    assert [upload.revision for upload in uploads] == [0, 1]


# --- bottles, starts, events


def test_kept_bottle_is_an_alarm_with_its_number() -> None:
    upload = retained(W2017, st="32", at=T0 + 0.7, bottle=12)
    assert upload is not None
    assert (upload.cn, upload.at, upload.urgency) == ("3015", T0, Urgency.ALARM)
    assert upload.packets == ("DataTime=20260610100000;VaseNo=12",)


def test_two_bottles_of_one_moment_are_two_uploads() -> None:
    first, second = (retained(W2017, st="32", at=float(T0), bottle=n) for n in (1, 2))
    assert first is not None and second is not None
    assert first.revision != second.revision


def test_edition_without_a_message_for_bottles_has_none() -> None:
    assert retained(W2025, st="32", at=float(T0), bottle=1) is None


def test_start_says_when() -> None:
    upload = started(W2017, st="32", at=T0 + 0.5)
    assert upload.cn == "2081"
    assert upload.packets == ("DataTime=20260610100000;RestartTime=20260610100000",)


def test_event_is_json_and_each_step_of_it_an_upload_of_its_own() -> None:
    notices = [
        EventNotice(
            id=number,
            kind="exceedance",
            at=T0 + 0.5,
            outlet="DW001",
            factor="w01018",
            state=state,
            detail={"source": "表1"},
        )
        for number in (1, 2)
        for state in ("opened", "told", "closed")
    ]
    uploads = [event(notice) for notice in notices]
    assert {upload.cn for upload in uploads} == {EVENT}
    assert {upload.urgency for upload in uploads} == {Urgency.ALARM}
    assert len({upload.revision for upload in uploads}) == 6
    assert json.loads(uploads[0].packets[0]) == {
        "id": 1,
        "kind": "exceedance",
        "at": T0 + 0.5,
        "outlet": "DW001",
        "factor": "w01018",
        "state": "opened",
        "detail": {"source": "表1"},
    }


@pytest.mark.parametrize("shared", [False, True])
def test_packets_share_a_number_only_where_the_upload_is_split(shared: bool) -> None:
    wording = replace(W2017, shared_qn=shared)
    one = periodic(wording, HOUR, st="32", medium="water", rows=[ROW])
    many = periodic(wording, HOUR, st="32", medium="water", rows=[ROW] * 30)
    assert len(one.packets) == 1 and not one.shared_qn
    assert len(many.packets) > 1 and many.shared_qn is shared
