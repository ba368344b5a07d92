"""An MQTT link: paho in our own event loop, without its thread, a fresh client per connection.

The loop tells it when its socket can be read or written; a thread of its own would cost two changes
of thread for each message, which is more than paho itself takes. Only look-up and handshake, which
block, have one.

paho keeps unacknowledged messages in memory and sends them again by itself after a reconnect. Our
outbox is the only queue there may be, so a client object never outlives its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import socket
import ssl
import struct
import threading
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, NamedTuple

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import LinkError, Rejected, Unreachable
from agent.model import EVENT
from agent.uplink.link import Arrival, Awaiting, Ended, Outcome, Sent, Traffic, judge_puback
from agent.uplink.login import Login, parse_address, tls_context
from agent.uplink.tcp import go_out_by, keep_alive
from protocols.hj212.frame_parts import Unseal

log = logging.getLogger(__name__)

STOP_S = 2.0
"""How long a goodbye may take before the socket is closed under it."""
TICK_S = 1.0
"""How often paho looks after its keep-alive, and we after acknowledgements that do not come."""
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


class _Client(paho.Client):
    """A client whose socket is one of ours: bound to a network device, its keep-alive set."""

    def __init__(self, login: Login, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._login = login

    def _create_socket_connection(self) -> socket.socket:
        """Connect to the first place of the host that answers. Raises OSError."""
        host, port, _ = parse_address(self._login.address)
        problem = OSError("no address")
        for family, *_, at in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            line = socket.socket(family, socket.SOCK_STREAM)
            try:
                keep_alive(line, idle_s=self._login.keepalive_s)
                if self._login.interface:
                    go_out_by(line, self._login.interface)
                line.settimeout(self._login.connect_s)
                line.connect(at)
            except OSError as error:
                problem = error
                line.close()
            else:
                return line
        raise problem


class _Message(NamedTuple):
    """One publication with QoS 1, and who is told its end."""

    topic: str
    payload: bytes
    size: int
    ended: Ended
    retain: bool = False
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
        self._most = IN_FLIGHT
        self._thread = threading.get_ident()
        self._line: socket.socket | None = None
        """The connection while the event loop looks after it."""
        self._tick: asyncio.TimerHandle | None = None
        self._taken = asyncio.Event()
        """All that paho had to say was written."""
        self._taken.set()
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
            self._attend()
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

    def post(self, cn: str, payload: bytes, ended: Ended) -> None:
        """Hand over one frame, or a notice where `cn` is `event`."""
        below = EVENT if cn == EVENT else f"up/{cn}"
        self._post(f"{self._login.topics}/{below}", payload, ended)

    async def flush(self) -> None:
        """See that the link lives: paho takes what is posted. Raises `Unreachable`."""
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
            self._client.publish(topic, payload, qos=0, retain=retain)
            self.traffic.sent += size
            self._mind_writing()
            ended(Sent(Outcome.ACCEPTED, "QoS 0"))
        else:
            message = _Message(topic, payload, size, ended, retain)
            if len(self._waiting) < self._most:
                self._hand_over(message)
            else:
                self._queued.append(message)

    def _hand_over(self, message: _Message) -> None:
        info = self._client.publish(message.topic, message.payload, qos=1, retain=message.retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            message.ended(Unreachable(f"{self._login.address}: {paho.error_string(info.rc)}"))
            return
        due = self._loop.time() + self._login.ack_s
        self._waiting[info.mid] = message._replace(due=due)
        self.traffic.sent += message.size
        self._mind_writing()

    def _attend(self) -> None:
        """Have the event loop read, write and look after the connection from now on."""
        line = self._client.socket()
        if isinstance(line, socket.socket):
            self._line = line
            self._loop.add_reader(line, self._readable)
        self._mind_writing()
        self._look_after()

    def _leave(self) -> None:
        """Have the event loop forget the connection, which paho or we are about to close."""
        if self._line is not None:
            self._loop.remove_reader(self._line)
            self._loop.remove_writer(self._line)
        self._line = None
        if self._tick is not None:
            self._tick.cancel()
        self._taken.set()

    def _readable(self) -> None:
        self._go(self._client.loop_read)
        # TLS may hold more than what made the socket readable
        while isinstance(self._line, ssl.SSLSocket) and self._line.pending():
            self._go(self._client.loop_read)
        self._tell_ends()
        self._mind_writing()

    def _writable(self) -> None:
        self._go(self._client.loop_write)
        self._mind_writing()

    def _look_after(self) -> None:
        """Every second: keep-alive, and an acknowledgement that did not come in time."""
        every_s = min(TICK_S, self._login.ack_s)
        self._tick = self._loop.call_later(every_s, self._look_after)
        self._go(self._client.loop_misc)
        self._mind_writing()
        oldest = next(iter(self._waiting.values()), None)
        if oldest is not None and self._loop.time() >= oldest.due:
            text = f"no PUBACK in {self._login.ack_s:g} s"
            self._close(Unreachable(f"{self._login.address}: {text}"))

    def _go(self, step: Callable[[], object]) -> None:
        """Let paho take a step; bytes that are no MQTT end the link and nothing else."""
        try:
            step()
        except (ValueError, LookupError, struct.error) as error:
            self._close(Unreachable(f"{self._login.address}: not MQTT: {error}"))

    def _mind_writing(self) -> None:
        """Wait for the socket to take more, as long as paho has more."""
        more = self._client.want_write() and self._client.socket() is not None
        if more and self._line is not None:
            self._loop.add_writer(self._line, self._writable)
            self._taken.clear()
        elif not self._taken.is_set():
            self._taken.set()
            if self._line is not None:
                self._loop.remove_writer(self._line)

    def _tell_ends(self) -> None:
        """Tell the ends of what was acknowledged, and hand over what waited for that."""
        acknowledged, self._acknowledged = self._acknowledged, []
        for mid, code in acknowledged:
            message = self._waiting.pop(mid, None)
            if message is not None:
                message.ended(_end(code))
        while self._queued and len(self._waiting) < self._most and not self._closed.done():
            self._hand_over(self._queued.popleft())

    def _make_client(self) -> paho.Client:
        login = self._login
        client = _Client(
            login,
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
        client.on_socket_close = self._on_socket_close
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

    def _on_socket_close(self, _client: object, _data: object, _line: object) -> None:
        self._leave()

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
        """Say goodbye and close the connection."""
        self._client.disconnect()
        self._mind_writing()
        try:
            async with asyncio.timeout(STOP_S):  # a peer that reads nothing takes no goodbye
                await self._taken.wait()
        except TimeoutError:
            pass
        finally:
            self._leave()
            self._hang_up()
            self._close(Unreachable(f"{self._login.address}: closed"))

    def _call(self, act: Callable[..., None], *values: object) -> None:
        """Go to the loop, from whichever thread; at the very end the loop may be gone."""
        if threading.get_ident() == self._thread:
            act(*values)
            return
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
        if mid in self._waiting:  # else it had QoS 0, and its number comes round again
            self._acknowledged.append((mid, reason.value))

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
        self._arrived(Arrival(message.topic, bytes(message.payload)))

    def _greeted(self, code: int, text: str, in_flight: int, largest: int | None) -> None:
        self._most, self._largest = max(1, in_flight), largest
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
            largest = max(self._waiting, key=lambda mid: self._waiting[mid].size)
            self._acknowledged.append((largest, code))
        if not self._connected.done():
            text = "the connection was closed without a greeting"
            self._connected.set_exception(NoGreeting(f"{self._login.address}: {text}"))
        self._close(error)

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

    def _arrived(self, arrival: Arrival) -> None:
        if self._closed.done():
            return
        self.traffic.received += len(arrival.topic.encode()) + len(arrival.payload) + OVERHEAD
        if len(self._inbox) >= INBOX:
            self._close(Unreachable(f"{self._login.address}: more than {INBOX} arrivals wait"))
            return
        self._inbox.append(arrival)
        self._something.set()


@functools.cache
def _end(reason: int) -> Sent:
    return Sent(judge_puback(reason), f"PUBACK {reason}")


def _refusal(address: str, code: int, text: str) -> LinkError:
    if code == UNSUPPORTED_VERSION:
        return UnknownVersion(f"{address}: {text}")
    if code in _TRY_AGAIN:
        return Unreachable(f"{address}: {text}")
    return Rejected(f"{address}: {text}")
