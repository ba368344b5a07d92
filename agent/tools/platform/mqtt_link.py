"""The platform's connection to a broker: a fresh paho client each time, its thread kept inside.

A message is acknowledged to the broker only after the platform has it on disk, so that neither a
crash of ours nor one of the broker's loses any.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from dataclasses import dataclass
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from agent.tools.platform.broker_address import BrokerAddress

CONNECT_S = 5.0
KEEPALIVE_S = 15
SESSION_S = 86_400
"""How long the broker keeps messages for us while we are away."""

IN_FLIGHT = 100
_OWN, _OVERHEARD = 1, 2
"""Numbers of our subscriptions (MQTT 5): what we take, and what another of the group takes."""

RETRY_S = (0.2, 2.0)

log = logging.getLogger(__name__)


class BrokerAway(Exception):
    """No connection for now; the text says why."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """One message, not yet acknowledged."""

    topic: str
    payload: bytes
    mid: int
    qos: int
    overheard: bool = False
    """It came by a subscription beside the group's: another of the group answers it."""


class Connection:
    """One connection of one paho client, from CONNECT to its end. Used once."""

    def __init__(self, address: BrokerAddress, client_id: str, *, version: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._address = address
        self._connected: asyncio.Future[str] = self._loop.create_future()
        self._subscribed: asyncio.Future[list[ReasonCode]] = self._loop.create_future()
        self.lost: asyncio.Future[str] = self._loop.create_future()
        # Bounded: the broker sends no more than IN_FLIGHT (3.1.1: its own limit) unacknowledged.
        self.inbox: asyncio.Queue[Incoming] = asyncio.Queue()
        self._client = self._make_client(client_id, version)

    async def open(self, filters: list[str], overheard: list[str]) -> None:
        """Connect and subscribe. Raises `BrokerAway`."""
        await self._handshake()
        await self._subscribe(filters, number=_OWN)
        if overheard:
            await self._subscribe(overheard, number=_OVERHEARD)

    async def _subscribe(self, filters: list[str], *, number: int) -> None:
        self._subscribed = self._loop.create_future()
        if self._client.protocol == mqtt.MQTTv5:
            properties = Properties(PacketTypes.SUBSCRIBE)  # type: ignore[no-untyped-call]  # paho's
            properties.SubscriptionIdentifier = number
            options = SubscribeOptions(qos=1)
            result, _ = self._client.subscribe(
                [(name, options) for name in filters], properties=properties
            )
        else:
            result, _ = self._client.subscribe([(name, 1) for name in filters])
        if result is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerAway(f"subscribe: {mqtt.error_string(result)}")
        granted = await self._in_time(self._subscribed, "no SUBACK")
        if any(reason.is_failure for reason in granted):
            raise BrokerAway("the broker refused a subscription")

    def acknowledge(self, message: Incoming) -> None:
        """Tell the broker that it need not keep the message any more."""
        self._client.ack(message.mid, message.qos)

    def publish(self, topic: str, payload: bytes) -> None:
        """Send a message at least once while this connection lasts."""
        self._client.publish(topic, payload, qos=1)

    def drop(self) -> None:
        """Break the connection from our side."""
        self._client.disconnect()

    async def close(self) -> None:
        """Say goodbye and end the thread."""
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    async def _handshake(self) -> None:
        try:
            await asyncio.to_thread(self._connect)
        except OSError as problem:
            raise BrokerAway(problem.strerror or str(problem)) from None
        self._client.loop_start()
        refused = await self._in_time(self._connected, "no CONNACK")
        if refused:
            raise BrokerAway(refused)

    def _connect(self) -> None:
        host, port = self._address.host, self._address.port
        if self._client.protocol != mqtt.MQTTv5:
            self._client.connect(host, port, KEEPALIVE_S)
            return
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho's
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = IN_FLIGHT
        self._client.connect(host, port, KEEPALIVE_S, clean_start=False, properties=properties)

    def _make_client(self, client_id: str, version: int) -> mqtt.Client:
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=None if version == mqtt.MQTTv5 else False,
            protocol=MQTTProtocolVersion(version),
            reconnect_on_failure=False,
            manual_ack=True,
        )
        client.connect_timeout = CONNECT_S
        if self._address.username:
            client.username_pw_set(self._address.username, self._address.password)
        if self._address.secure:
            client.tls_set(ca_certs=self._address.ca)
        client.on_connect = lambda _c, _u, _f, reason, _p: self._post(
            self._connected, str(reason) if reason.is_failure else ""
        )
        client.on_disconnect = lambda _c, _u, _f, reason, _p: self._ended(str(reason))
        client.on_subscribe = lambda _c, _u, _m, reasons, _p: self._post(self._subscribed, reasons)
        client.on_message = self._arrived
        return client

    def _arrived(self, _client: mqtt.Client, _userdata: Any, message: mqtt.MQTTMessage) -> None:
        numbers = getattr(message.properties, "SubscriptionIdentifier", [])
        incoming = Incoming(
            message.topic,
            bytes(message.payload),
            message.mid,
            message.qos,
            overheard=numbers == [_OVERHEARD],
        )
        with contextlib.suppress(RuntimeError):  # the loop has closed: the broker keeps it
            self._loop.call_soon_threadsafe(self.inbox.put_nowait, incoming)

    def _ended(self, reason: str) -> None:
        self._post(self._connected, reason or "hung up")
        self._post(self.lost, reason or "hung up")

    def _post(self, future: asyncio.Future[Any], result: Any) -> None:
        """Set a future from paho's thread; the first result stands."""

        def set_it() -> None:
            if not future.done():
                future.set_result(result)

        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(set_it)

    async def _in_time(self, future: asyncio.Future[Any], missing: str) -> Any:
        done, _ = await asyncio.wait(
            {future, self.lost}, timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED
        )
        if future in done:
            return future.result()
        raise BrokerAway(self.lost.result() if done else missing)


async def connect(
    address: BrokerAddress,
    client_id: str,
    filters: list[str],
    *,
    shared: bool = False,
    overheard: list[str] | None = None,
) -> Connection:
    """Connect by MQTT 5, or by 3.1.1 where the broker knows no better. Raises `BrokerAway`.

    What is `shared` needs MQTT 5. `overheard` are filters beside a shared intake.
    """
    why = BrokerAway("no version tried")
    for version in (mqtt.MQTTv5,) if shared else (mqtt.MQTTv5, mqtt.MQTTv311):
        connection = Connection(address, client_id, version=version)
        try:
            await connection.open(filters, overheard or [])
        except BrokerAway as problem:
            why = problem
            await connection.close()
        except BaseException:
            await connection.close()
            raise
        else:
            return connection
    raise why


def pause_s(attempt: int) -> float:
    """Give how long to wait before the next attempt: growing, and never in step with others."""
    shortest, longest = RETRY_S
    return random.uniform(shortest, min(longest, shortest * 2.0**attempt))
