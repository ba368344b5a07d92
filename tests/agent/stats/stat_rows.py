"""Rows for the tests of agent.stats. The clock hour under test is 2026-03-05 08:00 UTC+8."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from agent.model import Cause, Kind, Measurement, Period, Sample, Statistic
from agent.stats import GAS_VOLUME, WATER_VOLUME, PeriodRule, Rows, mass_of, statistic
from protocols.hj212.times import parse_wire_time

DAY = Period.holding(Kind.DAY, parse_wire_time("20260305000000"))
HOUR = Period.holding(Kind.HOUR, parse_wire_time("20260305080000"))
MINUTE = Period.holding(Kind.MINUTE, parse_wire_time("20260305080100"))

N, F, D, B = Cause.NORMAL, Cause.STOPPED, Cause.FAULT, Cause.NO_LINK
M, C, T = Cause.MAINTENANCE, Cause.CALIBRATION, Cause.OVER_RANGE
S, P = Cause.MANUAL, Cause.POWER

SO2 = PeriodRule("DA001", "a21026", "gas", amount=mass_of("mg/m3", "kg"))
GAS_FLOW = PeriodRule("DA001", "a00000", "gas", amount=GAS_VOLUME)
PH = PeriodRule("DW001", "w01001", "water")
FLOW = PeriodRule("DW001", "w00000", "water", amount=WATER_VOLUME)
COD = PeriodRule(
    "DW001", "w01018", "water", cycle_min=60, amount=mass_of("mg/L", "kg"), weighted=True
)
UV_COD = replace(COD, cycle_min=None)


def samples(*groups: tuple[int, float | None, Cause], every_s: float = 5.0) -> list[Sample]:
    """Give (how many, value, cause) one after the other from the start of MINUTE."""
    flat = [(value, cause) for many, value, cause in groups for _ in range(many)]
    return [
        Sample("DW001", "w01001", MINUTE.start + i * every_s, value, cause)
        for i, (value, cause) in enumerate(flat)
    ]


def minute_of(rule: PeriodRule, *groups: tuple[int, float | None, Cause]) -> Statistic:
    """Make MINUTE of samples due every five seconds."""
    return statistic(rule, MINUTE, Rows(samples=samples(*groups), due=12))


def shorter(
    whole: Period,
    kind: Kind,
    *groups: tuple[int, float | None, Cause],
    cou: float | None = None,
) -> list[Statistic]:
    """Give (how many, mean, cause) as rows of the shorter kind, in order from its start."""
    flat = [(value, cause) for many, value, cause in groups for _ in range(many)]
    return [
        row(period, value, cause, cou=cou)
        for period, (value, cause) in zip(whole.parts(kind), flat, strict=False)
    ]


def row(
    period: Period,
    value: float | None,
    cause: Cause = N,
    *,
    cou: float | None = None,
    zs: float | None = None,
    due: int = 60,
) -> Statistic:
    """Give a finished statistic whose extremes are its mean."""
    return Statistic(
        outlet="X",
        factor="x",
        period=period,
        avg=value,
        min=value,
        max=value,
        cou=cou,
        cause=cause,
        abnormal=cause,
        share=1.0 if cause is N else 0.0,
        valid=cause is N,
        parts=due,
        due=due,
        zs_avg=zs,
        zs_min=zs,
        zs_max=zs,
    )


def hours(*pairs: tuple[float | None, Cause]) -> list[Statistic]:
    """Give one hour of DAY per (mean, cause)."""
    return [row(p, v, c) for p, (v, c) in zip(DAY.parts(Kind.HOUR), pairs, strict=False)]


def flows(*volumes: float | None) -> list[Statistic]:
    """Give one hour of flow of DAY per volume in m3; None is a fault."""
    return [
        row(p, v if v is None else v / 3.6, N if v is not None else D, cou=v)
        for p, v in zip(DAY.parts(Kind.HOUR), volumes, strict=False)
    ]


def hour_of(
    rule: PeriodRule, minutes: Sequence[Statistic], *, flow: Statistic | None = None
) -> Statistic:
    """Make HOUR of minutes."""
    return statistic(rule, HOUR, Rows(statistics=minutes, flow=flow))


def result(
    value: float | None, cause: Cause = N, *, completed_s: float = 5000.0, hour: Period = HOUR
) -> Measurement:
    """Give a result of HOUR's water, complete 5000 s after the hour began."""
    at = hour.start + completed_s
    return Measurement("DW001", "w01018", "cod", hour.start, at, at + 3, value, cause)
