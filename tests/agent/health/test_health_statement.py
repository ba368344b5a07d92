"""The health statement: 100 less deductions, no floor, twelve months (domain rules §12)."""

from __future__ import annotations

import datetime
from typing import get_args

import pytest

from agent.health import (
    PUBLISHED,
    Deduction,
    DeductionKind,
    Family,
    Lapse,
    OverLimit,
    deductions_of,
    kind_of_event,
    statement,
    year_before,
)

ZONE = datetime.timezone(datetime.timedelta(hours=8))
NOW = datetime.datetime(2026, 6, 10, 12, tzinfo=ZONE).timestamp()
DAY = 86_400
POINTS = dict.fromkeys(DeductionKind, 1.0) | {DeductionKind.OVER_DAY: 4.0}


def suspension(number: int, *, at: float = NOW - DAY) -> Deduction:
    return Deduction(f"s{number}", "DW001", DeductionKind.SUSPENSION, at, PUBLISHED, (number,))


def test_three_suspensions_leave_28_and_eight_leave_minus_92() -> None:
    assert statement([], now=NOW).points == 100
    assert statement([suspension(one) for one in range(3)], now=NOW).points == 28
    assert statement([suspension(one) for one in range(8)], now=NOW).points == -92


def test_what_is_twelve_months_old_no_longer_counts() -> None:
    old, just = suspension(1, at=year_before(NOW)), suspension(2, at=year_before(NOW) + 1)
    assert statement([old], now=NOW).points == 100
    assert statement([old, just], now=NOW).points == 76
    assert statement([suspension(3, at=NOW + 1)], now=NOW).points == 100


@pytest.mark.parametrize(
    ("at", "before"), [((2028, 2, 29), (2027, 2, 28)), ((2027, 3, 1), (2026, 3, 1))]
)
def test_a_year_is_one_of_the_calendar(
    at: tuple[int, int, int], before: tuple[int, int, int]
) -> None:
    moment = datetime.datetime(*at, 12, tzinfo=ZONE).timestamp()
    assert year_before(moment) == datetime.datetime(*before, 12, tzinfo=ZONE).timestamp()


def test_statement_names_the_newest_first_and_sums_by_kind() -> None:
    hour = Deduction("h", "DW001", DeductionKind.OVER_HOUR, NOW - 2 * DAY, 1.0, (7,))
    stands = statement([hour, suspension(1), suspension(2)], now=NOW)
    assert [one.ref for one in stands.deductions][-1] == "h"
    assert stands.sums() == {
        DeductionKind.SUSPENSION: (2, 48.0),
        DeductionKind.OVER_HOUR: (1, 1.0),
    }


def test_each_hour_and_day_over_costs_once_with_its_events() -> None:
    over = [
        OverLimit("w01018", 3600, "hour", 62.0, (4,)),
        OverLimit("w01018", 7200, "hour", 63.0, (4,)),
        OverLimit("w01018", 0, "day", 55.5, (5,)),
    ]
    found = list(deductions_of("DW001", over, [], POINTS))
    assert [(one.kind.value, one.points, one.events) for one in found] == [
        ("over_hour", 1.0, (4,)),
        ("over_hour", 1.0, (4,)),
        ("over_day", 4.0, (5,)),
    ]
    assert len({one.ref for one in found}) == 3
    assert found[2].text == "w01018 55.5"


def test_one_fact_told_by_several_events_costs_once() -> None:
    kind = DeductionKind.STOP_CONTRADICTED
    lapses = [Lapse(kind, "day", NOW, (9,)), Lapse(kind, "day", NOW - 60, (8,))]
    (one,) = deductions_of("DW001", [], lapses, POINTS)
    assert (one.events, one.at) == ((8, 9), NOW - 60)


def test_kind_that_is_set_to_nothing_costs_nothing() -> None:
    free = dict.fromkeys(DeductionKind, 0.0)
    lapse = Lapse(DeductionKind.ROUND_MISSED, "1", NOW, (1,))
    assert list(deductions_of("DW001", [OverLimit("a", 0, "hour", 1, ())], [lapse], free)) == []


@pytest.mark.parametrize(
    ("kind", "detail", "expected"),
    [
        ("fault_late", {"step": "spare"}, DeductionKind.UNCONTROLLED),
        ("fault_late", {"step": "on_site"}, None),
        ("falsification", {"rule": "AF-19", "cause": "runs in a stop"}, "stop_contradicted"),
        ("falsification", {"rule": "AF-16", "cause": "value in maintenance"}, None),
        ("falsification", {"rule": "AF-01", "cause": "constant"}, None),
        ("supervision", {"step": "overdue"}, DeductionKind.SUPERVISION_LATE),
        ("supervision", {"step": "reminder"}, None),
        ("rounds_missed", {}, DeductionKind.ROUND_MISSED),
        ("door", {}, None),
    ],
)
def test_which_events_cost_points(
    kind: str, detail: dict[str, object], expected: DeductionKind | None
) -> None:
    assert kind_of_event(kind, detail) == expected


def test_labels_have_eight_families() -> None:
    assert len(get_args(Family)) == 8
