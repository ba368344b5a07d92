"""Readings judged: absence, state, unit, range, sign (WAT-05, WAT-08, WAT-25, WAT-26, CEMS-08)."""

import math
from dataclasses import replace

import pytest

from agent.model import Cause
from agent.quality.judge import (
    PointRule,
    judge,
    may_be_negative,
    measurement,
    sampling_hour,
    state_sample,
)
from drivers.device import Reading
from protocols.hj212.times import parse_wire_time

NOW = parse_wire_time("20260305094000")
COD = PointRule("DW001", "w01018", "mg/L", low=0.0, high=200.0, signed=False)


def reading(value: float | None, cause: Cause = Cause.NORMAL, **more: object) -> Reading:
    return Reading("w01018", value, "mg/L", NOW, cause)._replace(**more)  # type: ignore[arg-type]


def test_good_reading_becomes_a_normal_sample_with_its_time() -> None:
    sample = judge(reading(42.5), COD)
    assert (sample.outlet, sample.factor, sample.at) == ("DW001", "w01018", NOW)
    assert (sample.value, sample.cause, sample.zs, sample.reason) == (42.5, Cause.NORMAL, None, "")


@pytest.mark.parametrize("cause", [cause for cause in Cause if cause is not Cause.NORMAL])
def test_absence_keeps_its_cause_and_reason(cause) -> None:
    sample = judge(reading(None, cause, reason="no answer in 1 s"), COD)
    assert (sample.value, sample.cause, sample.reason) == (None, cause, "no answer in 1 s")


def test_absence_without_cause_is_a_fault_and_never_normal() -> None:
    sample = judge(reading(None), COD)
    assert (sample.value, sample.cause) == (None, Cause.FAULT)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_a_fault_without_value(value) -> None:
    sample = judge(reading(value), COD)
    assert (sample.value, sample.cause) == (None, Cause.FAULT)
    assert "no value" in sample.reason


def test_nan_in_calibration_stays_calibration() -> None:
    assert judge(reading(math.nan, Cause.CALIBRATION), COD).cause is Cause.CALIBRATION


def test_value_is_given_in_the_wire_unit() -> None:
    assert judge(reading(0.05, unit="g/L"), COD).value == pytest.approx(50.0)


def test_unit_without_way_to_the_wire_unit_is_a_fault_that_names_the_value() -> None:
    sample = judge(reading(7.0, unit="m3/h"), COD)
    assert (sample.value, sample.cause) == (None, Cause.FAULT)
    assert "7 m3/h" in sample.reason


def test_number_too_great_for_the_wire_unit_is_a_fault() -> None:
    sample = judge(reading(1e307, unit="g/L"), COD)
    assert (sample.value, sample.cause) == (None, Cause.FAULT)


def test_range_is_judged_in_the_wire_unit_and_the_value_is_not_clamped() -> None:
    sample = judge(reading(0.25, unit="g/L"), COD)
    assert (sample.value, sample.cause) == (250.0, Cause.OVER_RANGE)
    assert sample.reason == "250 is above the range, 200 mg/L"


def test_value_at_the_end_of_the_range_is_inside() -> None:
    assert judge(reading(200.0), COD).cause is Cause.NORMAL
    assert judge(reading(math.nextafter(200.0, 201.0)), COD).cause is Cause.OVER_RANGE


def test_factor_without_range_is_never_over_range() -> None:
    assert judge(reading(9e9), replace(COD, low=None, high=None)).cause is Cause.NORMAL


@pytest.mark.parametrize(
    "cause", [Cause.MAINTENANCE, Cause.CALIBRATION, Cause.STOPPED, Cause.MANUAL, Cause.FAULT]
)
def test_wat_26_state_of_the_instrument_wins_and_the_value_is_kept(cause) -> None:
    plain = judge(reading(250.0), COD)
    assert judge(reading(250.0, cause), COD) == plain._replace(cause=cause, reason="")


def test_wat_25_negative_concentration_in_water_is_a_fault_with_its_value() -> None:
    sample = judge(reading(-0.3), COD)
    assert (sample.value, sample.cause, sample.reason) == (-0.3, Cause.FAULT, "-0.3 is negative")


def test_wat_25_zero_has_a_meaning() -> None:
    assert judge(reading(0.0), COD).cause is Cause.NORMAL


def test_wat_25_speaks_of_water_and_leaves_temperature_out() -> None:
    assert not may_be_negative("w01018", medium="water")
    assert not may_be_negative("w01001", medium="water")
    assert not may_be_negative("w00000", medium="water")
    assert may_be_negative("w01010", medium="water")
    assert may_be_negative("a01013", medium="gas")
    cold = PointRule("DW001", "w01010", "mg/L")
    assert judge(reading(-0.5), cold).cause is Cause.NORMAL


def test_below_the_range_stays_normal_and_is_told() -> None:
    sample = judge(reading(3.0), replace(COD, low=4.0))
    assert (sample.value, sample.cause) == (3.0, Cause.NORMAL)
    assert sample.reason == "3 is below the range, 4 mg/L"


def test_converted_value_of_the_instrument_goes_along() -> None:
    sample = judge(reading(40.0), COD, converted=reading(480.0))
    assert (sample.value, sample.zs, sample.cause) == (40.0, 480.0, Cause.NORMAL)


@pytest.mark.parametrize(
    "converted", [(None, Cause.FAULT), (math.nan, Cause.NORMAL), (60.0, Cause.PARAMETER)]
)
def test_stat_12_converted_value_that_is_not_usable_is_missing_and_the_measured_one_stands(
    converted,
) -> None:
    sample = judge(reading(40.0), COD, converted=reading(*converted))
    assert (sample.value, sample.cause, sample.zs) == (40.0, Cause.NORMAL, None)
    assert sample.reason == "涉及因子无效"


def test_batch_result_is_labelled_with_its_own_time_and_absence_with_ours() -> None:
    done = NOW - 1200
    assert judge(reading(42.0, measured_at=done), COD).at == done
    assert judge(reading(None, Cause.NO_LINK, measured_at=done), COD).at == NOW


def test_poll_of_a_batch_analyzer_repeats_no_result() -> None:
    polled = reading(42.0, Cause.MAINTENANCE, measured_at=NOW - 9000, reason="维护")
    sample = state_sample(polled, COD)
    assert (sample.at, sample.value, sample.cause) == (NOW, None, Cause.MAINTENANCE)
    assert sample.reason == "维护"


@pytest.mark.parametrize(
    ("measured", "lag_min", "hour"),
    [
        ("20260305094000", 60, "20260305080000"),
        ("20260305090000", 60, "20260305080000"),
        ("20260305095959", 60, "20260305080000"),
        ("20260305100000", 60, "20260305090000"),
        ("20260305083000", 0, "20260305080000"),
        ("20260305001500", 60, "20260304230000"),
        ("20260305103000", 120, "20260305080000"),
    ],
)
def test_wat_05_sampled_eight_to_nine_analysed_nine_to_ten_is_hour_eight(
    measured, lag_min, hour
) -> None:
    assert sampling_hour(parse_wire_time(measured), lag_min) == parse_wire_time(hour)


def test_measurement_carries_hour_of_water_and_both_times() -> None:
    made = measurement(reading(62.0, measured_at=NOW - 60), COD, device="cod", lag_min=60)
    assert made.sampled_at == parse_wire_time("20260305080000")
    assert (made.completed_at, made.received_at) == (NOW - 60, NOW)
    assert (made.device, made.value, made.cause) == ("cod", 62.0, Cause.NORMAL)


def test_measurement_is_judged_as_any_reading() -> None:
    def cause_of(value: float, cause: Cause = Cause.NORMAL) -> Cause:
        told = reading(value, cause, measured_at=NOW)
        return measurement(told, COD, device="cod", lag_min=60).cause

    assert cause_of(250.0) is Cause.OVER_RANGE
    assert cause_of(-1.0) is Cause.FAULT
    assert cause_of(250.0, Cause.CALIBRATION) is Cause.CALIBRATION


def test_result_from_the_future_is_kept_as_a_fault() -> None:
    ahead = reading(42.0, measured_at=NOW + 901)
    made = measurement(ahead, COD, device="cod", lag_min=60)
    assert (made.value, made.cause) == (42.0, Cause.FAULT)
    assert measurement(ahead, COD, device="cod", lag_min=60, ahead_s=901).cause is Cause.NORMAL


def test_reading_without_own_time_is_no_measurement() -> None:
    with pytest.raises(ValueError, match="without the instrument's time"):
        measurement(reading(42.0), COD, device="cod", lag_min=60)
