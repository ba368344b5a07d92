"""The site of the gas turbine's CEMS, and its cycles as readings of the instruments."""

from __future__ import annotations

from typing import Any

from turbine_course import HOUR, MINUTE, Life

from agent.marks import Record
from agent.model import MarkKind, MarkState
from drivers.device import Reading

OUTLET = "DA001"
AREA_M2 = 24.0
REFERENCE_O2 = 15.0
DUST_RANGE = 50.0
CABINET = ("a21026", "a21002", "a21004", "a21005")
"""What a calibration of the cabinet speaks for."""
_UNITS = {
    "temperature": "degC",
    "static": "kPa",
    "ambient": "kPa",
    "so2": "ppm",
    "o2": "%",
    "moisture": "%",
    "velocity": "m/s",
}
_POINTS = {
    "temperature": "value1",
    "static": "value2",
    "ambient": "value3",
    "so2": "a21026",
    "no": "a21003",
    "no2": "a21004",
    "co": "a21005",
    "o2": "a19001",
    "moisture": "a01014",
    "dust": "a34013",
    "velocity": "w00000",
}


def turbine_site(*, every_s: int) -> dict[str, Any]:
    """Give the site as its file would say it."""
    device = {"bus": "net1", "period_s": every_s}
    return {
        "unit": {"code": "91000000000000000X001P", "name": "燃机示例"},
        "outlets": [
            {
                "id": OUTLET,
                "medium": "gas",
                "gas": {
                    "reference_oxygen": REFERENCE_O2,
                    "ambient_pressure": "a01006",
                    "duct_area_m2": AREA_M2,
                },
                "factors": {
                    "a01012": {"device": "plc", "point": "value1"},
                    "a01013": {"device": "plc", "point": "value2"},
                    "a01006": {"device": "plc", "point": "value3"},
                    "a21026": {"device": "cabinet", "conversions": ["mass", "dry", "oxygen"]},
                    "a21002": {
                        "device": "cabinet",
                        "point": "a21003",
                        "conversions": ["nox", "oxygen"],
                    },
                    "a21004": {"device": "cabinet"},
                    "a21005": {"device": "cabinet", "conversions": ["oxygen"]},
                    "a19001": {"device": "cabinet"},
                    "a01014": {"device": "cabinet"},
                    "a34013": {
                        "device": "dust",
                        "range": [0, DUST_RANGE],
                        "conversions": ["standard", "dry", "oxygen"],
                    },
                    "a00000": {
                        "device": "meter",
                        "point": "w00000",
                        "conversions": ["area", "standard", "dry"],
                    },
                },
            }
        ],
        "buses": [{"id": "net1", "kind": "tcp", "host": "127.0.0.1", "port": 1502}],
        "devices": [
            {
                "id": "plc",
                "profile": "modules/plc-floats",
                "address": 1,
                "points": {
                    "value1": {"unit": "degC"},
                    "value2": {"unit": "kPa"},
                    "value3": {"unit": "kPa"},
                },
                **device,
            },
            {
                "id": "cabinet",
                "profile": "gas/fpi-cems2000",
                "address": 2,
                "points": {"a21026": {"unit": "ppm"}},
                **device,
            },
            {"id": "dust", "profile": "gas/fpi-synspec-pm", "address": 3, **device},
            {
                "id": "meter",
                "profile": "flow/krohne-ifc050",
                "address": 4,
                "points": {"w00000": {"unit": "m/s"}},
                **device,
            },
        ],
    }


def polled(life: Life, start: int, end: int) -> list[tuple[str, float, list[Reading]]]:
    """Give the cycles of [start, end) as a poll has them."""
    return [
        (
            one.device,
            float(one.at),
            [
                Reading(_POINTS[name], value, _UNITS.get(name, "mg/m3"), float(one.at), one.cause)
                for name, value in one.values.items()
            ],
        )
        for one in life.cycles(start, end)
    ]


def marked(life: Life) -> list[Record]:
    """Give what a person marked: out of control, a short look at a sensor, a stop."""
    found = []
    passed, failed = 0, None
    for one in life.calibrations:
        if one.drift_pct > 10 and failed is None:
            failed = one.end
        elif abs(one.drift_pct) <= 2.5 and failed is not None:
            found.append(_record(CABINET, "故障", failed, one.end))
            failed = None
        passed = one.end
    assert passed and failed is None
    for day in range(0, life.days, 7):
        at = life.start + day * 24 * HOUR
        found += [
            _record(("a19001",), "校验", at + 13 * HOUR, at + 13 * HOUR + 25 * MINUTE),
            _record(("a01014",), "日常维护", at + 14 * HOUR, at + 14 * HOUR + 10 * MINUTE),
            _record(("a01012",), "日常维护", at + 16 * HOUR, at + 16 * HOUR + 18 * MINUTE),
            _record(("a00000",), "日常维护", at + 18 * HOUR, at + 18 * HOUR + 40 * MINUTE),
            _record((), "停运", at + 21 * HOUR, at + 22 * HOUR, kind=MarkKind.CONDITION),
        ]
    return found


def _record(
    factors: tuple[str, ...],
    code: str,
    start: int,
    end: int,
    *,
    kind: MarkKind = MarkKind.EQUIPMENT,
) -> Record:
    return Record(OUTLET, factors, kind, code, start, end, state=MarkState.CONFIRMED, reason="脚本")
