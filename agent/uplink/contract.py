"""From the settings of a station to what its link needs. Secrets are read when they are needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal

from agent import __version__
from agent.errors import Unreachable
from agent.plan import Plan, StationPlan
from agent.report import State
from agent.settings.secrets import CredentialSecret, FileSecret, SecretError, read_secret
from agent.uplink.header import Header
from agent.uplink.login import Login, Will
from agent.uplink.manners import Manners
from agent.uplink.station import Contract
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError

_VERSIONS = {"auto": (True, False), "5": (True,), "3.1.1": (False,)}


def contract(
    plan: Plan,
    station: StationPlan,
    *,
    started_at: float,
    health: Callable[[str], Awaitable[bytes]],
) -> Contract:
    """Put a station's contract together.

    Before an MN is assigned topics and client id take the logger's name; the header says nothing.
    """
    destination = station.destination
    name = station.mn or f"logger-{plan.site.unit.code}-{station.id}"
    topics = f"{destination.mqtt.prefix}/{name}"

    def header() -> Header:
        made = Header(edition(destination.edition), station.mn, _read(station.station.pw))
        try:
            made.answer("9014", "0" * 17, "")
        except LocalFrameError as error:
            raise Unreachable(f"no frame can be made: {error}") from None
        return made

    def login(address: str, newest: bool) -> Login:
        mqtt = destination.mqtt
        return Login(
            address=address,
            client_id=f"paikou-{name}",
            will=Will(f"{topics}/state", State(online=False).payload()),
            subscribe=(f"{topics}/down",),
            newest=newest,
            keepalive_s=mqtt.keepalive_s,
            username=mqtt.username,
            password=_read(mqtt.password) if mqtt.password else None,
            ca=mqtt.ca,
            client_cert=mqtt.client_cert,
            client_key=mqtt.client_key,
        )

    def birth() -> State:
        return State(
            online=True,
            version=__version__,
            edition=destination.edition,
            outlets=tuple(outlet.id for outlet in station.outlets),
            devices=tuple(sorted(set(station.devices()))),
            since=started_at,
        )

    return Contract(
        manners=Manners(
            station=station.id,
            topics=topics,
            ack=destination.ack,
            timeout_s=destination.timeout_s,
            resends=destination.resends,
            in_flight=destination.in_flight,
            backlog_per_s=destination.backlog_per_s,
            send_window_s=destination.send_window_s,
            rf_on_resend=destination.wire.rf_on_resend,
        ),
        mn=station.mn,
        longest_backoff_s=destination.mqtt.reconnect_s,
        addresses=destination.addresses,
        header=header,
        login=login,
        versions=_VERSIONS[destination.mqtt.version],
        birth=birth,
        health=lambda: health(station.id),
    )


def _read(secret: FileSecret | CredentialSecret | Literal["default"]) -> str:
    """Read a secret; one that is not there keeps the station waiting, not the others."""
    try:
        return read_secret(secret)
    except SecretError as error:
        raise Unreachable(str(error)) from None
