"""`paikou platform` that speaks a province's dialect with a station of it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from plain_station import HOST, MN, WAIT_S, Peer, answer, result

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
T = "20260601083000"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (("--edition", "hebei"), "i12101"),
        (("--station", f"{MN},edition=hebei"), "i12101"),
        (("--edition", "shandong"), "i12001"),
    ],
)
async def test_order_and_answer_in_a_dialect(options: tuple[str, str], code: str) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.tools.platform", "--tcp", f"{HOST}:0", "--json", *options,
        "--send", f"{MN} 3020 PolId=w01018 InfoId={code}",
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        port = 0
        while not port:
            told = json.loads(await asyncio.wait_for(process.stdout.readline(), WAIT_S))
            port = told.get("port", 0)
        async with Peer(port) as peer:
            await peer.quiet()
            asked = await peer.read()
            assert asked.area == f"PolId=w01018;InfoId={code}"
            state = f"DataTime={T};PolId=w01018;{code}-Info=1"
            peer.say(answer(asked, "9011", "QnRtn=1"), result(asked, state))
            peer.say(answer(asked, "9012", "ExeRtn=1"))
            output, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = [json.loads(line) for line in output.decode().splitlines()]
    (end,) = [line for line in lines if line["kind"] == "exchange"]
    assert (end["outcome"], end["data"]) == ("done", 1)
    frames = [line for line in lines if line["kind"] == "frame"]
    assert frames != []
    assert [(line["ok"], line["edition"]) for line in frames] == [
        (True, options[1].rpartition("=")[2]) for _ in frames
    ], frames
