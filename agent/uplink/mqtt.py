"""An MQTT link: paho in its own thread, bridged to asyncio, a fresh client per connection.

paho keeps unacknowledged messages in memory and sends them again by itself after a reconnect. Our
outbox is the only queue there may be, so a client object never outlives its connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import LinkError, Rejected, Unreachable
from agent.uplink.link import Arrival, Outcome, Sent, judge_puback

CONNECT_TIMEOUT_S = 10.0
ACK_TIMEOUT_S = 20.0
INBOX = 256
"""Arrivals that may wait; a platform that floods us is dropped, not buffered without end."""
SESSION_S = 3600
"""How long the broker keeps what came down while we were away."""

UNSUPPORTED_VERSION = 132
SESSION_TAKEN_OVER = 142
_TRY_AGAIN = {128, 136, 137, 151, 159}
"""Connect reasons that pass: unspecified, unavailable, busy, quota, connection rate."""


class TakenOver(LinkError):
    """Another client connected with our identity. Reconnecting would start a tug of war."""


class UnknownVersion(LinkError):
    """The broker does not speak this version of MQTT."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we are gone."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Login:
    """Everything one connection needs. Passwords are read just before and kept nowhere."""

    address: str
    client_id: str
    will: Will
    subscribe: tuple[str, ...]
    newest: bool = True
    """MQTT 5; else 3.1.1."""
    keepalive_s: int = 60
    username: str | None = None
    password: str | None = None
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None


class MqttLink:
    """One connection to one broker. Use as `async with MqttLink(login)`."""

    def __init__(self, login: Login) -> None:
        self._login = login
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[Arrival] = asyncio.Queue(INBOX)
        self._closed: asyncio.Future[LinkError] = self._loop.create_future()
        self._connected: asyncio.Future[None] = self._loop.create_future()
        self._waiting: dict[int, asyncio.Future[int]] = {}
        self._early: dict[int, int] = {}
        self._client = self._make_client()

    @property
    def shows_delivery(self) -> bool:
        """Say whether PUBACK tells that somebody took the message: in MQTT 5 only."""
        return self._login.newest

    async def __aenter__(self) -> MqttLink:
        """Connect, log in and subscribe.

        Raises `Unreachable`, `Rejected` or `UnknownVersion`.
        """
        host, port, _ = parse_address(self._login.address)
        try:
            await asyncio.to_thread(self._dial, host, port)
            self._client.loop_start()
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._connected
            self._subscribe()
        except (OSError, TimeoutError) as error:
            await self._stop()
            raise Unreachable(f"{self._login.address}: {error or 'no answer'}") from error
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
        """Say goodbye; the will stays unsaid."""
        self._client.disconnect()
        await self._stop()

    async def publish(
        self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False
    ) -> Sent:
        """Hand over one message and wait for PUBACK (not with QoS 0). Raises `Unreachable`."""
        if self._closed.done():
            raise self._closed.result()
        info = self._client.publish(topic, payload, qos=qos, retain=retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise Unreachable(f"{self._login.address}: {paho.error_string(info.rc)}")
        if qos == 0:
            return Sent(Outcome.ACCEPTED, "QoS 0")
        reason = await self._acknowledgement(info.mid)
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

    async def _or_closed(self, future: asyncio.Future[Any]) -> None:
        """Wait until the future is done or the link is closed."""
        waiting: set[asyncio.Future[Any]] = {future, self._closed}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)

    async def _acknowledgement(self, mid: int) -> int:
        # paho may call on_publish before publish() returns the id
        if mid in self._early:
            return self._early.pop(mid)
        future: asyncio.Future[int] = self._loop.create_future()
        self._waiting[mid] = future
        try:
            async with asyncio.timeout(ACK_TIMEOUT_S):
                await self._or_closed(future)
        except TimeoutError:
            raise Unreachable(f"{self._login.address}: no PUBACK in {ACK_TIMEOUT_S} s") from None
        finally:
            self._waiting.pop(mid, None)
        if future.done():
            return future.result()
        raise self._closed.result()

    def _make_client(self) -> paho.Client:
        login = self._login
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=login.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if login.newest else MQTTProtocolVersion.MQTTv311,
            clean_session=None if self.shows_delivery else False,
            reconnect_on_failure=False,
        )
        client.connect_timeout = CONNECT_TIMEOUT_S
        if login.username is not None:
            client.username_pw_set(login.username, login.password)
        if parse_address(login.address)[2]:
            client.tls_set_context(_tls(login))
        client.will_set(login.will.topic, login.will.payload, qos=1, retain=True)
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_publish = self._on_publish
        client.on_message = self._on_message
        return client

    def _dial(self, host: str, port: int) -> None:
        options: dict[str, Any] = {}
        if self.shows_delivery:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho
            properties.SessionExpiryInterval = SESSION_S
            options = {"clean_start": False, "properties": properties}
        self._client.connect(host, port, keepalive=self._login.keepalive_s, **options)

    def _subscribe(self) -> None:
        for topic in self._login.subscribe:
            code, _ = self._client.subscribe(topic, qos=1)
            if code != paho.MQTT_ERR_SUCCESS:
                raise Unreachable(f"{self._login.address}: {paho.error_string(code)}")

    async def _stop(self) -> None:
        await asyncio.to_thread(self._client.loop_stop)
        self._close(Unreachable(f"{self._login.address}: closed"))

    def _call(self, act: Callable[..., None], *values: object) -> None:
        """Go from paho's thread to the loop; at the very end the loop may be gone."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(act, *values)

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _p: object
    ) -> None:
        self._call(self._greeted, reason.value, str(reason))

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _p: object
    ) -> None:
        self._call(self._gone, reason.value, str(reason))

    def _on_publish(
        self, _client: object, _data: object, mid: int, reason: ReasonCode, _p: object
    ) -> None:
        self._call(self._acknowledged, mid, reason.value)

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._call(self._arrived, Arrival(message.topic, bytes(message.payload)))

    def _greeted(self, code: int, text: str) -> None:
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
        if not self._connected.done():
            self._connected.set_exception(error)
        self._close(error)

    def _close(self, error: LinkError) -> None:
        if not self._closed.done():
            self._closed.set_result(error)

    def _acknowledged(self, mid: int, code: int) -> None:
        future = self._waiting.get(mid)
        if future is None:
            self._early[mid] = code
        elif not future.done():
            future.set_result(code)

    def _arrived(self, arrival: Arrival) -> None:
        try:
            self._inbox.put_nowait(arrival)
        except asyncio.QueueFull:
            self._close(Unreachable(f"{self._login.address}: more than {INBOX} arrivals wait"))


def parse_address(address: str) -> tuple[str, int, bool]:
    """Read `mqtt://host[:port]` or `mqtts://host[:port]` as host, port and whether TLS is on.

    Raises ValueError.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f"address {address!r}: mqtt://host[:port] or mqtts://host[:port] expected")
    tls = parts.scheme == "mqtts"
    return parts.hostname, parts.port or (8883 if tls else 1883), tls


def _tls(login: Login) -> ssl.SSLContext:
    """Verify the broker, always; show a certificate of our own where there is one."""
    context = ssl.create_default_context(cafile=login.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if login.client_cert:
        context.load_cert_chain(login.client_cert, login.client_key)
    return context


def _refusal(address: str, code: int, text: str) -> LinkError:
    if code == UNSUPPORTED_VERSION:
        return UnknownVersion(f"{address}: {text}")
    if code in _TRY_AGAIN:
        return Unreachable(f"{address}: {text}")
    return Rejected(f"{address}: {text}")
