"""paho's client for the life of one connection. Nobody else in the daemon knows paho.

It has no thread: whoever has the event loop says when to read and to write. paho keeps messages
that were not acknowledged in memory and sends them again by itself after a reconnect. Our outbox is
the only queue there may be, so a client object never outlives its connection.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from typing import Any, Protocol

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from agent.errors import Unreachable
from agent.uplink.gathering import GatheringLine
from agent.uplink.login import Login, parse_address, tls_context
from agent.uplink.tcp import go_out_by, keep_alive

SESSION_S = 3600
"""How long the broker keeps what came down while we were away."""
IN_FLIGHT = 65_535
"""What MQTT 5 allows unacknowledged where the broker sets no bound of its own (§3.3.4)."""
LARGEST_DOWN = 256 * 1024
"""Bytes of the largest thing that may come down: an order; a frame has at most 9,999."""
OVERHEAD = 16
"""Bytes a PUBLISH of ours has at most beside topic and payload."""
_ACCEPTED = ReasonCode(PacketTypes.PUBACK)
_NONE = Properties(PacketTypes.PUBACK)  # type: ignore[no-untyped-call]  # paho


class Ears(Protocol):
    """Who is told what the broker says, and what paho wants."""

    def greeted(self, code: int, text: str, *, in_flight: int, largest: int | None) -> None:
        """The broker answered our greeting; with what it takes at a time, and at most."""

    def acknowledged(self, mid: int, code: int) -> None:
        """A publication was acknowledged, or one with QoS 0 was written."""

    def subscribed(self, refusals: Sequence[str]) -> None:
        """A subscription was answered; in words what was refused."""

    def arrived(self, topic: str, payload: bytes) -> None:
        """Something came down."""

    def parted(self, code: int, text: str) -> None:
        """The connection has ended."""

    def has_more(self) -> None:
        """There is something to write. Told while connecting, too, from another thread."""

    def hangs_up(self) -> None:
        """The socket is about to be closed."""


class _Paho(paho.Client):
    """A client with a socket of ours: bound to a network device, kept alive, gathering."""

    def __init__(self, login: Login) -> None:
        super().__init__(
            CallbackAPIVersion.VERSION2,
            client_id=login.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if login.newest else MQTTProtocolVersion.MQTTv311,
            clean_session=None if login.newest else False,
            reconnect_on_failure=False,
        )
        self._login = login

    def _handle_pubackcomp(self, cmd: Any) -> MQTTErrorCode:
        """Take an acknowledgement; one that says nothing but its number has its words ready.

        paho makes a reason and properties anew for each, a fifth of a drain's time.
        """
        packet = self._in_packet["packet"]
        if cmd != "PUBACK" or len(packet) != 2:
            return super()._handle_pubackcomp(cmd)
        mid = int.from_bytes(packet, "big")
        with self._out_message_mutex:
            if mid not in self._out_messages:
                return MQTTErrorCode.MQTT_ERR_SUCCESS
            return self._do_on_publish(mid, _ACCEPTED, _NONE)

    def _create_socket(self) -> GatheringLine:
        line = super()._create_socket()
        assert isinstance(line, socket.socket)
        return GatheringLine(line)

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


class MqttClient:
    """One connection's client; what comes of its steps is told to `ears`."""

    def __init__(self, login: Login, ears: Ears) -> None:
        self.given_up = False
        """Whether a connection that still comes about is too late."""
        self._login, self._ears = login, ears
        self._paho = self._made()

    def connect(self) -> None:
        """Connect, and have a greeting to write. Blocks. Raises OSError, ValueError."""
        host, port, tls = parse_address(self._login.address)
        if tls:
            self._paho.tls_set_context(tls_context(self._login))
        options: dict[str, Any] = {}
        if self._login.newest:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho
            properties.SessionExpiryInterval = SESSION_S
            properties.MaximumPacketSize = LARGEST_DOWN + OVERHEAD
            properties.ReceiveMaximum = IN_FLIGHT
            options = {"clean_start": False, "properties": properties}
        self._paho.connect(host, port, keepalive=self._login.keepalive_s, **options)

    @property
    def line(self) -> GatheringLine | None:
        """The connection; None before it came about and after its end."""
        line = self._paho.socket()
        return line if isinstance(line, GatheringLine) else None

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int:
        """Have a message to write; gives the number it is acknowledged by. Raises `Unreachable`."""
        info = self._paho.publish(topic, payload, qos=qos, retain=retain)
        if info.rc != paho.MQTT_ERR_SUCCESS:
            raise Unreachable(f"{self._login.address}: {paho.error_string(info.rc)}")
        return info.mid

    def subscribe(self) -> None:
        """Ask for what comes down. Raises `Unreachable`."""
        for topic in self._login.subscribe:
            code, _ = self._paho.subscribe(topic, qos=1)
            if code != paho.MQTT_ERR_SUCCESS:
                raise Unreachable(f"{self._login.address}: {paho.error_string(code)}")

    def read(self) -> None:
        """Take from the line what was read. Raises ValueError, LookupError, struct.error."""
        self._paho.loop_read()

    def write(self) -> None:
        """Lay on the line what there is to write."""
        self._paho.loop_write()

    @property
    def more(self) -> bool:
        """Say whether it has more than the line took."""
        return self._paho.want_write()

    def look_after(self) -> None:
        """Every now and then: keep-alive."""
        self._paho.loop_misc()

    def disconnect(self) -> None:
        """Have a goodbye to write, where there is a connection."""
        self._paho.disconnect()

    def hang_up(self) -> None:
        """Close the connection under paho."""
        line = self.line
        if line is not None:
            with contextlib.suppress(OSError):
                line.close()

    def _made(self) -> _Paho:
        login = self._login
        client = _Paho(login)
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
        client.on_socket_close = lambda *_: self._ears.hangs_up()
        # with this told, paho writes nothing by itself: what is published together goes together
        client.on_socket_register_write = lambda *_: self._ears.has_more()
        return client

    def _on_socket_open(self, _client: object, _data: object, _line: object) -> None:
        """Say nothing on a line that came too late: our next connection may live already.

        A greeting from here would take its session over.
        """
        if self.given_up:
            raise OSError("given up before it was connected")

    def _on_connect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, granted: object
    ) -> None:
        in_flight = getattr(granted, "ReceiveMaximum", IN_FLIGHT)
        largest = getattr(granted, "MaximumPacketSize", None)
        self._ears.greeted(reason.value, str(reason), in_flight=in_flight, largest=largest)

    def _on_disconnect(
        self, _client: object, _data: object, _flags: object, reason: ReasonCode, _p: object
    ) -> None:
        self._ears.parted(reason.value, str(reason))

    def _on_publish(
        self, _client: object, _data: object, mid: int, reason: ReasonCode, _p: object
    ) -> None:
        self._ears.acknowledged(mid, reason.value)

    def _on_subscribe(
        self, _client: object, _data: object, _mid: int, reasons: Sequence[ReasonCode], _p: object
    ) -> None:
        self._ears.subscribed([str(reason) for reason in reasons if reason.is_failure])

    def _on_message(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        self._ears.arrived(message.topic, bytes(message.payload))
