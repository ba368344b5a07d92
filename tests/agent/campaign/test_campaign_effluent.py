"""The outlet of a sewage works with a troubled life, from readings to months, against a
calculation of its own; and the recalculation of what it stored, bit for bit."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import independent_water as independent
import pytest
from campaign_plant import Plant, by_hour, objects
from effluent_course import ANALYZERS, DAY, REDUCED, WHOLE, Works
from independent_water import BATCH, CONTINUOUS

from agent.substitution.water import DayMass, substitute_day
from drivers.device import Reading

CLOSE = 1e-9
OUTLET = "DW001"
_BEIJING = datetime.timezone(datetime.timedelta(hours=8))
_UNITS = {"w00000": "m3/h", "w01001": "", "w01010": "degC"}


def effluent_site(every_s: int) -> dict[str, Any]:
    """Give the site as its file would say it."""
    bus = {"bus": "net1"}
    return {
        "unit": {"code": "91000000000000000X001P", "name": "污水厂示例"},
        "outlets": [
            {
                "id": OUTLET,
                "medium": "water",
                "flow": "w00000",
                "factors": {
                    "w00000": {"device": "meter"},
                    "w01001": {"device": "ph"},
                    "w01010": {"device": "ph"},
                    "w01018": {"device": "cod"},
                    "w21003": {"device": "ammonia"},
                },
            }
        ],
        "buses": [{"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": 1502}],
        "devices": [
            {
                "id": "meter",
                "profile": "flow/krohne-ifc050",
                "address": 1,
                "period_s": every_s,
                "points": {"w00000": {"unit": "m3/h"}},
                **bus,
            },
            {"id": "ph", "profile": "water/ph", "address": 2, "period_s": every_s, **bus},
            {
                "id": "cod",
                "profile": "water/hach-codmax-ii",
                "address": 3,
                "period_s": 300,
                **bus,
            },
            {
                "id": "ammonia",
                "profile": "water/hach-amtax-compact-ii",
                "address": 4,
                "period_s": 300,
                **bus,
            },
        ],
    }


def polled(works: Works, start: int, end: int) -> list[tuple[str, float, list[Reading]]]:
    """Give the cycles of [start, end) as a poll has them."""
    return [
        (
            one.device,
            float(one.at),
            [
                Reading(
                    code,
                    value,
                    _UNITS.get(code, "mg/L"),
                    float(one.at),
                    one.cause,
                    measured_at=None if one.result_at is None else float(one.result_at),
                )
                for code, value in one.values.items()
            ],
        )
        for one in works.polled(start, end)
    ]


@dataclass
class Campaign:
    """A life, the store it left, and what comes out by calculation."""

    works: Works
    plant: Plant
    hours: dict[tuple[str, int], independent.Hour]
    days: dict[tuple[str, int], independent.Day]
    samples: Path


@pytest.fixture(
    scope="module",
    params=[REDUCED, pytest.param(WHOLE, marks=pytest.mark.soak)],
    ids=["reduced", "whole"],
)
def campaign(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Campaign]:
    works: Works = request.param
    folder = tmp_path_factory.mktemp("effluent")
    plant = Plant(folder, effluent_site(works.every_s), start=works.start)
    cycles = by_hour(works.start, works.end, lambda start, end: polled(works, start, end))
    asyncio.run(plant.live(cycles, start=works.start))
    hours = independent.hours(works)
    yield Campaign(
        works,
        plant,
        hours,
        independent.days(works, hours),
        plant.input_samples(works.start, works.end),
    )


def local(at: int) -> str:
    return datetime.datetime.fromtimestamp(at, _BEIJING).strftime("%Y-%m-%dT%H:%M")


def near(value: float | None) -> object:
    return None if value is None else pytest.approx(value, rel=CLOSE)


def test_hours_are_those_of_the_rules(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1h")
    assert stored.keys() == campaign.hours.keys()
    assert {one.valid for (code, _), one in campaign.hours.items() if code in BATCH} == {
        True,
        False,
    }
    for key, ours in campaign.hours.items():
        row = stored[key]
        assert bool(row["valid"]) is ours.valid, key
        if ours.valid:
            assert row["avg"] == near(ours.mean), key
        assert row["cou"] == near(ours.amount), key


def test_days_are_weighted_by_flow_and_zero_flow_leaves_them(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1d")
    assert stored.keys() == campaign.days.keys()
    assert {day.due for (code, _), day in campaign.days.items() if code == "w01018"} > {24}
    for key, ours in campaign.days.items():
        row = stored[key]
        assert (bool(row["valid"]), row["due"]) == (ours.valid, ours.due), key
        assert row["cou"] == near(ours.amount), key
        if ours.valid:
            assert (row["avg"], bool(row["weighted"])) == (near(ours.mean), ours.weighted), key


def test_both_means_of_ph_are_those_of_the_rules(campaign: Campaign) -> None:
    shown = {
        row["start"]: row["ion_mean"]
        for row in campaign.plant.exported("days", campaign.works.start, campaign.works.end)
        if row["factor"] == "w01001"
    }
    compared = 0
    for (code, day), ours in campaign.days.items():
        if code != "w01001" or not ours.valid:
            continue
        assert shown[local(day).replace("T", " ") + ":00"] == near(ours.ion)
        # much acidity in a few hours weighs more than in the plain mean
        assert ours.ion is not None and ours.mean is not None and ours.ion < ours.mean
        compared += 1
    assert compared


def test_months_are_those_of_the_rules(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1M")
    assert stored
    for (code, start), row in stored.items():
        month = _month(start)
        days = [
            day
            for (factor, at), day in campaign.days.items()
            if factor == code and _month(at) == month
        ]
        means = [day.mean for day in days if day.valid and day.mean is not None]
        length = _length(start)
        assert bool(row["valid"]) is (len(means) >= 0.75 * length)  # WAT-21
        if row["valid"]:
            assert row["avg"] == near(sum(means) / len(means))
        if code not in ("w01001", "w01010"):
            amounts = [day.amount for day in days if day.amount is not None]
            assert row["cou"] == near(sum(amounts))


def test_substituted_day_masses_are_those_of_the_rules(campaign: Campaign) -> None:
    stored = campaign.plant.stored("1d")
    filled = 0
    for code in BATCH:
        ours = {
            at: day.amount if day.valid else None
            for (factor, at), day in campaign.days.items()
            if factor == code
        }
        theirs = [
            DayMass(start, row["cou"] if row["valid"] else None)
            for (factor, start), row in stored.items()
            if factor == code
        ]
        for day in theirs:
            found = substitute_day(day, theirs, passed_at=None)
            assert (found is None) is (ours[day.start] is not None)
            if found is not None:
                assert found.mass == near(independent.largest_before(ours, day.start))
                filled += 1
    assert filled


def test_recomputed_and_stored_do_not_differ(campaign: Campaign) -> None:
    result = campaign.plant.recompute(campaign.samples, "--store")
    # the month that is not over is not in the store, and no difference
    assert (list(objects(result)), result.exit_code) == ([], 0)


def test_recomputed_figures_are_those_of_the_store_to_the_bit(campaign: Campaign) -> None:
    since = campaign.works.end - 7 * DAY
    result = campaign.plant.recompute(campaign.samples, "--from", local(since))
    assert result.exit_code == 0, result.output
    kinds = {"minute": "1m", "hour": "1h", "day": "1d", "month": "1M"}
    stored = {kind: campaign.plant.stored(kind, since=since) for kind in kinds.values()}
    names = ("avg", "min", "max", "cou")
    for one in objects(result):
        start = datetime.datetime.fromisoformat(one["start"]).replace(tzinfo=_BEIJING)
        kind = kinds[one["period"]]
        row = stored[kind].pop((one["factor"], int(start.timestamp())), None)
        if row is None:
            assert kind == "1M"
            continue
        assert [one[name] for name in names] == [row[name] for name in names], one
        assert one["valid"] is bool(row["valid"]), one
    assert not any(stored.values())


def test_script_holds_every_factor(campaign: Campaign) -> None:
    assert {code for code, _ in campaign.days} == {*CONTINUOUS, *ANALYZERS.values()}


def _month(at: int) -> int:
    return datetime.datetime.fromtimestamp(at, _BEIJING).month


def _length(start: int) -> int:
    first = datetime.datetime.fromtimestamp(start, _BEIJING)
    return ((first.replace(day=28) + datetime.timedelta(days=4)).replace(day=1) - first).days
