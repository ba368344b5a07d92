"""The standard site of the benches: 100 factors from 12 instruments every 5 s, 4 stations."""

from __future__ import annotations

import random
from pathlib import Path

import yaml

from agent.clock import Clock
from agent.plan import Plan, make_plan
from agent.settings.load import parse_site
from drivers.device import Reading
from protocols.hj212.factor_table import FACTORS_2017

OUTLETS = ("DA001", "DA002", "DA003", "DA004")
DEVICES_EACH = 3
MN = "010000A8900016F000169D"
POINTS = ("a21026", "a21003", "a21005", "a21004", "a21001", "a21022", "a21024", "a21026", "a21003")


def site_text(directory: Path, *, host_port: int = 1502, broker: int = 1883) -> str:
    """Write a site file: four stacks, three instruments and 25 factors each, one platform."""
    names = {outlet: [f"{outlet.lower()}-{n}" for n in range(DEVICES_EACH)] for outlet in OUTLETS}
    devices = [one for group in names.values() for one in group]
    return yaml.safe_dump(
        {
            "unit": {"code": "91000000000000000X001P", "name": "bench"},
            "outlets": [
                {"id": outlet, "medium": "gas", "factors": _factors(group)}
                for outlet, group in names.items()
            ],
            "buses": [{"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": host_port}],
            "devices": [
                {"id": one, "profile": "gas/fpi-cems2000", "bus": "net1", "address": number}
                for number, one in enumerate(devices, start=1)
            ],
            "destinations": [
                {
                    "id": "province",
                    "addresses": [f"mqtt://127.0.0.1:{broker}"],
                    "stations": [
                        {"id": outlet.lower(), "mn": f"{MN}{n:02d}", "pw": "default"}
                        | {"outlets": [outlet]}
                        for n, outlet in enumerate(OUTLETS)
                    ],
                }
            ],
            "storage": {"directory": str(directory), "ballast_mb": 4},
        },
        allow_unicode=True,
        sort_keys=False,
    )


def _factors(devices: list[str]) -> dict[str, dict[str, str]]:
    """Give 25 factors in mg/m3, each from some point of one of the instruments."""
    codes = [row[0] for row in FACTORS_2017 if row[2] == "gas" and row[3] == "mg/m3"]
    return {
        code: {"device": devices[n % DEVICES_EACH], "point": POINTS[n // DEVICES_EACH]}
        for n, code in enumerate(codes[:25])
    }


def plan(directory: Path) -> Plan:
    """Give the plan of the standard site."""
    site, _ = parse_site(site_text(directory).encode())
    return make_plan(site)


class Fake:
    """An instrument that answers at once with values that move."""

    def __init__(self, name: str, plan: Plan, clock: Clock) -> None:
        self.id = name
        self._points = [one.point for one in plan.factors_of(name)]
        self._units = [one.judge.unit for one in plan.factors_of(name)]
        self._clock = clock
        self._random = random.Random(name)

    async def read(self) -> list[Reading]:
        now = self._clock.now()
        return [
            Reading(point, 20 + self._random.random(), unit, taken_at=now)
            for point, unit in zip(self._points, self._units, strict=True)
        ]
