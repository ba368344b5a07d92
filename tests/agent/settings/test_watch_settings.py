"""What the watch is told to look at: it is there, and said one way only."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from agent_site import COD, PH, plan_with, site_with

from agent.errors import ConfigError
from agent.settings import parse_site


def found(**watch: Any) -> list[tuple[str, str]]:
    """Give (kind, key) of what is wrong with an outlet's watch."""

    def change(site: dict[str, Any]) -> None:
        site["outlets"][0]["watch"] = watch
        site["devices"][2]["profile"] = "water/esun-analyzer"
        site["devices"].append(
            {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 30}
        )
        site["inputs"] = [{"id": "pump1", "device": "io", "point": "contact1", "means": "pump"}]

    text = yaml.safe_dump(site_with(change), allow_unicode=True)
    try:
        parse_site(text.encode())
    except ConfigError as error:
        return [(one.kind, one.key) for one in error.findings if one.level == "error"]
    return []


def test_watch_that_names_what_is_there_is_right() -> None:
    assert (
        found(
            filed={"cod": {"range": 200, "interval": 60}},
            line=[{"name": "泵", "input": "pump1"}, {"name": "pH", "factor": PH, "low": 6}],
            sequence={"steps": ["pump1"]},
            treatment=[{"input": "pump1"}, {"outlet": "DW001", "factor": PH, "above": 1}],
            emergency=["pump1"],
            calibrations={"hours": [7, 20], "plan": ["00:30", "12:30"]},
            factors={COD: {"alike": 0.9}},
        )
        == []
    )


@pytest.mark.parametrize(
    ("watch", "kind", "key"),
    [
        ({"filed": {"codd": {"range": 1}}}, "unknown_device", "filed.codd"),
        ({"filed": {"cod": {"rage": 1}}}, "unknown_parameter", "filed.cod.rage"),
        ({"line": [{"name": "泵", "input": "p"}]}, "unknown_input", "line[0].input"),
        ({"line": [{"name": "x", "factor": "a1", "low": 1}]}, "factor_not_here", "line[0].factor"),
        ({"sequence": {"steps": ["p"]}}, "unknown_input", "sequence.steps[0]"),
        ({"emergency": ["v"]}, "unknown_input", "emergency[0]"),
        ({"blow_back": "b"}, "unknown_input", "blow_back"),
        (
            {"treatment": [{"outlet": "X", "factor": PH}]},
            "unknown_outlet",
            "treatment[0].outlet",
        ),
        ({"factors": {"w99999": {}}}, "factor_not_here", "factors.w99999"),
    ],
)
def test_what_is_not_there_is_named_with_its_key(
    watch: dict[str, Any], kind: str, key: str
) -> None:
    assert (kind, f"outlets[0].watch.{key}") in found(**watch)


@pytest.mark.parametrize(
    "watch",
    [
        {"line": [{"name": "x", "input": "pump1", "factor": PH, "low": 1}]},
        {"line": [{"name": "x"}]},
        {"line": [{"name": "x", "factor": PH}]},
        {"treatment": [{"outlet": "DW001"}]},
        {"treatment": [{"input": "pump1", "outlet": "DW001", "factor": PH}]},
        {"calibrations": {"plan": ["24:00"]}},
    ],
)
def test_half_a_demand_or_two_of_them_is_refused(watch: dict[str, Any]) -> None:
    assert found(**watch)


def test_plan_of_calibrations_is_minutes_of_the_day() -> None:
    def planned(site: dict[str, Any]) -> None:
        site["outlets"][0]["watch"] = {"calibrations": {"plan": ["00:30", "12:05"]}}

    times = plan_with(planned).site.outlet("DW001").watch.calibrations
    assert times.minutes == (30, 725)
