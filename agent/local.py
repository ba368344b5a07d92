"""The daemon's local socket: one JSON line asked, one JSON line answered. For this machine only.

Questions: `{"ask": "status"}`, `{"ask": "metrics"}`, `{"ask": "probe", "device": "cod"}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
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
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.path: Path | None = None

    async def run(self) -> None:
        """Listen on the first place that can be had, until cancelled."""
        server = await self._listen()
        try:
            async with server:
                await server.serve_forever()
        finally:
            if self.path is not None:
                self.path.unlink(missing_ok=True)

    async def _listen(self) -> asyncio.Server:
        problem: OSError = FileNotFoundError("no place for the local socket")
        for path in self._paths:
            try:
                if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
                    path.unlink()  # the lock is ours: whoever made this is gone
                server = await asyncio.start_unix_server(self._serve, path, limit=LINE_LIMIT)
            except OSError as error:
                problem = error
                continue
            path.chmod(0o660)
            self.path = path
            return server
        raise problem

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._slots, asyncio.timeout(ASK_TIMEOUT_S):
                line = await reader.readline()
            answer = await self._answer(line)
            writer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
            await writer.drain()
        except (TimeoutError, ValueError, ConnectionError) as error:
            log.debug("local socket: %s", error)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def _answer(self, line: bytes) -> Answer:
        try:
            question = json.loads(line)
            handler = self._handlers[question["ask"]]
        except (ValueError, KeyError, TypeError):
            return {"error": f"one of {sorted(self._handlers)} can be asked"}
        return await handler(question)


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
        finally:
            writer.close()
    return None
