"""What a check comes to by the kind of instrument (domain rules §3.1 and §4.3, K)."""

from __future__ import annotations

import pytest

from agent.substitution import Verdict
from agent.substitution.drift import What
from agent.substitution.judging import judge

PASS, FAIL, OUT = Verdict.PASS, Verdict.FAIL, Verdict.OUT_OF_CONTROL


@pytest.mark.parametrize(
    ("factor", "what", "reading", "nominal", "percent", "said"),
    [
        ("a21026", "zero", 2.5, 0.0, 1.25, PASS),
        ("a21026", "zero", 11.0, 0.0, 5.5, OUT),
        ("a21026", "span", 153.0, 160.0, -3.5, FAIL),
        ("a34013", "zero", 5.0, 0.0, 2.5, FAIL),
        ("a34013", "span", 143.0, 160.0, -8.5, OUT),
        ("a01011", "zero", 0.8, 0.0, 0.4, PASS),
    ],
)
def test_drift_is_held_against_full_scale(
    factor: str, what: What, reading: float, nominal: float, percent: float, said: Verdict
) -> None:
    found = judge(factor, "gas", what, reading=reading, nominal=nominal, full_scale=200.0)
    assert found is not None
    assert (found.percent, found.verdict) == (pytest.approx(percent), said)


@pytest.mark.parametrize(("reading", "percent", "said"), [(108.0, 8.0, PASS), (88.9, -11.1, FAIL)])
def test_standard_check_of_water_is_held_against_the_nominal(
    reading: float, percent: float, said: Verdict
) -> None:
    found = judge("w01018", "water", "standard", reading=reading, nominal=100.0, full_scale=None)
    assert found is not None
    assert (found.percent, found.verdict) == (pytest.approx(percent), said)


@pytest.mark.parametrize(
    ("medium", "what", "full_scale"),
    [("water", "zero", 200.0), ("gas", "standard", 200.0), ("gas", "span", None)],
)
def test_what_no_rule_bounds_is_not_judged(
    medium: str, what: What, full_scale: float | None
) -> None:
    code = "w01018" if medium == "water" else "a21026"
    found = judge(code, medium, what, reading=1.0, nominal=1.0, full_scale=full_scale)
    assert found is None
