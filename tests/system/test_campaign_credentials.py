"""Key, password and MN changed while a backlog drains: all of it arrives under the new ones.

And none of them, old or new, is to be found in anything the daemon writes.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from campaign_house import House, pace_from
from campaign_peer import Peer, Told, Wrong
from campaign_secrets import found, message_log, written
from campaign_site import meadow
from campaign_store import read, wire_time
from daemon_bench import HOST, environment, free_port, until

from agent.commands.hardware import hardware
from agent.tools.broker import Broker
from agent.tools.platform.broker_address import BrokerAddress
from agent.tools.platform.desk import Desk, Patience
from agent.tools.platform.ledger import Entry
from agent.tools.platform.mqtt_intake import MqttIntake
from agent.tools.platform.orders import make_order
from agent.tools.platform.places import Place
from agent.tools.platform.platform import Platform
from agent.tools.platform.stations import Station
from agent.tools.platform.tcp_intake import TcpIntake
from protocols.hj212.editions import edition

pytestmark = pytest.mark.system

SPEED = 240.0
EVENING = 1_780_842_000.0
"""2026-06-07 22:20 of UTC+8."""
MN, NEW_MN = "010000A8900016F000169DC0", "010000A8900016F000169DFE"
PW, NEW_PW = "hQ7zKp", "Wm4xT9"
KEY, NEW_KEY = "msbE74gsiSHSEh5e", "Qp3r8LmZ0aWx7Tce"
SECRETS = (PW, NEW_PW, KEY, NEW_KEY)
BACKLOG = 45
"""Uploads owed before the platform is there."""
DRAIN_PER_S = 1.5
"""Real uploads a second: slow enough for all orders to come into the middle of it."""
PATIENCE = Patience(answer_s=10.0, resends=2, execution_s=40.0, station_s=40.0)


@dataclass(slots=True)
class Office:
    """The platform of the station, and all that came."""

    plant: House
    platform: Platform
    desk: Desk
    intake: TcpIntake | MqttIntake
    began: str = ""
    """DataTime from which on an upload is no backlog."""
    entries: list[Entry] = field(default_factory=list)

    @contextlib.asynccontextmanager
    async def there(self) -> AsyncIterator[None]:
        tasks = [asyncio.ensure_future(one) for one in (self.intake.run(), self.desk.serve())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def owed(self) -> int:
        """Count the uploads of the backlog that are still owed."""
        ((count,),) = self.plant.rows("SELECT count(*) FROM outbox WHERE state = 'open'"
                                      " AND cn IN ('2051', '2061')")  # fmt: skip
        return int(count)

    async def order(self, mn: str, cn: str, *words: str) -> None:
        """Give an order in the middle of the backlog, and see it carried out."""
        assert self.owed() > 5, f"no backlog left before {cn}"
        station = self.platform.roster.station(mn)
        order = make_order(station, cn, list(words), now_ms=self.desk._qn_ms())
        channel = self.platform.channel_to(MN) or self.platform.channel_to(mn)
        assert channel is not None
        course = await self.desk.run(order, channel=channel)
        assert str(course.outcome) == "done", (cn, course, self.wrong())
        assert self.owed() > 5, f"no backlog left after {cn}"

    async def drained_more(self, count: int = 2) -> None:
        """Wait for more of the backlog."""

        def came() -> int:
            return sum(one.verdict.data_time < self.began for one in self.uploads())

        before = came()
        await until(lambda: came() >= before + count, within_s=120)

    def uploads(self) -> list[Entry]:
        """Give the right uploads in the order they came."""
        right = [one for one in self.entries if one.verdict.ok and one.verdict.segment]
        return [one for one in right if ";CN=2" in one.frame.partition("CP=")[0]]

    def wrong(self) -> list[str]:
        """Give what was refused and should not have been.

        What was under way when the password changed bears the old one.
        """
        wrong = [one for one in self.entries if not one.verdict.ok]
        wrong = [one for one in wrong if one.verdict.reason != "PW: not the station's"]
        return [f"{one.verdict.reason}: {one.frame!a}" for one in wrong]


def site_of(folder: Path, transport: str, address: str) -> dict[str, Any]:
    for name, secret in (("pw", PW), ("key", KEY)):
        (folder / name).write_text(secret, encoding="utf-8")
    site = meadow(folder, 1, speed=SPEED)
    (place,) = site["destinations"]
    del place["mqtt"]
    place |= {
        "transport": transport,
        "addresses": [address],
        "edition": "hj212-2025",
        "backlog_per_s": DRAIN_PER_S / SPEED,
        "in_flight": 5,
        "commands": {"parameters": "allow"},
        transport: {"reconnect_s": 1},
        "stations": [
            {
                "id": "a",
                "mn": MN,
                "pw": {"file": str(folder / "pw")},
                "key": {"file": str(folder / "key")},
                "outlets": ["DW001"],
            }
        ],
    }
    return site


@contextlib.asynccontextmanager
async def office(folder: Path, transport: str, broker: Broker) -> AsyncIterator[Office]:
    platform, port = Platform(), free_port()
    platform.roster.stations[MN] = Station(MN, edition("hj212-2025"), pw=PW, key=KEY.encode())
    intake: TcpIntake | MqttIntake = TcpIntake(platform, Place(HOST, port))
    if transport == "mqtt":
        intake = MqttIntake(platform, BrokerAddress(HOST, broker.port))
    address = f"tcp://{HOST}:{port}" if transport == "tcp" else broker.url
    site = site_of(folder, transport, address)
    async with House(folder, site, pace_from(EVENING, SPEED), broker) as plant:
        desk = Desk(platform, PATIENCE, clock=plant.now)
        made = Office(plant, platform, desk, intake)
        platform.on_entry = made.entries.append
        await plant.simulate()
        await plant.run()
        yield made


@pytest.mark.parametrize("transport", ["tcp", "mqtt"])
async def test_backlog_arrives_under_the_new_key_password_and_mn(
    transport: str, tmp_path: Path, broker: Broker
) -> None:
    async with office(tmp_path, transport, broker) as one:
        await until(lambda: one.owed() >= BACKLOG, within_s=120)
        one.began = wire_time(one.plant.now())
        async with one.there():
            await one.drained_more()
            await one.order(MN, "1014", f"NewSK={NEW_KEY}")
            await one.drained_more()
            await one.order(MN, "1072", f"NewPW={NEW_PW}")
            await one.drained_more()
            known = one.platform.roster.stations[MN]
            one.platform.roster.stations[NEW_MN] = Station(
                NEW_MN, known.edition, pw=NEW_PW, key=NEW_KEY.encode()
            )
            await one.order(NEW_MN, "1002", f"i23005-Info={hardware().logger_id}")
            await one.drained_more()
            status = json.dumps(await one.plant.agent.ask("status"))

            # what is in force is in force after a power cut, too
            await until(lambda: b'"1002"' in message_log(one.plant))
            assert one.owed() > 5
            one.plant.agent.process.kill()
            await one.plant.agent.process.wait()
            await one.plant.run()
            drained = one.plant.now()
            await one.plant.until(
                "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM outbox WHERE state = 'open'"
                " AND cn IN ('2051', '2061', '2031') AND created_at < ?)",
                drained,
                within_s=180,
            )
            frames = await printed("frames", str(one.plant.site_file), "--since", "400d", "--json")
            assert await one.plant.agent.stop() == 0, one.plant.said()
        assert "Traceback" not in one.plant.said()
    assert list(renewal_faults(one.uploads(), one.began)) == []
    assert one.wrong() == []
    assert list(lost_faults(one, drained)) == []

    texts = dict(written(one.plant)) | {"status": status.encode(), "paikou frames": frames}
    for name in ("message log", "paikou frames"):
        for said in (b"NewPW=***", b"NewSK=***", b";PW=***;MN=" + NEW_MN.encode()):
            assert said in texts[name], f"{name} does not tell of {said!r}"
    assert [(name, secret) for secret in SECRETS for name in found(secret, texts)] == []


STEPS = [(KEY, PW, MN), (NEW_KEY, PW, MN), (NEW_KEY, NEW_PW, MN), (NEW_KEY, NEW_PW, NEW_MN)]
"""Key, password and MN of the frames, in the order they were changed."""


def renewal_faults(uploads: Iterable[Entry], began: str) -> Iterator[str]:
    """See that what is new once is used from then on, and that backlog went at every step."""
    backlog, last = Counter[int](), 0
    for one in uploads:
        told, key = opened(one.frame.encode("latin-1"))
        step = STEPS.index((key, told.head["PW"], told.head["MN"]))
        if step < last:
            yield f"{STEPS[step]} after {STEPS[last]}: {told}"
        last = step
        backlog[step] += told.data_time < began
    for step, what in enumerate(STEPS):
        if not backlog[step]:
            yield f"nothing of the backlog went under {what}"


def opened(frame: bytes) -> tuple[Told, str]:
    """Read a frame with nothing of ours; gives the key that opens it, too."""
    for key in (KEY, NEW_KEY):
        reader = Peer({mn: key.encode() for mn in (MN, NEW_MN)}, lambda: 0.0)
        with contextlib.suppress(Wrong, UnicodeDecodeError):
            return reader.read(frame), key
    raise AssertionError(f"no key of ours opens {frame!r}")


def lost_faults(one: Office, made_before: float) -> Iterator[str]:
    """See that the platform holds all that was owed, to the letter."""
    held = {(told.data_time, told.area) for told, _ in map(_opened, one.uploads())}
    for row in read(one.plant.store).rows("outbox"):
        if row["cn"] == "event" or row["created_at"] >= made_before:
            continue
        if row["state"] != "accepted" or (wire_time(row["at"]), row["body"]) not in held:
            yield f"not at the platform: {row}"


def _opened(entry: Entry) -> tuple[Told, str]:
    return opened(entry.frame.encode("latin-1"))


async def printed(*arguments: str) -> bytes:
    """Run a command and give what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment(),
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    return out + err


def test_search_sees_every_spelling() -> None:
    for secret in SECRETS:
        data = secret.encode()
        for around in (b"", b"x", b"yz"):
            said = around + data + b"tail"
            for text in (said, said.hex().encode(), base64.b64encode(said)):
                assert found(secret, {"it": text, "other": b"nothing"}) == ["it"]
