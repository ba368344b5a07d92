"""Orders over MQTT, and several platforms that share the intake of one broker (MQTT 5)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from plain_station import HOST, MN, answer, read, result, said
from platform_bench import WAIT_S, Require, Station, until
from platform_stage import PATIENT

from agent.tools.broker import Broker
from agent.tools.platform.broker_address import BrokerAddress
from agent.tools.platform.course import Outcome
from agent.tools.platform.desk import Desk
from agent.tools.platform.ledger import Entry
from agent.tools.platform.mqtt_intake import MqttIntake
from agent.tools.platform.platform import Platform

pytestmark = pytest.mark.system

REAL_TIME = "DataTime=20260601083000;w01018-Rtd=36.5,w01018-Flag=N"


@contextlib.asynccontextmanager
async def at_broker(broker: Broker, **options: Any) -> AsyncIterator[tuple[Platform, Desk]]:
    platform = Platform()
    desk = Desk(platform, PATIENT)
    intake = MqttIntake(platform, BrokerAddress(HOST, broker.port), **options)
    tasks = [asyncio.ensure_future(one) for one in (intake.run(), desk.serve())]
    try:
        await asyncio.wait_for(platform.connected.wait(), WAIT_S)
        yield platform, desk
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def up(station: Station, frame: bytes) -> None:
    await station.publish(frame, f"hj212/{MN}/up/{read(frame)['CN']}")


async def asked_of(station: Station, cn: str) -> Any:
    def theirs() -> list[Any]:
        return [told for told in map(read, station.heard) if told["CN"] == cn]

    await until(lambda: bool(theirs()))
    return theirs()[0]


async def test_order_goes_down_to_a_station_that_has_said_nothing_yet(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    async with (
        Broker(0, tmp_path) as broker,
        Station(broker.port) as station,
        at_broker(broker) as (platform, desk),
    ):
        order = asyncio.ensure_future(desk.order(MN, "1061", []))
        asked = await asked_of(station, "1061")
        await up(station, answer(asked, "9011", "QnRtn=1"))
        await up(station, result(asked, "RtdInterval=30"))
        await up(station, answer(asked, "9012", "ExeRtn=1"))
        course = await order
    assert (course.outcome, course.data) == (Outcome.DONE, 1)
    assert platform.ledger.rejected.total() == 0


async def test_platforms_of_a_group_take_every_frame_once_between_them(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    async with (
        Broker(0, tmp_path) as broker,
        at_broker(broker, client_id="one", share="intake") as (one, _),
        at_broker(broker, client_id="two", share="intake") as (two, _),
        Station(broker.port) as station,
    ):
        for number in range(40):
            await up(station, said("2011", REAL_TIME, qn=f"20260601083000{number:03d}"))
        await until(lambda: len(station.heard) >= 40)
    shares = [platform.ledger.distinct.total() for platform in (one, two)]
    assert sum(shares) == 40
    assert min(shares) > 0
    assert [platform.ledger.copies.total() for platform in (one, two)] == [0, 0]
    assert len(station.heard) == 40


async def test_order_of_one_of_a_group_is_followed_though_others_take_the_answers(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    entries: list[Entry] = []
    async with (
        Broker(0, tmp_path) as broker,
        at_broker(broker, client_id="one", share="intake") as (one, _),
        at_broker(broker, client_id="two", share="intake", listens=(MN,)) as (two, desk),
        Station(broker.port) as station,
    ):
        one.on_entry = two.on_entry = entries.append
        order = asyncio.ensure_future(
            desk.order(MN, "2051", ["BeginTime=20260601083000", "EndTime=20260601083500"])
        )
        asked = await asked_of(station, "2051")
        await up(station, answer(asked, "9011", "QnRtn=1"))
        for minute in range(30, 36):
            area = f"DataTime=2026060108{minute}00;w01018-Avg=1.0,w01018-Flag=N"
            await up(station, said("2051", area, qn=f"2026060109{minute}00001"))
        await up(station, answer(asked, "9012", "ExeRtn=1"))
        course = await order
        await until(lambda: len(entries) >= 8)
        await until(lambda: len(station.heard) >= 7)
        told = [read(frame)["CN"] for frame in station.heard]
    assert (course.outcome, course.data) == (Outcome.DONE, 6)
    assert len(entries) == 8
    assert told.count("9014") == 6
