"""A link that does what its script says, and the desk of a sender around a real store."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from agent_fakes import FakeClock
from agent_site import T0

from agent.bells import Bells
from agent.errors import LinkError
from agent.metrics import Metrics
from agent.model import EVENT, Upload, Urgency
from agent.store import outbox
from agent.store.db import Store
from agent.uplink.header import Header
from agent.uplink.link import Arrival, Ended, Outcome, Sent, Traffic, judge_puback
from agent.uplink.manners import Confirmation, Manners, Pause
from agent.uplink.sender import Sender
from protocols.hj212.editions import edition
from protocols.hj212.frame import decode_frame
from protocols.hj212.frame_parts import Unseal
from protocols.hj212.segment import Segment, parse_segment

MN = "010000A8900016F000169DC0"
PW = "123456"
QN = "20260610100000123"
STATION = "st1"
TOPICS = f"hj212/{MN}"
WAIT_S = 60.0
NEVER_S = 1e6
AT = int(T0)
BODY = "DataTime=20260610100000;w01018-Rtd=36.5,w01018-Flag=N"


@dataclass(frozen=True, slots=True)
class Published:
    """One message as it was handed to the link."""

    topic: str
    payload: bytes
    qos: int
    retain: bool

    @property
    def segment(self) -> Segment:
        return parse_segment(decode_frame(self.payload).segment)[0]

    @property
    def qn(self) -> str:
        return self.segment.qn


Script = Callable[[Published], int]
"""What the broker says to a message: a PUBACK reason. May raise LinkError."""


@dataclass(slots=True)
class FakeLink:
    """A link without a broker. `gate` holds acknowledgements back while it is shut."""

    script: Script = lambda _: 0
    shows_delivery: bool = True
    published: list[Published] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    inbox: asyncio.Queue[Arrival | LinkError] = field(default_factory=asyncio.Queue)
    heard: Callable[[Published], None] = lambda _: None
    """Told of each message once it was acknowledged: what a platform does with it."""
    topics: bool = True
    taken: bool = True
    traffic: Traffic = field(default_factory=Traffic)
    posts: set[asyncio.Future[None]] = field(default_factory=set)
    broken: LinkError | None = None
    """What ended it: nothing that was posted comes to another end from then on."""

    def __post_init__(self) -> None:
        self.gate.set()

    def post(self, cn: str, payload: bytes, ended: Ended) -> None:
        if cn == EVENT:
            way = self.tell(EVENT, payload)
        else:
            way = self.publish(f"{TOPICS}/up/{cn}", payload)

        async def carry() -> None:
            try:
                sent = await way
            except LinkError as error:
                self.broken = error
            ended(self.broken or sent)

        self.posts.add(task := asyncio.ensure_future(carry()))
        task.add_done_callback(self.posts.discard)

    async def flush(self) -> None:
        await asyncio.sleep(0)

    async def send(self, cn: str, frame: bytes, *, mn: str = "") -> Sent:
        return await self.publish(f"{TOPICS}/up/{cn}", frame)

    async def tell(self, what: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> Sent:
        if not self.topics:
            return Sent(Outcome.REJECTED, "no topics")
        return await self.publish(f"{TOPICS}/{what}", payload, qos=qos, retain=retain)

    def read_with(self, unseal: Unseal | None) -> None:
        pass

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> Sent:
        message = Published(topic, payload, qos, retain)
        self.published.append(message)
        if qos == 0:
            return Sent(Outcome.ACCEPTED, "QoS 0")
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            reason = self.script(message)
        finally:
            self.in_flight -= 1
        self.heard(message)
        return Sent(judge_puback(reason), f"PUBACK {reason}")

    async def receive(self) -> Arrival:
        arrival = await self.inbox.get()
        if isinstance(arrival, LinkError):
            raise arrival
        return arrival

    def told(self) -> list[str]:
        return [one.topic.removeprefix(f"{TOPICS}/") for one in self.published]

    def times(self) -> list[str]:
        """Give the DataTime of each frame that was handed over."""
        return [one.segment.cp[9:23] for one in self.published]


def framed(segment: str | bytes) -> bytes:
    """Put length and CRC around a segment; the CRC is HJ 212's, worked out bit by bit."""
    data = segment.encode() if isinstance(segment, str) else segment
    register = 0xFFFF
    for byte in data:
        register = (register >> 8) ^ byte
        for _ in range(8):
            register = (register >> 1) ^ (0xA001 if register & 1 else 0)
    return b"##%04d%b%04X\r\n" % (len(data), data, register)


def down(
    cn: str,
    *,
    qn: str = QN,
    st: str = "32",
    pw: str = PW,
    mn: str = MN,
    flag: str = "Flag=5;",
    cp: str = "",
) -> bytes:
    """Make a frame as a platform sends it."""
    return framed(f"QN={qn};ST={st};CN={cn};PW={pw};MN={mn};{flag}CP=&&{cp}&&")


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so; fail with a time-out when it never is."""
    async with asyncio.timeout(WAIT_S):
        while True:
            if true():
                return
            await asyncio.sleep(0.002)


async def settled(true: Callable[[], Any], *, turns: int = 60) -> Any:
    """Let the loop and the store's threads turn, then give what is so: for what must not happen."""
    for _ in range(turns):
        await asyncio.sleep(0.001)
    return true()


def manners(**keys: Any) -> Manners:
    plain: dict[str, Any] = {
        "station": STATION,
        "ack": "auto",
        "timeout_s": 0.01,
        "resends": 2,
        "in_flight": 20,
        "backlog_per_s": 1000.0,
        "send_window_s": 0.0,
        "rf_on_resend": True,
    }
    return Manners(**plain | keys)


@dataclass(slots=True)
class Desk:
    """Store, clock and link of one station; `send` puts a sender to work on them."""

    store: Store
    clock: FakeClock = field(default_factory=lambda: FakeClock(T0))
    bells: Bells = field(default_factory=Bells)
    metrics: Metrics = field(default_factory=Metrics)
    confirmation: Confirmation = field(default_factory=Confirmation)
    link: FakeLink = field(default_factory=FakeLink)

    def sender(
        self, *, pw: str = PW, name: str = "hj212-2017", pause_s: float = NEVER_S, **keys: Any
    ) -> Sender:
        return Sender(
            manners(**keys),
            Header(edition(name), MN, pw),
            self.link,
            self.store,
            self.clock,
            self.bells,
            self.metrics,
            self.confirmation,
            pause=Pause(pause_s),
            event_pause=Pause(pause_s),
        )

    @contextlib.asynccontextmanager
    async def sending(self, sender: Sender | None = None, **keys: Any) -> AsyncIterator[Sender]:
        """Let a sender work while the block runs."""
        sender = sender or self.sender(**keys)
        task = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            for post in self.link.posts:
                post.cancel()

    async def owe(
        self,
        at: int = AT,
        *bodies: str,
        cn: str = "2051",
        age_s: float = 0.0,
        urgency: Urgency = Urgency.LIVE,
        answer: bool = True,
        revision: int = 0,
    ) -> None:
        """Owe the station an upload that is `age_s` old."""
        st = "" if cn == EVENT else "32"
        upload = Upload(cn, st, at, bodies or (BODY,), revision, urgency, answer)
        now = self.clock.now() - age_s
        await self.store.write(lambda connection: outbox.add(connection, STATION, upload, now=now))
        self.bells.ring(f"outbox:{STATION}")

    async def owe_at(self, *minutes: int, **keys: Any) -> None:
        """Owe one upload for each of these minutes after the full hour."""
        for minute in minutes:
            await self.owe(AT + 60 * minute, body(minute), **keys)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the file, through a connection of its own: what it shows is on disk."""
        with contextlib.closing(sqlite3.connect(self.store.path)) as connection:
            return connection.execute(sql).fetchall()

    def states(self) -> list[str]:
        """Give the states of all rows, in the order they were owed."""
        return [state for (state,) in self.rows("SELECT state FROM outbox ORDER BY id")]

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is so, with the bell ringing: a bell is only a hint.

        Somebody writes all the time, so that what may wait for company on the disk does not.
        """
        async with asyncio.timeout(WAIT_S):
            while True:
                if true():
                    return
                self.bells.ring(f"outbox:{STATION}")
                await self.store.write(lambda _: None)
                await asyncio.sleep(0.002)

    async def until_states(self, *states: str) -> None:
        await self.until(lambda: self.states() == list(states))

    async def settled(self) -> None:
        """Give the sender every chance to do what it must not do."""
        await settled(lambda: self.bells.ring(f"outbox:{STATION}"), turns=10)
        for _ in range(5):
            self.bells.ring(f"outbox:{STATION}")
            await settled(lambda: None, turns=10)


def body(minute: int) -> str:
    return f"DataTime=202606101{minute // 60}{minute % 60:02d}00;w01018-Avg=36.5,w01018-Flag=N"


def reasons(*given: int) -> Script:
    """Answer with these reasons in turn, then with the last of them for ever."""
    left: list[int] = list(given)
    return lambda _: left.pop(0) if len(left) > 1 else left[0]


def by_topic(ends: str, reason: int) -> Script:
    """Answer messages of one topic with a reason, all others with 0."""
    return lambda message: reason if message.topic.endswith(ends) else 0
