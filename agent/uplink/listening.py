"""The other way round: a province calls in, and we are the server. One caller, one life.

At `listens://` we show the certificate of `tcp.client_cert`, and ask the caller for one where there
is a `tcp.ca`.

A port that is open to everybody would take orders from everybody who knows MN and PW: only
loopback and the networks of the allow-list are let in.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import Iterable

from agent.errors import Unreachable
from agent.uplink.login import TcpLogin, door_context, parse_tcp_address
from agent.uplink.lookup import places
from agent.uplink.tcp import PIECE, TcpLink, go_out_by, keep_alive

log = logging.getLogger(__name__)

CALLERS = 4
"""Calls that may wait to be looked at."""


class CalledLink(TcpLink):
    """A connection that the platform makes. While it lasts nobody else gets in."""

    def __init__(self, login: TcpLogin) -> None:
        super().__init__(login)
        self._turned_away = ""

    async def __aenter__(self) -> CalledLink:
        """Wait for a caller that may come in, as long as it takes. Raises `Unreachable`."""
        address = self._login.address
        scheme, _, _ = parse_tcp_address(address)
        context = None
        try:
            if scheme == "listens":
                context = await asyncio.to_thread(door_context, self._login)
            door = await self._open_door()
        except OSError as error:
            raise Unreachable(f"{address}: {error.strerror or error}") from error
        try:
            while not await self._answered(await self._admitted(door), context):
                pass
        finally:
            door.close()
        return self

    async def _answered(self, line: socket.socket, context: ssl.SSLContext | None) -> bool:
        """Begin to talk to a caller; False when nothing comes of it, and the next one may call."""
        if context is None:
            await self._begin(line, None, "")
            return True
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(PIECE, loop)
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            keep_alive(line, idle_s=self._login.keepalive_s)
            transport, _ = await loop.connect_accepted_socket(
                lambda: protocol, line, ssl=context, ssl_handshake_timeout=self._login.connect_s
            )
        except OSError as error:  # ssl.SSLError and TimeoutError are
            log.warning("%s: a caller without a handshake: %s", self._login.address, error)
            line.close()
            return False
        except BaseException:
            line.close()
            raise
        self._reader = reader
        self._writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        return True

    async def _open_door(self) -> socket.socket:
        _, host, port = parse_tcp_address(self._login.address)
        (place, *_) = await places(host, port)
        door = socket.socket(place.family, socket.SOCK_STREAM)
        try:
            door.setblocking(False)
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if self._login.interface:
                go_out_by(door, self._login.interface)
            door.bind(place.at)
            door.listen(CALLERS)
        except BaseException:
            door.close()
            raise
        return door

    async def _admitted(self, door: socket.socket) -> socket.socket:
        # no time-out: that nobody calls is no fault of the line, and cancelling ends the wait
        loop = asyncio.get_running_loop()
        while True:
            line, peer = await loop.sock_accept(door)
            if may_call(str(peer[0]), self._login.allow):
                return line
            line.close()
            if peer[0] != self._turned_away:
                log.warning("%s: %s may not call in", self._login.address, peer[0])
            self._turned_away = str(peer[0])


def may_call(peer: str, allow: Iterable[str]) -> bool:
    """Say whether a caller is of this machine, or of a network that may call in."""
    address = ipaddress.ip_address(peer.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return True
    return any(address in ipaddress.ip_network(network, strict=False) for network in allow)
