"""A platform of HJ 212-2025 over TCP with a reader of its own: strict, and late with its answers.

Nothing of `protocols` is in it. Frames end where their length says, the CRC is worked out bit by
bit, SM4 is asked of the library directly, and the data area is read to the letter.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import ECB
from plain_station import HOST, checksum, framed

BLOCK = 16
HEAD = ("QN", "ST", "CN", "PW", "MN", "Flag", "RF")
PAIR = re.compile(r"([A-Za-z0-9]+(?:-[A-Za-z]+)?)=([0-9A-Za-z.+-]+)")


class Wrong(Exception):
    """What is not to the letter."""


@dataclass(frozen=True, slots=True)
class Told:
    """One frame as this platform reads it. `at`: when it came, on the campaign's clock."""

    at: float
    head: Mapping[str, str]
    area: str

    @property
    def data_time(self) -> str:
        return self.area.removeprefix("DataTime=")[:14] if self.area else ""


@dataclass(slots=True)
class Peer:
    """Listens on one port. `keys` are by MN; answers come `late_s` after the frame.

    `cut_in_answer` breaks the next connection in the middle of an answer.
    """

    keys: Mapping[str, bytes]
    clock: Callable[[], float]
    late_s: float = 0.0
    port: int = 0
    told: list[Told] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    beats: int = 0
    _server: asyncio.Server | None = None
    _lines: set[asyncio.StreamWriter] = field(default_factory=set)

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, HOST, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Go away: half an answer to everybody, and nobody listens any more."""
        if self._server is not None:
            self._server.close()
        self._server = None
        for line in self._lines:
            line.write(b"##0085QN=2026")
            line.transport.abort()
        self._lines.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                start = await reader.readexactly(6)
                if not re.fullmatch(rb"##[0-9]{4}", start):
                    self.wrong.append(f"no frame begins with {start!r}")
                    break
                rest = await reader.readexactly(int(start[2:]) + 6)
                self._take(start + rest, writer)
        self._lines.discard(writer)
        writer.transport.abort()

    def _take(self, frame: bytes, writer: asyncio.StreamWriter) -> None:
        try:
            told = self.read(frame)
        except (Wrong, ValueError, KeyError) as problem:
            self.wrong.append(f"{problem!r}: {frame!r}")
            return
        head = told.head
        if head["CN"] == "9015":
            self.beats += 1
        else:
            self.told.append(told)
        if int(head["Flag"]) & 1:
            cn = "9013" if head["CN"] == "9015" else "9014"
            said = f"QN={head['QN']};ST=91;CN={cn};PW={head['PW']};MN={head['MN']};Flag=8;CP=&&&&"
            asyncio.get_running_loop().call_later(self.late_s, _say, writer, framed(said))

    def read(self, frame: bytes) -> Told:
        """Take a frame apart; data must come sealed, and under the key of its station.

        Raises Wrong, ValueError or KeyError.
        """
        segment, tail = frame[6:-6], frame[-6:]
        begin = segment.index(b"CP=&&") + len(b"CP=&&")
        if segment[-2:] != b"&&":
            raise Wrong("no && at the end")
        pairs = [pair.split("=", 1) for pair in segment[: begin - 6].decode("ascii").split(";")]
        head: dict[str, str] = dict(pairs)  # type: ignore[arg-type]  # cut once each
        if [name for name in HEAD if name in head] != [name for name, _ in pairs]:
            raise Wrong("header out of order")
        if head["Flag"] not in ("8", "9"):
            raise Wrong("not the Flag of 2025, or in packets")
        area = segment[begin:-2]
        if head["CN"].startswith("2"):
            area = self._opened(area, self.keys[head["MN"]])
        whole = segment[:begin] + area + b"&&"
        if tail != b"%04X\r\n" % checksum(whole):
            raise Wrong(f"CRC {tail!r} is not that of {whole!r}")
        text = area.decode("utf-8")
        if head["CN"] != "9015":
            _look(text)
        return Told(self.clock(), head, text)

    @staticmethod
    def _opened(area: bytes, key: bytes) -> bytes:
        if area.startswith(b"DataTime"):
            raise Wrong("came in clear")
        size = len(area) // BLOCK * BLOCK
        opener = Cipher(SM4(key), ECB()).decryptor()
        return opener.update(area[:size]) + opener.finalize() + area[size:]


def _look(area: str) -> None:
    """See that a data area is `DataTime=…` and items of pairs, no field twice."""
    first, *items = area.split(";")
    if not re.fullmatch(r"DataTime=20[0-9]{12}", first):
        raise Wrong(f"{first} is no DataTime")
    names = []
    for item in items:
        for pair in item.split(","):
            found = PAIR.fullmatch(pair)
            if found is None:
                raise Wrong(f"{pair} is no pair")
            names.append(found[1])
    if len(set(names)) != len(names):
        raise Wrong("a field came twice")


def _say(writer: asyncio.StreamWriter, answer: bytes) -> None:
    if not writer.is_closing():
        writer.write(answer)
