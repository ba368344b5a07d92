"""Addresses of a host name, asked on a thread of its own: a look-up that hangs holds nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a socket is connected to."""

    family: int
    at: tuple[str, int] | tuple[str, int, int, int]


async def places(host: str, port: int) -> list[Place]:
    """Give the places of a host in the order to try them; bound the wait from outside.

    Raises OSError when there is no such host.
    """
    try:
        version = ipaddress.ip_address(host).version
    except ValueError:
        return await _asked(host, port)
    if version == 4:
        return [Place(socket.AF_INET, (host, port))]
    return [Place(socket.AF_INET6, (host, port, 0, 0))]


async def _asked(host: str, port: int) -> list[Place]:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[Place]] = loop.create_future()

    def settle(found: list[Place], error: OSError | None) -> None:
        if answer.done():  # given up meanwhile
            return
        if error is None:
            answer.set_result(found)
        else:
            answer.set_exception(error)

    def ask() -> None:
        found: list[Place] = []
        error: OSError | None = None
        try:
            known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found = [Place(family, at) for family, _, _, _, at in known]  # type: ignore[arg-type]  # TCP has no other
        except OSError as problem:
            error = problem.with_traceback(None)
        except ValueError as problem:  # a name that cannot be one
            error = OSError(str(problem))
        with contextlib.suppress(RuntimeError):  # at the very end the loop may be gone
            loop.call_soon_threadsafe(settle, found, error)

    threading.Thread(target=ask, name=f"look-up {host}", daemon=True).start()
    return await answer
