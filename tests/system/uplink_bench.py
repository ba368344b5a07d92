"""Stations, listeners and certificates for tests against real brokers."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from uplink_scripted import HOST, WAIT_S, until

from agent.bells import Bells
from agent.clock import Clock
from agent.metrics import Metrics
from agent.model import Upload
from agent.plan import StationPlan, make_plan
from agent.report import State
from agent.settings import parse_site
from agent.store import outbox
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.tools.migrate import migrate
from agent.uplink.header import Header
from agent.uplink.login import Login, TcpLogin, Will
from agent.uplink.manners import Manners
from agent.uplink.opening import AnyLogin
from agent.uplink.station import Attempt, Contract, StationLink
from protocols.hj212.editions import edition

MN = "010000A8900016F000169DC0"
TOPICS = f"hj212/{MN}"
STATION = "st1"
MANNERS: dict[str, Any] = {
    "station": STATION,
    "ack": "puback",
    "timeout_s": 5,
    "resends": 1,
    "in_flight": 20,
    "backlog_per_s": 1000,
    "send_window_s": 0,
    "rf_on_resend": True,
}
PLATFORM = "platform"

SITE = """
unit: {code: 91000000000000000X001P, name: 测试企业}
outlets: [{id: DW001, medium: water, factors: {w01018: {device: cod}}}]
buses: [{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}]
devices: [{id: cod, profile: water/hach-codmax-ii, bus: net1, address: 3}]
destinations:
  - {id: province, addresses: ["mqtt://127.0.0.1:1883"], stations: [
      {id: st1, mn: 010000A8900016F000169DC0, pw: default, outlets: [DW001]}]}
"""


def station_plan() -> StationPlan:
    """Give the plan of the one station."""
    return make_plan(parse_site(SITE.encode())[0]).stations[STATION]


@dataclass(slots=True)
class Listener:
    """A subscriber with nothing of ours in it: plain paho."""

    port: int
    topics: tuple[str, ...] = (f"{TOPICS}/#",)
    heard: list[tuple[str, bytes, bool]] = field(default_factory=list)
    """Topic, payload, and whether it was retained."""
    _client: mqtt.Client = field(init=False)
    _subscribed: asyncio.Event = field(default_factory=asyncio.Event)

    async def __aenter__(self) -> Listener:
        loop = asyncio.get_running_loop()
        self._client = mqtt.Client(
            CallbackAPIVersion.VERSION2, PLATFORM, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = lambda _c, _u, one: self.heard.append(
            (one.topic, bytes(one.payload), one.retain)
        )

        def subscribed(*_: object) -> None:
            loop.call_soon_threadsafe(self._subscribed.set)

        self._client.on_subscribe = subscribed
        self._client.connect(HOST, self.port)
        self._client.subscribe([(topic, 1) for topic in self.topics])
        self._client.loop_start()
        await asyncio.wait_for(self._subscribed.wait(), WAIT_S)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)
        # they hold us, and we the client: paho closes its own sockets only when nobody holds it
        self._client.on_message = self._client.on_subscribe = None

    def payloads(self, ends: str) -> list[bytes]:
        return [payload for topic, payload, _ in list(self.heard) if topic.endswith(ends)]

    async def until_heard(self, ends: str, payload: bytes | None = None) -> None:
        await until(
            lambda: payload in self.payloads(ends) if payload else bool(self.payloads(ends))
        )

    def say(self, topic: str, payload: bytes) -> None:
        self._client.publish(topic, payload, qos=1)


@contextlib.asynccontextmanager
async def gateway(port: int, to: int) -> AsyncIterator[None]:
    """Lead the callers of a port to another one until the block ends: a line put in and pulled."""
    ends: list[asyncio.StreamWriter] = []

    async def lead(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def caller(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        onwards, back = await asyncio.open_connection(HOST, to)
        ends.extend((writer, back))
        await asyncio.gather(lead(reader, back), lead(onwards, writer))

    server = await asyncio.start_server(caller, HOST, port)
    try:
        yield
    finally:
        server.close()
        for one in ends:
            one.close()


def login(address: str, **keys: Any) -> Login:
    will = Will(f"{TOPICS}/state", State(online=False).payload())
    return Login(address, f"paikou-{MN}", will, (f"{TOPICS}/down",), topics=TOPICS, **keys)


@dataclass(slots=True)
class Post:
    """A store with an outbox, and the station that empties it."""

    store: Store
    address: str
    versions: tuple[bool, ...] = (True, False)
    keys: dict[str, Any] = field(default_factory=dict)
    bells: Bells = field(default_factory=Bells)
    others: tuple[str, ...] = ()
    """More addresses, tried after the first."""
    manners: dict[str, Any] = field(default_factory=dict)
    header: Header = field(default_factory=lambda: Header(edition("hj212-2017"), MN, "123456"))
    metrics: Metrics = field(default_factory=Metrics)
    frames: FrameLog = field(init=False)
    station: StationLink = field(init=False)

    def __post_init__(self) -> None:
        self.frames = FrameLog(self.store, Clock(), self.metrics)

        async def health() -> bytes:
            return b"{}"

        async def header() -> Header:
            return self.header

        def dial(attempt: Attempt) -> AnyLogin:
            address = attempt.way.address
            if not address.startswith("mqtt"):
                return TcpLogin(address, unseal=attempt.header.unseal, **self.keys)
            return login(address, newest=attempt.newest, **self.keys)

        self.station = StationLink(
            Contract(
                station=station_plan(),
                manners=Manners(**MANNERS | self.manners),
                mn=MN,
                addresses=(self.address, *self.others),
                header=header,
                login=dial,
                versions=self.versions,
                birth=lambda: State(online=True),
                health=health,
                longest_backoff_s=0.2,
            ),
            self.store,
            Clock(),
            self.bells,
            self.metrics,
            frames=self.frames,
        )

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[StationLink]:
        task = asyncio.create_task(self.station.run())
        try:
            yield self.station
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def owe(self, *numbers: int, answer: bool = True, packets: int = 1) -> None:
        """Owe uploads, each with its number as DataTime."""
        now = Clock().now()

        def job(connection: Any) -> None:
            for number in numbers:
                body = f"DataTime={number:014d}"
                bodies = (body,) if packets == 1 else tuple(f"{body};x={n}" for n in range(packets))
                upload = Upload("2051", "32", number, bodies, answer=answer)
                outbox.add(connection, STATION, upload, now=now)

        await self.store.write(job)
        self.bells.ring(f"outbox:{STATION}")

    async def states(self) -> list[tuple[str, str]]:
        """Give state and outcome of each row, in the order they were owed."""
        return await self.store.read(
            lambda one: one.execute("SELECT state, outcome FROM outbox ORDER BY id").fetchall()
        )

    async def owed(self) -> int:
        return (await self.store.read(lambda one: outbox.depth(one, STATION))).open

    async def until_sent(self) -> None:
        async with asyncio.timeout(WAIT_S):
            while True:
                if not await self.owed():
                    return
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def posted(directory: Path, address: str, **keys: Any) -> AsyncIterator[Post]:
    migrate(directory)
    async with Store(directory, ballast_mb=0) as store:
        yield Post(store, address, **keys)


@dataclass(frozen=True, slots=True)
class Certificates:
    """A certificate authority of our own, and a broker's certificate for 127.0.0.1."""

    ca: Path
    cert: Path
    key: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


def make_certificates(
    openssl: Path, folder: Path, *, name: str = f"IP:{HOST}", days: int = 2
) -> Certificates:
    """Let the openssl program make them."""
    folder.mkdir()

    def run(*arguments: str) -> None:
        subprocess.run(
            [openssl, *arguments], check=True, cwd=folder, capture_output=True, timeout=30
        )

    elliptic = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *elliptic, "-keyout", "ca.key", "-out", "ca.pem",
        "-subj", "/CN=our own CA", "-days", "2")  # fmt: skip
    run("req", *elliptic, "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    (folder / "names").write_text(f"subjectAltName={name}\n", encoding="ascii")
    run("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
        "-days", str(days), "-extfile", "names", "-out", "broker.pem")  # fmt: skip
    return Certificates(folder / "ca.pem", folder / "broker.pem", folder / "broker.key")


@contextlib.asynccontextmanager
async def tls_mosquitto(
    program: Path, folder: Path, made: Certificates, port: int
) -> AsyncIterator[None]:
    """Run a mosquitto that speaks TLS and wants a certificate of its clients."""
    settings = folder / "tls.conf"
    settings.write_text(
        f"listener {port} {HOST}\nallow_anonymous true\npersistence false\n"
        f"user {getpass.getuser()}\n"
        f"cafile {made.ca}\ncertfile {made.cert}\nkeyfile {made.key}\nrequire_certificate true\n",
        encoding="utf-8",
    )
    log = (folder / "tls.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(settings), stdout=log, stderr=log
    )
    try:
        yield
    finally:
        log.close()
        process.terminate()
        await asyncio.wait_for(process.wait(), WAIT_S)
