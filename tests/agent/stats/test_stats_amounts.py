"""Cou of flows and concentrations (HJ 212-2017 annex D, WAT-22, CEMS-15)."""

import pytest
from stat_rows import (
    COD,
    FLOW,
    GAS_FLOW,
    HOUR,
    MINUTE,
    PH,
    SO2,
    UV_COD,
    B,
    C,
    D,
    N,
    T,
    hour_of,
    minute_of,
    result,
    row,
    samples,
    shorter,
)

from agent.model import Kind
from agent.stats import AmountKind, Rows, mass_of, statistic


@pytest.mark.parametrize(
    ("unit", "amount_unit", "scale"),
    [
        ("mg/L", "kg", 1e-3),
        ("ug/L", "g", 1e-3),
        ("μg/L", "g", 1e-3),
        ("ng/L", "mg", 1e-3),
        ("mg/m3", "kg", 1e-6),
        ("ng/m3", "g", 1e-9),
    ],
)
def test_wat_22_scale_of_a_mass_is_in_the_factors_own_units(unit, amount_unit, scale) -> None:
    made = mass_of(unit, amount_unit)
    assert (made.kind, made.scale) == (AmountKind.MASS, scale)


@pytest.mark.parametrize(("unit", "amount_unit"), [("", "kg"), ("L/s", "m3"), ("mg/L", "m3")])
def test_unit_that_is_no_concentration_has_no_mass(unit, amount_unit) -> None:
    with pytest.raises(ValueError, match="no mass"):
        mass_of(unit, amount_unit)


def test_flow_of_ten_litres_a_second_is_600_litres_a_minute_and_36_m3_an_hour() -> None:
    minute = minute_of(FLOW, (12, 10.0, N))
    assert minute.cou == pytest.approx(0.6)
    hour = hour_of(FLOW, shorter(HOUR, Kind.MINUTE, (60, 10.0, N), cou=minute.cou))
    assert hour.cou == pytest.approx(36.0)


def test_gas_flow_in_cubic_metres_a_second() -> None:
    assert minute_of(GAS_FLOW, (12, 50.0, N)).cou == pytest.approx(3000.0)


def test_volume_that_was_not_measured_is_not_extrapolated() -> None:
    made = minute_of(FLOW, (9, 10.0, N), (3, None, B))
    assert (made.valid, made.cou) == (True, pytest.approx(0.45))
    made = minute_of(FLOW, (6, 10.0, N), (6, 99.0, T))
    assert (made.valid, made.cou) == (False, pytest.approx(0.3))


def test_volume_without_any_normal_sample_is_none_and_not_zero() -> None:
    assert minute_of(FLOW, (12, None, D)).cou is None
    assert minute_of(FLOW, (12, 99.0, T)).cou is None


def test_measured_zero_flow_is_zero_and_valid() -> None:
    made = minute_of(FLOW, (12, 0.0, N))
    assert (made.cou, made.valid, made.avg) == (0.0, True, 0.0)


def test_sample_that_slipped_into_the_next_minute_is_neither_lost_nor_doubled() -> None:
    few, many = samples((11, 10.0, N)), samples((13, 10.0, N), every_s=4.6)
    early = statistic(FLOW, MINUTE, Rows(samples=few, due=12)).cou
    late = statistic(FLOW, MINUTE, Rows(samples=many, due=12)).cou
    assert early is not None
    assert late is not None
    assert early + late == pytest.approx(1.2)


def test_faster_polling_than_due_does_not_multiply_the_volume() -> None:
    many = samples((60, 10.0, N), every_s=1.0)
    assert statistic(FLOW, MINUTE, Rows(samples=many, due=12)).cou == pytest.approx(0.6)


def test_wat_22_mass_of_an_hour_of_a_continuous_instrument() -> None:
    flow = row(HOUR, 10.0, cou=36.0)
    made = hour_of(UV_COD, shorter(HOUR, Kind.MINUTE, (60, 50.0, N)), flow=flow)
    assert made.cou == pytest.approx(1.8)


def test_t_15a_and_t_15b_mass_of_a_gas_hour() -> None:
    flow = row(HOUR, 218514.37 / 3600, cou=218514.37)
    for concentration, mass in ((35.0, 7.6480), (201.25, 43.9760)):
        minutes = shorter(HOUR, Kind.MINUTE, (60, concentration, N))
        assert hour_of(SO2, minutes, flow=flow).cou == pytest.approx(mass, abs=5e-5)


def test_mass_uses_the_measured_concentration_and_never_the_converted_one() -> None:
    minutes = [row(one.period, 35.0, zs=70.0) for one in shorter(HOUR, Kind.MINUTE, (60, 1.0, N))]
    made = hour_of(SO2, minutes, flow=row(HOUR, 1.0, cou=1e6))
    assert (made.zs_avg, made.cou) == (70.0, pytest.approx(35.0))


def test_hour_that_is_not_valid_has_no_mass() -> None:
    flow = row(HOUR, 10.0, cou=36.0)
    made = hour_of(UV_COD, shorter(HOUR, Kind.MINUTE, (44, 50.0, N), (16, 1.0, C)), flow=flow)
    assert (made.avg, made.cou) == (50.0, None)


def test_flow_that_is_not_valid_gives_no_mass_and_says_so() -> None:
    for flow in (None, row(HOUR, 10.0, D, cou=12.0), row(HOUR, 10.0)):
        made = hour_of(UV_COD, shorter(HOUR, Kind.MINUTE, (60, 50.0, N)), flow=flow)
        assert (made.valid, made.cou) == (True, None)
        assert "no amount" in made.reason


def test_mass_at_measured_zero_flow_is_zero() -> None:
    made = statistic(COD, HOUR, Rows(measurements=[result(50.0)], flow=row(HOUR, 0.0, cou=0.0)))
    assert made.cou == 0.0


def test_flow_of_another_hour_is_refused() -> None:
    with pytest.raises(ValueError, match="given for"):
        hour_of(
            UV_COD,
            shorter(HOUR, Kind.MINUTE, (60, 50.0, N)),
            flow=row(HOUR.next(), 10.0, cou=36.0),
        )


def test_factor_without_amount_has_none() -> None:
    made = hour_of(PH, shorter(HOUR, Kind.MINUTE, (60, 7.0, N)), flow=row(HOUR, 1.0, cou=3.6))
    assert (made.cou, made.reason) == (None, "")
