"""What a station brings to a connection, out of the site file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from agent_site import Change, destination, plan_with
from test_header import ROW
from uplink_fakes import MN

from agent.errors import Unreachable
from agent.uplink.contract import contract
from agent.uplink.login import parse_address
from agent.uplink.station import Contract

ADDRESS = "mqtt://127.0.0.1:1883"


def agreed(*changes: Change) -> Contract:
    plan = plan_with(*changes)
    (station, *_) = plan.stations.values()

    async def health(name: str) -> bytes:
        return f"health of {name}".encode()

    return contract(plan, station, started_at=7.0, health=health)


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


def test_topics_identity_and_will_are_those_of_the_mn() -> None:
    login = agreed(destination(mqtt={"prefix": "sd/hj212"})).login(ADDRESS, True)
    assert login.client_id == f"paikou-{MN}"
    assert login.subscribe == (f"sd/hj212/{MN}/down",)
    assert login.will.topic == f"sd/hj212/{MN}/state"
    assert json.loads(login.will.payload)["online"] is False


def test_birth_names_what_stands_at_the_outlet() -> None:
    birth = agreed().birth()
    assert birth.online
    assert (birth.outlets, birth.devices) == (("DW001",), ("cod", "flow", "ph"))
    assert (birth.edition, birth.since) == ("hj212-2017", 7.0)


async def test_health_is_that_of_the_station() -> None:
    assert await agreed().health() == b"health of st1"


def test_stations_without_mn_go_by_the_name_of_the_logger_each_by_its_own() -> None:
    def two(site: dict[str, Any]) -> None:
        stations = site["destinations"][0]["stations"]
        stations[0].pop("mn")
        stations.append({"id": "st2", "outlets": ["DW001"], "pw": "default"})

    plan = plan_with(destination(edition="hj212-2025"), two)

    async def health(_: str) -> bytes:
        return b""

    made = [contract(plan, one, started_at=0.0, health=health) for one in plan.stations.values()]
    logins = [one.login(ADDRESS, True) for one in made]
    assert len({login.client_id for login in logins}) == 2
    assert all("//" not in login.will.topic for login in logins)
    assert [one.mn for one in made] == ["", ""]
    assert b";MN=;" in made[0].header().frame(ROW, resent=False)


@pytest.mark.parametrize(
    ("version", "versions"), [("auto", (True, False)), ("5", (True,)), ("3.1.1", (False,))]
)
def test_versions_to_try_follow_the_settings(version: str, versions: tuple[bool, ...]) -> None:
    assert agreed(destination(mqtt={"version": version})).versions == versions


def test_secrets_are_read_anew_for_each_connection(tmp_path: Path) -> None:
    pw, password = tmp_path / "pw", tmp_path / "password"
    pw.write_text("111111\n", encoding="utf-8")
    password.write_text("first\n", encoding="utf-8")
    made = agreed(
        station(pw={"file": str(pw)}),
        destination(mqtt={"username": "u", "password": {"file": str(password)}}),
    )
    assert (made.header().pw, made.login(ADDRESS, True).password) == ("111111", "first")
    pw.write_text("222222\n", encoding="utf-8")
    password.write_text("second\n", encoding="utf-8")
    assert (made.header().pw, made.login(ADDRESS, True).password) == ("222222", "second")
    assert "second" not in repr(made.login(ADDRESS, True))


def test_secret_that_is_not_there_keeps_the_station_waiting(tmp_path: Path) -> None:
    made = agreed(
        station(pw={"file": str(tmp_path / "pw")}),
        destination(mqtt={"username": "u", "password": {"file": str(tmp_path / "password")}}),
    )
    with pytest.raises(Unreachable, match="pw"):
        made.header()
    with pytest.raises(Unreachable, match="password"):
        made.login(ADDRESS, True)


def test_password_no_frame_can_hold_keeps_the_station_waiting(tmp_path: Path) -> None:
    """Better than rejecting for good everything that is owed."""
    pw = tmp_path / "pw"
    pw.write_text("se;cret\n", encoding="utf-8")
    with pytest.raises(Unreachable, match="no frame can be made") as caught:
        agreed(station(pw={"file": str(pw)})).header()
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
