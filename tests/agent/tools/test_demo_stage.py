"""The site of the demo is a valid one, however fast its clock runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.settings import load_site
from agent.tools.demo.cast import fill_s
from agent.tools.demo.stage import set_up
from drivers.sampler import TIMEOUT_S

SPEEDS = [1.0, 60.0, 120.0, 300.0, 600.0]


@pytest.mark.parametrize("speed", SPEEDS)
def test_site_of_the_demo_is_valid_at_every_speed_it_takes(tmp_path: Path, speed: float) -> None:
    site, findings = load_site(set_up(tmp_path, speed=speed).site_file)
    assert [one for one in findings if one.level == "error"] == []
    assert max(site.device(name).period_s for name in ("flow", "ph", "cems")) <= 60


@pytest.mark.parametrize("speed", SPEEDS)
def test_bottle_of_the_demo_is_full_while_the_agent_still_waits_for_it(speed: float) -> None:
    assert fill_s(speed) <= TIMEOUT_S / 2
