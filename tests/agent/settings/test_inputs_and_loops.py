"""Contacts and current loops in the site file: what is wrong with them is named."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from agent_site import COD, Change, site_with

from agent.errors import ConfigError, Finding
from agent.plan import make_plan
from agent.settings import Site, parse_site

DOOR = {"id": "door1", "device": "io", "point": "contact1", "means": "door"}
LOOP = {"span": [0, 200], "unit": "mg/L"}
ACTIVE = {"device": "io", "point": "contact2", "spans": {0: [0, 100], 1: [0, 1000]}}


def modules(site: dict[str, Any]) -> None:
    site["buses"].append({"id": "net2", "kind": "tcp", "host": "127.0.0.1", "port": 1503})
    for number, (name, profile, bus) in enumerate(
        [
            ("io", "modules/plc-contacts", "net1"),
            ("far", "modules/plc-contacts", "net2"),
            ("ai", "modules/icpdas-m7017rc", "net1"),
        ],
        start=40,
    ):
        site["devices"].append({"id": name, "profile": profile, "bus": bus, "address": number})


def given(*inputs: dict[str, Any]) -> Change:
    return lambda site: site.update(inputs=list(inputs))


def loop(**analogue: Any) -> Change:
    def change(site: dict[str, Any]) -> None:
        rule = {"device": "ai", "point": "ai0", "analogue": {**LOOP, **analogue}}
        site["outlets"][0]["factors"][COD] = rule

    return change


def second(site: dict[str, Any]) -> None:
    site["outlets"].append({"id": "DW002", "medium": "water", "factors": {}})


def look(*changes: Change) -> tuple[Site | None, list[Finding]]:
    text = yaml.safe_dump(site_with(modules, *changes), allow_unicode=True, sort_keys=False)
    try:
        site, findings = parse_site(text.encode(), lang="en")
    except ConfigError as error:
        return None, list(error.findings)
    return site, findings


def said(*changes: Change) -> set[tuple[str, str, str]]:
    """Give (level, kind, key) of what concerns inputs and loops."""
    found = look(*changes)[1]
    return {
        (one.level, one.kind, one.key)
        for one in found
        if one.key.startswith("inputs") or ".analogue" in one.key or one.kind == "later"
    }


def test_good_inputs_and_loops_are_used_and_have_no_findings() -> None:
    trigger = {**DOOR, "id": "t", "means": "trigger", "factors": [COD]}
    assert said(given(DOOR, trigger), loop(active=ACTIVE)) == set()
    site, findings = look(given(DOOR), loop(active=ACTIVE))
    assert site is not None
    unused = {one.found for one in findings if one.kind == "unused_device"}
    assert unused == {"cod", "far"}
    one = make_plan(site).outlets["DW001"].factors[COD].loop
    assert one is not None
    assert (one.raw, one.fault, one.zero_from, one.unit) == ((4, 20), (3.6, 21.0), None, "mg/L")
    assert one.selector is not None
    assert one.selector.spans == {0: (0.0, 100.0), 1: (0.0, 1000.0)}


def test_unit_of_the_span_counts_and_not_that_of_the_current() -> None:
    assert look(loop())[0] is not None
    site, findings = look(loop(unit="m3/h"))
    assert site is None
    assert [one.kind for one in findings if one.level == "error"] == ["no_way"]
    site, _ = look(loop(unit=""))
    assert site is not None, "the wire unit is meant"
    found = make_plan(site).outlets["DW001"].factors[COD].loop
    assert found is not None
    assert found.unit == "mg/L"


@pytest.mark.parametrize(
    ("changes", "level", "kind", "key"),
    [
        ([given({**DOOR, "point": "x"})], "error", "unknown_point", "inputs[0].point"),
        ([given({**DOOR, "device": "x"})], "error", "unknown_device", "inputs[0].device"),
        ([given({**DOOR, "outlet": "DW009"})], "error", "unknown_outlet", "inputs[0].outlet"),
        ([given({**DOOR, "stop": True})], "error", "input_stop", "inputs[0].stop"),
        ([given({**DOOR, "facility": "SB1"})], "error", "input_facility", "inputs[0].facility"),
        (
            [given({**DOOR, "factors": ["w99999"]})],
            "error",
            "factor_not_here",
            "inputs[0].factors[0]",
        ),
        (
            [second, given({**DOOR, "means": "maintenance"})],
            "error",
            "input_outlet",
            "inputs[0].means",
        ),
        (
            [second, given({**DOOR, "means": "trigger", "outlet": "DW002"})],
            "warning",
            "no_sampler",
            "inputs[0].means",
        ),
        ([loop(raw=[20, 4])], "error", "range_reversed", f"{COD}.analogue.raw"),
        ([loop(span=[5, 5])], "error", "range_reversed", f"{COD}.analogue.span"),
        ([loop(fault=[21, 3.6])], "error", "range_reversed", f"{COD}.analogue.fault"),
        (
            [loop(active={**ACTIVE, "spans": {0: [9, 1]}})],
            "error",
            "range_reversed",
            f"{COD}.analogue.active.spans",
        ),
        (
            [loop(active={**ACTIVE, "device": "nobody"})],
            "error",
            "unknown_device",
            f"{COD}.analogue.active.device",
        ),
        (
            [loop(active={**ACTIVE, "point": "nothing"})],
            "error",
            "unknown_point",
            f"{COD}.analogue.active.point",
        ),
        (
            [loop(active={**ACTIVE, "device": "far"})],
            "error",
            "range_far",
            f"{COD}.analogue.active.device",
        ),
    ],
)
def test_fault_is_named_by_its_key(changes: list[Change], level: str, kind: str, key: str) -> None:
    found = said(*changes)
    assert len(found) == 1
    ((its_level, its_kind, its_key),) = found
    assert (its_level, its_kind) == (level, kind)
    assert key in its_key


def test_door_of_all_outlets_needs_no_outlet() -> None:
    assert said(second, given(DOOR)) == set()


def siren(**keys: Any) -> Change:
    """A signal at a device that has an output, unless `keys` name another."""
    signal = {"id": "siren", "device": "io", **keys}

    def change(site: dict[str, Any]) -> None:
        io = {"profile": "modules/advantech-adam-4150", "bus": site["devices"][0]["bus"]}
        site["devices"].append({"id": "io", "address": 77, **io})
        site["alarms"] = {"signals": [signal]}

    return change


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (siren(), set()),
        (siren(device="x"), {"unknown_device"}),
        (siren(device="ph"), {"no_output"}),
    ],
)
def test_signal_wants_an_instrument_with_an_output(change: Change, kinds: set[str]) -> None:
    found = {one.kind for one in look(change)[1] if one.key.startswith("alarms")}
    assert found == kinds
