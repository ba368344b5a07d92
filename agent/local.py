"""The daemon's local socket: one JSON line asked, one JSON line answered. For this machine only.

Questions: `{"ask": "status"}`, `{"ask": "metrics"}`, `{"ask": "probe", "device": "cod"}`,
`{"ask": "frames"}` (the message log is in the store once this is answered).
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import stat
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

LINE_LIMIT = 4096
ANSWER_LIMIT = 16 * 1024 * 1024
ASK_TIMEOUT_S = 10.0
AT_ONCE = 8

Answer = Mapping[str, Any]
Handler = Callable[[Mapping[str, Any]], Awaitable[Answer]]


class LocalSocket:
    """Serves the questions of a table of handlers on a Unix socket."""

    def __init__(self, paths: tuple[Path, ...], handlers: Mapping[str, Handler]) -> None:
        self._paths = paths
        self._handlers = handlers
        self._callers: set[asyncio.Task[None]] = set()
        self.path: Path | None = None
        self.listening = asyncio.Event()

    async def run(self) -> None:
        """Listen on the first place that can be had, until cancelled."""
        server = await self._listen()
        self.listening.set()
        try:
            await self._loop_end()
        finally:
            self.listening.clear()
            server.close()
            for caller in self._callers:
                caller.cancel()
            if self.path is not None:
                self.path.unlink(missing_ok=True)

    @staticmethod
    async def _loop_end() -> None:
        # the server serves by itself; its own serve_forever would wait for every idle caller
        await asyncio.get_running_loop().create_future()

    async def _listen(self) -> asyncio.Server:
        problem: OSError = FileNotFoundError("no place for the local socket")
        for path in self._paths:
            try:
                _clear(path)
                server = await asyncio.start_unix_server(self._called, path, limit=LINE_LIMIT)
                path.chmod(0o660)
            except OSError as error:
                problem = error
                continue
            self.path = path
            return server
        raise problem

    async def _called(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = asyncio.current_task()
        assert caller is not None, "a stream callback runs as a task"
        if len(self._callers) >= AT_ONCE:
            writer.close()
            return
        self._callers.add(caller)
        try:
            await self._serve(reader, writer)
        except (TimeoutError, ValueError, ConnectionError) as error:
            log.debug("local socket: %s", error)
        finally:
            self._callers.discard(caller)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with asyncio.timeout(ASK_TIMEOUT_S):
            line = await reader.readline()
        answer = await self._answer(line)
        writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        async with asyncio.timeout(ASK_TIMEOUT_S):
            await writer.drain()

    async def _answer(self, line: bytes) -> Answer:
        try:
            question = json.loads(line)
            handler = self._handlers[question["ask"]]
        except (ValueError, KeyError, TypeError):
            return {"error": f"one of {sorted(self._handlers)} can be asked"}
        return await handler(question)


def _clear(path: Path) -> None:
    """Take away what a daemon left behind that is gone. Raises OSError where one lives."""
    if not (path.exists() and stat.S_ISSOCK(path.stat().st_mode)):
        return
    with socket.socket(socket.AF_UNIX) as caller:
        caller.setblocking(False)
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise FileExistsError(f"{path}: another daemon listens there")


async def ask(
    paths: tuple[Path, ...], question: Mapping[str, Any], *, timeout_s: float = ASK_TIMEOUT_S
) -> Answer | None:
    """Ask the running daemon; None when none listens at any of these places.

    Raises TimeoutError when one listens and does not answer.
    """
    for path in paths:
        try:
            reader, writer = await asyncio.open_unix_connection(path, limit=ANSWER_LIMIT)
        except OSError:
            continue
        try:
            async with asyncio.timeout(timeout_s):
                writer.write(json.dumps(question).encode() + b"\n")
                await writer.drain()
                answer: Answer = json.loads(await reader.readline())
            return answer
        except (ConnectionError, ValueError):
            raise TimeoutError(f"{path}: no answer") from None
        finally:
            writer.close()
    return None
