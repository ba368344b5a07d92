"""An MQTT link: one connection to a broker, each publication followed to its acknowledgement."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from agent.errors import LinkError, Unreachable
from agent.model import EVENT
from agent.uplink.broker_reasons import (
    PACKET_TOO_LARGE,
    NoGreeting,
    TakenOver,
    UnknownVersion,
    acknowledged,
    goodbye,
    refusal,
)
from agent.uplink.dialling import dial
from agent.uplink.link import Arrival, Awaiting, Ended, Outcome, Sent, Traffic
from agent.uplink.login import Login
from agent.uplink.mqtt_client import IN_FLIGHT, LARGEST_DOWN, OVERHEAD, MqttClient
from agent.uplink.mqtt_pump import Pump
from protocols.hj212.frame_parts import Unseal

__all__ = ["MqttLink", "NoGreeting", "TakenOver", "UnknownVersion"]

log = logging.getLogger(__name__)

STOP_S = 2.0
"""How long a goodbye may take before the socket is closed under it."""
TICK_S = 1.0
"""How often paho looks after its keep-alive, and we after acknowledgements that do not come."""
INBOX = 256
"""Arrivals that may wait; a platform that floods us is dropped, not buffered without end."""


@dataclass(slots=True)
class _Message:
    """One publication with QoS 1, and who is told its end."""

    topic: str
    payload: bytes
    size: int
    ended: Ended
    retain: bool
    due: float = 0.0
    """When its acknowledgement is given up (s, of the loop)."""


class MqttLink:
    """One connection to one broker. Use as `async with MqttLink(login)`."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._loop = asyncio.get_running_loop()
        self._inbox: deque[Arrival] = deque()
        self._something = asyncio.Event()
        """There is an arrival, or the end of the link."""
        self._closed: asyncio.Future[LinkError] = self._loop.create_future()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._waiting: dict[int, _Message] = {}
        """What is in flight, oldest first, by packet identifier."""
        self._queued: deque[_Message] = deque()
        """What waits because the broker takes no more at a time."""
        self._acknowledged: list[tuple[int, int]] = []
        self._patience = 0.0
        """Until when (s, of the loop) the oldest may wait, as the one before it came: brokers
        acknowledge in order, and a slow line takes a large window bit by bit."""
        self._most = IN_FLIGHT
        self._largest: int | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._client = MqttClient(login, self)
        self._pump = Pump(self._client, self._failed, self._tell_ends)
        self.topics = self.taken = True
        self.traffic = Traffic()

    @property
    def shows_delivery(self) -> bool:
        """Say whether PUBACK tells that somebody took the message: in MQTT 5 only."""
        return self._login.newest

    def read_with(self, unseal: Unseal | None) -> None:
        """Nothing to do: MQTT tells where a frame ends."""

    async def __aenter__(self) -> MqttLink:
        """Connect, log in and subscribe.

        Raises `Unreachable`, `NoGreeting`, `Rejected` or `UnknownVersion`.
        """
        dialled = False
        try:
            async with asyncio.timeout(self._login.connect_s):
                await self._dial()
            dialled = True
            self._pump.attend()
            self._look_after()
            async with asyncio.timeout(self._login.connect_s):
                await self._connected
            self._client.subscribe()
        except TimeoutError:
            await self._stop()
            what = NoGreeting if dialled else Unreachable
            raise what(f"{self._login.address}: no answer in {self._login.connect_s:g} s") from None
        except OSError as error:
            await self._stop()
            raise Unreachable(f"{self._login.address}: {error}") from error
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Say that we go, where somebody still listens; a clean goodbye leaves the will unsaid."""
        if not self._closed.done():
            will = self._login.will
            await self.publish(will.topic, will.payload, qos=0, retain=True)
        await self._stop()

    def post(self, cn: str, payload: bytes, ended: Ended) -> None:
        """Hand over one frame, or a notice where `cn` is `event`."""
        below = EVENT if cn == EVENT else f"up/{cn}"
        self._post(f"{self._login.topics}/{below}", payload, ended)

    async def flush(self) -> None:
        """Write what was posted. Raises `Unreachable`."""
        self._pump.write()
        if self._closed.done():
            raise self._closed.result()

    async def send(self, cn: str, frame: bytes, *, mn: str = "") -> Sent:
        """Hand over one frame and wait for PUBACK. Raises `Unreachable`."""
        return await self.publish(f"{self._login.topics_of(mn)}/up/{cn}", frame)

    async def tell(self, what: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> Sent:
        """Hand over a notice under the station's topic. Raises `Unreachable`."""
        return await self.publish(f"{self._login.topics}/{what}", payload, qos=qos, retain=retain)

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> Sent:
        """Hand over one message and wait for PUBACK (not with QoS 0). Raises `Unreachable`."""
        end = Awaiting()
        self._post(topic, payload, end.ended, qos=qos, retain=retain)
        return await end.sent()

    async def receive(self) -> Arrival:
        """Wait for the next arrival. Raises what closed the link."""
        while not self._inbox:
            if self._closed.done():
                raise self._closed.result()
            self._something.clear()
            await self._something.wait()
        return self._inbox.popleft()

    def greeted(self, code: int, text: str, *, in_flight: int, largest: int | None) -> None:
        """Take note of the broker's greeting."""
        self._most, self._largest = max(1, in_flight), largest
        if self._connected.done():
            return
        if code == 0:
            self._connected.set_result(None)
        else:
            self._connected.set_exception(refusal(self._login.address, code, text))

    def acknowledged(self, mid: int, code: int) -> None:
        """Take note of an acknowledgement, told when all that came with it was read."""
        if mid in self._waiting:  # else it had QoS 0, and its number comes round again
            self._acknowledged.append((mid, code))

    def subscribed(self, refusals: Sequence[str]) -> None:
        """Say what will not come down."""
        for text in refusals:
            log.warning("%s: nothing can come down: %s", self._login.address, text)

    def arrived(self, topic: str, payload: bytes) -> None:
        """Take something in that came down."""
        if len(payload) > LARGEST_DOWN:
            log.warning("%s: dropped %d bytes", self._login.address, len(payload))
            return
        if self._closed.done():
            return
        self.traffic.received += len(topic.encode()) + len(payload) + OVERHEAD
        if len(self._inbox) >= INBOX:
            self._close(Unreachable(f"{self._login.address}: more than {INBOX} arrivals wait"))
            return
        self._inbox.append(Arrival(topic, payload))
        self._something.set()

    def parted(self, code: int, text: str) -> None:
        """Take note that the connection has ended."""
        if code == PACKET_TOO_LARGE and self._waiting:
            # sent again it would cost the next connection, too: the largest must be meant
            largest = max(self._waiting, key=lambda mid: self._waiting[mid].size)
            self._acknowledged.append((largest, code))
        if not self._connected.done():
            early = "the connection was closed without a greeting"
            self._connected.set_exception(NoGreeting(f"{self._login.address}: {early}"))
        self._close(goodbye(self._login.address, code, text))

    def has_more(self) -> None:
        """Have what was handed over written."""
        self._pump.has_more()

    def hangs_up(self) -> None:
        """Leave the socket alone from here on."""
        self._pump.leave()

    async def _dial(self) -> None:
        name = f"dial-{self._login.client_id}"
        try:
            await dial(self._client.connect, name=name, late=self._client.hang_up)
        except asyncio.CancelledError:
            self._client.given_up = True
            raise

    def _post(
        self, topic: str, payload: bytes, ended: Ended, *, qos: int = 1, retain: bool = False
    ) -> None:
        size = len(topic.encode()) + len(payload) + OVERHEAD
        if self._closed.done():
            ended(self._closed.result())
        elif self._largest is not None and size > self._largest:
            text = f"{size} bytes, the broker takes {self._largest}"
            ended(Sent(Outcome.REJECTED, text))
        elif qos == 0:
            self._say(_Message(topic, payload, size, ended, retain), qos=0)
        elif len(self._waiting) < self._most:
            self._say(_Message(topic, payload, size, ended, retain), qos=1)
        else:
            self._queued.append(_Message(topic, payload, size, ended, retain))

    def _say(self, message: _Message, *, qos: int) -> None:
        try:
            mid = self._client.publish(
                message.topic, message.payload, qos=qos, retain=message.retain
            )
        except Unreachable as error:
            message.ended(error)
            return
        self.traffic.sent += message.size
        if qos == 0:
            message.ended(Sent(Outcome.ACCEPTED, "QoS 0"))
        else:
            message.due = self._loop.time() + self._login.ack_s
            self._waiting[mid] = message

    def _tell_ends(self) -> None:
        """Tell the ends of what was acknowledged, and hand over what waited for that."""
        told, self._acknowledged = self._acknowledged, []
        for mid, code in told:
            if mid == next(iter(self._waiting), None):
                self._patience = self._loop.time() + self._login.ack_s
            message = self._waiting.pop(mid, None)
            if message is not None:
                message.ended(acknowledged(code))
        while self._queued and len(self._waiting) < self._most and not self._closed.done():
            self._say(self._queued.popleft(), qos=1)

    def _look_after(self) -> None:
        """Every second: keep-alive, and an acknowledgement that did not come in time."""
        every_s = min(TICK_S, self._login.ack_s)
        self._tick = self._loop.call_later(every_s, self._look_after)
        self._pump.look_after()
        oldest = next(iter(self._waiting.values()), None)
        if oldest is not None and self._loop.time() >= max(oldest.due, self._patience):
            text = f"no PUBACK in {self._login.ack_s:g} s"
            self._close(Unreachable(f"{self._login.address}: {text}"))

    async def _stop(self) -> None:
        """Say goodbye and close the connection."""
        try:
            async with asyncio.timeout(STOP_S):  # a peer that reads nothing takes no goodbye
                await self._pump.drained()
                self._client.disconnect()
                await self._pump.drained()
        except TimeoutError:
            pass
        finally:
            if self._tick is not None:
                self._tick.cancel()
            self._pump.leave()
            self._client.hang_up()
            self._close(Unreachable(f"{self._login.address}: closed"))

    def _failed(self, text: str) -> None:
        self._close(Unreachable(f"{self._login.address}: {text}"))

    def _close(self, error: LinkError) -> None:
        if self._closed.done():
            return
        self._closed.set_result(error)
        self._something.set()
        self._tell_ends()  # what was acknowledged before the end was
        for message in (*self._waiting.values(), *self._queued):
            message.ended(error)
        self._waiting.clear()
        self._queued.clear()
