"""What the current of an analogue input means."""

from __future__ import annotations

import dataclasses

import pytest

from agent.quality.loop import Loop, Selector, engineering, error_permille
from drivers.device import Cause, Reading

SPAN = (0.0, 200.0)
LOOP = Loop(raw=(4.0, 20.0), span=SPAN, unit="mg/L")
ROOT = Loop(raw=(4.0, 20.0), span=SPAN, unit="m3/h", root=True)


def of(current: float | None, loop: Loop = LOOP, *, cause: Cause = Cause.NORMAL) -> Reading:
    return engineering(Reading("ai0", current, "mA", 0.0, cause), loop, loop.active(None))


@pytest.mark.parametrize(("current", "value"), [(4, 0), (8, 50), (12, 100), (20, 200)])
def test_current_stands_for_its_share_of_the_span(current: float, value: float) -> None:
    found = of(current)
    assert (found.value, found.unit, found.cause) == (pytest.approx(value), "mg/L", Cause.NORMAL)


@pytest.mark.parametrize(("current", "value"), [(4, 0), (5, 50), (8, 100), (20, 200)])
def test_flow_by_differential_pressure_is_the_root_of_the_share(
    current: float, value: float
) -> None:
    assert of(current, ROOT).value == pytest.approx(value)


@pytest.mark.parametrize("current", [0.0, -1.0, 3.6, 21.0, 24.0, float("nan")])
def test_current_no_sound_loop_has_is_a_fault_without_value(current: float) -> None:
    found = of(current)
    assert (found.value, found.cause) == (None, Cause.FAULT)
    assert "loop fault" in found.reason or "no signal" in found.reason


def test_current_a_little_below_the_signal_is_its_low_end_where_the_site_says_so() -> None:
    for loop in (LOOP, ROOT):
        assert of(3.9, dataclasses.replace(loop, zero_from=3.8)).value == 0.0
    assert of(3.7, dataclasses.replace(LOOP, zero_from=3.8)).value == pytest.approx(-3.75)


def test_current_below_the_signal_is_not_bent() -> None:
    assert of(3.9).value == pytest.approx(-1.25)
    assert (of(3.7, ROOT).value, of(3.7, ROOT).cause) == (None, Cause.FAULT)


def test_current_above_its_end_is_over_range() -> None:
    found = of(20.4)
    assert found.value == pytest.approx(205.0)
    assert found.cause is Cause.OVER_RANGE
    ranged = Loop(raw=(4.0, 20.0), span=SPAN, unit="mg/L", ranged=True)
    assert of(20.4, ranged).cause is Cause.NORMAL, "the factor's own range decides later"


def test_state_of_the_instrument_wins() -> None:
    assert of(12, cause=Cause.CALIBRATION).cause is Cause.CALIBRATION
    assert of(3.0, cause=Cause.CALIBRATION).cause is Cause.CALIBRATION
    assert of(20.4, cause=Cause.MAINTENANCE).cause is Cause.MAINTENANCE


def test_silence_stays_silence() -> None:
    found = of(None, cause=Cause.NO_LINK)
    assert (found.value, found.unit, found.cause) == (None, "mg/L", Cause.NO_LINK)


def test_limits_can_be_left_out() -> None:
    loop = Loop(raw=(0.0, 20.0), span=SPAN, unit="mg/L", fault=None, zero_from=None)
    assert of(0.0, loop).value == 0.0
    assert of(-0.1, loop).value == pytest.approx(-1.0)


@pytest.mark.parametrize(("told", "high"), [(0.0, 100.0), (1.0, 1000.0)])
def test_point_tells_the_range_in_use(told: float, high: float) -> None:
    selector = Selector("ai", "di0", {0: (0.0, 100.0), 1: (0.0, 1000.0)})
    loop = Loop(raw=(4.0, 20.0), span=SPAN, unit="mg/L", selector=selector)
    found = engineering(Reading("ai0", 20.0, "mA", 0.0), loop, loop.active(told))
    assert found.value == pytest.approx(high)


@pytest.mark.parametrize("told", [None, 2.0, 0.5])
def test_unknown_range_gives_no_value(told: float | None) -> None:
    selector = Selector("ai", "di0", {0: (0.0, 100.0), 1: (0.0, 1000.0)})
    loop = Loop(raw=(4.0, 20.0), span=SPAN, unit="mg/L", selector=selector)
    found = engineering(Reading("ai0", 12.0, "mA", 0.0), loop, loop.active(told))
    assert (found.value, found.cause) == (None, Cause.FAULT)


def test_error_is_per_mille_of_the_width_of_the_signal() -> None:
    assert error_permille(12.016, 12.0, (4.0, 20.0)) == pytest.approx(1.0)
    assert error_permille(3.984, 4.0, (4.0, 20.0)) == pytest.approx(-1.0)
