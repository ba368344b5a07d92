"""Lines on which instruments misbehave or that are pulled out: who is well goes on, unmixed."""

from __future__ import annotations

import math
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from campaign_house import House, pace_from
from campaign_site import PH_METERS, row_of_meters
from campaign_store import Snapshot, body, factors, read, sample_values
from daemon_bench import until

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

MORNING = 1_795_312_800.0
FAULTY = ("ph2", "ph5")
"""One on each line, with a sound neighbour before and behind."""
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "silent": ("B", {}),
    "late": ("B", {"late_s": 0.2}),
    "foreign": ("B", {}),
    "garbage": ("B", {}),
    "short": ("B", {}),
    "exception": ("D", {"code": 4}),
}
"""What each fault is in a 2011: no link, or a fault that the instrument itself tells."""


def told(plant: House, meter: str, since: float = 0.0) -> list[dict[str, str]]:
    """Give what the 2011 of a meter's station said from `since` on, item for item."""
    station = next(one for one in plant.site["destinations"][0]["stations"] if one["id"] == meter)
    frames = plant.frames(mn=station["mn"], cn="2011")
    areas = [body(one) for one in frames if one["received_at"] >= since]
    return [
        dict(pair.split("=", 1) for item in area.split(";") for pair in item.split(","))
        for area in areas
    ]


def marks(plant: House, meter: str) -> tuple[str, ...]:
    """Give the marks of pH and temperature in the newest 2011 of a meter."""
    frames = told(plant, meter)
    return (
        tuple(frames[-1].get(f"{code}-Flag", "") for code in PH_METERS[meter][2]) if frames else ()
    )


async def all_are(plant: House, wanted: Mapping[str, str]) -> None:
    """Wait until the newest 2011 of each meter has these marks."""
    await until(
        lambda: all(marks(plant, meter) == (mark, mark) for meter, mark in wanted.items()),
        within_s=120,
    )


async def set_values(plant: House) -> None:
    for meter, (_, _, values) in PH_METERS.items():
        for point, value in values.items():
            await plant.order(do="set", device=meter, point=point, value=value)


def foreign_values(snap: Snapshot) -> list[str]:
    """Name every stored value that the meter it is stored under never said."""
    own = {
        (outlet, code): value
        for outlet, _, said in PH_METERS.values()
        for code, value in said.items()
    }
    names, found = factors(snap), []
    for (key,), row in snap["samples"].items():
        for series, value in sample_values(row):
            if series in names and not math.isnan(value):
                expected = own[names[series]]
                if abs(value - expected) > 1e-4:
                    found.append(f"{key >> 16} {names[series]}: {value}, not {expected}")
    return found


def descriptors(plant: House) -> int:
    return len(list(Path(f"/proc/{plant.agent.process.pid}/fd").iterdir()))


async def test_faulty_meters_are_marked_and_their_neighbours_stay_well_and_unmixed(
    tmp_path: Path, broker: Broker
) -> None:
    site = row_of_meters(tmp_path, broker.port)
    async with House(tmp_path, site, pace_from(MORNING, 1.0), broker) as plant:
        await plant.simulate()
        await set_values(plant)
        await plant.listen()
        await plant.run()
        well = dict.fromkeys(PH_METERS, "N")
        await all_are(plant, well)
        began = {meter: len(told(plant, meter)) for meter in PH_METERS}
        for kind, (mark, more) in KINDS.items():
            for meter in FAULTY:
                await plant.order(do="fault", device=meter, kind=kind, **more)
            await all_are(plant, well | dict.fromkeys(FAULTY, mark))
            for meter in FAULTY:
                await plant.order(do="fault", device=meter, kind="none")
            await all_are(plant, well)
        assert await plant.agent.stop() == 0, plant.said()
        snap = read(plant.store)
        assert "Traceback" not in plant.said()
    assert len(snap["samples"]) > 40, "cycles of one moment share a row"
    assert foreign_values(snap) == []
    for meter in sorted(set(PH_METERS) - set(FAULTY)):
        wrong = [
            one
            for one in told(plant, meter)[began[meter] :]
            if (one["w01001-Flag"], one["w01010-Flag"]) != ("N", "N")
        ]
        assert wrong == [], f"{meter} has a neighbour at fault, and none of its own"


@pytest.mark.parametrize(
    "pulls", [2, pytest.param(12, marks=pytest.mark.soak)], ids=["reduced", "whole"]
)
async def test_port_that_is_pulled_and_back_is_asked_again_by_itself(
    pulls: int, tmp_path: Path, broker: Broker
) -> None:
    site = row_of_meters(tmp_path, broker.port)
    async with House(tmp_path, site, pace_from(MORNING, 1.0), broker) as plant:
        await plant.simulate()
        await plant.listen()
        await plant.run()
        well = dict.fromkeys(PH_METERS, "N")
        await all_are(plant, well)
        open_before = descriptors(plant)
        for number in range(pulls):
            if number % 2:
                await plant.simulator.stop(signal.SIGKILL)
            else:
                for bus in ("line1", "net1"):
                    await plant.order(do="line", bus=bus, plugged=False)
            await all_are(plant, dict.fromkeys(PH_METERS, "B"))
            if number % 2:
                await plant.simulate()
            else:
                for bus in ("line1", "net1"):
                    await plant.order(do="line", bus=bus, plugged=True)
            await all_are(plant, well)
        await until(lambda: descriptors(plant) <= open_before)
        assert await plant.agent.stop() == 0, plant.said()
        assert "Traceback" not in plant.said()
