"""What a station brings to a connection, out of the site file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_site import Change, destination, plan_with
from test_header import ROW
from uplink_fakes import MN

from agent.errors import StoreError, Unreachable
from agent.store.credentials import StationCredentials
from agent.uplink.contract import contract
from agent.uplink.listening import may_call
from agent.uplink.login import Login, TcpLogin, parse_address
from agent.uplink.station import Attempt, Contract, Way

ADDRESS = "mqtt://127.0.0.1:1883"


def agreed(*changes: Change) -> Contract:
    plan = plan_with(*changes)
    (station, *_) = plan.stations.values()

    async def health(name: str) -> bytes:
        return f"health of {name}".encode()

    return contract(plan, station, started_at=7.0, health=health)


async def login_of(made: Contract, address: str = ADDRESS, *, newest: bool = True) -> Login:
    login = made.login(Attempt(Way(address), await made.header(), newest))
    assert isinstance(login, Login)
    return login


def station(**keys: Any) -> Change:
    def change(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0].update(keys)

    return change


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("mqtt://broker.example", ("broker.example", 1883, False)),
        ("mqtts://broker.example", ("broker.example", 8883, True)),
        ("mqtts://broker.example:443/", ("broker.example", 443, True)),
        ("mqtt://[::1]:1884", ("::1", 1884, False)),
    ],
)
def test_address_reads_as(address: str, parts: tuple[str, int, bool]) -> None:
    assert parse_address(address) == parts


@pytest.mark.parametrize("address", ["tcp://h:1", "mqtt://", "h:1883", "mqtt://h:99999"])
def test_address_of_another_kind_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"address|[Pp]ort"):
        parse_address(address)


async def test_topics_identity_and_will_are_those_of_the_mn() -> None:
    login = await login_of(agreed(destination(mqtt={"prefix": "sd/hj212"})))
    assert login.topics == f"sd/hj212/{MN}"
    assert login.client_id == f"paikou-{MN}"
    assert login.subscribe == (f"sd/hj212/{MN}/down", f"sd/hj212/{MN}/order")
    assert login.will.topic == f"sd/hj212/{MN}/state"
    assert json.loads(login.will.payload)["online"] is False


def test_birth_names_what_stands_at_the_outlet() -> None:
    birth = agreed().birth()
    assert birth.online
    assert (birth.outlets, birth.devices) == (("DW001",), ("cod", "flow", "ph"))
    assert (birth.edition, birth.since) == ("hj212-2017", 7.0)


async def test_health_is_that_of_the_station() -> None:
    assert await agreed().health() == b"health of st1"


async def test_stations_without_mn_go_by_the_name_of_the_logger_each_by_its_own() -> None:
    def two(site: dict[str, Any]) -> None:
        stations = site["destinations"][0]["stations"]
        stations[0].pop("mn")
        stations.append({"id": "st2", "outlets": ["DW001"], "pw": "default"})

    plan = plan_with(destination(edition="hj212-2025"), two)

    async def health(_: str) -> bytes:
        return b""

    made = [contract(plan, one, started_at=0.0, health=health) for one in plan.stations.values()]
    logins = [await login_of(one) for one in made]
    assert len({login.client_id for login in logins}) == 2
    assert all("//" not in login.will.topic for login in logins)
    assert [one.mn for one in made] == ["", ""]
    assert b";MN=;" in (await made[0].header()).frame(ROW, resent=False)


@pytest.mark.parametrize(
    ("version", "versions"), [("auto", (True, False)), ("5", (True,)), ("3.1.1", (False,))]
)
def test_versions_to_try_follow_the_settings(version: str, versions: tuple[bool, ...]) -> None:
    assert agreed(destination(mqtt={"version": version})).versions == versions


async def test_secrets_are_read_anew_for_each_connection(tmp_path: Path) -> None:
    pw, password = tmp_path / "pw", tmp_path / "password"
    pw.write_text("111111\n", encoding="utf-8")
    password.write_text("first\n", encoding="utf-8")
    made = agreed(
        station(pw={"file": str(pw)}),
        destination(mqtt={"username": "u", "password": {"file": str(password)}}),
    )
    assert ((await made.header()).pw, (await login_of(made)).password) == ("111111", "first")
    pw.write_text("222222\n", encoding="utf-8")
    password.write_text("second\n", encoding="utf-8")
    assert ((await made.header()).pw, (await login_of(made)).password) == ("222222", "second")
    assert "second" not in repr(await login_of(made))


async def test_secret_that_is_not_there_keeps_the_station_waiting(tmp_path: Path) -> None:
    pw = tmp_path / "pw"
    made = agreed(
        station(pw={"file": str(pw)}),
        destination(mqtt={"username": "u", "password": {"file": str(tmp_path / "password")}}),
    )
    with pytest.raises(Unreachable, match="pw"):
        await made.header()
    pw.write_text("123456", encoding="utf-8")
    with pytest.raises(Unreachable, match="password"):
        await login_of(made)


async def test_password_no_frame_can_hold_keeps_the_station_waiting(tmp_path: Path) -> None:
    """Better than rejecting for good everything that is owed."""
    pw = tmp_path / "pw"
    pw.write_text("se;cret\n", encoding="utf-8")
    with pytest.raises(Unreachable, match="no frame can be made") as caught:
        await agreed(station(pw={"file": str(pw)})).header()
    assert "cret" not in str(caught.value)


def test_manners_are_those_of_the_destination() -> None:
    made = agreed(
        destination(
            ack="9014",
            timeout_s=3,
            resends=1,
            in_flight=7,
            backlog_per_s=0.5,
            wire={"rf_on_resend": False},
            mqtt={"reconnect_s": 9},
        )
    )
    manners = made.manners
    assert (manners.ack, manners.timeout_s, manners.resends) == ("9014", 3, 1)
    assert (manners.in_flight, manners.backlog_per_s) == (7, 0.5)
    assert manners.rf_on_resend is False
    assert made.longest_backoff_s == 9


def over_tcp(*addresses: str, **keys: Any) -> Change:
    return destination(transport="tcp", addresses=list(addresses), **keys)


async def test_tcp_station_brings_its_certificates_keys_and_callers(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0000000000000000\n", encoding="utf-8")
    made = agreed(
        over_tcp(
            "tls://platform.example:9000",
            edition="hj212-2025",
            tcp={"ca": "ca.pem", "keepalive_s": 30, "reconnect_s": 9, "allow": ["10.0.0.0/8"]},
        ),
        station(key={"file": str(key)}),
    )
    header = await made.header()
    login = made.login(Attempt(made.ways[0], header, False))
    assert isinstance(login, TcpLogin)
    assert (login.address, login.ca, login.keepalive_s) == (
        "tls://platform.example:9000", "ca.pem", 30,
    )  # fmt: skip
    assert login.allow == ("10.0.0.0/8",)
    assert login.unseal is not None
    assert (made.longest_backoff_s, made.versions) == (9, (False,))
    assert header.seals("2011")


def test_ways_are_all_addresses_by_the_first_interface_first() -> None:
    made = agreed(over_tcp("tcp://127.0.0.1:1", "tcp://127.0.0.1:2", interfaces=["eth0", "wwan0"]))
    assert [str(way) for way in made.ways] == [
        "tcp://127.0.0.1:1 by eth0",
        "tcp://127.0.0.1:2 by eth0",
        "tcp://127.0.0.1:1 by wwan0",
        "tcp://127.0.0.1:2 by wwan0",
    ]
    assert [str(way) for way in agreed().ways] == [ADDRESS]


@pytest.mark.parametrize(
    ("keys", "every_s"),
    [
        ({"edition": "hj212-2025", "transport": "tcp", "addresses": ["tcp://127.0.0.1:1"]}, 60),
        ({"edition": "hj212-2025"}, 0),
        ({"edition": "hj212-2025", "wire": {"heartbeat_s": 30}}, 30),
        ({"edition": "hj212-2017", "transport": "tcp", "addresses": ["tcp://127.0.0.1:1"]}, 0),
    ],
)
def test_heartbeat_is_of_2025_and_of_tcp_unless_asked_for(
    keys: dict[str, Any], every_s: float
) -> None:
    assert agreed(destination(**keys)).manners.heartbeat_s == every_s


async def test_sealing_that_is_off_needs_no_key(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0000000000000000", encoding="utf-8")
    made = agreed(
        destination(edition="hj212-2025", seal={"rendering": "off"}),
        station(key={"file": str(key)}),
    )
    assert (await made.header()).key is None


async def test_key_that_is_none_keeps_the_station_waiting(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0000000000000000", encoding="utf-8")
    made = agreed(destination(edition="hj212-2025"), station(key={"file": str(key)}))
    key.write_text("spoilt later", encoding="utf-8")
    with pytest.raises(Unreachable, match="12 bytes") as caught:
        await made.header()
    assert "spoilt" not in str(caught.value)


async def test_what_a_platform_set_goes_before_the_file() -> None:
    async def in_force(name: str, given: StationCredentials) -> StationCredentials:
        assert (name, given.pw) == ("st1", "123456")
        return StationCredentials(pw="654321", previous_pw=given.pw)

    plan = plan_with()
    (one,) = plan.stations.values()

    async def health(_: str) -> bytes:
        return b""

    made = contract(plan, one, started_at=0.0, health=health, credentials=in_force)
    header = await made.header()
    assert header.knows("654321")
    assert header.knew("123456")


async def test_credential_that_does_not_open_keeps_the_station_waiting() -> None:
    async def closed(_: str, __: StationCredentials) -> StationCredentials:
        raise StoreError("credential st1/pw: does not open under this machine's key")

    plan = plan_with()
    (one,) = plan.stations.values()

    async def health(_: str) -> bytes:
        return b""

    made = contract(plan, one, started_at=0.0, health=health, credentials=closed)
    with pytest.raises(Unreachable, match="does not open"):
        await made.header()


@pytest.mark.parametrize(
    ("peer", "fine"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("::ffff:10.1.2.3", True),
        ("10.1.2.3", True),
        ("192.168.7.9", True),
        ("192.168.7.10", False),
        ("fe80::1%eth0", False),
        ("2001:db8::7", True),
    ],
)
def test_only_this_machine_and_the_allow_list_may_call_in(peer: str, fine: bool) -> None:
    assert may_call(peer, ("10.0.0.0/8", "192.168.7.9", "2001:db8::/32")) is fine


def test_without_a_list_only_this_machine_may_call_in() -> None:
    assert not may_call("10.1.2.3", ())


async def test_header_reads_as_the_platform_writes() -> None:
    for wire, encoding in (({"encoding": "gbk"}, "gbk"), ({}, "auto")):
        header = await agreed(destination(wire=wire)).header()
        assert header.encoding == encoding
