"""Where a broker is and how to log in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import urlsplit

from agent.errors import PaikouError

_SECURE = {"mqtt": False, "mqtts": True}
_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BadAddress(PaikouError):
    """The address of the broker cannot be read."""

    exit_code: ClassVar[int] = 2


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and how to log in."""

    host: str
    port: int
    secure: bool = False
    username: str = ""
    password: str = field(default="", repr=False)
    ca: str | None = None

    @classmethod
    def parse(cls, url: str, **login: Any) -> BrokerAddress:
        """Read `mqtt://host:port` or `mqtts://host:port`. Raises `BadAddress`."""
        parts = urlsplit(url)
        try:
            port = parts.port
        except ValueError as problem:
            raise BadAddress(f"{url}: {problem}") from None
        if parts.scheme not in _SECURE or not parts.hostname or parts.username:
            raise BadAddress(f"{url}: mqtt://HOST:PORT or mqtts://HOST:PORT expected, no login")
        secure = _SECURE[parts.scheme]
        return cls(parts.hostname, port or _PORTS[parts.scheme], secure, **login)
