"""`paikou frames` and `paikou resend` as they are typed, beside a daemon with a real broker."""

from __future__ import annotations

import asyncio
import datetime
import json
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import Daemon, Instrument, SiteFile, Start, buses, environment, until
from uplink_bench import Listener

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

BODY = "DataTime=20260610100000;w01001-Min=7.0,w01001-Avg=7.0,w01001-Max=7.0,w01001-Flag=N"


async def start(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.cli", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env=environment(SUDO_USER="wang"),
    )  # fmt: skip


async def paikou(*arguments: str) -> str:
    process = await start(*arguments)
    out, err = await asyncio.wait_for(process.communicate(), 120)
    assert process.returncode == 0, err.decode()
    return out.decode()


def since_yesterday(site: dict[str, Any]) -> None:
    yesterday = datetime.datetime.now(datetime.UTC).date() - datetime.timedelta(days=1)
    for station in site["destinations"][0]["stations"]:
        station["since"] = yesterday.isoformat()


@pytest.fixture
async def site(broker: Broker, site_file: SiteFile) -> Path:
    return site_file(broker.port, since_yesterday)


@pytest.fixture
async def platform(broker: Broker) -> AsyncIterator[Listener]:
    async with Listener(broker.port, ("hj212/+/#",)) as listener:
        yield listener


@pytest.fixture
async def running(site: Path, platform: Listener, daemon: Start) -> AsyncIterator[Daemon]:
    """A daemon with its instruments and a platform that takes everything."""
    ports = buses(site)
    first, second = Instrument(ports["net1"]), Instrument(ports["net2"])
    async with first.answering(), second.answering():
        one = await daemon(site)
        await one.linked("one", "two")
        yield one


async def test_frames_are_shown_beside_the_daemon_as_they_come(running: Daemon, site: Path) -> None:
    await until(lambda: running.rows("SELECT 1 FROM outbox WHERE state = 'accepted'") != [])
    shown = [
        json.loads(line) for line in (await paikou("frames", str(site), "--json")).splitlines()
    ]
    sent = [one for one in shown if one["direction"] == ">"]
    assert {one["station"] for one in sent} == {"one", "two"}
    assert "PUBACK 0" in {one["answer"] for one in sent}
    assert all("PW=***;" in one["text"] for one in sent)
    follower = await start("frames", str(site), "one", "--follow", "--since", "0s", "--json")
    try:
        assert follower.stdout is not None
        line = await asyncio.wait_for(follower.stdout.readline(), 60)
        assert json.loads(line)["station"] == "one"
    finally:
        follower.send_signal(signal.SIGINT)
        await asyncio.wait_for(follower.communicate(), 60)
    assert follower.returncode == 0


async def test_what_is_asked_for_goes_out_under_its_old_number(
    running: Daemon, site: Path, platform: Listener
) -> None:
    at = int(time.time() // 600 * 600) - 3600
    qn_ms = at * 1000 + 661_007
    running.change(
        "INSERT INTO outbox (station, cn, st, at, revision, pno, pnum, qn_ms, class, answer, body,"
        " created_at, not_before, state, attempts) VALUES ('one', '2051', '32',"
        f" {at}, 0, 1, 1, {qn_ms}, 2, 0, '{BODY}', {at}, {at}, 'accepted', 1)"
    )
    running.change(f"INSERT INTO deliveries VALUES ('one', '2051', {at}, '32', 0, 'accepted')")
    clock = datetime.timezone(datetime.timedelta(hours=8))
    span = [datetime.datetime.fromtimestamp(end, clock) for end in (at, at + 600)]
    asked = [
        "resend", str(site), "--to", "one", "--kind", "minute",
        "--from", f"{span[0]:%Y-%m-%d %H:%M}", "--until", f"{span[1]:%Y-%m-%d %H:%M}",
    ]  # fmt: skip
    assert "1 uploads to send (1 as they were" in await paikou(*asked)
    told = json.loads(await paikou(*asked, "--yes", "--why", "asked by phone", "--json"))
    assert (told["sent"], told["daemon"]) == (1, True)
    await platform.until_heard("up/2051")
    await until(
        lambda: running.rows(f"SELECT state FROM outbox WHERE qn_ms = {qn_ms}") == [("accepted",)]
    )
    (frame,) = platform.payloads("up/2051")
    assert BODY.encode() in frame
    log = await paikou("frames", str(site), "one", "--cn", "2051")
    assert "no. 2: resend by wang: asked by phone" in log
    assert running.rows("SELECT who FROM journal WHERE what = 'resend'") == [("wang",)]


async def test_status_tells_what_the_platform_has_not_got(running: Daemon, site: Path) -> None:
    async def closed() -> bool:
        found = (await running.station("one"))["gaps"]
        return bool(found["minute"].get("no_data", 0) > 100)

    await until(closed)  # yesterday there was no daemon
    assert "minutes of 31 days not delivered" in await paikou("status", str(site))
