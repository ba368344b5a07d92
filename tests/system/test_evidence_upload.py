"""A bundle on its way over mosquitto: asked for, made, killed in the middle, whole at the end."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import (
    HOST,
    MN,
    ROOT,
    Daemon,
    Instrument,
    SiteFile,
    Start,
    buses,
    free_port,
    until,
)
from platform_bench import Require

from agent.footage import clips_directory, write_sidecar
from agent.freezing import EvidenceOrder, ask_evidence
from agent.store.db import FILE_NAME, connect, transaction

pytestmark = pytest.mark.system

REF = "DB-2026-1"
FILM = 400_000
"""Bytes: some hundred parts, so that a kill comes in the middle."""
BEHIND = 5
"""Parts that the broker has and the platform has not when both end, as on a busy machine."""


@contextlib.asynccontextmanager
async def mosquitto(program: Path, folder: Path, port: int) -> AsyncIterator[None]:
    """Run a broker that keeps on disk what it acknowledged and nobody took yet.

    What one without that has in memory when it ends is lost for good: the agent was told that it
    is over there.
    """
    conf = folder / "mosquitto.conf"
    conf.write_text(
        f"listener {port} {HOST}\nallow_anonymous true\n"
        f"persistence true\npersistence_location {folder}/\nuser {getpass.getuser()}\n",
        encoding="utf-8",
    )
    quiet = asyncio.subprocess.DEVNULL
    process = await asyncio.create_subprocess_exec(
        program, "-c", str(conf), stdout=quiet, stderr=quiet
    )
    try:
        yield
    finally:
        process.terminate()
        await process.wait()


@dataclass(frozen=True, slots=True)
class Peer:
    """A `paikou platform`, and the file of what it says."""

    process: asyncio.subprocess.Process
    said: Path

    def falls_behind(self) -> None:
        """Have it take nothing more, its connection still there, until it is ended."""
        self.process.send_signal(signal.SIGSTOP)


@contextlib.asynccontextmanager
async def platform(folder: Path, port: int) -> AsyncIterator[Peer]:
    said = folder / "platform.log"
    with said.open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "agent.cli", "platform", "--mqtt", f"mqtt://{HOST}:{port}",
            "--evidence", str(folder / "in"), "--json",
            stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
        )  # fmt: skip
    try:
        yield Peer(process, said)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
            process.send_signal(signal.SIGCONT)
        await process.wait()


def verdicts(said: Path) -> list[dict[str, Any]]:
    lines = said.read_text(encoding="utf-8").splitlines() if said.exists() else []
    return [json.loads(one)["content"] for one in lines if one.startswith('{"kind": "evidence"')]


def small_parts(port: int) -> Any:
    def change(site: dict[str, Any]) -> None:
        site["evidence"] = {"part_kb": 1}
        site["destinations"][0]["addresses"] = [f"mqtt://{HOST}:{port}"]
        site["destinations"][0]["mqtt"] = {"reconnect_s": 1}

    return change


def order(one: Daemon) -> None:
    """Write the order down, as the agent does when one comes; a film makes the bundle long."""
    now = time.time()
    film = clips_directory(one.store) / f"yard.{int(now)}.1.mp4"
    film.parent.mkdir(exist_ok=True)
    film.write_bytes(os.urandom(FILM))
    write_sidecar(film, {"at": now - 30, "begin": now - 40, "end": now, "outlet": "DW001"})
    body = EvidenceOrder.model_validate({"from": now - 60, "to": now, "clips": True})
    with contextlib.closing(connect(one.store / FILE_NAME)) as connection, transaction(connection):
        assert ask_evidence(connection, body, ref=REF, station="one", now=now) is None


def on_its_way(one: Daemon) -> tuple[str, int]:
    rows = one.rows("SELECT state, acked FROM bundles")
    return (str(rows[0][0]), int(rows[0][1])) if rows else ("", 0)


async def test_bundle_goes_on_after_sigkill_and_outages_and_verifies_at_the_platform(
    site_file: SiteFile, daemon: Start, tmp_path: Path, require: Require
) -> None:
    program = Path(str(require("mosquitto")))
    port = free_port()
    site = site_file(port, small_parts(port))
    async with Instrument(buses(site)["net1"]).answering():
        async with mosquitto(program, tmp_path, port), platform(tmp_path, port) as peer:
            one = await daemon(site)
            await until(lambda: one.rows("SELECT count(*) FROM samples")[0][0] > 20, within_s=120)
            order(one)
            await until(lambda: on_its_way(one)[1] >= 2, within_s=120)
            peer.falls_behind()
            await until(lambda: on_its_way(one)[1] >= 2 + BEHIND, within_s=120)
            await one.stop(signal.SIGKILL)
        state, acked = on_its_way(one)
        assert state == "made"
        assert 2 + BEHIND <= acked < FILM // 1024
        async with mosquitto(program, tmp_path, port), platform(tmp_path, port) as peer:
            again = await daemon(site)
            await until(lambda: bool(verdicts(peer.said)), within_s=180)
            await until(lambda: on_its_way(again)[0] == "sent", within_s=60)
    (found,) = verdicts(peer.said)
    assert (found["state"], found["mn"], found["ref"]) == ("whole", MN, REF)
    assert found["faults"] == []
    assert [path.suffix for path in (tmp_path / "in").iterdir()] == [".zip"]
    lines = again.rows("SELECT count(*) FROM journal WHERE what = 'evidence made'")
    assert lines == [(1,)], "it was made once"
    folder = again.store / "bundles"
    assert list(folder.iterdir()) == []
