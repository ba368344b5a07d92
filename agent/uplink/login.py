"""What one connection needs to come about: address, identity, will, secrets, certificates."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import urlsplit

from protocols.hj212.frame_parts import Unseal

CONNECT_TIMEOUT_S = 10.0
ACK_TIMEOUT_S = 20.0
IDLE_S = 10.0
TCP_SCHEMES = ("tcp", "tls", "listen", "listens")
"""We call, or are called; with TLS at the second and the last."""


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says for us when we are gone, and we ourselves when we go."""

    topic: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Login:
    """Everything one connection needs. Passwords are read just before and kept nowhere.

    `connect_s` bounds the way to the broker and then the wait for its greeting, `ack_s` the wait
    for a PUBACK; all are real seconds.
    """

    address: str
    client_id: str
    will: Will
    subscribe: tuple[str, ...]
    newest: bool = True
    """MQTT 5; else 3.1.1."""
    keepalive_s: int = 60
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    connect_s: float = CONNECT_TIMEOUT_S
    ack_s: float = ACK_TIMEOUT_S
    topics: str = ""
    """What all topics of the station begin with, without the last slash."""
    mn: str = ""
    """The MN that stands in these topics; empty before one is assigned."""
    interface: str = ""
    """The network device to go out by; empty where the routes decide."""

    def topics_of(self, mn: str) -> str:
        """Give what the topics of a frame begin with: those of the MN it bears.

        The answers to a 1002 that gave us another MN bear that one already. Before the first one
        all goes under our own name: the platform does not know where else to look.
        """
        if not mn or not self.mn or mn == self.mn:
            return self.topics
        return f"{self.topics.removesuffix(self.mn)}{mn}"


@dataclass(frozen=True, slots=True)
class TcpLogin:
    """Everything one TCP connection needs; `ack_s` is how long a peer may take no bytes.

    A frame begun and not ended within `idle_s` of silence is cut off: what follows it shall not
    wait for its rest.

    `interface`: the network device to go out by; empty where the routes decide. `allow`: who may
    call in at a `listen://` address, as networks; empty for loopback alone.
    """

    address: str
    interface: str = ""
    allow: tuple[str, ...] = ()
    ca: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    keepalive_s: int = 60
    connect_s: float = CONNECT_TIMEOUT_S
    ack_s: float = ACK_TIMEOUT_S
    idle_s: float = IDLE_S
    unseal: Unseal | None = field(default=None, repr=False)


class Certificates(Protocol):
    """Where the files of a TLS connection are; None for those of the system, or none."""

    @property
    def ca(self) -> str | None:
        """Who may vouch for the peer."""

    @property
    def client_cert(self) -> str | None:
        """Who we are."""

    @property
    def client_key(self) -> str | None:
        """The key to it."""


def parse_address(address: str) -> tuple[str, int, bool]:
    """Read `mqtt://host[:port]` or `mqtts://host[:port]` as host, port and whether TLS is on.

    Raises ValueError.
    """
    parts = urlsplit(address)
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise ValueError(f"address {address!r}: mqtt://host[:port] or mqtts://host[:port] expected")
    tls = parts.scheme == "mqtts"
    return parts.hostname, parts.port or (8883 if tls else 1883), tls


def parse_tcp_address(address: str) -> tuple[str, str, int]:
    """Read `tcp://`, `tls://`, `listen://` or `listens://` as scheme, host and port.

    Raises ValueError.
    """
    parts = urlsplit(address)
    if parts.scheme not in TCP_SCHEMES or not parts.hostname or not parts.port:
        allowed = ", ".join(f"{scheme}://host:port" for scheme in TCP_SCHEMES)
        raise ValueError(f"address {address!r}: {allowed} expected")
    return parts.scheme, parts.hostname, parts.port


def door_context(login: Certificates) -> ssl.SSLContext:
    """Show our certificate to who calls; where there is a CA, the caller must show one of it.

    Raises OSError, with the names of the files, when one is missing or holds no certificate.
    """
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=login.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(login.client_cert or "", login.client_key)
        if login.ca:
            context.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:
        files = ", ".join(filter(None, (login.ca, login.client_cert, login.client_key)))
        raise OSError(f"{files or 'no certificate of ours'}: {error}") from None
    return context


def tls_context(login: Certificates) -> ssl.SSLContext:
    """Verify the peer, always; show a certificate of our own where there is one.

    Raises OSError, with the names of the files, when one is missing or holds no certificate.
    """
    try:
        context = ssl.create_default_context(cafile=login.ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if login.client_cert:
            context.load_cert_chain(login.client_cert, login.client_key)
    except OSError as error:
        files = ", ".join(filter(None, (login.ca, login.client_cert, login.client_key)))
        raise OSError(f"{files}: {error}") from None
    return context
