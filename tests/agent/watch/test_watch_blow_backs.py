"""AF-12: the analyzer answers to the gas again after a blow-back, or it does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agent.watch import Course, Point, Span, Thresholds, unanswered

LIMITS = Thresholds(response_min=5, shift=0.2, least_step=0.05)
BLOWN = Span(600, 720)


def course(values: dict[int, float], *, high: float | None = 100.0) -> Course:
    """Give a factor by the minute; ten minutes at 50 stand before the blow-back."""
    all_of_them = dict.fromkeys(range(10), 50.0) | values
    points = [Point(60.0 * minute, value) for minute, value in sorted(all_of_them.items())]
    return Course("a21026", points, 60.0, low=0.0, high=high)


def after(*values: float) -> dict[int, float]:
    return dict(enumerate(values, start=12))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (after(50, 50, 50, 50, 50), False),
        (after(2, 2, 2, 2, 2), True),
        (after(2, 10, 20, 30, 40), False),
        (after(2, 10, 20, 30, 39.9), True),
        (after(90, 80, 70, 60, 60), False),
        (after(90, 80, 70, 65, 61), True),
        (after(2, 50, 2, 2, 2), False),
        (after(2, 10, 20, 30, 35, 50), True),
    ],
    ids=[
        "as before",
        "stays at the air of the blow-back",
        "back to the edge of its share",
        "not quite",
        "from above",
        "from above, not quite",
        "was back once",
        "too late",
    ],
)
def test_af_12_value_is_back_at_its_level_in_time_or_it_is_told(
    values: dict[int, float], told: bool
) -> None:
    assert bool(list(unanswered(course(values), [BLOWN], LIMITS))) == told


def test_af_12_finding_says_what_was_before_and_after() -> None:
    (one,) = unanswered(course(after(2, 3, 4, 5, 6)), [BLOWN], LIMITS)
    assert (one.rule, one.cause, one.grave) == ("AF-12", "no response after blow-back", False)
    assert (one.start, one.end, one.count) == (0, 17 * 60, 15)
    assert one.figures == {"before": 50.0, "after": 6.0}
    assert one.samples[-1] == (960.0, 6.0)


def test_af_12_what_is_noise_on_the_range_is_an_answer() -> None:
    low = Course(
        "a21026",
        [Point(60.0 * at, 1.0) for at in range(10)]
        + [Point(60.0 * at, 5.9) for at in range(12, 17)],
        60.0,
        low=0.0,
        high=100.0,
    )
    assert list(unanswered(low, [BLOWN], LIMITS)) == []
    assert len(list(unanswered(low, [BLOWN], replace(LIMITS, least_step=0.04)))) == 1


@pytest.mark.parametrize(
    "values",
    [after(2, 2), {16: 2.0} | dict.fromkeys(range(12, 14), 50.0), {}],
    ids=["too short to say", "was back", "nothing after"],
)
def test_af_12_what_was_not_measured_to_the_end_says_nothing(values: dict[int, float]) -> None:
    assert list(unanswered(course(values), [BLOWN], LIMITS)) == []


def test_af_12_without_discharge_nothing_is_said() -> None:
    whole = course(after(2, 2, 2, 2, 2))
    still = replace(whole, points=[replace(one, discharging=False) for one in whole.points])
    assert list(unanswered(still, [BLOWN], LIMITS)) == []


def test_af_12_level_before_must_be_known() -> None:
    whole = course(after(2, 2, 2, 2, 2))
    assert list(unanswered(replace(whole, points=whole.points[8:]), [BLOWN], LIMITS)) == []
    assert list(unanswered(replace(whole, high=None), [BLOWN], LIMITS)) == []


def test_af_12_minute_in_which_it_began_is_not_of_the_level_before() -> None:
    values = {10: 5000.0, **after(50, 50, 50, 50, 50)}
    assert list(unanswered(course(values), [Span(630, 720)], LIMITS)) == []


def test_af_12_blow_backs_close_together_are_one() -> None:
    values = {14: 2.0, **dict.fromkeys(range(16, 21), 2.0)}
    (one,) = unanswered(course(values), [BLOWN, Span(900, 960)], LIMITS)
    assert one.end == 21 * 60
    back = {14: 2.0, **dict.fromkeys(range(16, 21), 50.0)}
    assert list(unanswered(course(back), [BLOWN, Span(900, 960)], LIMITS)) == []


def test_af_12_is_off_until_a_site_says_how_long() -> None:
    assert Thresholds().response_min is None
    off = replace(LIMITS, response_min=None)
    assert list(unanswered(course(after(2, 2, 2, 2, 2)), [BLOWN], off)) == []
