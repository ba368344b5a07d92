"""What a station asks of its platform by itself: an MN, the time, a key; and the heartbeat."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import until
from exchange_bench import EVENING, KEY, MN, Meeting, meeting

from agent.commands.hardware import hardware
from agent.tools.broker import Broker
from agent.tools.platform.platform import Platform

pytestmark = pytest.mark.system

DAY_S = 86_400
TRANSPORTS = ("tcp", "mosquitto")


async def ended(met: Meeting, cn: str) -> str:
    """Wait for the end of an order the platform gave by itself; say how it ended."""
    courses = met.ended
    await until(lambda: any(one.order.segment.cn == cn for one in courses), within_s=60)
    return next(str(one.outcome) for one in courses if one.order.segment.cn == cn)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_station_without_an_mn_registers_and_goes_on_under_the_one_it_is_given(
    transport: str, tmp_path: Path, broker: Broker
) -> None:
    def unnamed(site: dict[str, Any], platform: Platform) -> None:
        site["destinations"][0]["stations"][0]["mn"] = ""
        platform.roster.assigned[hardware().logger_id] = MN

    async with meeting(tmp_path, transport, "hj212-2025", broker, change=unnamed) as met:
        await met.until_heard("1001")
        assert await ended(met, "1002") == "done"
        await met.until_heard("2011")
        assert met.right("2011")[0].verdict.segment is not None
        assert {one.verdict.segment.mn for one in met.right("2011") if one.verdict.segment} == {MN}
        assert met.wrong() == []
        assert await met.plant.agent.stop() == 0, met.plant.said()


@pytest.mark.parametrize("name", ["hj212-2017", "hj212-2025"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_station_asks_the_platform_that_is_its_time_source(
    transport: str, name: str, tmp_path: Path, broker: Broker
) -> None:
    def source(site: dict[str, Any], _: Platform) -> None:
        site["time_source"] = site["destinations"][0]["id"]

    async with meeting(tmp_path, transport, name, broker, change=source) as met:
        await met.until_heard("1013")
        # a clock of tests is never set: the exchange comes to its end, and says so
        assert await ended(met, "1012") in ("done", "failed")
        assert met.wrong() == []
        assert await met.plant.agent.stop() == 0, met.plant.said()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_key_that_grows_old_is_renewed_and_holds_for_what_comes_after(
    transport: str, tmp_path: Path, broker: Broker
) -> None:
    def old(_site: dict[str, Any], _platform: Platform) -> None:
        made = EVENING - 81 * DAY_S
        os.utime(tmp_path / "key", (made, made))

    async with meeting(tmp_path, transport, "hj212-2025", broker, change=old) as met:
        await met.until_heard("1014")
        assert await ended(met, "1014") == "done"
        station = met.platform.roster.station(met.mn)
        assert station.previous_key == KEY.encode()
        assert station.key not in (None, station.previous_key)
        seen = len(met.entries)

        def under_the_new_one() -> bool:
            return any(one.verdict.ok and one.verdict.sealed == "current"
                       for one in met.entries[seen:])  # fmt: skip

        await until(under_the_new_one, within_s=60)
        assert met.wrong() == []
        assert await met.plant.agent.stop() == 0, met.plant.said()


async def test_heartbeat_of_2025_is_answered(tmp_path: Path, broker: Broker) -> None:
    def quick(site: dict[str, Any], _: Platform) -> None:
        site["destinations"][0]["wire"] = {"heartbeat_s": 1}

    async with meeting(tmp_path, "tcp", "hj212-2025", broker, change=quick) as met:
        await met.until_heard("9015", 2)
        assert met.wrong() == []
        assert await met.plant.agent.stop() == 0, met.plant.said()
