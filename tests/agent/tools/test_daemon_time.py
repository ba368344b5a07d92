"""Ages that people type count from the daemon's time, which may run faster than the wall's."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from agent_site import T0, site_with

from agent.local import LocalSocket
from agent.settings import Site, parse_site
from agent.settings.storage import socket_paths
from agent.tools.daemon_time import at_daemon, daemon_now
from agent.tools.moments import Moment


@pytest.fixture
def site(tmp_path: Path) -> Site:
    made = site_with(lambda one: one.update({"storage": {"directory": str(tmp_path)}}))
    return parse_site(yaml.safe_dump(made).encode())[0]


def typed(text: str) -> float:
    moment = Moment().convert(text, None, click.Context(click.Command("x")))
    assert isinstance(moment, float)
    return moment


def test_age_counts_from_the_daemons_time_and_a_time_is_itself() -> None:
    assert at_daemon(typed("90m"), T0) == T0 - 5400
    assert at_daemon(typed("20260610100000"), T0 + 99) == typed("20260610100000")


async def test_time_of_a_running_daemon_is_asked_for(site: Site) -> None:
    async def status(_: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"now": T0}

    local = LocalSocket(socket_paths(site)[:1], {"status": status})
    serving = asyncio.create_task(local.run())
    try:
        await asyncio.wait_for(local.listening.wait(), 10)
        assert await asyncio.to_thread(daemon_now, site) == T0
    finally:
        serving.cancel()
        await asyncio.wait({serving})


def test_without_a_daemon_it_is_the_walls(site: Site) -> None:
    before = time.time()
    assert before <= daemon_now(site) <= time.time()
