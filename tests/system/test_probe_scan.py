"""`paikou probe --scan` on a line whose baud rate and parity nobody knows any more."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import termios
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import SiteFile, environment, free_port
from rtu_slave import RtuSlave, registers_frame

pytestmark = pytest.mark.system

UNIT = 3


def set_to(line: Path) -> tuple[int, bool]:
    """Give the speed of a pty and whether it has even parity, as whoever opened it left it."""
    there = os.open(line, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        attributes = termios.tcgetattr(there)
    finally:
        os.close(there)
    return attributes[4], bool(attributes[2] & termios.PARENB)


async def scanned(site: Path, *arguments: str) -> tuple[int, list[Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.cli", "probe", str(site), "--scan", "line1", "--json",
        "--units", "2-4", *arguments, stdout=asyncio.subprocess.PIPE, env=environment(),
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 90)
    return process.returncode or 0, [json.loads(line) for line in out.splitlines()]


async def test_settings_of_a_line_are_found_by_trying(tmp_path: Path, site_file: SiteFile) -> None:
    line = tmp_path / "line"

    def at_19200(request: bytes) -> Iterator[tuple[float, bytes]]:
        if request[0] == UNIT:
            right = set_to(line)[0] == termios.B19200
            yield 0, registers_frame(UNIT, 3, 7) if right else b"\xf8\x00\xfe\xf0\x80\x01\x02\x03"

    def on_line(site: dict[str, Any]) -> None:
        site["buses"] = [{"id": "line1", "kind": "serial", "port": str(line), "baud": 9600}]
        for device, address in zip(site["devices"], (UNIT, UNIT + 1), strict=True):
            device.update(bus="line1", address=address)

    site = site_file(free_port(), on_line)
    with RtuSlave(line, at_19200):
        code, found = await scanned(site, "--baud", "4800,19200")
        assert (code, [one for one in found if not one["said"].startswith("garbled")]) == (
            0,
            [{"address": UNIT, "said": "register 0 = 0007", "baud": 19200, "parity": "none"}],
        )
        code, found = await scanned(site, "--baud", "4800,38400")
        assert code == 1
        assert all(one["said"].startswith("garbled") for one in found)
