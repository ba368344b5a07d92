"""What is wrong with a sampler's settings is said by its key, before anything runs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from agent_sampler import led, sampler
from agent_site import COD, Change, only, site_with

from agent.errors import ConfigError
from agent.settings import parse_site


def findings(*changes: Change) -> list[tuple[str, str]]:
    text = yaml.safe_dump(site_with(*changes), allow_unicode=True, sort_keys=False)
    try:
        found = parse_site(text.encode())[1]
    except ConfigError as error:
        found = error.findings
    return [(one.kind, one.key) for one in found if one.key.startswith("samplers")]


def other_sampler(site: dict[str, Any]) -> None:
    site["samplers"][0]["profile"] = "sampler/esun-sampler"


@pytest.mark.parametrize(
    ("changes", "kind", "key"),
    [
        ([sampler(factors={"w21003": {}})], "factor_elsewhere", "samplers[0].factors.w21003"),
        (
            [sampler(factors={COD: {"high": 5, "low": 9}})],
            "range_reversed",
            f"samplers[0].factors.{COD}.low",
        ),
        ([*led(proportional="flow")], "portions", "samplers[0].course.proportional"),
        (
            [*led(proportional="flow", every_m3=5), only(COD)],
            "no_flow",
            "samplers[0].course.proportional",
        ),
        ([*led(), other_sampler], "cannot_lead", "samplers[0].sequence"),
        ([*led(), sampler(analyzers=["nix"])], "unknown_device", "samplers[0].analyzers[0]"),
        ([*led(), sampler(analyzers=["ph"])], "cannot_start", "samplers[0].analyzers[0]"),
    ],
)
def test_it_is_found_and_said_where(changes: list[Change], kind: str, key: str) -> None:
    assert (kind, key) in findings(*changes)


def test_sampler_that_is_as_it_should_be_is_not_spoken_of() -> None:
    assert findings(*led(), sampler(factors={COD: {"high": 40, "bottles": 2}})) == []


@pytest.mark.parametrize("text", ["24:00", "8:00", "noon"])
def test_fixed_time_is_a_time_of_the_day(text: str) -> None:
    assert findings(sampler(timed=[text]))
