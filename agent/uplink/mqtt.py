"""An MQTT link: paho in its own thread, bridged to asyncio, a fresh client per connection.

paho keeps unacknowledged messages in memory and sends them again by itself after a reconnect. Our
outbox is the only queue there may be, so a client object never outlives its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import threading
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import LinkError, Rejected, Unreachable
from agent.uplink.link import Arrival, Outcome, Sent, Traffic, judge_puback
from agent.uplink.login import Login, parse_address, tls_context
from protocols.hj212.frame_parts import Unseal

log = logging.getLogger(__name__)

STOP_S = 2.0
"""How long a goodbye may take before the socket is shut under it."""
INBOX = 256
"""Arrivals that may wait; a platform that floods us is dropped, not buffered without end."""
SESSION_S = 3600
"""How long the broker keeps what came down while we were away."""
IN_FLIGHT = 65_535
"""What MQTT 5 allows unacknowledged where the broker sets no bound of its own (§3.3.4)."""
LARGEST_DOWN = 256 * 1024
"""Bytes of the largest thing that may come down: an order; a frame has at most 9,999."""
OVERHEAD = 16
"""Bytes a PUBLISH of ours has at most beside topic and payload."""

UNSUPPORTED_VERSION = 132
SESSION_TAKEN_OVER = 142
PACKET_TOO_LARGE = 149
_TRY_AGAIN = {128, 136, 137, 151, 159}
"""Connect reasons that pass: unspecified, unavailable, busy, quota, connection rate."""


class TakenOver(LinkError):
    """Another client connected with our identity. Reconnecting would start a tug of war."""


class UnknownVersion(LinkError):
    """The broker does not speak this version of MQTT."""


class NoGreeting(Unreachable):
    """Somebody listens and never greets: perhaps it does not know this version of MQTT."""


class MqttLink:
    """One connection to one broker. Use as `async with MqttLink(login)`."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Arrival] = asyncio.Queue(INBOX)
        self._closed: asyncio.Future[LinkError] = self._loop.create_future()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._waiting: dict[int, tuple[asyncio.Future[int], int]] = {}
        """What is in flight: packet identifier -> acknowledgement to come, and size."""
        self._slots = asyncio.Semaphore(IN_FLIGHT)
        self._largest: int | None = None
        self._given_up = False
        self._client = self._make_client()
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
            self._client.loop_start()
            async with asyncio.timeout(self._login.connect_s):
                await self._connected
            self._subscribe()
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
            self._client.publish(will.topic, will.payload, qos=0, retain=True)
        await self._stop()

    async def send(self, cn: str, frame: bytes) -> Sent:
        """Hand over one frame and wait for PUBACK. Raises `Unreachable`."""
        return await self.publish(f"{self._login.topics}/up/{cn}", frame)

    async def tell(self, what: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> Sent:
        """Hand over a notice under the station's topic. Raises `Unreachable`."""
        return await self.publish(f"{self._login.topics}/{what}", payload, qos=qos, retain=retain)

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> Sent:
        """Hand over one message and wait for PUBACK (not with QoS 0). Raises `Unreachable`."""
        size = len(topic.encode()) + len(payload) + OVERHEAD
        if self._largest is not None and size > self._largest:
            return Sent(Outcome.REJECTED, f"{size} bytes, the broker takes {self._largest}")
        if qos == 0:
            self._hand_over(topic, payload, qos, retain)
            return Sent(Outcome.ACCEPTED, "QoS 0")
        async with self._slots:
            mid = self._hand_over(topic, payload, qos, retain)
            reason = await self._acknowledgement(mid, size)
        return Sent(judge_puback(reason), f"PUBACK {reason}")

    async def receive(self) -> Arrival:
        """Wait for the next arrival. Raises what closed the link."""
        get = asyncio.ensure_future(self._inbox.get())
        try:
            await self._or_closed(get)
            if get.done():
                return get.result()
            raise self._closed.result()
        finally:
            get.cancel()

    def _hand_over(self, topic: str, payload: bytes, qos: int, retain: bool) -> int:
        if self._closed.done():
            raise self._closed.result()
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise Unreachable(f"{self._login.address}: {paho.error_string(info.rc)}")
        self.traffic.sent += len(topic.encode()) + len(payload) + OVERHEAD
        return info.mid

    async def _or_closed(self, future: asyncio.Future[Any]) -> None:
        """Wait until the future is done or the link is closed."""
        waiting: set[asyncio.Future[Any]] = {future, self._closed}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    async def _acknowledgement(self, mid: int, size: int) -> int:
        # Nothing was awaited since the message went out, so its acknowledgement, which comes
        # through the loop, finds us waiting. One that nobody waits for (QoS 0) is never kept:
        # its id comes round again.
        future: asyncio.Future[int] = self._loop.create_future()
        self._waiting[mid] = future, size
        try:
            async with asyncio.timeout(self._login.ack_s):
                await self._or_closed(future)
        except TimeoutError:
            error = Unreachable(f"{self._login.address}: no PUBACK in {self._login.ack_s:g} s")
            self._close(error)
            raise error from None
        finally:
            del self._waiting[mid]
        if future.done():
            return future.result()
        raise self._closed.result()

    def _make_client(self) -> paho.Client:
        login = self._login
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=login.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if login.newest else MQTTProtocolVersion.MQTTv311,
            clean_session=None if login.newest else False,
            reconnect_on_failure=False,
        )
        client.connect_timeout = login.connect_s
        client.max_inflight_messages_set(0)  # we count ourselves, by what the broker allows
        if login.username is not None:
            client.username_pw_set(login.username, login.password)
        client.will_set(login.will.topic, login.will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        client.on_socket_open = self._on_socket_open
        return client

    async def _dial(self) -> None:
        """Connect on a thread of its own: a look-up or handshake that hangs holds nobody up."""
        dialled: asyncio.Future[None] = self._loop.create_future()

        def settle(error: OSError | None) -> None:
            if dialled.done():  # given up meanwhile
                self._hang_up()
            elif error is not None:
                dialled.set_exception(error)
            else:
                dialled.set_result(None)

        def dial() -> None:
            error = None
            try:
                self._connect()
            except OSError as problem:
                # paho leaves the socket of a handshake that failed in the frames behind it
                error = problem.with_traceback(None)
            except ValueError as problem:  # a host name that cannot be one
                error = OSError(str(problem))
            self._call(settle, error)

        name = f"dial-{self._login.client_id}"
        threading.Thread(target=dial, name=name, daemon=True).start()
        try:
            await dialled
        except asyncio.CancelledError:
            self._given_up = True
            raise

    def _connect(self) -> None:
        host, port, tls = parse_address(self._login.address)
        if tls:
            self._client.tls_set_context(tls_context(self._login))
        options: dict[str, Any] = {}
        if self._login.newest:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho
            properties.SessionExpiryInterval = SESSION_S
            properties.MaximumPacketSize = LARGEST_DOWN + OVERHEAD
            properties.ReceiveMaximum = IN_FLIGHT
            options = {"clean_start": False, "properties": properties}
        self._client.connect(host, port, keepalive=self._login.keepalive_s, **options)

    def _on_socket_open(self, _client: object, _data: object, _line: object) -> None:
        """Say nothing on a line that came too late: our next connection may live already.

        A greeting from here would take its session over.
        """
        if self._given_up:
            raise OSError("given up before it was connected")

    def _hang_up(self) -> None:
        line = self._client.socket()
        if isinstance(line, socket.socket):
            with contextlib.suppress(OSError):
                line.close()

    def _subscribe(self) -> None:
        for topic in self._login.subscribe:
            code, _ = self._client.subscribe(topic, qos=1)
            if code != paho.MQTT_ERR_SUCCESS:
                raise Unreachable(f"{self._login.address}: {paho.error_string(code)}")

    async def _stop(self) -> None:
        """Close the connection and wait until paho's thread is gone."""
        self._client.disconnect()
        stopped = asyncio.ensure_future(asyncio.to_thread(self._client.loop_stop))
        await asyncio.wait({stopped}, timeout=STOP_S)
        line = self._client.socket()
        if not stopped.done() and isinstance(line, socket.socket):
            with contextlib.suppress(OSError):  # a peer that reads nothing takes no goodbye
                line.shutdown(socket.SHUT_RDWR)
        await stopped
        self._close(Unreachable(f"{self._login.address}: closed"))

    def _call(self, act: Callable[..., None], *values: object) -> None:
        """Go from another thread to the loop; at the very end the loop may be gone."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act, *values)

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, granted: object
    ) -> None:
        self._call(
            self._greeted,
            reason.value,
            str(reason),
            getattr(granted, "ReceiveMaximum", IN_FLIGHT),
            getattr(granted, "MaximumPacketSize", None),
        )

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _p: object
    ) -> None:
        self._call(self._gone, reason.value, str(reason))

    def _on_publish(
        self, _client: object, _data: object, mid: int, reason: ReasonCode, _p: object
    ) -> None:
        self._call(self._acknowledged, mid, reason.value)

    def _on_subscribe(
        self, _client: object, _data: object, _mid: int, reasons: Sequence[ReasonCode], _p: object
    ) -> None:
        for reason in reasons:
            if reason.is_failure:
                log.warning("%s: nothing can come down: %s", self._login.address, reason)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        if len(message.payload) > LARGEST_DOWN:
            log.warning("%s: dropped %d bytes", self._login.address, len(message.payload))
            return
        self._call(self._arrived, Arrival(message.topic, bytes(message.payload)))

    def _greeted(self, code: int, text: str, in_flight: int, largest: int | None) -> None:
        self._slots, self._largest = asyncio.Semaphore(max(1, in_flight)), largest
        if self._connected.done():
            return
        if code == 0:
            self._connected.set_result(None)
        else:
            self._connected.set_exception(_refusal(self._login.address, code, text))

    def _gone(self, code: int, text: str) -> None:
        error: LinkError = Unreachable(f"{self._login.address}: {text}")
        if code == SESSION_TAKEN_OVER:
            error = TakenOver(f"{self._login.address}: {text}")
        elif code == PACKET_TOO_LARGE and self._waiting:
            # sent again it would cost the next connection, too: the largest must be meant
            largest = max(self._waiting, key=lambda mid: self._waiting[mid][1])
            self._acknowledged(largest, code)
        if not self._connected.done():
            text = "the connection was closed without a greeting"
            self._connected.set_exception(NoGreeting(f"{self._login.address}: {text}"))
        self._close(error)

    def _close(self, error: LinkError) -> None:
        if not self._closed.done():
            self._closed.set_result(error)

    def _acknowledged(self, mid: int, code: int) -> None:
        future, _ = self._waiting.get(mid, (None, 0))
        if future is not None and not future.done():
            future.set_result(code)

    def _arrived(self, arrival: Arrival) -> None:
        if self._closed.done():
            return
        self.traffic.received += len(arrival.topic.encode()) + len(arrival.payload) + OVERHEAD
        try:
            self._inbox.put_nowait(arrival)
        except asyncio.QueueFull:
            self._close(Unreachable(f"{self._login.address}: more than {INBOX} arrivals wait"))


def _refusal(address: str, code: int, text: str) -> LinkError:
    if code == UNSUPPORTED_VERSION:
        return UnknownVersion(f"{address}: {text}")
    if code in _TRY_AGAIN:
        return Unreachable(f"{address}: {text}")
    return Rejected(f"{address}: {text}")
