"""The bytes of a serial line through a TCP connection: serial servers and RTU-over-TCP gateways.

TCP has no unplugging: a peer that lost power never says so. After a few silences the connection is
made anew; only that finds out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from drivers.line import NoLine, Patience
from drivers.settings import StreamBus

CONNECT_TIMEOUT_S = 5.0
LONGEST_DELAY_S = 1.5
"""An endpoint that is back is asked again within two seconds, however long it was away."""
SILENT_TIMES = 3
MOST_UNSENT = 4096


class StreamPort:
    """One connection, made when it is needed."""

    def __init__(self, settings: StreamBus) -> None:
        self._settings = settings
        self._transport: asyncio.Transport | None = None
        self._silent = 0
        self.patience = Patience(LONGEST_DELAY_S)
        self.came: Callable[[bytes], None] = _ignored
        self.gone: Callable[[], None] = _nothing

    @property
    def is_open(self) -> bool:
        """Whether bytes can pass."""
        return self._transport is not None

    async def open(self) -> None:
        """Connect. Raises NoLine; does nothing when it is connected."""
        if self._transport is not None:
            return
        self.patience.check(_now())
        host, port = self._settings.host, self._settings.port
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                transport, _ = await loop.create_connection(lambda: _Ear(self), host, port)
        except (TimeoutError, OSError, UnicodeError) as error:
            trouble = f"no connection to {host}:{port}"
            raise self.patience.failed(_now(), trouble) from error
        self._transport, self._silent = transport, 0

    def flush(self) -> None:
        """Throw nothing away: all that came was given on. Raises NoLine where nothing is open."""
        if self._transport is None:
            raise NoLine(self.patience.trouble)

    def send(self, data: bytes) -> None:
        """Let all of it go. Raises NoLine."""
        if self._transport is None:
            raise NoLine(self.patience.trouble)
        if self._transport.get_write_buffer_size() > MOST_UNSENT:
            self.close()
            raise self.patience.failed(_now(), "the connection takes no more bytes")
        self._transport.write(data)

    def silent(self) -> None:
        """Note a question without a byte in answer; after several, connect anew."""
        self._silent += 1
        if self._silent >= SILENT_TIMES:
            self.close()

    def close(self) -> None:
        """Close the connection; the next question makes a new one."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.abort()

    def heard(self, transport: asyncio.BaseTransport | None, data: bytes) -> None:
        """Take bytes of the connection in use; those of an older one are nobody's."""
        if transport is self._transport:
            self._silent = 0
            self.came(data)

    def lost(self, transport: asyncio.BaseTransport | None) -> None:
        """Note that the connection in use ended from the other side."""
        if transport is not None and transport is self._transport:
            self._transport = None
            self.patience.failed(_now(), "the connection was closed from the other side")
            self.gone()


class _Ear(asyncio.Protocol):
    """Listens to one connection, and tells whose bytes they are."""

    def __init__(self, port: StreamPort) -> None:
        self._port = port
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._port.heard(self._transport, data)

    def connection_lost(self, _error: Exception | None) -> None:
        self._port.lost(self._transport)


def _ignored(_data: bytes) -> None:
    """Take bytes nobody waits for."""


def _nothing() -> None:
    """Do nothing."""


def _now() -> float:
    return asyncio.get_running_loop().time()
