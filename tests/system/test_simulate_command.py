from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from simulate_bench import WAIT_S, free_port, site_text

from agent.tools.simulate.control import OrderRefused, ask

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.tools.simulate", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip


async def first_line(process: asyncio.subprocess.Process) -> dict[str, Any]:
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), WAIT_S)
    played: dict[str, Any] = json.loads(line)
    return played


def site_file(folder: Path) -> Path:
    path = folder / "site.yaml"
    path.write_text(site_text(folder, free_port()), encoding="utf-8")
    return path


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_command_plays_obeys_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    process = await start(str(site_file(tmp_path)), "--json", "--control", "0", "--cycle-s", "2")
    try:
        played = await first_line(process)
        port = int(played["control"].rpartition(":")[2])
        said = await ask(port, do="set", device="ph", point="w01001", value=6.5)
        with pytest.raises(OrderRefused, match="no device cd"):
            await ask(port, do="measure", device="cd")
        with pytest.raises(OrderRefused, match="do"):
            await ask(port, do="dance")
        assert (tmp_path / "dev" / "line1").is_char_device()
        process.send_signal(number)
        _, errors = await asyncio.wait_for(process.communicate(), WAIT_S)
    finally:
        if process.returncode is None:
            process.kill()
    assert [entry["device"] for entry in played["plays"]] == [
        "cod", "ph", "flow", "zinc", "sampler",
    ]  # fmt: skip
    assert said["values"]["w01001"] == 6.5
    assert (process.returncode, errors) == (0, b"")
    assert not (tmp_path / "dev" / "line1").is_symlink()


async def test_killed_simulation_does_not_stop_the_next(tmp_path: Path) -> None:
    path = site_file(tmp_path)
    for _ in range(2):
        process = await start(str(path), "--json")
        await first_line(process)
        process.kill()
        await asyncio.wait_for(process.communicate(), WAIT_S)
    assert (tmp_path / "dev" / "line1").is_symlink()


async def test_wrong_site_file_ends_with_78_and_taken_port_with_1(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("unit: {}\n", encoding="utf-8")
    process = await start(str(wrong))
    _, errors = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode == 78
    assert b"wrong.yaml:1" in errors
    path = site_file(tmp_path)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "line1").write_text("mine", encoding="utf-8")
    process = await start(str(path))
    _, errors = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode == 1
    assert b"a file is there" in errors


async def test_port_of_the_control_that_is_taken_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = await start(str(site_file(tmp_path)), "--control", str(port))
        _, errors = await asyncio.wait_for(process.communicate(), WAIT_S)
    assert process.returncode == 1
    assert errors.decode().startswith(f"--control {port}: ")
