"""The plants that campaigns are run on: site files as data, and what an audit must know of them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from campaign_store import Outlet, Site, Station
from daemon_bench import HOST, free_port

CONTINUOUS_S = 60.0
"""Who has minutes must be asked in each."""
CONTINUOUS_SETTLE_S = 5
BATCH_SETTLE_S = 75 * 60
MNS = tuple(f"010000A8900016F000169DC{n}" for n in range(4))
GAS = ("a21026", "a21003", "a21005", "a19001")
RETAINED = {"w01018": 50.0, "w21003": 20.0}
"""Limits whose breach keeps a bottle."""
EXCEEDING = {"cod": ("w01018", 86.5), "nh3": ("w21003", 33.25)}


def factory(folder: Path, broker_port: int, *, speed: float) -> dict[str, Any]:
    """A factory: two waste water outlets, a stack, a sampler; three stations of two platforms.

    Batch analyzers are asked once a real second, the others twice and each minute of the clock.
    """
    return {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [_waste_water(), _workshop(), _stack()],
        "buses": [
            {"id": "line1", "kind": "serial", "port": str(folder / "dev" / "line1")},
            {"id": "net1", "kind": "tcp", "host": HOST, "port": free_port()},
        ],
        "devices": [
            device("cod", "water/hach-codmax-ii", "line1", 1, speed),
            device("nh3", "water/hach-amtax-compact-ii", "line1", 2, speed),
            device("lead", "metals/labsun-phototek6000", "line1", 3, speed),
            device("flow", "flow/em-flow-0x1010", "net1", 1, min(CONTINUOUS_S, speed / 2)),
            device("ph", "water/ph", "net1", 2, min(CONTINUOUS_S, speed / 2)),
            device("cems", "gas/fpi-cems2000", "net1", 3, min(CONTINUOUS_S, speed / 2)),
        ],
        "samplers": [
            {
                **device("sampler", "sampler/dayue-v105", "line1", 9, speed),
                "outlet": "DW001",
                "interval_min": 60,
                "vessel_hold_min": 60,
            }
        ],
        "destinations": [
            platform(
                "province", broker_port, {"a": ["DW001"], "b": ["DW002", "DA001"]}, MNS, speed=speed
            ),
            platform("city", broker_port, {"c": ["DW001"]}, MNS[2:], minutes=10, speed=speed),
        ],
        "storage": {"directory": str(folder / "state"), "ballast_mb": 4},
    }


FACTORY = Site(
    outlets={
        "DW001": Outlet("DW001", "32", ("w00000", "w01001"), tuple(RETAINED), BATCH_SETTLE_S),
        "DW002": Outlet("DW002", "32", (), ("w20120",), BATCH_SETTLE_S),
        "DA001": Outlet("DA001", "31", GAS, (), CONTINUOUS_SETTLE_S),
    },
    stations={
        "a": Station(MNS[0], ("DW001",)),
        "b": Station(MNS[1], ("DW002", "DA001")),
        "c": Station(MNS[2], ("DW001",), minutes=10),
    },
)
"""The factory in the words of the audit."""


def meadow(folder: Path, broker_port: int, *, speed: float = 1.0, **storage: Any) -> dict[str, Any]:
    """A small site: one outlet, its pH meter and its flow meter, one station."""
    return {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [
            {
                "id": "DW001",
                "medium": "water",
                "flow": "w00000",
                "factors": {"w00000": {"device": "flow"}, "w01001": {"device": "ph"}},
            }
        ],
        "buses": [{"id": "net1", "kind": "tcp", "host": HOST, "port": free_port()}],
        "devices": [
            device("flow", "flow/em-flow-0x1010", "net1", 1, min(CONTINUOUS_S, speed / 2)),
            device("ph", "water/ph", "net1", 2, min(CONTINUOUS_S, speed / 2)),
        ],
        "destinations": [platform("province", broker_port, {"a": ["DW001"]}, MNS, speed=speed)],
        "storage": {"directory": str(folder / "state"), "ballast_mb": 4, **storage},
    }


MEADOW = Site(
    outlets={
        "DW001": Outlet("DW001", "32", ("w00000", "w01001"), (), CONTINUOUS_SETTLE_S),
    },
    stations={"a": Station(MNS[0], ("DW001",))},
)


def device(name: str, profile: str, bus: str, address: int, period_s: float) -> dict[str, Any]:
    period_s = max(0.5, period_s)
    return {"id": name, "profile": profile, "bus": bus, "address": address, "period_s": period_s}


def platform(
    name: str,
    port: int,
    stations: dict[str, list[str]],
    mns: Iterable[str],
    *,
    speed: float,
    minutes: int = 1,
) -> dict[str, Any]:
    """A platform that is quick to come back to. Intervals of the clock grow with its speed."""
    return {
        "id": name,
        "addresses": [f"mqtt://{HOST}:{port}"],
        "real_time_s": min(3600, max(1, round(3 * speed))),
        "minutes": minutes,
        "backlog_per_s": 100,
        "send_window_s": 0,
        "timeout_s": 5,
        "mqtt": {"reconnect_s": 1},
        "stations": [
            {"id": one, "mn": mn, "pw": "default", "outlets": outlets}
            for (one, outlets), mn in zip(stations.items(), mns, strict=False)
        ],
    }


def _waste_water() -> dict[str, Any]:
    batch = {
        code: {
            "device": name,
            "sampling": {"cycle_min": 60, "lag_min": 60},
            "limits": [{"high": RETAINED[code], "on": "measurement", "retain": True}],
        }
        for name, (code, _) in EXCEEDING.items()
    }
    continuous = {"w00000": {"device": "flow"}, "w01001": {"device": "ph"}}
    return {
        "id": "DW001",
        "medium": "water",
        "flow": "w00000",
        "factors": {**continuous, **batch},
    }


def _workshop() -> dict[str, Any]:
    sampling = {"cycle_min": 60, "lag_min": 60}
    return {
        "id": "DW002",
        "medium": "water",
        "factors": {"w20120": {"device": "lead", "sampling": sampling}},
    }


def _stack() -> dict[str, Any]:
    return {"id": "DA001", "medium": "gas", "factors": {code: {"device": "cems"} for code in GAS}}


PH_METERS = {
    f"ph{n}": (
        f"DW00{n}",
        "line1" if n <= 3 else "net1",
        {"w01001": 6.01 + n / 10, "w01010": n * 3.5},
    )
    for n in range(1, 7)
}
"""Six pH meters, each with values no other one has: outlet, bus, and what it says."""


def row_of_meters(folder: Path, broker_port: int) -> dict[str, Any]:
    """Three pH meters on a serial line, three behind a TCP port, an outlet and a station each."""
    meters = [
        {
            **device(name, "water/liance-ph" if bus == "line1" else "water/ph", bus, n, 1.0),
            "timing": {"timeout_ms": 150, "retries": 0},
        }
        for n, (name, (_, bus, _)) in enumerate(PH_METERS.items(), start=1)
    ]
    stations = {name: [outlet] for name, (outlet, _, _) in PH_METERS.items()}
    mns = [f"010000A8900016F000169DD{n}" for n in range(1, 7)]
    return {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [
            {"id": outlet, "medium": "water", "factors": {code: {"device": name} for code in said}}
            for name, (outlet, _, said) in PH_METERS.items()
        ],
        "buses": [
            {"id": "line1", "kind": "serial", "port": str(folder / "dev" / "line1")},
            {"id": "net1", "kind": "tcp", "host": HOST, "port": free_port()},
        ],
        "devices": meters,
        "destinations": [
            {**platform("province", broker_port, stations, mns, speed=1.0), "real_time_s": 1}
        ],
        "storage": {"directory": str(folder / "state"), "ballast_mb": 4},
    }
