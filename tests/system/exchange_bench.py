"""A daemon with simulated instruments on one side, platforms of ours on the other.

Each by TCP or through mosquitto, in any edition or dialect. One outlet: flow, pH, two batch
analyzers, a sampler.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from campaign_house import House, pace_from
from campaign_site import factory
from daemon_bench import HOST, until

from agent.settings.dialect import named_edition
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
from protocols.hj212.editions import edition_names

SPEED = 400.0
EVENING = 1_795_359_000.0
"""2026-11-22 22:50 of UTC+8: an hour and a day end soon after the daemon has begun."""
KEY = "msbE74gsiSHSEh5e"
PW = "123456"
SERIAL = "A1B2C3"
PATIENCE = Patience(answer_s=5.0, resends=4, execution_s=40.0, station_s=40.0)


@dataclass(frozen=True, slots=True)
class Party:
    """One platform with one station: by which way, in which edition or dialect."""

    transport: str
    name: str
    number: int
    unnamed: bool = False
    """Whether the station has to register for its MN."""

    @property
    def id(self) -> str:
        return f"{self.transport}-{self.name.removeprefix('hj212-')}-{self.number}"

    @property
    def mn(self) -> str:
        old = self.name == "hj212-2005"
        return f"8888888000000{self.number}" if old else f"010000A8900016F000169DC{self.number}"

    @property
    def sealed(self) -> bool:
        return self.name == "hj212-2025"

    def key_file(self, folder: Path) -> Path:
        return folder / f"{self.id}.key"


@dataclass(slots=True)
class Meeting:
    """Both sides, and all that was said."""

    party: Party
    platform: Platform
    desk: Desk
    plant: House = field(init=False)
    entries: list[Entry] = field(default_factory=list)
    ended: list[Course] = field(default_factory=list)

    @property
    def mn(self) -> str:
        return self.party.mn

    async def order(self, line: str) -> Course:
        cn, *words = line.split()
        return await self.desk.order(self.mn, cn, words)

    def right(self, cn: str) -> list[Entry]:
        """Give the right frames of a command, those asked for and those that came by themselves."""
        return [one for one in self.entries if one.verdict.ok and self._cn(one) == cn]

    def wrong(self) -> list[str]:
        return [f"{one.frame[6:90]!a}: {one.verdict.reason}" for one in self.entries
                if not one.verdict.ok]  # fmt: skip

    async def until_heard(self, cn: str, count: int = 1, *, within_s: float = 300.0) -> None:
        try:
            await until(lambda: len(self.right(cn)) >= count, within_s=within_s)
        except TimeoutError:
            heard = Counter(self._cn(one) for one in self.entries)
            told = (f"{self.party.id}: no {cn}", dict(heard), self.wrong(), self.plant.said())
            pytest.fail("\n".join(map(str, told)))

    @staticmethod
    def _cn(entry: Entry) -> str:
        return entry.verdict.segment.cn if entry.verdict.segment else ""


def site_of(folder: Path, parties: Mapping[Party, str]) -> dict[str, Any]:
    """Give the factory with its first outlet, and a destination at its address for each party."""
    site = factory(folder, 1, speed=SPEED)
    outlet = site["outlets"][0]
    wanted = {one["device"] for one in outlet["factors"].values()}
    site["outlets"] = [outlet]
    site["devices"] = [one for one in site["devices"] if one["id"] in wanted]
    next(one for one in site["devices"] if one["id"] == "cod")["serial"] = SERIAL
    (folder / "pw").write_text(PW, encoding="utf-8")
    common = site["destinations"][0]
    del common["mqtt"]
    site["destinations"] = [
        {**common, **_destination(folder, party, address)} for party, address in parties.items()
    ]
    return site


def _destination(folder: Path, party: Party, address: str) -> dict[str, Any]:
    station = {"id": party.id, "mn": "" if party.unnamed else party.mn, "outlets": ["DW001"],
               "pw": {"file": str(folder / "pw")}}  # fmt: skip
    if party.sealed:
        key = party.key_file(folder)
        key.write_text(KEY, encoding="utf-8")
        station["key"] = {"file": str(key)}
    spoken = "edition" if party.name in edition_names() else "dialect"
    over = "tcp" if party.transport == "tcp" else "mqtt"
    ways: dict[str, Any] = {"reconnect_s": 1}
    return {
        "id": party.id,
        "transport": over,
        "addresses": [address],
        spoken: party.name,
        "minutes": 10,
        "commands": {"parameters": "allow", "control": "allow"},
        over: ways if over == "tcp" else {**ways, "prefix": party.id},
        "stations": [station],
    }


Change = Callable[[dict[str, Any]], object]


@contextlib.asynccontextmanager
async def meetings(
    folder: Path, parties: Sequence[Party], broker: Broker, *, change: Change = lambda _: None
) -> AsyncIterator[list[Meeting]]:
    """Let one daemon meet a platform of each party; `change` alters its site file beforehand."""
    met: list[Meeting] = []
    addresses: dict[Party, str] = {}
    async with contextlib.AsyncExitStack() as stack:
        for party in parties:
            platform = Platform()
            address = await stack.enter_async_context(_platform(platform, party, broker))
            desk = Desk(platform, PATIENCE)
            await stack.enter_async_context(_running(desk.serve()))
            met.append(Meeting(party, platform, desk))
            addresses[party] = address
        site = site_of(folder, addresses)
        change(site)
        plant = House(folder, site, pace_from(EVENING, SPEED), broker)
        async with plant:
            for one in met:
                one.plant, one.desk.clock = plant, plant.now
                one.platform.on_entry, one.desk.on_end = one.entries.append, one.ended.append
            await plant.simulate()
            await plant.run()
            yield met


@contextlib.asynccontextmanager
async def _platform(platform: Platform, party: Party, broker: Broker) -> AsyncIterator[str]:
    """Open the platform's doors, and give the address of them."""
    key = KEY.encode() if party.sealed else None
    platform.roster.stations[party.mn] = Station(
        party.mn, named_edition(party.name), pw=PW, key=key
    )
    tcp = TcpIntake(platform, Place(HOST, 0))
    place = BrokerAddress(HOST, broker.port)
    mqtt = MqttIntake(platform, place, prefix=party.id, client_id=f"platform-{party.id}")
    async with _running(tcp.run() if party.transport == "tcp" else mqtt.run()):
        await asyncio.wait_for(platform.connected.wait(), 60)
        yield f"tcp://{HOST}:{tcp.port}" if party.transport == "tcp" else broker.url


@contextlib.asynccontextmanager
async def _running(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
