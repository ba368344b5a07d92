"""A daemon with simulated instruments on one side, our test platform on the other.

By TCP or through mosquitto, in any edition. One outlet: flow, pH, two batch analyzers, a sampler.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from campaign_house import House, pace_from
from campaign_site import factory
from daemon_bench import HOST, until

from agent.tools.broker import Broker
from agent.tools.platform.broker_address import BrokerAddress
from agent.tools.platform.course import Course
from agent.tools.platform.desk import Desk, Patience
from agent.tools.platform.ledger import Entry
from agent.tools.platform.mqtt_intake import MqttIntake
from agent.tools.platform.places import Place
from agent.tools.platform.platform import Platform
from agent.tools.platform.stations import Station
from agent.tools.platform.tcp_intake import TcpIntake
from protocols.hj212.editions import edition

SPEED = 400.0
EVENING = 1_795_358_400.0
"""2026-11-22 22:40 of UTC+8: an hour and a day end soon."""
OLD_MN = "88888880000001"
MN = "010000A8900016F000169DC0"
KEY = "msbE74gsiSHSEh5e"
PW = "123456"
SERIAL = "A1B2C3"
PATIENCE = Patience(answer_s=5.0, resends=4, execution_s=40.0, station_s=40.0)


@dataclass(slots=True)
class Meeting:
    """Both sides, and all that was said."""

    plant: House
    platform: Platform
    desk: Desk
    mn: str
    entries: list[Entry] = field(default_factory=list)
    ended: list[Course] = field(default_factory=list)

    async def order(self, line: str) -> Course:
        cn, *words = line.split()
        return await self.desk.order(self.mn, cn, words)

    def right(self, cn: str) -> list[Entry]:
        """Give the right frames of a command, those asked for and those that came by themselves."""
        return [one for one in self.entries if one.verdict.ok and self._cn(one) == cn]

    def wrong(self) -> list[str]:
        return [f"{one.frame[6:90]!a}: {one.verdict.reason}" for one in self.entries
                if not one.verdict.ok]  # fmt: skip

    async def until_heard(self, cn: str, count: int = 1, *, within_s: float = 90.0) -> None:
        try:
            await until(lambda: len(self.right(cn)) >= count, within_s=within_s)
        except TimeoutError:
            heard = Counter(self._cn(one) for one in self.entries)
            told = (f"no {cn}", dict(heard), self.wrong(), self.plant.said())
            pytest.fail("\n".join(map(str, told)))

    @staticmethod
    def _cn(entry: Entry) -> str:
        return entry.verdict.segment.cn if entry.verdict.segment else ""


def site_of(folder: Path, name: str, address: str) -> dict[str, Any]:
    """Give the factory with its first outlet and one station of that edition."""
    site = factory(folder, 1, speed=SPEED)
    outlet = site["outlets"][0]
    wanted = {one["device"] for one in outlet["factors"].values()}
    site["outlets"] = [outlet]
    site["devices"] = [one for one in site["devices"] if one["id"] in wanted]
    next(one for one in site["devices"] if one["id"] == "cod")["serial"] = SERIAL
    (folder / "pw").write_text(PW, encoding="utf-8")
    station = {"id": "one", "mn": OLD_MN if name == "hj212-2005" else MN,
               "pw": {"file": str(folder / "pw")}, "outlets": ["DW001"]}  # fmt: skip
    if name == "hj212-2025":
        (folder / "key").write_text(KEY, encoding="utf-8")
        station["key"] = {"file": str(folder / "key")}
    site["destinations"] = [
        {
            **site["destinations"][0],
            "transport": "tcp" if address.startswith("tcp:") else "mqtt",
            "addresses": [address],
            "edition": name,
            "minutes": 10,
            "commands": {"parameters": "allow", "control": "allow"},
            "stations": [station],
        }
    ]
    (place,) = site["destinations"]
    del place["mqtt"]
    place[place["transport"]] = {"reconnect_s": 1}
    return site


Change = Callable[[dict[str, Any], Platform], object]


def _nothing(_site: dict[str, Any], _platform: Platform) -> None:
    return


@contextlib.asynccontextmanager
async def meeting(
    folder: Path, transport: str, name: str, broker: Broker, *, change: Change = _nothing
) -> AsyncIterator[Meeting]:
    """Let them meet; `change` alters the site file and what the platform knows beforehand."""
    platform = Platform()
    mn = OLD_MN if name == "hj212-2005" else MN
    key = KEY.encode() if name == "hj212-2025" else None
    platform.roster.stations[mn] = Station(mn, edition(name), pw=PW, key=key)
    tcp, mqtt = TcpIntake(platform, Place(HOST, 0)), BrokerAddress(HOST, broker.port)
    intake = tcp if transport == "tcp" else MqttIntake(platform, mqtt)
    desk = Desk(platform, PATIENCE)
    tasks = [asyncio.ensure_future(one) for one in (intake.run(), desk.serve())]
    try:
        await asyncio.wait_for(platform.connected.wait(), 20)
        address = f"tcp://{HOST}:{tcp.port}" if transport == "tcp" else broker.url
        site = site_of(folder, name, address)
        change(site, platform)
        async with House(folder, site, pace_from(EVENING, SPEED), broker) as plant:
            desk.clock = plant.now
            met = Meeting(plant, platform, desk, mn)
            platform.on_entry, desk.on_end = met.entries.append, met.ended.append
            await plant.simulate()
            await plant.run()
            yield met
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
