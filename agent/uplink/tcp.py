"""A TCP link: HJ 212 frames in a byte stream, with TLS where the address says so.

There is no acknowledgement below HJ 212 itself: what is written is only on its way. A peer that
takes nothing is given up after `ack_s`; one that is gone without a word is found by keep-alive
probes and by bytes of ours that nobody acknowledges (TCP_USER_TIMEOUT).
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import socket
import ssl
import struct
import termios
from collections import deque
from collections.abc import Iterator
from types import TracebackType

from agent.errors import Unreachable
from agent.model import EVENT
from agent.uplink.link import Arrival, Ended, Outcome, Sent, Traffic
from agent.uplink.login import TcpLogin, parse_tcp_address, tls_context
from agent.uplink.lookup import Place, places
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import Frame, Framer
from protocols.hj212.frame_parts import Unseal

log = logging.getLogger(__name__)

STOP_S = 2.0
"""How long a goodbye may take."""
PIECE = 16 * 1024
PROBE_S = 10
PROBES = 3
WRITTEN = Sent(Outcome.ACCEPTED, "written")
_ACKED, _ACKED_AT = struct.Struct("=Q"), 120
"""A counter in the kernel's `struct tcp_info`, and where it stands."""
NO_TOPICS = Sent(Outcome.REJECTED, "no place for it over TCP")


class TcpLink:
    """One connection to a platform that listens. Use as `async with TcpLink(login)`."""

    topics = False
    shows_delivery = False

    def __init__(self, login: TcpLogin) -> None:
        self.traffic = Traffic()
        self._login = login
        self._unseal = login.unseal
        self._framer = Framer(unseal=self._open if login.unseal else None)
        self._arrived: deque[Arrival] = deque()
        self._posted: list[tuple[bytes, Ended]] = []
        self._saying = asyncio.Lock()
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def __aenter__(self) -> TcpLink:
        """Connect. Raises `Unreachable`."""
        login = self._login
        try:
            async with asyncio.timeout(login.connect_s):
                await self._connect()
        except TimeoutError:
            await self._stop()
            raise Unreachable(f"{login.address}: no answer in {login.connect_s:g} s") from None
        except OSError as error:  # ssl.SSLError is one
            await self._stop()
            raise Unreachable(f"{login.address}: {_reason(error)}") from error
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        await self._stop()

    def post(self, cn: str, payload: bytes, ended: Ended) -> None:
        """Lay out one frame; the peer's own answer tells what became of it."""
        if cn == EVENT:
            ended(NO_TOPICS)
        else:
            self._posted.append((payload, ended))

    async def flush(self) -> None:
        """Write what was posted, at once. Raises `Unreachable`."""
        if not self._posted:
            return
        posted, self._posted = self._posted, []
        try:
            await self._write(b"".join([frame for frame, _ in posted]))
        except Unreachable as error:
            for _, ended in posted:
                ended(error)
            raise
        for _, ended in posted:
            ended(WRITTEN)

    async def send(self, cn: str, frame: bytes, *, mn: str = "") -> Sent:
        """Write one frame. Raises `Unreachable`."""
        await self._write(frame)
        return WRITTEN

    async def _write(self, data: bytes) -> None:
        # the wait for one's turn ends with the wait of those before
        async with self._saying:
            await self._say(data)

    async def _say(self, data: bytes) -> None:
        writer = self._writer
        if writer is None or writer.is_closing():
            raise Unreachable(f"{self._login.address}: closed")
        try:
            writer.write(data)
            self.traffic.sent += len(data)
            await self._drained(writer)
        except TimeoutError:
            writer.transport.abort()
            text = f"the peer took nothing for {self._login.ack_s:g} s"
            raise Unreachable(f"{self._login.address}: {text}") from None
        except OSError as error:
            raise Unreachable(f"{self._login.address}: {_reason(error)}") from error

    async def _drained(self, writer: asyncio.StreamWriter) -> None:
        """Wait until there is room for more. Raises TimeoutError when none comes for `ack_s`.

        A slow line takes a large window bit by bit: what counts is that it takes something.
        """
        line = writer.get_extra_info("socket")
        before = bytes_taken(line)
        while True:
            try:
                async with asyncio.timeout(self._login.ack_s):
                    await writer.drain()
                    return
            except TimeoutError:
                if (now := bytes_taken(line)) <= before:
                    raise
                before = now

    async def tell(self, what: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> Sent:
        """Refuse: there is no such thing over TCP."""
        return NO_TOPICS

    async def receive(self) -> Arrival:
        """Wait for the next frame. Raises `Unreachable` when the peer hangs up."""
        while not self._arrived:
            self._take(await self._read())
        return self._arrived.popleft()

    def read_with(self, unseal: Unseal | None) -> None:
        """Open sealed frames with that from now on."""
        if unseal is not None and self._unseal is None:
            self._framer = Framer(unseal=self._open)  # what was begun without a key is lost
        self._unseal = unseal

    @property
    def taken(self) -> bool:
        """Say whether TCP acknowledged all that was written: a line may be dead for a while."""
        line = None if self._writer is None else self._writer.get_extra_info("socket")
        if self._writer is None or line is None or self._writer.transport.get_write_buffer_size():
            return False
        try:
            left = fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, struct.pack("i", 0))
        except OSError:
            return False
        return bool(struct.unpack("i", left)[0] == 0)

    def _open(self, segment: bytes) -> Iterator[bytes]:
        return iter(()) if self._unseal is None else self._unseal(segment)

    async def _read(self) -> list[Frame | PeerFrameError]:
        reader, address = self._reader, self._login.address
        if reader is None:
            raise Unreachable(f"{address}: closed")
        try:
            async with asyncio.timeout(self._login.idle_s) as wait:
                data = await reader.read(PIECE)
        except OSError as error:  # TimeoutError is one, and the kernel's own means a dead line
            if wait.expired():
                return self._framer.flush()
            raise Unreachable(f"{address}: {_reason(error)}") from error
        if not data:
            raise Unreachable(f"{address}: the platform hung up")
        self.traffic.received += len(data)
        return self._framer.feed(data)

    def _take(self, found: list[Frame | PeerFrameError]) -> None:
        for one in found:
            if isinstance(one, PeerFrameError):
                self._arrived.append(Arrival("", error=one))
            else:
                self._arrived.append(Arrival("", frame=one))

    async def _connect(self) -> None:
        scheme, host, port = parse_tcp_address(self._login.address)
        context = None
        if scheme == "tls":
            context = await asyncio.to_thread(tls_context, self._login)
        line = await self._dial(host, port)
        await self._begin(line, context, host)

    async def _begin(self, line: socket.socket, context: ssl.SSLContext | None, host: str) -> None:
        """Talk over a connected socket; it is ours from here on."""
        try:
            keep_alive(line, idle_s=self._login.keepalive_s)
            self._reader, self._writer = await asyncio.open_connection(
                sock=line, limit=PIECE, ssl=context, server_hostname=host if context else None
            )
        except BaseException:
            line.close()
            raise

    async def _dial(self, host: str, port: int) -> socket.socket:
        """Try the places of a host in turn. Raises the last one's error."""
        last: OSError = OSError("no address")
        for place in await places(host, port):
            try:
                return await self._dial_one(place)
            except OSError as error:
                last = error
        raise last

    async def _dial_one(self, place: Place) -> socket.socket:
        line = socket.socket(place.family, socket.SOCK_STREAM)
        try:
            line.setblocking(False)
            if self._login.interface:
                go_out_by(line, self._login.interface)
            await asyncio.get_running_loop().sock_connect(line, place.at)
        except BaseException:
            line.close()
            raise
        return line

    async def _stop(self) -> None:
        writer, self._writer, self._reader = self._writer, None, None
        if writer is None:
            return
        writer.close()
        try:
            async with asyncio.timeout(STOP_S):
                await writer.wait_closed()
        except (TimeoutError, OSError):
            writer.transport.abort()


def keep_alive(line: socket.socket, *, idle_s: int) -> None:
    """Have the kernel notice a peer that is gone: in silence, and when our bytes are not taken."""
    longest_s = idle_s + PROBE_S * PROBES
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, idle_s)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_S)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, longest_s * 1000)


def bytes_taken(line: socket.socket) -> int:
    """Give how many of our bytes the peer's machine has acknowledged; 0 where nobody can tell.

    Linux tells it in `tcpi_bytes_acked`.
    """
    try:
        told = line.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED_AT + _ACKED.size)
        return int(_ACKED.unpack_from(told, _ACKED_AT)[0])
    except (OSError, struct.error):
        return 0


def go_out_by(line: socket.socket, interface: str) -> None:
    """Bind a socket to a network device. Raises OSError that says what is amiss."""
    try:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode() + b"\0")
    except PermissionError:
        text = f"interface {interface}: binding to it takes CAP_NET_RAW"
        raise PermissionError(text) from None
    except OSError as error:
        raise OSError(f"interface {interface}: {error.strerror}") from None


def _reason(error: OSError) -> str:
    """Say what is amiss; asyncio's own words for a refused call leave the reason out."""
    if isinstance(error, ssl.SSLError | socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
