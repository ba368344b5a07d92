"""The control port of a simulation: JSON lines over loopback TCP, one order, one answer.

> {"do": "set", "device": "cod", "point": "w01018", "value": 75, "for_s": 30}
< {"ok": true, "result": {...}}
< {"ok": false, "error": "no device cd; there are: cod, nh3n"}
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from typing import Any, Self

from pydantic import ValidationError

from agent.errors import PaikouError
from agent.tools.simulate.orders import ORDER, AnyOrder

HOST = "127.0.0.1"
LONGEST_LINE = 65_536
IDLE_S = 3600.0
CLOSE_S = 2.0

Obey = Callable[[AnyOrder], Awaitable[Any]]


class ControlTaken(PaikouError):
    """The port of the control is somebody else's."""


class OrderRefused(Exception):
    """The simulation said no; the text says why."""


class Control:
    """The server; `port` 0 takes a free one, which `port` then names."""

    def __init__(self, obey: Obey, port: int = 0) -> None:
        self.port = port
        self._obey = obey
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        """Listen. Raises `ControlTaken` when the port is somebody else's."""
        try:
            self._server = await asyncio.start_server(
                self._connected, HOST, self.port, limit=LONGEST_LINE
            )
        except OSError as problem:
            raise ControlTaken(f"--control {self.port}: {problem.strerror}") from None
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is None:
            return
        self._server.close()
        for writer in tuple(self._writers):
            writer.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._server.wait_closed(), CLOSE_S)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while line := await asyncio.wait_for(reader.readline(), IDLE_S):
                writer.write(json.dumps(await self._answer(line)).encode() + b"\n")
                await writer.drain()
        except (TimeoutError, ConnectionError, ValueError):
            pass  # gone, silent, or a line without end
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            return {"ok": True, "result": await self._obey(ORDER.validate_json(line))}
        except ValidationError as problem:
            first = problem.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            return {"ok": False, "error": f"{where}: {first['msg']}"}
        except (ValueError, OSError) as problem:
            return {"ok": False, "error": str(problem)}


async def ask(port: int, *, timeout_s: float = 5.0, **order: Any) -> Any:
    """Give one order to the simulation behind a control port and return its result.

    `ask(port, do="set", device="cod", point="w01018", value=75.0)`. Raises `OrderRefused`,
    OSError when nobody listens, TimeoutError.
    """
    async with asyncio.timeout(timeout_s):
        reader, writer = await asyncio.open_connection(HOST, port, limit=LONGEST_LINE)
        try:
            writer.write(json.dumps(order).encode() + b"\n")
            answer = json.loads(await reader.readline() or b'{"ok": false, "error": "hung up"}')
        finally:
            writer.close()
            await writer.wait_closed()
    if not answer["ok"]:
        raise OrderRefused(answer["error"])
    return answer["result"]
