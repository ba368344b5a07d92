"""Samplers that cannot prove a bottle: said by the check, before anybody counts on them."""

from __future__ import annotations

import pytest
import yaml
from agent_site import site_with

from agent.settings import parse_site


def warnings(profile: str) -> list[tuple[str, str, str]]:
    site = site_with(lambda each: each["samplers"][0].update(profile=profile))
    text = yaml.safe_dump(site, allow_unicode=True, sort_keys=False)
    _, findings = parse_site(text.encode())
    return [(one.level, one.key, one.found) for one in findings if one.kind == "no_bottle"]


@pytest.mark.parametrize("profile", ["sampler/dayue-v105", "sampler/esun-sampler"])
def test_sampler_with_a_record_is_taken_without_a_word(profile: str) -> None:
    assert warnings(profile) == []


@pytest.mark.parametrize(
    ("profile", "reason"),
    [
        ("sampler/grasp-fc9624", "its order is a guess of the source"),
        ("sampler/eh-liquistation-csf22", "no operation retain"),
    ],
)
def test_sampler_that_cannot_prove_a_bottle_is_warned_of(profile: str, reason: str) -> None:
    assert warnings(profile) == [("warning", "samplers[0].profile", f"{profile}: {reason}")]
