"""What system tests share: programs of this machine, a broker, a site file, daemons."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import Daemon, SiteFile, Start, free_port, ready, site_data, spawn, write_site

from agent.tools.broker import Broker

SBIN = "/usr/local/sbin:/usr/sbin"
"""Debian keeps mosquitto there, and leaves it out of a user's PATH."""

LONG = frozenset(
    {
        "test_demo_whole",
        "test_evidence_upload",
        "test_sequence_daemon",
        "test_simulate_every_profile",
        "test_supervision_life",
        "test_uplink_outages",
    }
)
"""Files that mostly wait, and long: begun first, they do not stand alone at the end."""

Require = Callable[[str], Path]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest."""
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture
def require() -> Require:
    """Find a program; the test is skipped where it is not, under PAIKOU_REQUIRE_SYSTEM=1 failed."""

    def find(program: str) -> Path:
        found = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:{SBIN}")
        if found is not None:
            return Path(found)
        reason = f"{program} is not installed"
        if os.environ.get("PAIKOU_REQUIRE_SYSTEM") == "1":
            pytest.fail(f"{reason}; PAIKOU_REQUIRE_SYSTEM=1 lets nothing be skipped")
        pytest.skip(reason)

    return find


@pytest.fixture
async def broker(require: Require, tmp_path: Path) -> AsyncIterator[Broker]:
    """Run a mosquitto of our own on a free loopback port."""
    require("mosquitto")
    async with Broker(free_port(), tmp_path / "broker", program="mosquitto") as running:
        yield running


@pytest.fixture
def site_file(tmp_path: Path) -> SiteFile:
    """Write the site file of `site_data`, changed by a function where the test wants that."""
    made: dict[int, dict[str, Any]] = {}

    def write(broker_port: int, change: Callable[[dict[str, Any]], object] | None = None) -> Path:
        site = made.setdefault(broker_port, site_data(tmp_path / "store", broker_port))
        if change is not None:
            change(site)
        return write_site(tmp_path / "site.yaml", site)

    return write


@pytest.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[Start]:
    """Start daemons as children, each awaited until READY; what still runs at the end is ended."""
    started: list[Daemon] = []

    async def start(site: Path, *, wait: bool = True, pace: str = "", **env: str) -> Daemon:
        one = await spawn(site, tmp_path / "store", number=len(started), pace=pace, **env)
        started.append(one)
        return await ready(one) if wait else one

    yield start
    for one in started:
        if one.running:
            one.process.terminate()
        try:
            await one.ended()
        except TimeoutError:
            one.process.kill()
            await one.ended()
        one.notices.close()
