"""A CEMS with a troubled life, from readings to months and substituted mass, against a
calculation of its own; and the recalculation of what it stored, bit for bit."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import independent_gas as independent
import pytest
from campaign_plant import Plant, by_hour, objects
from independent_gas import CORRECTED, FACTORS, LETTERS, MASSES
from turbine_course import DAY, REDUCED, WHOLE, Life
from turbine_site import CABINET, OUTLET, marked, polled, turbine_site

from agent.marks import Record
from agent.substitution.control import Check, hours_touched, out_of_control
from agent.substitution.drift import verdict
from agent.substitution.gas import HourMass, Loss, rate_of, substitute_quarter

CLOSE = 1e-9
_BEIJING = datetime.timezone(datetime.timedelta(hours=8))


@dataclass
class Campaign:
    """A life, the store it left, and what comes out by calculation."""

    life: Life
    plant: Plant
    records: list[Record]
    plain: independent.Figures
    after_marks: independent.Figures
    samples: Path


@pytest.fixture(
    scope="module",
    params=[REDUCED, pytest.param(WHOLE, marks=pytest.mark.soak)],
    ids=["reduced", "whole"],
)
def campaign(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campaign]:
    life: Life = request.param
    folder = tmp_path_factory.mktemp("turbine")
    plant = Plant(folder, turbine_site(every_s=life.every_s), start=life.start)
    records = marked(life)
    hours = by_hour(life.start, life.end, lambda start, end: polled(life, start, end))
    asyncio.run(plant.live(hours, start=life.start, records=records))
    spans = [(one.factors, one.code, one.start, one.end) for one in records]
    yield Campaign(
        life,
        plant,
        records,
        independent.figures(life),
        independent.figures(life, spans),
        plant.input_samples(life.start, life.end),
    )


def local(at: int) -> str:
    return datetime.datetime.fromtimestamp(at, _BEIJING).strftime("%Y-%m-%dT%H:%M")


def near(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=CLOSE)


def figures(row: Any, *names: str) -> tuple[Any, ...]:
    return tuple(row[name] for name in names)


def test_script_holds_every_kind_of_trouble(campaign: Campaign) -> None:
    letters = {one.letter for one in campaign.plain.hours.values()}
    assert letters == set("NFDBMCT")
    valid = [one for (code, _), one in campaign.plain.hours.items() if code in CORRECTED]
    assert any(one.valid and one.zs is None for one in valid)
    assert any(one.valid and one.mass is None for one in valid)
    days = [day for (code, _), day in campaign.plain.days.items() if code == "a21005"]
    assert {day.valid for day in days} == {True, False}


def test_hours_are_those_of_the_rules(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1h")
    assert stored.keys() == campaign.plain.hours.keys()
    assert len(stored) == len(FACTORS) * campaign.life.days * 24
    for key, ours in campaign.plain.hours.items():
        row = stored[key]
        assert (bool(row["valid"]), LETTERS[row["cause"]]) == (ours.valid, ours.letter), key
        if ours.valid:
            wanted = (near(ours.mean), near(ours.least), near(ours.most), near(ours.zs))
            assert figures(row, "avg", "min", "max", "zs_avg") == wanted, key
        amount = ours.volume if key[0] == "a00000" else ours.mass
        assert row["cou"] == near(amount), key


def test_days_are_those_of_the_rules(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1d")
    assert len(stored) == len(FACTORS) * campaign.life.days
    for key, row in stored.items():
        ours = campaign.plain.days.get(key)
        if ours is None:  # nothing was sampled on that day
            assert (row["valid"], row["avg"], row["cou"]) == (0, None, None)
            continue
        assert bool(row["valid"]) is ours.valid, key
        if ours.valid:
            assert figures(row, "avg", "zs_avg") == (near(ours.mean), near(ours.zs)), key
        if key[0] in MASSES:
            assert row["cou"] == near(ours.mass), key


def test_months_are_those_of_the_rules(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1M")
    assert stored
    for (code, start), row in stored.items():
        month = datetime.datetime.fromtimestamp(start, _BEIJING).month
        days = [
            day
            for (factor, at), day in campaign.plain.days.items()
            if factor == code and datetime.datetime.fromtimestamp(at, _BEIJING).month == month
        ]
        valid, mean = independent.valid_month(days, february=month == 2)
        assert bool(row["valid"]) is valid
        if valid:
            assert row["avg"] == near(mean)
        if code in MASSES:
            assert row["cou"] == near(sum(day.mass for day in days if day.mass is not None))


def test_marked_hours_and_days_are_those_of_the_rules(campaign: Campaign) -> None:
    touched = campaign.plant.column("1h", "marks")
    assert touched
    for key, ours in campaign.after_marks.hours.items():
        row = touched.get(key)
        if row is None:  # no mark touches it: it is as reported
            assert ours == campaign.plain.hours[key]
            continue
        assert (bool(row["valid"]), LETTERS[row["cause"]]) == (ours.valid, ours.letter), key
        wanted = (ours.mean, ours.zs) if ours.valid else (None, None)
        assert figures(row, "avg", "zs_avg") == tuple(map(near, wanted)), key
        if key[0] in MASSES:
            assert row["cou"] == near(ours.mass), key
    for key, row in campaign.plant.column("1d", "marks").items():
        found = campaign.after_marks.days[key]
        assert bool(row["valid"]) is found.valid, key
        assert row["avg"] == near(found.mean if found.valid else None), key
        if key[0] in MASSES:
            assert row["cou"] == near(found.mass), key


def test_capture_rate_and_substituted_mass_are_those_of_the_rules(campaign: Campaign) -> None:
    life = campaign.life
    for code in MASSES:
        ours = {
            at: one for (factor, at), one in campaign.after_marks.hours.items() if factor == code
        }
        theirs = masses(campaign, code)
        assert theirs.keys() == ours.keys()
        calibrations = life.calibrations if code in CABINET else []
        filled = 0
        for first, last in _terms(life):
            quarter = [at for at in sorted(ours) if first <= at < last]
            before = [theirs[at] for at in sorted(ours) if at < first]
            hours = [theirs[at] for at in quarter]
            rate = independent.capture_rate([ours[at] for at in quarter])
            assert rate_of(hours) == pytest.approx(rate, rel=CLOSE)
            passes = [one.end for one in calibrations if abs(one.drift_pct) <= 2.5]
            found = {
                one.start: one.mass
                for one in substitute_quarter(hours, before, calibrations=passes)
            }
            known = {at: ours[at] for at in ours if at < last}
            wanted = independent.substituted(known, quarter, calibrations)
            assert found.keys() == wanted.keys()
            assert found == {at: near(mass) for at, mass in wanted.items()}
            filled += sum(mass is not None for mass in found.values())
        assert filled


def masses(campaign: Campaign, code: str) -> dict[int, HourMass]:
    """Give the hours of a factor after marks, as substitution takes them."""
    life = campaign.life
    touched = campaign.plant.column("1h", "marks")
    checks = [
        Check(one.end, verdict("gas", "span", one.drift_pct))
        for one in life.calibrations
        if code in CABINET
    ]
    why = hours_touched(out_of_control(checks, until=life.end), start=life.start, end=life.end)
    found = {}
    for (factor, start), row in campaign.plant.stored("1h").items():
        if factor == code:
            row = touched.get((factor, start), row)
            lost = Loss.OUT_OF_CONTROL if start in why else None
            stopped = row["cause"] == "stopped"
            found[start] = HourMass(start, row["cou"], loss=lost, stopped=stopped)
    return found


def _terms(life: Life) -> Iterable[tuple[int, int]]:
    """Give what stands for quarters: of a week, days on all three sides of the bounds."""
    if life.days > 100:
        first = int(datetime.datetime(2026, 4, 1, tzinfo=_BEIJING).timestamp())
        return [(life.start, first), (first, life.end)]
    days = [(1, 4), (2, 3), (2, 5), (0, 7)]
    return [(life.start + first * DAY, life.start + last * DAY) for first, last in days]


def test_recomputed_and_stored_do_not_differ(campaign: Campaign) -> None:
    result = campaign.plant.recompute(campaign.samples, "--store")
    # the month that is not over is not in the store, and no difference
    assert (list(objects(result)), result.exit_code) == ([], 0)


def test_recomputed_figures_are_those_of_the_store_to_the_bit(campaign: Campaign) -> None:
    since = campaign.life.end - 7 * DAY
    marks = campaign.plant.marks_file(campaign.records)
    result = campaign.plant.recompute(
        campaign.samples, "--marks", str(marks), "--from", local(since)
    )
    assert result.exit_code == 0, result.output
    kinds = {"minute": "1m", "hour": "1h", "day": "1d", "month": "1M"}
    stored = {kind: campaign.plant.stored(kind, since=since) for kind in kinds.values()}
    columns = {kind: campaign.plant.column(kind, "marks", since=since) for kind in kinds.values()}
    names = ("avg", "min", "max", "cou", "zs_avg", "zs_min", "zs_max")
    compared = marked_rows = 0
    for one in objects(result):
        kind = kinds[one["period"]]
        start = datetime.datetime.fromisoformat(one["start"]).replace(tzinfo=_BEIJING)
        key = (one["factor"], int(start.timestamp()))
        row = stored[kind].pop(key, None)
        if row is None:
            assert kind == "1M"
            continue
        assert figures(one, *names) == figures(row, *names)
        assert (one["valid"], one["flag"]) == (bool(row["valid"]), LETTERS[row["cause"]])
        compared += 1
        if key in columns[kind]:
            after, column = one["after_marks"], columns[kind].pop(key)
            assert figures(after, *names) == figures(column, *names)
            assert (after["valid"], after["flag"]) == (
                bool(column["valid"]),
                LETTERS[column["cause"]],
            )
            marked_rows += 1
    assert not any(stored.values()) and not any(columns.values())
    assert compared > len(FACTORS) * 24 * 60 and marked_rows
    assert one["outlet"] == OUTLET
