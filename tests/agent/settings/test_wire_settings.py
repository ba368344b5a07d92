"""What a destination may say of its wire, and what `check` makes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from agent_site import Change, destination, plan_with, site_with

from agent.errors import ConfigError, Finding
from agent.plan import StationPlan
from agent.settings import Site, parse_site

AWAY = "tcp://platform.example:9000"
HERE = "tcp://127.0.0.1:9000"


def look(*changes: Change, lang: str = "en") -> tuple[Site | None, list[Finding]]:
    text = yaml.safe_dump(site_with(*changes), allow_unicode=True, sort_keys=False)
    try:
        return parse_site(text.encode(), lang=lang)  # type: ignore[arg-type]
    except ConfigError as error:
        return None, list(error.findings)


def said(*changes: Change) -> list[tuple[str, str]]:
    """Give kind and key of each finding, without that of the example password."""
    return [(one.kind, one.key) for one in look(*changes)[1] if one.kind != "default_pw"]


def tcp(*addresses: str, **keys: Any) -> Change:
    return destination(transport="tcp", addresses=list(addresses or (HERE,)), **keys)


def station(**keys: Any) -> Change:
    def change(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0].update(keys)

    return change


def planned(*changes: Change) -> StationPlan:
    (one,) = plan_with(*changes).stations.values()
    return one


@pytest.mark.parametrize("address", [HERE, "tls://platform.example:9000", "listen://[::1]:9000"])
def test_tcp_is_in_use(address: str) -> None:
    assert said(tcp(address)) == []


@pytest.mark.parametrize(
    ("access", "waits"), [("mobile", (10, 3)), ("fixed", (5, 3)), ("nb_iot", (30, 5))]
)
def test_waits_follow_the_access_line(access: str, waits: tuple[float, int]) -> None:
    one = planned(destination(access=access)).destination
    assert (one.timeout_s, one.resends) == waits


def test_wait_that_the_file_says_goes_first() -> None:
    one = planned(destination(access="nb_iot", timeout_s=7)).destination
    assert (one.timeout_s, one.resends) == (7, 5)


@pytest.mark.parametrize("access", ["dial-up", 7, [], {}])
def test_access_line_of_no_kind_is_refused(access: object) -> None:
    assert ("choice", "destinations[0].access") in said(destination(access=access))


def test_dialect_brings_its_edition() -> None:
    one = planned(destination(dialect="hebei"))
    assert one.wording.edition.name == "hebei"
    assert one.wording.edition.base == "hj212-2017"


def test_dialect_of_another_edition_than_the_file_says_is_refused() -> None:
    assert said(destination(dialect="hebei", edition="hj212-2025")) == [
        ("dialect_base", "destinations[0].edition")
    ]


def test_unknown_dialect_is_told_with_the_nearest() -> None:
    site, findings = look(destination(dialect="hebai"))
    assert site is None
    (one,) = (one for one in findings if one.kind == "unknown_dialect")
    assert "did you mean hebei?" in one.allowed


def test_factor_of_the_new_edition_is_sent_to_the_new_platform() -> None:
    """d20105 is in no table of 2017."""

    def electricity(site: dict[str, Any]) -> None:
        site["outlets"].append(
            {"id": "YD001", "medium": "electricity", "factors": {"d20105": {"device": "meter"}}}
        )
        site["devices"].append(
            {"id": "meter", "profile": "water/ph", "bus": "net1", "address": 7, "period_s": 10}
        )
        site["destinations"][0]["stations"][0]["outlets"].append("YD001")

    findings = look(electricity)[1]
    first = next(one for one in findings if one.level == "error")
    assert (first.kind, first.found) == ("unspoken_factor", "d20105 (hj212-2017)")
    assert first.allowed == "a factor of hj212-2025; list that platform's factors without it"
    new = look(electricity, destination(edition="hj212-2025"))[1]
    assert "unspoken_factor" not in [one.kind for one in new]


def test_code_that_is_meant_is_one_that_the_platform_has() -> None:
    def mistyped(code: str) -> Change:
        return lambda site: site["destinations"][0].update(factors=[code])

    old, mn = destination(edition="hj212-2005"), station(mn="88888880000001")
    (near,) = [one for one in look(old, mn, mistyped("w0108"))[1] if one.level == "error"]
    assert near.allowed == "a factor code of hj212-2005 (did you mean w01018?)"
    (far,) = [one for one in look(old, mn, mistyped("a01904"))[1] if one.level == "error"]
    assert "a0190" not in far.allowed, "2005 has no temperature of a furnace"


def test_platform_of_2005_has_its_own_codes_for_known_factors() -> None:
    one = planned(destination(edition="hj212-2005"), station(mn="88888880000001"))
    assert one.wording.code("w01018") == "011"
    assert one.wording.code("w01001") == "001"


def test_mn_of_2005_has_fourteen_characters() -> None:
    old = destination(edition="hj212-2005")
    assert said(old, station(mn="88888880000001")) == []
    (long,) = [one for one in look(old)[1] if one.level == "error"]
    assert (long.kind, long.key) == ("mn_long", "destinations[0].stations[0].mn")
    assert long.allowed == "at most 14 characters in hj212-2005"
    assert said(old, station(mn="8888888_000001")) == [
        ("mn_form", "destinations[0].stations[0].mn")
    ]


@pytest.mark.parametrize("edition", ["hj212-2005", "hj212-2017"])
def test_old_editions_need_an_mn(edition: str) -> None:
    assert said(destination(edition=edition), station(mn="")) == [
        ("missing", "destinations[0].stations[0].mn")
    ]


def test_open_door_is_refused() -> None:
    assert said(tcp("listen://0.0.0.0:9000")) == [("door_open", "destinations[0].addresses[0]")]
    assert said(tcp("listen://0.0.0.0:9000", tcp={"allow": ["10.1.2.0/24"]})) == []
    assert said(tcp("listen://127.0.0.1:9000")) == []


def test_door_with_tls_takes_a_certificate() -> None:
    found = said(tcp("listens://127.0.0.1:9000"))
    assert found == [("door_cert", "destinations[0].tcp.client_cert")]
    assert said(tcp("listens://127.0.0.1:9000", tcp={"client_cert": __file__})) != []
    both = {"client_cert": __file__, "client_key": __file__}
    assert said(tcp("listens://127.0.0.1:9000", tcp=both)) == []
    assert said(tcp("listens://0.0.0.0:9000", tcp=both)) == [
        ("door_open", "destinations[0].addresses[0]")
    ]


def test_allow_list_holds_addresses_and_networks_only() -> None:
    change = tcp("listen://0.0.0.0:9000", tcp={"allow": ["10.1.2.3", "platform.example"]})
    assert said(change) == [("door_network", "destinations[0].tcp.allow[1]")]


def test_door_goes_alone() -> None:
    both = tcp("listen://127.0.0.1:9000", HERE)
    assert said(both) == [("door_alone", "destinations[0].addresses[0]")]


def test_two_stations_may_not_listen_at_one_address() -> None:
    def twice(site: dict[str, Any]) -> None:
        first = site["destinations"][0]
        other = {"id": "st2", "mn": "0" * 24, "pw": "default", "outlets": ["DW001"]}
        site["destinations"].append({**first, "id": "city", "stations": [other]})

    assert ("door_twice", "destinations[1].addresses[0]") in said(
        tcp("listen://127.0.0.1:9000"), twice
    )


def test_password_in_clear_is_warned_of_unless_sealed_or_over_tls(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0000000000000000", encoding="utf-8")
    newest = {"edition": "hj212-2025"}
    assert said(tcp(AWAY)) == [("plain_tcp", "destinations[0].addresses[0]")]
    assert said(tcp(AWAY, **newest)) == [("no_key", "destinations[0].addresses[0]")]
    assert said(tcp(AWAY, **newest), station(key={"file": str(key)})) == []
    off = tcp(AWAY, seal={"rendering": "off"}, **newest)
    assert said(off, station(key={"file": str(key)})) == [
        ("no_key", "destinations[0].addresses[0]")
    ]


def test_key_of_another_form_is_refused_and_not_shown(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("too short", encoding="utf-8")
    findings = look(destination(edition="hj212-2025"), station(key={"file": str(key)}))[1]
    (one,) = (one for one in findings if one.kind == "sm4_key")
    assert (one.level, one.key) == ("error", "destinations[0].stations[0].key")
    assert "too short" not in str(one)


def test_key_is_of_no_use_before_2025(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("0123456789ABCDEFFEDCBA9876543210", encoding="utf-8")
    assert said(station(key={"file": str(key)})) == [
        ("seal_edition", "destinations[0].stations[0].key")
    ]


@pytest.mark.parametrize(
    ("commands", "fine"), [(["2xxx", "3020"], True), (["20xx"], True), (["2x1x"], False)]
)
def test_commands_to_seal_are_codes_or_groups(commands: list[str], fine: bool) -> None:
    change = destination(edition="hj212-2025", seal={"commands": commands})
    assert (look(change)[0] is not None) is fine


def test_what_only_the_other_transport_has_is_refused() -> None:
    assert said(destination(ack="none")) == [("transport_only", "destinations[0].ack")]
    assert said(tcp(ack="puback")) == [("transport_only", "destinations[0].ack")]
    assert said(tcp(ack="none")) == []
    assert planned(tcp(ack="none")).wording.answer is False


def test_interface_that_is_not_there_is_warned_of() -> None:
    assert said(tcp(interfaces=["lo"])) == []
    assert said(tcp(interfaces=["lo", "wwan77"])) == [
        ("no_interface", "destinations[0].interfaces[1]")
    ]


def test_certificates_of_tcp_are_looked_for() -> None:
    change = tcp("tls://platform.example:9000", tcp={"ca": "/nowhere/ca.pem"})
    assert said(change) == [("file_missing", "destinations[0].tcp.ca")]


def test_notices_have_no_place_over_tcp() -> None:
    assert planned().hears("exceedance")
    assert not planned(tcp()).hears("exceedance")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_finding_is_worded_in_both_languages(lang: str) -> None:
    findings = look(tcp("listen://0.0.0.0:9000"), lang=lang)[1]
    text = next(str(one) for one in findings if one.kind == "door_open")
    assert ("谁都能连入" in text) is (lang == "zh")


def test_what_works_is_not_told_as_of_a_later_version() -> None:
    """`encoding` on receipt, a platform as the source of time, sentinels where there are any."""

    def source(site: dict[str, Any]) -> None:
        site["time_source"] = site["destinations"][0]["id"]

    keys = {"edition": "hj212-2025", "absent": "profile_sentinel", "wire": {"encoding": "gbk"}}
    assert said(destination(**keys), source) == []


def test_sentinel_of_an_edition_that_has_none_is_warned_of() -> None:
    found = said(destination(edition="hj212-2017", absent="profile_sentinel"))
    assert found == [("no_sentinel", "destinations[0].absent")]


def test_interfaces_are_of_both_transports() -> None:
    assert said(destination(interfaces=["lo"])) == []
    assert said(tcp(HERE, interfaces=["lo"])) == []
