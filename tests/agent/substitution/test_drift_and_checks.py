"""Drift, standard checks, comparisons: HJ 75-2017 Table 4, HJ 355-2019 Table 1 (K)."""

from __future__ import annotations

import pytest

from agent.substitution import (
    Verdict,
    agrees,
    comparison_passes,
    deviation_pct,
    drift_pct,
    verdict,
)


def test_zero_of_2_5_on_200_is_1_25_percent_and_passes() -> None:
    percent = drift_pct(2.5, 0.0, 200)
    assert percent == 1.25
    assert verdict("gas", "zero", percent) is Verdict.PASS


def test_span_of_153_for_160_on_200_fails_and_is_not_out_of_control() -> None:
    percent = drift_pct(153, 160, 200)
    assert percent == pytest.approx(-3.5)
    assert verdict("gas", "span", percent) is Verdict.FAIL
    assert verdict("gas", "span", -10.1) is Verdict.OUT_OF_CONTROL


@pytest.mark.parametrize(
    ("kind", "what", "percent", "expected"),
    [
        ("pm", "zero", 2.0, Verdict.PASS),
        ("pm", "span", -8.0, Verdict.FAIL),
        ("pm", "span", 8.01, Verdict.OUT_OF_CONTROL),
        ("gas", "zero", 2.51, Verdict.FAIL),
        ("gas", "zero", -5.01, Verdict.OUT_OF_CONTROL),
    ],
)
def test_bounds_belong_to_what_they_bound(
    kind: str, what: str, percent: float, expected: Verdict
) -> None:
    assert verdict(kind, what, percent) is expected  # type: ignore[arg-type]


def test_velocity_passes_by_either_and_is_out_of_control_by_both() -> None:
    assert verdict("velocity", "zero", 5.0, absolute=0.9) is Verdict.PASS
    assert verdict("velocity", "zero", 3.0, absolute=2.5) is Verdict.PASS
    assert verdict("velocity", "zero", 9.0, absolute=1.8) is Verdict.FAIL
    assert verdict("velocity", "zero", 9.0, absolute=1.9) is Verdict.OUT_OF_CONTROL


@pytest.mark.parametrize(
    ("reading", "percent", "passes"),
    [(108.0, 8.0, Verdict.PASS), (88.9, -11.1, Verdict.FAIL)],
)
def test_standard_check_of_nominal_100(reading: float, percent: float, passes: Verdict) -> None:
    found = deviation_pct(reading, 100.0)
    assert found == pytest.approx(percent)
    assert verdict("water", "standard", found) is passes


@pytest.mark.parametrize(
    ("factor", "reading", "reference", "expected"),
    [
        ("w01018", 30.0, 25.0, True),
        ("w01018", 30.1, 25.0, False),
        ("w01018", 39.0, 30.0, True),
        ("w01018", 73.0, 60.0, False),
        ("w01018", 115.0, 100.0, True),
        ("w01001", 7.5, 7.0, True),
        ("w21003", 2.3, 2.0, True),
        ("w21003", 1.5, 1.81, False),
        ("a21026", 74.0, 57.0, True),
        ("a21026", 73.0, 56.0, True),
        ("a21026", 73.1, 56.0, False),
        ("a34013", 15.0, 10.0, True),
        ("a99999", 1.0, 1.0, None),
    ],
)
def test_reading_agrees_with_its_reference(
    factor: str, reading: float, reference: float, expected: bool | None
) -> None:
    assert agrees(factor, reading, reference) is expected


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [(2, 0, None), (2, 1, True), (1, 2, False), (3, 1, True), (4, 1, True), (3, 2, False)],
)
def test_comparison_wants_three_pairs_and_most_of_them(
    good: int, bad: int, expected: bool | None
) -> None:
    pairs = [(26.0, 25.0)] * good + [(40.0, 25.0)] * bad
    assert comparison_passes("w01018", pairs) is expected
