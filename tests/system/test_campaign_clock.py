"""A clock of 1970 at boot, and a month without power."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from campaign_audit import (
    Run,
    journal_faults,
    kept_faults,
    open_faults,
    period_faults,
    statistic_faults,
    upload_faults,
)
from campaign_house import House, pace_from
from campaign_site import MEADOW, meadow
from campaign_store import platform_lines, read, wire_time
from daemon_bench import until

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

SPEED = 60.0
MORNING = 1_795_312_800.0
"""2026-11-22 10:00 of UTC+8."""
DAYS = 30
DAY_S = 86_400
HOUR_S = 3600


async def test_nothing_is_closed_or_sent_under_a_clock_of_1970(
    tmp_path: Path, broker: Broker
) -> None:
    site = meadow(tmp_path, broker.port, speed=SPEED)
    async with House(tmp_path, site, pace_from(1000.0, SPEED), broker) as plant:
        await plant.simulate()
        await plant.listen()
        await plant.run()
        await plant.agent.linked("a")
        began = plant.now()
        await plant.until("SELECT 1 FROM untimed GROUP BY 1 HAVING count(*) >= 12")
        # long enough for real-time frames and minutes, were there any
        await until(lambda: plant.now() > began + 6 * 60)
        assert not (await plant.agent.ask("status"))["clock"]["trusted"]
        assert await plant.agent.stop() == 0, plant.said()
        snap = read(plant.store)
    for table in ("samples", "statistics", "outbox", "measurements", "events"):
        assert snap.rows(table) == [], table
    assert platform_lines(plant.log) == []
    assert list(journal_faults(snap)) == []


async def test_month_without_power_is_hours_and_days_without_value_and_one_event(
    tmp_path: Path, broker: Broker
) -> None:
    site = meadow(tmp_path, broker.port, speed=SPEED)
    async with House(tmp_path, site, pace_from(MORNING, SPEED), broker) as plant:
        await plant.simulate()
        await plant.listen()
        await plant.run()
        began = plant.now() + 2 * SPEED
        await plant.until("SELECT 1 FROM statistics WHERE kind = '1m' AND avg IS NOT NULL")
        await plant.drained()
        off = plant.now()
        assert await plant.agent.stop() == 0, plant.said()
        before = read(plant.store)
        await plant.simulator.stop()

        plant.pace = pace_from(MORNING + DAYS * DAY_S, SPEED)
        await plant.simulate()
        await plant.run()
        on = plant.now()
        await plant.until(
            "SELECT 1 FROM statistics WHERE kind = '1m' AND start > ? AND avg IS NOT NULL", on
        )
        ended = plant.now() - 5 * SPEED
        drained = await plant.drained()
        assert await plant.agent.stop() == 0, plant.said()
        snap = read(plant.store)
        assert "Traceback" not in plant.said()
    lines = platform_lines(plant.log)
    faults = [*upload_faults(snap, lines, MEADOW), *statistic_faults(snap, MEADOW)]
    faults += [*journal_faults(snap), *kept_faults(before, snap), *open_faults(snap, drained)]
    faults += period_faults(snap, MEADOW, Run(began, ended))
    assert faults == []

    first_hour = int(off) // HOUR_S * HOUR_S + HOUR_S
    hours = [one for key, one in snap["statistics"].items() if key[0] == "1h"]
    empty = [one for one in hours if first_hour <= one["start"] < on - HOUR_S]
    assert len(empty) == 2 * ((int(on) // HOUR_S * HOUR_S) - first_hour) // HOUR_S
    assert {(one["avg"], one["cause"], one["valid"]) for one in empty} == {(None, "power", 0)}
    days = [one for key, one in snap["statistics"].items() if key[0] == "1d"]
    assert len(days) == 2 * DAYS
    minutes = [one for key, one in snap["statistics"].items() if key[0] == "1m"]
    assert not [one for one in minutes if off + 600 < one["start"] < on - 600]

    (outage,) = (one for one in snap.rows("events") if one["kind"] == "power")
    told = json.loads(outage["detail"])
    assert told["from"] <= off + 60
    assert told["to"] >= on - 600
    held = {line["data_time"] for line in lines if line["cn"] == "2061"}
    assert {wire_time(one["start"]) for one in empty} <= held
