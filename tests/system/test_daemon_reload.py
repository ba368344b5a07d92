"""SIGHUP: only what changed is restarted; a wrong file changes nothing and says why."""

from __future__ import annotations

import json
import signal
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import Daemon, Instrument, SiteFile, Start, buses, until
from uplink_bench import Listener

from agent.tools.broker import Broker

pytestmark = pytest.mark.system

REFUSED = "the file is wrong, nothing is changed"
CITY_MN = "010000A8900016F000169DC7"


@dataclass(slots=True)
class Running:
    """A daemon with both its instruments and its platform there."""

    daemon: Daemon
    first: Instrument
    second: Instrument
    listener: Listener
    broker: Broker
    site_file: SiteFile

    async def reload(self, change: Any = None, *, text: str | None = None) -> None:
        """Write the file anew and send SIGHUP."""
        site = self.site_file(self.broker.port, change)
        if text is not None:
            site.write_text(text, encoding="utf-8")
        self.daemon.process.send_signal(signal.SIGHUP)

    def reloads(self) -> list[dict[str, Any]]:
        return [
            json.loads(detail)
            for (detail,) in self.daemon.rows(
                "SELECT detail FROM journal WHERE what = 'reload' ORDER BY seq"
            )
        ]

    async def reloaded(self, times: int = 1) -> dict[str, Any]:
        """Wait for a reload to be journalled and give what it says."""
        await until(lambda: len(self.reloads()) == times)
        return self.reloads()[-1]

    def calls(self) -> int:
        """Count how often a station of the site has connected to its platform."""
        return self.daemon.said().count(": connected to ")


@pytest.fixture
async def running(broker: Broker, site_file: SiteFile, daemon: Start) -> AsyncIterator[Running]:
    site = site_file(broker.port)
    first, second = (Instrument(port) for port in buses(site).values())
    async with (
        first.answering(),
        second.answering(),
        Listener(broker.port, ("hj212/+/#",)) as listener,
    ):
        one = await daemon(site)
        await one.linked("one", "two")
        made = Running(one, first, second, listener, broker, site_file)
        await until(lambda: first.asked > 0 and second.asked > 0 and made.calls() == 2)
        yield made
        assert await one.stop() == 0


async def test_changed_period_restarts_its_line_and_nothing_else(running: Running) -> None:
    await running.reload(lambda site: site["devices"][0].update(period_s=2))
    said = await running.reloaded()
    assert said["changed"] == ["bus net1"]
    assert said["before"] != said["after"]
    asked = running.second.asked
    await until(lambda: running.first.calls == 2 and running.second.asked > asked)
    assert running.second.calls == 1, "the other line is still the same connection"
    assert running.calls() == 2, "no station was restarted"
    assert not (await running.daemon.station("one"))["drops"]


async def test_file_that_has_not_changed_restarts_nothing(running: Running) -> None:
    await running.reload()
    assert (await running.reloaded())["changed"] == []
    assert "the file has not changed" in running.daemon.said()
    assert (running.first.calls, running.calls()) == (1, 2)


async def test_wrong_file_and_one_that_is_gone_change_nothing_and_say_why(
    running: Running, tmp_path: Path
) -> None:
    wrong = {
        "unit: {code: 1": "YAML",
        "": "site.yaml:1",
        "unit: {code: X, name: n, colour: red}\n": "colour",
        "\0\1\2": "site.yaml:1",
    }
    for times, (text, says) in enumerate(wrong.items(), start=1):
        await running.reload(text=text)
        await until(lambda n=times: running.daemon.said().count(REFUSED) == n)
        assert says in running.daemon.said().rpartition(REFUSED)[2]
    (tmp_path / "site.yaml").rename(tmp_path / "elsewhere.yaml")
    running.daemon.process.send_signal(signal.SIGHUP)
    await until(lambda: running.daemon.said().count(REFUSED) == len(wrong) + 1)
    asked = running.first.asked
    await until(lambda: running.first.asked > asked)
    assert (running.first.calls, running.calls()) == (1, 2)
    assert running.reloads() == []
    await running.reload(lambda site: site["devices"][1].update(period_s=2))
    assert (await running.reloaded())["changed"] == ["bus net2"]


async def test_other_store_takes_a_restart(running: Running, tmp_path: Path) -> None:
    elsewhere = str(tmp_path / "other")
    await running.reload(lambda site: site["storage"].update(directory=elsewhere))
    await running.daemon.heard("another storage directory takes a restart")
    assert not (tmp_path / "other").exists()
    assert running.calls() == 2


async def test_new_platform_is_sent_to_and_a_removed_one_is_left_with_its_outbox(
    running: Running,
) -> None:
    def add(site: dict[str, Any]) -> None:
        province = site["destinations"][0]
        station = dict(province["stations"][0], id="city-one", mn=CITY_MN)
        site["destinations"].append(dict(province, id="city", stations=[station]))

    await running.reload(add)
    said = await running.reloaded()
    assert "station city-one" in said["changed"]
    assert not {"station one", "station two", "bus net2"} & set(said["changed"])
    await running.listener.until_heard(f"{CITY_MN}/up/2011")

    await running.broker.stop()
    owed = "SELECT count(*) FROM outbox WHERE station = 'city-one' AND state = 'open'"
    await until(lambda: running.daemon.rows(owed)[0][0] > 2)
    await running.reload(lambda site: site["destinations"].pop())
    assert "station city-one" in (await running.reloaded(2))["changed"]
    names = [one["id"] for one in (await running.daemon.ask("status"))["stations"]]
    assert names == ["one", "two"]
    assert running.daemon.rows(owed)[0][0] > 2, "held until it is dropped by hand"


async def test_changed_address_moves_the_stations_and_leaves_the_lines(running: Running) -> None:
    async with Broker(0, running.broker.work_dir / "second", program="mosquitto") as other:
        await running.reload(lambda site: site["destinations"][0].update(addresses=[other.url]))
        assert (await running.reloaded())["changed"] == ["station one", "station two"]
        async with Listener(other.port, ("hj212/+/#",)) as there:
            await there.until_heard("up/2011")
        assert (running.first.calls, running.second.calls) == (1, 1)
