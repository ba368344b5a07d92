"""The worked examples of the rules for minutes, hours and days, by their ids (T-S…, T-W…)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from stat_rows import COD, DAY, FLOW, GAS_FLOW, HOUR, PH, SO2, C, D, F, M, N, hour_of, row, shorter

from agent.model import Cause, Kind, Period, Sample, Statistic
from agent.stats import Correction, PeriodRule, Rows, ion_mean_of_day, mass_of, statistic

O2 = PeriodRule("DA001", "a19001", "gas")
CORRECTED = replace(SO2, correction=Correction("a19001", reference=6.0))


def printed(value: float | None, text: str) -> bool:
    digits = len(text.partition(".")[2])
    return value is not None and f"{value:.{digits}f}" == text


def minutes(*groups: tuple[int, float | None, Cause]) -> list[Statistic]:
    return shorter(HOUR, Kind.MINUTE, *groups)


def gas_hours(*groups: tuple[int, float, float | None]) -> tuple[list[Statistic], list[Statistic]]:
    """Give hours of DAY, (how many, mg/m3, m3), with their masses, and those of the flow."""
    values, flows = [], []
    flat = [(conc, volume) for many, conc, volume in groups for _ in range(many)]
    for period, (conc, volume) in zip(DAY.parts(Kind.HOUR), flat, strict=True):
        flow = row(period, (volume or 0.0) / 3600, N if volume else D, cou=volume)
        concentration = shorter(period, Kind.MINUTE, (60, conc, N if volume else C))
        values.append(statistic(SO2, period, Rows(statistics=concentration, flow=flow)))
        flows.append(flow)
    return values, flows


def water_day(*pairs: tuple[float, float]) -> Statistic:
    """Give DAY of hours of (mg/L, m3)."""
    hours, flows = [], []
    for period, (conc, volume) in zip(DAY.parts(Kind.HOUR), pairs, strict=False):
        hours.append(row(period, conc, N, cou=conc * volume * 1e-3, due=1))
        flows.append(row(period, volume / 3.6, N, cou=volume))
    return statistic(COD, DAY, Rows(statistics=hours, flow_statistics=flows))


def two_halves(mode: str, first: tuple[float, float], second: tuple[float, float]) -> Statistic:
    """Give an hour whose halves are (mg/m3, O2 in percent)."""
    correction = Correction("a19001", reference=6.0, mode=mode)  # type: ignore[arg-type]
    rule = replace(SO2, correction=correction)
    oxygen = shorter(HOUR, Kind.MINUTE, (30, first[1], N), (30, second[1], N))
    values = [
        statistic(
            rule,
            one.period,
            Rows(
                samples=[_sample(one, first[0] if at < 30 else second[0])],
                due=1,
                oxygen=one,
            ),
        )
        for at, one in enumerate(oxygen)
    ]
    whole = statistic(O2, HOUR, Rows(statistics=oxygen))
    return statistic(rule, HOUR, Rows(statistics=values, oxygen=whole))


def _sample(minute: Statistic, value: float) -> Sample:
    return Sample("DA001", "a21026", minute.period.start + 1.0, value)


def test_t_s04a_forty_five_valid_minutes_make_an_hour() -> None:
    made = hour_of(SO2, minutes((40, 50.0, N), (5, 60.0, N), (15, 20.0, C)))
    assert made.valid
    assert printed(made.avg, "51.1111")


def test_t_s04b_forty_four_do_not_and_the_cause_is_calibration() -> None:
    made = hour_of(SO2, minutes((44, 50.0, N), (16, 20.0, C)))
    assert (made.valid, made.cause) == (False, C)


def test_t_s06_at_a_tie_a_fault_goes_before_a_calibration() -> None:
    made = hour_of(SO2, minutes((30, 50.0, N), (12, 1.0, C), (12, 2.0, D), (6, 3.0, M)))
    assert (made.valid, made.cause) == (False, D)


def test_t_s07_stopped_hour_leaves_what_is_due_of_the_day() -> None:
    made = hour_of(SO2, minutes((40, 50.0, N), (20, 0.0, F)))
    assert (made.valid, made.cause) == (False, F)
    day = statistic(SO2, DAY, Rows(statistics=[made]))
    assert day.due == 23


def test_t_s08_day_of_twenty_three_hours_and_its_mass() -> None:
    values, _ = gas_hours((20, 30.0, 100_000.0), (3, 45.0, 120_000.0), (1, 99.0, None))
    day = statistic(SO2, DAY, Rows(statistics=values))
    assert day.valid
    assert printed(day.avg, "31.9565")
    assert printed(day.cou, "76.2")


def test_t_s08b_nineteen_valid_hours_are_no_day() -> None:
    values, _ = gas_hours((19, 30.0, 100_000.0), (5, 99.0, None))
    assert not statistic(SO2, DAY, Rows(statistics=values)).valid


@pytest.mark.parametrize(
    ("mode", "first", "second", "expected"),
    [
        pytest.param("minute_mean", (40, 6), (40, 14), "62.8571", id="T-S10-minute_mean"),
        pytest.param("hour_ratio", (40, 6), (40, 14), "54.5455", id="T-S10-hour_ratio"),
        pytest.param("minute_mean", (40, 6), (60, 14), "84.2857", id="T-S10b-minute_mean"),
        pytest.param("hour_ratio", (40, 6), (60, 14), "68.1818", id="T-S10b-hour_ratio"),
    ],
)
def test_hour_at_reference_oxygen(
    mode: str, first: tuple[float, float], second: tuple[float, float], expected: str
) -> None:
    made = two_halves(mode, first, second)
    assert printed(made.zs_avg, expected)
    assert made.zs_min is not None and made.zs_avg is not None and made.zs_max is not None
    assert made.zs_min <= made.zs_avg <= made.zs_max


def test_t_08a_value_near_the_oxygen_of_air_is_computed_and_doubtful() -> None:
    made = two_halves("minute_mean", (5, 20.9), (5, 20.9))
    assert printed(made.zs_avg, "750.0")
    minute = statistic(
        CORRECTED,
        Period(Kind.MINUTE, HOUR.start),
        Rows(
            samples=[_sample(row(Period(Kind.MINUTE, HOUR.start), 0.0), 5.0)],
            due=1,
            oxygen=row(Period(Kind.MINUTE, HOUR.start), 20.9),
        ),
    )
    assert "O2_NEAR_AIR" in minute.reason


def test_t_08b_as_much_oxygen_as_air_leaves_no_converted_value_and_says_so() -> None:
    at = Period(Kind.MINUTE, HOUR.start)
    rows = Rows(samples=[_sample(row(at, 0.0), 4.258)], due=1, oxygen=row(at, 21.05))
    made = statistic(CORRECTED, at, rows)
    assert (made.valid, made.avg) == (True, 4.258)
    assert (made.zs_avg, made.zs_min, made.zs_max) == (None, None, None)
    assert "涉及因子无效" in made.reason


def test_invalid_oxygen_takes_the_converted_value_and_leaves_the_measured_one() -> None:
    at = Period(Kind.MINUTE, HOUR.start)
    for oxygen in (None, row(at, 20.9, C)):
        rows = Rows(samples=[_sample(row(at, 0.0), 40.0)], due=1, oxygen=oxygen)
        made = statistic(CORRECTED, at, rows)
        assert (made.valid, made.avg, made.zs_avg) == (True, 40.0, None)
        assert "涉及因子无效: a19001" in made.reason


def test_t_w20_day_mean_is_weighted_and_the_hour_without_flow_is_dropped() -> None:
    hours, flows = [], []
    pairs = [(40.0, 10.0), (60.0, 30.0), (80.0, 0.0), (50.0, 20.0)]
    for period, (conc, volume) in zip(DAY.parts(Kind.HOUR), pairs, strict=False):
        flow = row(period, volume / 3.6, N, cou=volume)
        hours.append(row(period, conc, N, cou=conc * volume * 1e-3, due=1))
        flows.append(flow)
    day = statistic(COD, DAY, Rows(statistics=hours, flow_statistics=flows))
    assert day.weighted
    assert printed(day.avg, "53.3333")
    assert printed(day.cou, "3.2")


def test_t_w20b_whole_day() -> None:
    day = water_day(*[(45.0, 50.0)] * 12, *[(55.0, 100.0)] * 12)
    assert printed(day.avg, "51.6667")
    assert printed(day.cou, "93.0")


@pytest.mark.parametrize(
    ("valid", "expected"),
    [pytest.param(18, True, id="T-W21a"), pytest.param(17, False, id="T-W21b")],
)
def test_three_quarters_of_the_hours_make_a_water_day(valid: int, expected: bool) -> None:
    hours = shorter(DAY, Kind.HOUR, (valid, 40.0, N), (24 - valid, 40.0, D))
    assert statistic(COD, DAY, Rows(statistics=hours)).valid is expected


def test_t_w21c_hours_without_discharge_leave_what_is_due() -> None:
    hours = shorter(DAY, Kind.HOUR, (8, 40.0, N), (2, 40.0, D), (14, 40.0, N))
    flows = shorter(DAY, Kind.HOUR, (10, 5.0, N), (14, 0.0, N))
    day = statistic(COD, DAY, Rows(statistics=hours, flow_statistics=flows))
    assert (day.due, day.valid) == (10, True)


def test_two_means_of_ph_wat_23() -> None:
    hours = shorter(DAY, Kind.HOUR, (12, 7.0, N), (12, 8.0, N))
    assert statistic(PH, DAY, Rows(statistics=hours)).avg == 7.5
    assert printed(ion_mean_of_day(PH, DAY, Rows(statistics=hours)), "7.2596")
    assert ion_mean_of_day(PH, DAY, Rows()) is None


def test_hours_without_discharge_are_in_neither_mean_of_ph() -> None:
    hours = shorter(DAY, Kind.HOUR, (23, 7.0, N), (1, 2.0, N))
    flows = shorter(DAY, Kind.HOUR, (23, 5.0, N), (1, 0.0, N))
    rows = Rows(statistics=hours, flow_statistics=flows)
    assert statistic(PH, DAY, rows).avg == 7.0
    assert printed(ion_mean_of_day(PH, DAY, rows), "7.0000")


def test_flow_of_a_day_is_the_sum_of_its_hours() -> None:
    for rule in (FLOW, GAS_FLOW):
        hours = shorter(DAY, Kind.HOUR, (24, 2.0, N), cou=7.2)
        assert statistic(rule, DAY, Rows(statistics=hours)).cou == pytest.approx(172.8)


def test_mean_of_sound_levels_is_that_of_their_energies() -> None:
    rule = replace(PH, outlet="N1", factor="Leq", medium="noise", energetic=True)
    made = hour_of(rule, minutes((30, 60.0, N), (30, 50.0, N)))
    assert printed(made.avg, "57.4036")
    assert (made.min, made.max) == (50.0, 60.0)
    assert hour_of(rule, []).avg is None


def test_metals_in_micrograms_have_their_mass_in_grams() -> None:
    lead = replace(COD, factor="w20120", cycle_min=None, amount=mass_of("ug/L", "g"))
    volume = row(HOUR, 5.0, N, cou=18.0)
    made = hour_of(lead, minutes((60, 25.0, N)), flow=volume)
    assert made.cou == pytest.approx(25.0 * 18.0 * 1e-3)
