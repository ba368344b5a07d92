"""The site of the bench over TCP, and our agent as a candidate of any bench of its form.

`prepare(work, p)` writes the site file and gives the command, for a bench whose candidates are
functions `module:prepare`. Device i is at port `base_port + i // 240`, unit `1 + i % 240`, with
`points` float32 in its first holding registers.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
if str(ROOT) not in sys.path:  # named from elsewhere, it is not installed there
    sys.path.append(str(ROOT))

from protocols.hj212.factor_table import FACTORS_2017  # noqa: E402

DEVICES_EACH = 50
"""Devices of one station: each has an outbox and a connection of its own."""
UNITS = 240
"""Unit ids of one port."""
CODES = [row[0] for row in FACTORS_2017 if row[2] == "gas" and row[3] == "mg/m3"]
_MAKE = "import sys, pathlib as p, agent.tools.migrate as m; m.migrate(p.Path(sys.argv[1]))"
_KEYS = ("base_port", "mqtt_port", "devices", "points", "period")


def prepare(work: str, p: dict[str, Any]) -> dict[str, Any]:
    """Write the site of a bench; give the command that runs it, and how its points are counted."""
    path = write_site(Path(work), **{key: p[key] for key in _KEYS})
    here = ["env", f"PYTHONPATH={ROOT}", sys.executable]
    return {
        "cmd": [*here, str(Path(__file__).with_name("tcp_agent.py")), str(path)],
        "mode": "keys",
        "setup": [[*here, "-c", _MAKE, str(path.parent / "state")]],
    }


def write_site(
    folder: Path, *, base_port: int, mqtt_port: int, devices: int, points: int, period: float
) -> Path:
    """Write a site file and the profile of its instruments; gives the site file."""
    codes = CODES[:points]
    (folder / "profiles" / "bench").mkdir(parents=True)
    profile = {
        "profile": "bench/floats",
        "name": "float32",
        "source": "made by this bench",
        "confidence": "convention",
        "driver": "modbus",
        "line": {"gap_ms": 0, "timeout_ms": 1000},
        "points": [
            {"id": code, "register": "holding", "address": 2 * n, "type": "float32"}
            | {"unit": "mg/m3"}
            for n, code in enumerate(codes)
        ],
    }
    (folder / "profiles" / "bench" / "floats.yaml").write_text(json.dumps(profile))
    site = {
        "unit": {"code": "91000000000000000X001P", "name": "bench"},
        "profiles": str(folder / "profiles"),
        "outlets": [
            {
                "id": _outlet(n),
                "medium": "gas",
                "factors": {code: {"device": f"dev{n}"} for code in codes},
            }
            for n in range(devices)
        ],
        "buses": [
            {"id": f"net{n}", "kind": "tcp", "host": "127.0.0.1", "port": base_port + n // UNITS}
            for n in range(devices)
        ],
        "devices": [
            {"id": f"dev{n}", "profile": "bench/floats", "bus": f"net{n}", "address": 1 + n % UNITS}
            | {"period_s": period}
            for n in range(devices)
        ],
        "destinations": [
            {
                "id": "platform",
                "addresses": [f"mqtt://127.0.0.1:{mqtt_port}"],
                "ack": "puback",
                "send_window_s": 0,
                "stations": [
                    {"id": station(n), "mn": f"{n:024d}", "pw": "default", "outlets": [_outlet(n)]}
                    for n in range(0, devices, DEVICES_EACH)
                ],
            }
        ],
        "storage": {"directory": str(folder / "state"), "ballast_mb": 4},
    }
    path = folder / "site.yaml"
    path.write_text(json.dumps(site, separators=(",", ":")))  # which is YAML, and short
    return path


def station(device: int) -> str:
    """Give the station that reports a device."""
    return f"bench{device // DEVICES_EACH}"


def _outlet(device: int) -> str:
    return f"DA{device:03d}"
