"""A batch result that comes long after its hour of sampling: pending, then sent, once."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaign_house import House, pace_from
from campaign_site import FACTORY, factory
from campaign_store import body, wire_time
from daemon_bench import until

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

SPEED = 400.0
MORNING = 1_795_314_000.0
"""2026-11-22 10:20 of UTC+8."""
DUE_S = 3600 + 75 * 60
"""So long after an hour began it is due."""
RESULT = 41.5
OF_HOUR = (
    "SELECT s.revision, s.avg, s.cause FROM statistics s JOIN series n ON n.id = s.series"
    " WHERE s.kind = '1h' AND s.start = ? AND n.factor = 'w01018'"
)


async def reached(plant: House, at: float) -> None:
    """Wait until the clock shows that."""
    await until(lambda: plant.now() >= at, within_s=30 + (at - plant.now()) / SPEED)


def sent(plant: House, hour: int) -> list[str]:
    """Give the 2061 of the COD's station for an hour, copies and all."""
    mn = FACTORY.stations["a"].mn
    return [body(one) for one in plant.frames(mn=mn, cn="2061", data_time=wire_time(hour))]


async def test_result_of_40_minutes_after_its_hour_is_in_that_hour_and_sent_once(
    tmp_path: Path, broker: Broker
) -> None:
    site = factory(tmp_path, broker.port, speed=SPEED)
    async with House(tmp_path, site, pace_from(MORNING, SPEED), broker) as plant:
        await plant.simulate("--cycle-s", "864000")  # nothing comes out by itself
        await plant.listen()
        await plant.run()
        await plant.order(do="set", device="cod", point="w01018", value=RESULT)
        hour = int(plant.now() + 300) // 3600 * 3600  # the one it began in, or the next

        await reached(plant, hour + 98 * 60)
        assert (plant.rows(OF_HOUR, hour), sent(plant, hour)) == ([], []), "pending, not missing"
        await plant.order(do="measure", device="cod")
        query = "SELECT completed_at, value FROM measurements WHERE sampled_at = ?"
        await plant.until(query, hour)
        ((completed_at, value),) = plant.rows(query, hour)
        assert value == RESULT
        assert 38 <= (completed_at - hour) / 60 - 60 <= 45

        await until(lambda: bool(sent(plant, hour)))
        ((made_at,),) = plant.rows(
            "SELECT created_at FROM outbox WHERE cn = '2061' AND station = 'a' AND at = ?", hour
        )
        assert made_at >= hour + DUE_S
        # once the hour after it has come, too, nothing more can come of this one
        await until(lambda: bool(sent(plant, hour + 3600)))
        await plant.drained()
        assert await plant.agent.stop() == 0, plant.said()
        rows = plant.rows(OF_HOUR, hour)
    assert rows == [(0, RESULT, "normal")]
    (told,) = sent(plant, hour)
    assert "w01018-Avg=41.5," in told
    (after,) = sent(plant, hour + 3600)
    assert "w01018-Flag" in after
    assert "w01018-Avg" not in after, "one result is the value of one hour"
