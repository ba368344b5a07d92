"""What a station brings to a connection, and what is to be seen of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent.plan import StationPlan
from agent.report.notices import State
from agent.uplink.header import Header
from agent.uplink.manners import Confirmation, Manners
from agent.uplink.opening import AnyLogin


@dataclass(slots=True)
class LinkState:
    """What is to be seen of a station's link."""

    linked: bool = False
    address: str = ""
    interface: str = ""
    since: float | None = None
    error: str = ""
    drops: int = 0
    taken_over: bool = False
    confirmation: Confirmation = field(default_factory=Confirmation)


@dataclass(frozen=True, slots=True)
class Way:
    """One way to the platform. `interface` is empty where the routes decide."""

    address: str
    interface: str = ""

    def __str__(self) -> str:
        """Print it for people."""
        return f"{self.address} by {self.interface}" if self.interface else self.address

    @property
    def calls_in(self) -> bool:
        """Say whether the platform makes the connection."""
        return self.address.startswith(("listen:", "listens:"))


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to connect: which way, under which header, and whether in MQTT 5."""

    way: Way
    header: Header
    newest: bool


@dataclass(frozen=True, slots=True)
class Contract:
    """What a station brings to a connection. Secrets are read anew for each one.

    `header` and `login` raise Unreachable while a secret they need is not there.
    """

    station: StationPlan
    manners: Manners
    mn: str
    addresses: tuple[str, ...]
    header: Callable[[], Awaitable[Header]]
    login: Callable[[Attempt], AnyLogin]
    versions: tuple[bool, ...]
    """Which versions of MQTT may be tried, best first: True is MQTT 5."""
    birth: Callable[[], State]
    health: Callable[[], Awaitable[bytes]]
    longest_backoff_s: float = 120.0
    interfaces: tuple[str, ...] = ("",)

    @property
    def ways(self) -> tuple[Way, ...]:
        """The ways in the order they are tried: all addresses by the first interface first."""
        return tuple(
            Way(address, interface) for interface in self.interfaces for address in self.addresses
        )
