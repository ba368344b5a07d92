"""A small site for the tests of the workers: one water outlet, three instruments, a sampler."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from agent.plan import Plan, make_plan
from agent.settings import parse_site
from protocols.hj212.times import parse_wire_time

T0 = parse_wire_time("20260610100000")
"""The full hour, UTC+8, at which the tests begin."""
MINUTE, HOUR, DAY = 60, 3600, 86_400
FLOW, PH, COD = "w00000", "w01001", "w01018"

_SITE: dict[str, Any] = {
    "unit": {"code": "91000000000000000X001P", "name": "测试企业"},
    "outlets": [
        {
            "id": "DW001",
            "medium": "water",
            "flow": FLOW,
            "factors": {
                FLOW: {"device": "flow"},
                PH: {"device": "ph"},
                COD: {
                    "device": "cod",
                    "limits": [{"high": 50, "on": "measurement", "source": "表1", "retain": True}],
                },
            },
        }
    ],
    "buses": [{"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": 1502}],
    "devices": [
        {
            "id": "flow",
            "profile": "flow/em-flow-0x1010",
            "bus": "net1",
            "address": 1,
            "period_s": 10,
        },
        {"id": "ph", "profile": "water/ph", "bus": "net1", "address": 2, "period_s": 10},
        {
            "id": "cod",
            "profile": "water/hach-codmax-ii",
            "bus": "net1",
            "address": 3,
            "period_s": 10,
        },
    ],
    "samplers": [
        {
            "id": "sampler",
            "profile": "sampler/dayue-v105",
            "bus": "net1",
            "address": 9,
            "outlet": "DW001",
        }
    ],
    "destinations": [
        {
            "id": "province",
            "addresses": ["mqtt://127.0.0.1:1883"],
            "real_time_s": 30,
            "minutes": 10,
            "send_window_s": 0,
            "stations": [
                {
                    "id": "st1",
                    "mn": "010000A8900016F000169DC0",
                    "pw": "default",
                    "outlets": ["DW001"],
                }
            ],
        }
    ],
}

Change = Callable[[dict[str, Any]], None]


def site_with(*changes: Change) -> dict[str, Any]:
    """Give the site as the file would say it, changed by each function in turn."""
    site = copy.deepcopy(_SITE)
    for change in changes:
        change(site)
    return site


def site_file(folder: Path, *changes: Change, store: Path | None = None) -> Path:
    """Write the changed site into a folder; its store is in `store`, else in `state` beside it."""
    state = store or folder / "state"
    site = site_with(lambda site: site.update(storage={"directory": str(state)}), *changes)
    path = folder / "site.yaml"
    path.write_text(yaml.safe_dump(site, allow_unicode=True), encoding="utf-8")
    return path


def plan_with(*changes: Change) -> Plan:
    """Give the plan of the changed site; the settings' own checks have passed."""
    text = yaml.safe_dump(site_with(*changes), allow_unicode=True, sort_keys=False)
    return make_plan(parse_site(text.encode())[0])


def destination(**keys: object) -> Change:
    """Set keys of the platform."""

    def change(site: dict[str, Any]) -> None:
        site["destinations"][0].update(keys)

    return change


def factor(code: str, **keys: object) -> Change:
    """Set keys of a factor of the outlet."""

    def change(site: dict[str, Any]) -> None:
        site["outlets"][0]["factors"].setdefault(code, {}).update(keys)

    return change


def only(*codes: str) -> Change:
    """Leave the outlet these factors."""

    def change(site: dict[str, Any]) -> None:
        outlet = site["outlets"][0]
        outlet["factors"] = {code: outlet["factors"][code] for code in codes}
        if FLOW not in codes:
            del outlet["flow"]

    return change


def second_destination(outlet: str = "DW001", **keys: object) -> Change:
    """Add a platform with the station `st2`."""

    def change(site: dict[str, Any]) -> None:
        first = site["destinations"][0]
        station = {**first["stations"][0], "id": "st2", "outlets": [outlet]}
        other = {**first, "id": "city", "stations": [station], **keys}
        site["destinations"].append(other)

    return change


def second_outlet(*codes: str) -> Change:
    """Add DW002 with these factors of the same instruments' kinds, under the same station."""

    def change(site: dict[str, Any]) -> None:
        devices = {device["id"]: device for device in site["devices"]}
        factors = {}
        for number, code in enumerate(codes, start=20):
            name = site["outlets"][0]["factors"][code]["device"]
            site["devices"].append({**devices[name], "id": f"{name}2", "address": number})
            factors[code] = {"device": f"{name}2"}
        site["outlets"].append({"id": "DW002", "medium": "water", "factors": factors})
        site["destinations"][0]["stations"][0]["outlets"].append("DW002")

    return change
