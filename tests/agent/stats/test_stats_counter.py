"""Volume by the meter's counter: what flowed, and what counters do."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stat_rows import FLOW, MINUTE

from agent.model import Cause, Sample
from agent.stats import CounterRule, Rows, statistic
from agent.stats.counter import REACH_S, counted, differs

RULE = CounterRule(flow_max=0.1, rollover=1000.0)
"""One cubic metre in ten seconds is the most that can flow."""


def course(*values: float, every_s: float = 10.0) -> list[tuple[float, float]]:
    return [(100.0 + number * every_s, value) for number, value in enumerate(values)]


def test_volume_is_the_end_less_the_reading_before_the_period() -> None:
    found = counted(RULE, course(5.0, 5.5, 6.25), before=(90.0, 4.5))
    assert (found.volume, found.notes) == (1.75, ())


def test_one_reading_alone_tells_no_volume() -> None:
    assert counted(RULE, course(5.0), before=None).volume is None
    assert counted(RULE, (), before=(90.0, 4.0)).volume is None
    assert counted(RULE, course(5.0), before=(90.0, 5.0)).volume == 0.0


def test_what_was_counted_in_a_short_silence_is_there() -> None:
    assert counted(RULE, course(60.0), before=(100.0 - 1800, 4.0)).volume == 56.0


def test_across_a_long_silence_nothing_is_told() -> None:
    assert counted(RULE, course(60.0), before=(100.0 - REACH_S - 1, 4.0)).volume is None


@pytest.mark.parametrize(
    ("values", "volume", "note"),
    [
        ((999.5, 0.25), 0.75, "over its end"),
        ((500.0, 0.5), 0.5, "begun anew"),
        ((500.0, 499.5), -0.5, "backwards"),
        ((500.0, 700.0), None, "exchanged"),
        ((500.0, 300.0), None, "exchanged"),
    ],
)
def test_leaps_of_a_counter(values: tuple[float, float], volume: float | None, note: str) -> None:
    found = counted(RULE, course(*values), before=None)
    assert found.volume == volume
    (told,) = found.notes
    assert told == f"counter {note}: {values[0]:g} -> {values[1]:g} m3"


def test_counter_without_a_size_that_falls_to_nothing_began_anew() -> None:
    found = counted(CounterRule(flow_max=0.1), course(999.5, 0.25), before=None)
    assert found.volume == 0.25


def test_exchanged_meter_goes_on_with_its_own_numbers() -> None:
    found = counted(RULE, course(500.0, 500.5, 20.0, 20.5, 21.0), before=None)
    assert found.volume == 1.5
    assert len(found.notes) == 1


@given(st.lists(st.floats(0, 1), min_size=2, max_size=30), st.randoms())
def test_order_of_the_readings_does_not_matter_and_minutes_add_up(steps, random) -> None:
    values, at = [], 0.0
    for step in steps:
        at += step
        values.append(at)
    readings = course(*values)
    mixed = list(readings)
    random.shuffle(mixed)
    whole = counted(RULE, mixed, before=None)
    assert whole == counted(RULE, readings, before=None)
    half = len(readings) // 2
    first = counted(RULE, readings[:half], before=None).volume or 0.0
    second = counted(RULE, readings[half:], before=readings[half - 1]).volume or 0.0
    assert whole.volume == pytest.approx(first + second)


def test_minute_takes_the_counter_where_the_site_file_says_so() -> None:
    samples = [
        Sample("DW001", "w00000", MINUTE.start + 10.0 * n, 30.0, total=100.0 + 0.25 * n)
        for n in range(6)
    ]
    rule = replace(FLOW, counter=RULE, by_counter=True)
    rows = Rows(samples=samples, due=6, total_before=(MINUTE.start - 10.0, 99.75))
    made = statistic(rule, MINUTE, rows)
    assert (made.avg, made.cou, made.valid) == (30.0, 1.5, True)
    by_samples = statistic(replace(rule, by_counter=False), MINUTE, rows)
    assert by_samples.cou == pytest.approx(1.8)


def test_minute_whose_counter_is_silent_has_no_volume_and_says_so() -> None:
    samples = [Sample("DW001", "w00000", MINUTE.start + 10.0 * n, 30.0) for n in range(6)]
    rule = replace(FLOW, counter=RULE, by_counter=True)
    made = statistic(rule, MINUTE, Rows(samples=samples, due=6))
    assert (made.valid, made.cou, made.reason) == (True, None, "no amount: no counter")
    told = [one._replace(total=5.0) for one in samples]
    told[3] = told[3]._replace(total=400.0, cause=Cause.NORMAL)
    made = statistic(rule, MINUTE, Rows(samples=told, due=6))
    assert made.reason.startswith("counter exchanged: 5 -> 400 m3")


@pytest.mark.parametrize(
    ("counter", "integral", "expected"),
    [(100.0, 98.0, False), (100.0, 97.9, True), (97.9, 100.0, True), (0.0, 0.0, False)],
)
def test_more_than_two_percent_differ(counter: float, integral: float, expected: bool) -> None:
    assert differs(counter, integral, share=0.02) is expected
