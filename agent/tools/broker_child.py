"""The child process that is the amqtt broker: `python -m agent.tools.broker_child`.

Its settings come as one JSON line on standard input: `{host, port, username, password}`. It ends
when standard input closes, so that it never outlives whoever started it.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import os
import signal
import sys
from dataclasses import dataclass
from typing import Any

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session

SHUTDOWN_S = 3.0


class Doorkeeper(BaseAuthPlugin):  # type: ignore[misc]  # amqtt gives no types
    """Let in the one user, or everybody when none is set.

    amqtt's own anonymous login drops a session as soon as its client is away for a second: no
    message would wait for a platform that comes back.
    """

    @dataclass
    class Config:
        """The one user; empty: everybody."""

        username: str = ""
        password: str = ""

    async def authenticate(self, *, session: Session) -> bool:
        """Compare name and password; say yes to everybody when no user is set."""
        username: str = self._get_config_option("username", "")
        password: str = self._get_config_option("password", "")
        if not username:
            return True
        return session.username == username and hmac.compare_digest(
            (session.password or "").encode(), password.encode()
        )


def settings(host: str, port: int, *, username: str, password: str) -> dict[str, Any]:
    """Give amqtt's settings: one listener, our doorkeeper, no other plugin."""
    return {
        "listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}},
        "plugins": {
            f"agent.tools.broker_child.{Doorkeeper.__name__}": {
                "username": username,
                "password": password,
            }
        },
    }


async def serve(host: str, port: int, *, username: str, password: str) -> None:
    """Run the broker until standard input closes or SIGTERM comes."""
    done = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, done.set)
    loop.add_signal_handler(signal.SIGINT, done.set)
    loop.add_reader(sys.stdin.fileno(), _ended, done)
    broker = Broker(settings(host, port, username=username, password=password))
    await broker.start()
    await done.wait()
    await asyncio.wait_for(broker.shutdown(), SHUTDOWN_S)


def _ended(done: asyncio.Event) -> None:
    if not os.read(sys.stdin.fileno(), 1):
        done.set()


def main() -> int:
    """Read the settings and serve."""
    wanted = json.loads(sys.stdin.readline())
    try:
        asyncio.run(serve(**wanted))
    except TimeoutError:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
