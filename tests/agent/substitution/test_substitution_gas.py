"""Substituted mass of gas: the worked examples T-Q06 and T-Q32."""

from __future__ import annotations

import pytest

from agent.substitution import HourMass, Loss, capture_rate, losses, rate_of, substitute
from agent.substitution.gas import RATE_ALARM, substitute_quarter

HOUR = 3600
LOST_AT = 4000 * HOUR


def printed(value: float | None, digits: int) -> str:
    assert value is not None
    return f"{value:.{digits}f}"


@pytest.mark.parametrize(
    ("hours", "stopped", "invalid", "expected"),
    [(2160, 200, 150, "92.3469"), (2208, 0, 400, "81.8841"), (2160, 100, 560, "72.8155")],
    ids=["T-Q06a", "T-Q06b", "T-Q06c"],
)
def test_t_q06_capture_rate(hours: int, stopped: int, invalid: int, expected: str) -> None:
    rate = capture_rate(hours, invalid=invalid, stopped=stopped)
    assert printed(rate, 4) == expected
    assert rate is not None
    assert (rate < RATE_ALARM) == (expected == "72.8155")


def test_quarter_of_nothing_but_stops_has_no_rate() -> None:
    assert capture_rate(2160, invalid=0, stopped=2160) is None


def history(peaks: dict[int, float], *, hours: int = 3000) -> list[HourMass]:
    """Valid hours of 1 kg that end where the loss begins; `peaks` by hours before it."""
    return [HourMass(LOST_AT - back * HOUR, peaks.get(back, 1.0)) for back in range(hours, 0, -1)]


def lost(hours: int, loss: Loss = Loss.OTHER) -> list[HourMass]:
    return [HourMass(LOST_AT + n * HOUR, None, loss) for n in range(hours)]


@pytest.mark.parametrize(
    ("rate", "hours", "peaks", "total"),
    [
        (92.0, 10, {180: 8.4, 181: 50.0}, 84.0),
        (92.0, 30, {720: 9.1, 721: 50.0}, 273.0),
        (81.0, 3, {2160: 11.0, 2161: 50.0}, 33.0),
    ],
    ids=["T-Q32a", "T-Q32b", "T-Q32c"],
)
def test_t_q32_mass_of_a_loss(
    rate: float, hours: int, peaks: dict[int, float], total: float
) -> None:
    found = substitute(lost(hours), history(peaks), rate=rate)
    assert sum(one.mass or 0.0 for one in found) == pytest.approx(total, abs=1e-9)
    assert len(found) == hours


@pytest.mark.parametrize(("hours", "mass"), [(24, 8.4), (25, 9.1)])
def test_twenty_four_hours_still_look_back_180(hours: int, mass: float) -> None:
    found = substitute(lost(hours), history({180: 8.4, 700: 9.1}), rate=90.0)
    assert {one.mass for one in found} == {mass}


@pytest.mark.parametrize(("rate", "mass"), [(75.0, 11.0), (89.99, 11.0), (90.0, 1.0)])
def test_bounds_of_the_rate(rate: float, mass: float) -> None:
    (found,) = substitute(lost(1), history({2000: 11.0}), rate=rate)
    assert found.mass == mass


def test_below_75_percent_nothing_is_filled() -> None:
    found = substitute(lost(2), history({}), rate=74.99)
    assert [one.mass for one in found] == [None, None]
    assert "75" in found[0].reason


def test_out_of_control_looks_back_from_the_last_calibration() -> None:
    past = history({5: 99.0, 30: 8.0})
    calibrated_at = LOST_AT - 24 * HOUR
    (found,) = substitute(
        lost(1, Loss.OUT_OF_CONTROL), past, rate=95.0, calibrated_at=calibrated_at
    )
    assert found.mass == 8.0
    (found,) = substitute(lost(1), past, rate=95.0, calibrated_at=calibrated_at)
    assert found.mass == 99.0


def test_out_of_control_without_any_calibration_is_left_empty() -> None:
    (found,) = substitute(lost(1, Loss.OUT_OF_CONTROL), history({}), rate=95.0)
    assert found.mass is None


def test_lost_hours_and_stopped_hours_are_not_looked_back_on() -> None:
    past = [
        HourMass(LOST_AT - 3 * HOUR, 2.0),
        HourMass(LOST_AT - 2 * HOUR, 50.0, Loss.OTHER),
        HourMass(LOST_AT - HOUR, 60.0, stopped=True),
    ]
    (found,) = substitute(lost(1), past, rate=95.0)
    assert found.mass == 2.0


def test_runs_end_at_valid_and_stopped_hours_and_at_another_kind_of_loss() -> None:
    hours = [
        HourMass(0, None),
        HourMass(1 * HOUR, None),
        HourMass(2 * HOUR, 1.0),
        HourMass(3 * HOUR, None),
        HourMass(4 * HOUR, None, stopped=True),
        HourMass(5 * HOUR, None),
        HourMass(6 * HOUR, None, Loss.OUT_OF_CONTROL),
    ]
    assert [[one.start // HOUR for one in run] for run in losses(hours)] == [
        [0, 1],
        [3],
        [5],
        [6],
    ]
    assert rate_of(hours) == pytest.approx(100 / 6)


def test_quarter_fills_its_losses_and_leaves_stops_alone() -> None:
    past = [HourMass(n * HOUR, 3.0) for n in range(100)]
    hours = [HourMass((100 + n) * HOUR, 2.0) for n in range(100)]
    hours[10] = HourMass(110 * HOUR, None)
    hours[20] = HourMass(120 * HOUR, None, stopped=True)
    hours[30] = HourMass(130 * HOUR, 7.0, Loss.OUT_OF_CONTROL)
    found = substitute_quarter(hours, past, calibrations=[105 * HOUR, 140 * HOUR])
    assert [(one.start // HOUR, one.mass) for one in found] == [(110, 3.0), (130, 3.0)]
