"""From the settings of a station to what its link needs. Secrets are read when they are needed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from agent import __version__
from agent.errors import StoreError, Unreachable
from agent.plan import Plan, StationPlan
from agent.report import State
from agent.settings.secrets import CredentialSecret, FileSecret, SecretError, read_secret
from agent.settings.storage import state_directory
from agent.store.credentials import StationCredentials
from agent.store.signatures import public_half
from agent.uplink.given import given
from agent.uplink.header import Header
from agent.uplink.heartbeat import has_heartbeat
from agent.uplink.login import Login, TcpLogin, Will
from agent.uplink.manners import Manners
from agent.uplink.opening import AnyLogin
from agent.uplink.terms import Attempt, Contract
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment

if TYPE_CHECKING:
    from agent.uplink.sealing import KeyRing

Credentials = Callable[[str, StationCredentials], Awaitable[StationCredentials]]
"""Station and what the file says -> what is in force."""

_VERSIONS = {"auto": (True, False), "5": (True,), "3.1.1": (False,)}


def contract(
    plan: Plan,
    station: StationPlan,
    *,
    started_at: float,
    health: Callable[[str], Awaitable[bytes]],
    credentials: Credentials | None = None,
) -> Contract:
    """Put a station's contract together. Without `credentials` those of the file are in force.

    Before an MN is assigned topics and client id take the logger's name; the header says nothing.
    """
    destination = station.destination
    name = station.mn or f"logger-{plan.site.unit.code}-{station.id}"

    async def header() -> Header:
        try:
            found = given(station.station)
            if credentials is not None:
                found = await credentials(station.id, found)
        except (SecretError, StoreError) as error:
            # what is not to be read keeps this station waiting, not the others
            raise Unreachable(str(error)) from None
        return _header(station, found)

    def login(attempt: Attempt) -> AnyLogin:
        if destination.transport == "tcp":
            return _tcp_login(station, attempt)
        return _mqtt_login(station, attempt, name)

    def birth() -> State:
        return State(
            online=True,
            version=__version__,
            edition=destination.speaks,
            outlets=tuple(outlet.id for outlet in station.outlets),
            devices=tuple(sorted(set(station.devices()))),
            since=started_at,
            key=public_half(state_directory(plan.site)),
        )

    over_mqtt = destination.transport == "mqtt"
    return Contract(
        station=station,
        manners=manners(station),
        mn=station.mn,
        longest_backoff_s=(destination.mqtt if over_mqtt else destination.tcp).reconnect_s,
        addresses=destination.addresses,
        interfaces=destination.interfaces or ("",),
        header=header,
        login=login,
        versions=_VERSIONS[destination.mqtt.version] if over_mqtt else (False,),
        birth=birth,
        health=lambda: health(station.id),
    )


def manners(station: StationPlan) -> Manners:
    """Give how a platform wants to be talked to."""
    destination = station.destination
    wire = destination.wire
    # MQTT sees to its connections itself: over it a heartbeat goes only where it was asked for
    beats = destination.transport == "tcp" or "heartbeat_s" in wire.model_fields_set
    beats = beats and has_heartbeat(station.wording.edition)
    return Manners(
        station=station.id,
        ack=destination.ack,
        timeout_s=destination.timeout_s,
        resends=destination.resends,
        in_flight=destination.in_flight,
        backlog_per_s=destination.backlog_per_s,
        send_window_s=destination.send_window_s,
        rf_on_resend=wire.rf_on_resend,
        heartbeat_s=wire.heartbeat_s if beats else 0,
        fresh_qn=destination.qn_on_resend == "fresh",
        shared_qn=wire.split_qn == "shared",
    )


def _header(station: StationPlan, found: StationCredentials) -> Header:
    """Make the header, and see that frames can be made with it. Raises Unreachable."""
    edition = station.wording.edition
    try:
        made = Header(
            edition,
            station.mn,
            found.pw,
            _ring(station, found),
            found.previous_pw,
            station.destination.wire.encoding,
        )
        flag = Flag(edition.flag_version)
        made.bytes_of(Segment("0" * 17, "91", "9014", made.pw, made.mn, flag))
    except LocalFrameError as error:
        raise Unreachable(f"no frame can be made: {error}") from None
    return made


def _ring(station: StationPlan, found: StationCredentials) -> KeyRing | None:
    seal = station.destination.seal
    if found.key is None or seal.rendering == "off":
        return None
    from agent.uplink.sealing import key_ring  # brings cryptography with it

    return key_ring(found.key, found.previous_key, rendering=seal.rendering, commands=seal.commands)


def _mqtt_login(station: StationPlan, attempt: Attempt, name: str) -> Login:
    mqtt = station.destination.mqtt
    topics = f"{mqtt.prefix}/{name}"
    return Login(
        address=attempt.way.address,
        client_id=f"paikou-{name}",
        will=Will(f"{topics}/state", State(online=False).payload()),
        subscribe=(f"{topics}/down", *_orders(station, topics)),
        newest=attempt.newest,
        keepalive_s=mqtt.keepalive_s,
        username=mqtt.username,
        password=_password(mqtt.password) if mqtt.password else None,
        ca=mqtt.ca,
        client_cert=mqtt.client_cert,
        client_key=mqtt.client_key,
        topics=topics,
        mn=station.mn,
        interface=attempt.way.interface,
    )


def _orders(station: StationPlan, topics: str) -> tuple[str, ...]:
    """Give the topic of orders, unless the site takes none of this platform."""
    return (f"{topics}/order",) if station.destination.commands.orders == "allow" else ()


def _tcp_login(station: StationPlan, attempt: Attempt) -> TcpLogin:
    tcp = station.destination.tcp
    return TcpLogin(
        address=attempt.way.address,
        interface=attempt.way.interface,
        allow=tcp.allow,
        ca=tcp.ca,
        client_cert=tcp.client_cert,
        client_key=tcp.client_key,
        keepalive_s=tcp.keepalive_s,
        unseal=attempt.header.unseal,
    )


def _password(secret: FileSecret | CredentialSecret) -> str:
    try:
        return read_secret(secret)
    except SecretError as error:
        raise Unreachable(str(error)) from None
