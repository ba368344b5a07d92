"""Worked examples of the domain rules that the command is fed as samples (T-…)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gas_examples import AT_REFERENCE_OXYGEN
from recompute_files import SITE, Line, periods, stretch, the

SO2, O2, GAS_FLOW = "a21026", "a19001", "a00000"
FLOW, COD = "w00000", "w01018"
HOUR_MIN, DAY_H = 60, 24
MIDNIGHT_S = -8 * 3600.0
"""Local midnight of the files' day."""


def printed(value: float | None, figure: str) -> bool:
    """Say whether a value prints as the rules print it."""
    assert value is not None
    return f"{value:.{len(figure.partition('.')[2])}f}" == figure


def gas_hour(folder: Path, so2: float, oxygen: float, *, reference: float = 6.0) -> Any:
    lines = stretch("DA001", SO2, (60, so2, "N")) + stretch("DA001", O2, (60, oxygen, "N"))
    site = SITE.replace("reference_oxygen: 6", f"reference_oxygen: {reference:g}")
    return the(periods(folder, lines, site=site), "hour", SO2)


@pytest.mark.parametrize(
    ("so2", "oxygen", "reference", "converted"),
    AT_REFERENCE_OXYGEN,
)
def test_value_at_reference_oxygen(
    tmp_path: Path, so2: float, oxygen: float, reference: float, converted: str
) -> None:
    hour = gas_hour(tmp_path, so2, oxygen, reference=reference)
    assert printed(hour["zs_avg"], converted)
    assert hour["avg"] == pytest.approx(so2)


def test_t_15a_mass_is_that_of_the_measured_concentration(tmp_path: Path) -> None:
    flow_m3_s = 218514.37 / 3600
    lines = stretch("DA001", SO2, (60, 35.0, "N")) + stretch("DA001", O2, (60, 14.0, "N"))
    lines += stretch("DA001", GAS_FLOW, (60, flow_m3_s, "N"))
    hour = the(periods(tmp_path, lines), "hour", SO2)
    assert printed(hour["cou"], "7.6480")
    assert hour["zs_avg"] > hour["avg"]


@pytest.mark.parametrize(
    ("hours", "valid"), [pytest.param(20, True, id="20"), pytest.param(19, False, id="T-S08b")]
)
def test_gas_day_needs_twenty_valid_hours(tmp_path: Path, hours: int, *, valid: bool) -> None:
    groups = [(hours * 60, 30.0, "N"), ((24 - hours) * 60, None, "D")]
    lines = stretch("DA001", SO2, *groups, start_s=MIDNIGHT_S)
    day = the(periods(tmp_path, lines), "day", SO2)
    assert (day["valid"], day["avg"]) == (valid, 30.0)


def test_t_m6_hour_14_keeps_45_minutes_and_hours_15_and_16_are_lost(tmp_path: Path) -> None:
    flags = [(43, "N"), (9, "C"), (2, "D"), (2, "N"), (95, "C"), (89, "N")]
    groups = [(minutes, 30.0, flag) for minutes, flag in flags]
    start_s = MIDNIGHT_S + 14 * 3600
    rows = periods(tmp_path, stretch("DA001", SO2, *groups, start_s=start_s))
    hours = {at: the(rows, "hour", SO2, f"T{at}:00:00") for at in (14, 15, 16, 17)}
    assert {at: one["valid"] for at, one in hours.items()} == {
        14: True,
        15: False,
        16: False,
        17: True,
    }
    assert [hours[at]["flag"] for at in (14, 15, 16)] == ["N", "C", "C"]


def water_day(folder: Path, *groups: tuple[int, float | None, float]) -> Any:
    """Give COD's day of (hours, result or None, m3 an hour) one after the other from midnight."""
    lines: list[Line] = []
    at = MIDNIGHT_S
    for hours, value, m3_h in groups:
        lines += stretch("DW001", FLOW, (hours * 60, m3_h / 3.6, "N"), start_s=at)
        for n in range(hours):
            flag = "D" if value is None else "N"
            lines.append((at + n * 3600.0, "DW001", COD, value, flag))
        at += hours * 3600.0
    return the(periods(folder, lines), "day", COD)


@pytest.mark.parametrize(
    ("groups", "valid", "due"),
    [
        pytest.param([(18, 40.0, 50.0), (6, None, 50.0)], True, 24, id="T-W21a"),
        pytest.param([(17, 40.0, 50.0), (7, None, 50.0)], False, 24, id="T-W21b"),
        pytest.param([(8, 40.0, 50.0), (2, None, 50.0), (14, 40.0, 0.0)], True, 10, id="T-W21c"),
    ],
)
def test_water_day_needs_three_quarters_of_what_was_due(
    tmp_path: Path, groups: list[tuple[int, float | None, float]], *, valid: bool, due: int
) -> None:
    day = water_day(tmp_path, *groups)
    assert day["valid"] is valid
    assert day["valid_share"] == pytest.approx(groups[0][0] / due)
    assert printed(day["avg"], "40.0")


def test_t_w23_ph_day_is_the_arithmetic_mean(tmp_path: Path) -> None:
    lines = stretch("DW001", "w01001", (12 * 60, 7.0, "N"), (12 * 60, 8.0, "N"), start_s=MIDNIGHT_S)
    assert the(periods(tmp_path, lines), "day", "w01001")["avg"] == 7.5
