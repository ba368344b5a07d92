"""Quotas of waste incineration (Order 10 art. 8) and what of a mark is really exempt."""

from __future__ import annotations

import pytest
from mark_rows import at, condition, record

from agent.marks import IndustrySet, Quota, exempt, industry_set, term_start
from agent.model import MarkKind, MarkState
from protocols.hj212.times import parse_wire_time

HOUR = 3600
SET = industry_set("incineration")


def quota(of: IndustrySet, code: str, kind: MarkKind = MarkKind.CONDITION) -> Quota:
    found = of.quota_of(kind, code)
    assert found is not None
    return found


TRANSIENT = quota(SET, "启炉")
JANUARY = int(parse_wire_time("20260105000000"))
CLEAN = dict.fromkeys(range(JANUARY, JANUARY + 400 * HOUR, HOUR), 20.0)


def burn_outs(hours: float) -> list[object]:
    """Give that many hours of burn-out, from January on."""
    return [condition("停炉", JANUARY, JANUARY + int(hours * HOUR))]


def test_t_m1_last_hour_of_the_start_up_is_judged_normally() -> None:
    start = JANUARY + 100 * HOUR
    marks = [*burn_outs(58.0), condition("启炉", start, start + 3 * HOUR)]
    found = exempt(TRANSIENT, marks, cap_hours=CLEAN)
    (usage,) = found.usage
    assert usage.used_min == 61 * 60
    assert dict(usage.reached) == {80: JANUARY + 48 * HOUR, 100: start + 2 * HOUR}
    last = found.records[-1]
    assert (last.kind, last.code) == (MarkKind.EXEMPTION, "启炉")
    assert (last.start, last.end) == (start, start + 2 * HOUR)


def test_t_m5_hour_above_150_is_not_exempt() -> None:
    hour = JANUARY + HOUR
    found = exempt(TRANSIENT, burn_outs(3), cap_hours={**CLEAN, hour: 160.0})
    assert [(one.start, one.end) for one in found.records] == [
        (JANUARY, hour),
        (hour + HOUR, hour + 2 * HOUR),
    ]
    assert found.usage[0].used_min == 180


def test_150_itself_is_exempt_and_an_unknown_hour_is_not() -> None:
    hours = {JANUARY: 150.0, JANUARY + HOUR: None}
    found = exempt(TRANSIENT, burn_outs(2), cap_hours=hours)
    assert [(one.start, one.end) for one in found.records] == [(JANUARY, JANUARY + HOUR)]


def test_each_start_up_and_fault_is_exempt_for_four_hours_but_burn_out_for_all() -> None:
    fault = condition("故障", JANUARY, JANUARY + 6 * HOUR)
    (one,) = exempt(TRANSIENT, [fault], cap_hours=CLEAN).records
    assert one.minutes == 240
    (one,) = exempt(TRANSIENT, burn_outs(6), cap_hours=CLEAN).records
    assert one.minutes == 360


def test_700_hours_have_no_cap_and_their_own_codes() -> None:
    drying = quota(SET, "烘炉")
    assert (drying.hours, drying.cap, drying.codes) == (700, None, {"烘炉", "停炉降温"})
    marks = [condition("烘炉", JANUARY, JANUARY + 701 * HOUR)]
    found = exempt(drying, marks)
    assert sum(one.minutes for one in found.records) == 700 * 60


def test_overlapping_marks_use_a_minute_once() -> None:
    marks = [*burn_outs(2), condition("故障", JANUARY + HOUR, JANUARY + 3 * HOUR)]
    found = exempt(TRANSIENT, marks, cap_hours=CLEAN)
    assert found.usage[0].used_min == 180


def test_quota_begins_anew_with_the_local_year() -> None:
    end = int(parse_wire_time("20270101010000"))
    marks = [condition("停炉", end - 2 * HOUR, end)]
    hours = {end - 2 * HOUR: 1.0, end - HOUR: 1.0}
    found = exempt(TRANSIENT, marks, cap_hours=hours)
    assert [one.used_min for one in found.usage] == [60, 60]
    assert found.usage[1].start == parse_wire_time("20270101000000")
    assert [one.minutes for one in found.records] == [60, 60]


def test_cems_maintenance_is_counted_per_quarter_and_exempts_nothing() -> None:
    cems = quota(SET, "CEMS维护", MarkKind.EQUIPMENT)
    marks = [record("CEMS维护", JANUARY, JANUARY + 31 * HOUR)]
    found = exempt(cems, marks)
    assert found.records == ()
    assert [percent for percent, _ in found.usage[0].reached] == [80, 100]
    assert term_start("quarter", at("08:00", "20260515")) == parse_wire_time("20260401000000")


@pytest.mark.parametrize("state", [MarkState.PROPOSED, MarkState.REFUSED])
def test_only_what_a_person_confirmed_is_exempt(state: MarkState) -> None:
    mark = condition("停炉", JANUARY, JANUARY + HOUR, state=state)
    assert exempt(TRANSIENT, [mark], cap_hours=CLEAN).records == ()


def test_quota_nobody_has_seen_exempts_nothing_until_the_site_says_its_hours() -> None:
    start = quota(industry_set("thermal-power"), "并网/供能")
    mark = condition("并网/供能", JANUARY, JANUARY + HOUR)
    assert start.hours is None
    assert exempt(start, [mark]).records == ()
    own = quota(industry_set("thermal-power", {"start": 10}), "并网/供能")
    assert len(exempt(own, [mark]).records) == 1
