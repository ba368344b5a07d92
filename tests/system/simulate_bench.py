"""A simulation for tests in this process, and independent masters that ask it."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from agent.clock import Clock
from agent.settings import Site, parse_site
from agent.tools.simulate.dayue import Habits
from agent.tools.simulate.simulation import Simulation
from agent.tools.simulate.stage import Play

SITE = """
unit: {{code: 91130200699229617X001P, name: 示例企业}}
outlets:
  - id: DW001
    medium: water
    flow: w00000
    factors:
      w01018: {{device: cod, limits: [{{high: 50, on: measurement}}]}}
      w01001: {{device: ph}}
      w00000: {{device: flow}}
      w20123: {{device: zinc, point: metal}}
buses:
  - {{id: line1, kind: serial, port: {port}}}
  - {{id: net1, kind: tcp, host: 127.0.0.1, port: {tcp}}}
devices:
  - {{id: cod, profile: water/hach-codmax-ii, bus: line1, address: 1}}
  - {{id: ph, profile: water/ph, bus: line1, address: 3}}
  - {{id: flow, profile: flow/em-flow-0x1010, bus: net1, address: 5}}
  - {{id: zinc, profile: metals/ruiquan-metals, bus: net1, address: 6}}
samplers:
  - {{id: sampler, profile: sampler/dayue-v105, bus: line1, address: 9, outlet: DW001}}
"""

Require = Callable[[str], object]
"""The fixture that skips a test, or fails it, where a program is not installed."""

QUICK = Play(cycle_s=2.0, sampler=Habits(received_s=0.2, fill_s=0.4))
WAIT_S = 60.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def site_text(folder: Path, tcp: int) -> str:
    return SITE.format(port=folder / "dev" / "line1", tcp=tcp)


def site(folder: Path, tcp: int | None = None) -> Site:
    return parse_site(site_text(folder, tcp or free_port()).encode())[0]


def playing(played: Site) -> AbstractAsyncContextManager[Simulation]:
    return Simulation(played, Clock(), QUICK)


async def until(
    true: Callable[[], Awaitable[bool]] | Callable[[], bool], *, within_s: float = WAIT_S
) -> None:
    """Wait until something is so; fail with a time-out when it never is."""
    async with asyncio.timeout(within_s):
        while True:
            answer = true()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.02)


async def mbpoll(*arguments: str) -> tuple[int, str]:
    """Ask once with mbpoll, 0-based addresses; give its exit code and everything it said."""
    process = await asyncio.create_subprocess_exec(
        "mbpoll", "-0", "-1", "-o", "2", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    return process.returncode or 0, output.decode()


def values(output: str) -> list[float]:
    """Read the values out of what mbpoll printed."""
    return [float(found) for found in re.findall(r"^\[\d+\]:\s+(-?[\d.e+-]+)", output, re.M)]
