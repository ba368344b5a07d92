"""What time the daemon has: that of a demo, or of a test, runs faster than the wall's."""

from __future__ import annotations

import asyncio
import time

from agent.local import ask
from agent.settings import Site
from agent.settings.storage import socket_paths
from agent.tools.moments import Age

ASK_S = 5.0


def daemon_now(site: Site) -> float:
    """Give the running daemon's time (UTC epoch seconds); the wall's where none runs."""
    try:
        answer = asyncio.run(ask(socket_paths(site), {"ask": "status"}, timeout_s=ASK_S))
    except TimeoutError:
        answer = None
    now = None if answer is None else answer.get("now")
    return float(now) if isinstance(now, int | float) else time.time()


def at_daemon(moment: float, now: float) -> float:
    """Give the moment that was typed: an age counts from the daemon's time."""
    return now - moment.seconds if isinstance(moment, Age) else moment
