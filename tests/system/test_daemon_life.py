"""The daemon as a child process: start, READY, questions, end."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import (
    HOST,
    MN,
    WAIT_S,
    Daemon,
    Instrument,
    SiteFile,
    Start,
    buses,
    environment,
    free_port,
    until,
)
from uplink_bench import Listener
from uplink_scripted import Mute

from agent import __version__
from agent.tools.broker import Broker
from agent.uplink.login import CONNECT_TIMEOUT_S

pytestmark = pytest.mark.system

SOON_S = 30.0
"""What an end may take on a machine that stalls."""


async def paikou(*arguments: str, **env: str) -> tuple[int, str, str]:
    """Run a command to its end; give its exit code, output and errors."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.cli", *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment(**env),
    )  # fmt: skip
    output, errors = await asyncio.wait_for(process.communicate(), WAIT_S)
    return process.returncode or 0, output.decode(), errors.decode()


def journalled(one: Daemon) -> list[str]:
    return [what for (what,) in one.rows("SELECT what FROM journal ORDER BY seq")]


async def test_daemon_polls_sends_and_tells_of_it(
    broker: Broker, site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(broker.port)
    async with Instrument(buses(site)["net1"]).answering(), Listener(broker.port) as listener:
        one = await daemon(site)
        assert one.notices.told[:2] == ["READY=1", f"STATUS=paikou {__version__}"]
        await one.linked("one")
        await listener.until_heard("up/2011")

        async def read() -> bool:
            return bool((await one.ask("status"))["devices"][0]["ok"])

        await until(read)
        status = await one.ask("status")
        first, second = status["devices"]
        assert (first["id"], first["ok"], second["id"], second["ok"]) == ("ph1", True, "ph2", False)
        assert {reading["point"] for reading in first["readings"]} >= {"w01001"}
        assert status["stations"][0]["mn"] == MN
        assert status["clock"]["trusted"]
        assert await one.stop() == 0
    assert "STOPPING=1" in one.notices.told
    assert journalled(one)[0] == "start"


async def test_questions_are_answered_from_ready_on_to_owner_and_group(
    site_file: SiteFile, daemon: Start
) -> None:
    one = await daemon(site_file(free_port()))
    assert (await one.ask("status"))["version"] == __version__
    assert one.socket.stat().st_mode & 0o777 == 0o660
    assert (one.store / "agent.lock").stat().st_mode & 0o007 == 0
    assert "paikou_poll_cycles" in (await one.ask("metrics"))["text"]
    assert "can be asked" in (await one.ask("secrets"))["error"]
    assert "no device 'x'" in (await one.ask("probe", device="x"))["error"]


async def test_status_command_shows_what_runs(
    broker: Broker, site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(broker.port)
    one = await daemon(site)
    await one.linked("one", "two")
    told = await asyncio.gather(
        paikou("status", str(site)),
        paikou("status", str(site), "--json"),
        paikou("status", str(site), "--metrics"),
    )
    assert [code for code, _, _ in told] == [0, 0, 0]
    text, as_json, metrics = (output for _, output, _ in told)
    assert "station one" in text
    assert "ph1" in text
    assert as_json.count("\n") == 1
    assert json.loads(as_json)["stations"][1]["linked"]
    assert 'paikou_station_linked{station="one"} 1.0' in metrics
    assert 'paikou_outbox_rows{station="two"}' in metrics


async def test_status_without_a_daemon_is_no(site_file: SiteFile) -> None:
    code, output, errors = await paikou("status", str(site_file(free_port())))
    assert (code, output) == (1, "")
    assert "no daemon listens at" in errors
    assert "paikou run" in errors


async def test_second_start_on_the_same_store_is_refused_and_the_first_goes_on(
    site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(free_port())
    one = await daemon(site)
    code, _, errors = await paikou("run", str(site))
    assert code == 1
    assert f"is in use by another paikou (pid {one.process.pid})" in errors
    assert "Traceback" not in errors
    assert (await one.ask("status"))["version"] == __version__


async def test_wrong_site_file_ends_with_78_and_every_finding(
    site_file: SiteFile, tmp_path: Path
) -> None:
    def spoil(site: dict[str, Any]) -> None:
        site["devices"][0]["profile"] = "water/no-such"
        site["buses"][1]["baud"] = 9600

    site = site_file(free_port(), spoil)
    code, _, errors = await paikou("run", str(site))
    assert code == 78
    assert "water/no-such" in errors
    assert "baud" in errors
    assert "Traceback" not in errors
    assert not (tmp_path / "store").exists()


async def test_site_file_that_is_not_there_ends_with_78(tmp_path: Path) -> None:
    code, _, errors = await paikou("run", str(tmp_path / "none.yaml"))
    assert code == 78
    assert "none.yaml" in errors


async def test_place_where_no_store_can_be_is_told(site_file: SiteFile, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")

    def spoil(site: dict[str, Any]) -> None:
        site["storage"]["directory"] = str(tmp_path / "file" / "store")

    code, _, errors = await paikou("run", str(site_file(free_port(), spoil)))
    assert code == 1
    assert "no place for the store" in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_ends_it_soon_with_everything_on_disk(
    broker: Broker, site_file: SiteFile, daemon: Start, number: signal.Signals
) -> None:
    one = await daemon(site_file(broker.port))
    async with Listener(broker.port) as listener:
        await one.linked("one", "two")
        await listener.until_heard("up/2011")
        one.process.send_signal(number)
        assert await one.ended(SOON_S) == 0
    # what was measured since the last seal is sealed last of all
    assert journalled(one)[-2:] == ["stop", "sealed"]
    assert one.rows("SELECT count(*) > 0 FROM outbox WHERE state = 'accepted'") == [(1,)]
    assert one.rows("PRAGMA integrity_check") == [("ok",)]
    assert not one.socket.exists()
    states = [json.loads(payload)["online"] for payload in listener.payloads("state")]
    assert states[-1] is False, "we said that we go"


async def test_broker_that_hangs_does_not_hold_up_the_end(
    site_file: SiteFile, daemon: Start
) -> None:
    """A handshake that never ends, and a greeting that never comes."""
    async with Mute() as mute:

        def two(site: dict[str, Any]) -> None:
            other = dict(
                site["destinations"][0], id="city", addresses=[f"mqtts://{HOST}:{mute.port}"]
            )
            other["stations"] = [dict(other["stations"][0], id="three")]
            site["destinations"].append(other)

        one = await daemon(site_file(mute.port, two))
        await until(lambda: len(mute.callers) >= 3)
        one.process.terminate()
        assert await one.ended(CONNECT_TIMEOUT_S - 1) == 0, "it waits for nobody's greeting"


async def test_kill_leaves_nothing_in_the_way_of_the_next_start(
    site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(free_port())
    one = await daemon(site)
    one.process.kill()
    assert await one.ended() == -signal.SIGKILL
    assert one.socket.exists()
    two = await daemon(site)
    assert (await two.ask("status"))["version"] == __version__
    assert [what for what in journalled(two) if what in ("start", "stop")] == ["start", "start"]


async def test_watchdog_is_fed_at_a_third_of_its_time(site_file: SiteFile, daemon: Start) -> None:
    one = await daemon(site_file(free_port()), WATCHDOG_USEC="600000")
    await until(lambda: one.notices.told.count("WATCHDOG=1") >= 4)


async def test_task_that_crashes_is_journalled_and_restarted_while_others_go_on(
    broker: Broker, site_file: SiteFile, daemon: Start, tmp_path: Path
) -> None:
    """The local socket, of which there is no place in a store this deep (108 bytes at most)."""
    deep = tmp_path / ("d" * 120)
    runtime = tmp_path / "run"

    def bury(site: dict[str, Any]) -> None:
        site["storage"]["directory"] = str(deep)

    async with Listener(broker.port) as listener:
        one = await daemon(site_file(broker.port, bury), RUNTIME_DIRECTORY=str(runtime))
        one.store = deep
        await listener.until_heard("up/2011")
        assert not one.socket.exists()
        runtime.mkdir()
        await until(one.socket.exists)
        await one.linked("one", "two")
    ((task, error), *_) = one.rows(
        "SELECT detail ->> 'task', detail ->> 'error' FROM journal WHERE what = 'task failed'"
    )
    assert task == "local socket"
    assert "Error" in error
    text = (await one.ask("metrics"))["text"]
    assert 'paikou_task_restarts_total{task="local socket"}' in text
    assert "Traceback" in one.said()


async def test_error_in_periods_ends_the_process(site_file: SiteFile, daemon: Start) -> None:
    """Statistics that are not made may not go unnoticed: systemd starts us again."""
    one = await daemon(site_file(free_port()))
    one.change("DROP TABLE cursors")
    assert await one.ended() not in (0, 78)
    assert "no such table: main.cursors" in one.said()
    assert not one.socket.exists()


async def test_store_that_turns_out_damaged_is_put_aside_by_the_next_start(
    site_file: SiteFile, daemon: Start
) -> None:
    site = site_file(free_port())
    one = await daemon(site)
    assert await one.stop() == 0
    data = bytearray((one.store / "store.db").read_bytes())
    data[4096 : 4096 * 3] = os.urandom(4096 * 2)
    (one.store / "store.db").write_bytes(data)
    two = await daemon(site, wait=False)
    assert await two.ended() != 0, "it finds the damage while it runs"
    three = await daemon(site)
    assert [path.name for path in one.store.glob("store.db.damaged-*")]
    assert "start" in journalled(three)
