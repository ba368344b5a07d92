"""From the settings of a station to what its link needs. Secrets are read when they are needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from agent import __version__
from agent.plan import Plan, StationPlan
from agent.report import State
from agent.settings.secrets import read_secret
from agent.uplink.header import Header
from agent.uplink.mqtt import Login, Will
from agent.uplink.sender import Manners
from agent.uplink.station import Contract
from protocols.hj212.editions import edition

_VERSIONS = {"auto": (True, False), "5": (True,), "3.1.1": (False,)}


def contract(
    plan: Plan,
    station: StationPlan,
    *,
    started_at: float,
    health: Callable[[str], Awaitable[bytes]],
) -> Contract:
    """Put a station's contract together."""
    destination = station.destination
    mn = station.mn or f"logger-{plan.site.unit.code}"
    prefix = destination.mqtt.prefix

    def header() -> Header:
        return Header(edition(destination.edition), mn, read_secret(station.station.pw))

    def login(address: str, newest: bool) -> Login:
        mqtt = destination.mqtt
        return Login(
            address=address,
            client_id=f"paikou-{mn}",
            will=Will(f"{prefix}/{mn}/state", State(online=False).payload()),
            subscribe=(f"{prefix}/{mn}/down",),
            newest=newest,
            keepalive_s=mqtt.keepalive_s,
            username=mqtt.username,
            password=read_secret(mqtt.password) if mqtt.password else None,
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
            devices=tuple(
                sorted({one.device for o in station.outlets for one in o.factors.values()})
            ),
            since=started_at,
        )

    return Contract(
        manners=Manners(
            station=station.id,
            prefix=prefix,
            ack=destination.ack,
            timeout_s=destination.timeout_s,
            resends=destination.resends,
            in_flight=destination.in_flight,
            backlog_per_s=destination.backlog_per_s,
            send_window_s=destination.send_window_s,
        ),
        mn=mn,
        addresses=destination.addresses,
        header=header,
        login=login,
        versions=_VERSIONS[destination.mqtt.version],
        birth=birth,
        health=lambda: health(station.id),
    )
