"""Keeping tasks alive: restart with back-off, systemd notification, the watchdog."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
from collections.abc import Awaitable, Callable, Iterable

log = logging.getLogger(__name__)

FIRST_BACKOFF_S = 1.0
LONGEST_BACKOFF_S = 60.0
STEADY_S = 300.0
"""A task that ran this long starts again with the shortest back-off."""
AGAIN_S = 3.0
"""After this a task that was cancelled and goes on is cancelled again."""

OnCrash = Callable[[str, Exception], Awaitable[None]]


async def keep_running(
    name: str,
    run: Callable[[], Awaitable[None]],
    *,
    on_crash: OnCrash,
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Run a task for ever; after an unexpected error tell `on_crash` and start it again.

    This is the only place that catches everything: a fault in one bus, station or device must
    not stop the others (architecture §3.11). Cancellation passes through.
    """
    backoff_s = FIRST_BACKOFF_S
    loop = asyncio.get_running_loop()
    while True:
        started = loop.time()
        try:
            await run()
            return
        except Exception as error:
            log.exception("task %s failed", name)
            await on_crash(name, error)
        if loop.time() - started > STEADY_S:
            backoff_s = FIRST_BACKOFF_S
        await pause(backoff_s * random.uniform(0.5, 1.0))
        backoff_s = min(LONGEST_BACKOFF_S, backoff_s * 2)


def heed_cancellation() -> None:
    """Raise CancelledError when this task was cancelled and something swallowed it.

    `asyncio.wait_for`, up to Python 3.11 and in libraries, does that when the cancellation comes
    in the moment its wait is over.
    """
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def end(tasks: Iterable[asyncio.Task[None]], *, again_s: float = AGAIN_S) -> None:
    """Cancel tasks until they have ended; once is not always enough (`heed_cancellation`)."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=again_s)


def notify(message: str) -> bool:
    """Tell systemd something (`READY=1`, `WATCHDOG=1`, `STATUS=…`); False when nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    if address.startswith("@"):  # abstract socket: the kernel wants a leading NUL
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock:
        sock.settimeout(1.0)
        try:
            sock.connect(address)
            sock.sendall(message.encode())
        except OSError as error:
            log.warning("systemd cannot be notified: %s", error)
            return False
    return True


def watchdog_interval_s() -> float | None:
    """Give how often systemd wants to be fed, None when it does not watch this process."""
    if os.environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return None
    micros = os.environ.get("WATCHDOG_USEC", "")
    return int(micros) / 1e6 / 3 if micros.isdigit() and int(micros) > 0 else None


async def feed_watchdog(
    interval_s: float, answers: Callable[[], Awaitable[bool]], *, limit_s: float = 10.0
) -> None:
    """Feed the watchdog while `answers` says yes within `limit_s`; a stuck daemon is not fed."""
    while True:
        try:
            async with asyncio.timeout(limit_s):
                alive = await answers()
        except TimeoutError:
            alive = False
        if alive:
            notify("WATCHDOG=1")
        else:
            log.error("not feeding the watchdog: polling, loop or writer did not answer")
        await asyncio.sleep(interval_s)
