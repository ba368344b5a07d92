"""The broker away at start, refusing the login, without a listener, away again: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaign_audit import Run, open_faults, period_faults, upload_faults
from campaign_house import House, pace_from
from campaign_site import MEADOW, meadow
from campaign_store import platform_lines, read
from daemon_bench import free_port, until
from platform_bench import Require

from agent.tools.broker import Broker, Login

pytestmark = pytest.mark.system

SPEED = 60.0
MORNING = 1_795_312_800.0
"""2026-11-22 10:00 of UTC+8."""
LOGIN = Login("outlet", "the right one")


def open_minutes(plant: House) -> int:
    ((count,),) = plant.rows("SELECT count(*) FROM outbox WHERE cn = '2051' AND state = 'open'")
    return int(count)


async def error(plant: House) -> str:
    return str((await plant.agent.station("a"))["error"])


async def test_minutes_of_every_kind_of_absence_reach_the_platform_in_the_end(
    tmp_path: Path, require: Require
) -> None:
    require("mosquitto")
    port, secret = free_port(), tmp_path / "mqtt-password"
    secret.write_text(LOGIN.password, encoding="utf-8")
    site = meadow(tmp_path, port, speed=SPEED)
    site["destinations"][0]["mqtt"] |= {
        "username": LOGIN.username,
        "password": {"file": str(secret)},
        "version": "5",  # 3.1.1 would not tell that nobody listens
    }
    elsewhere = Broker(
        port, tmp_path / "no", program="mosquitto", login=Login("outlet", "a wrong one")
    )
    broker = Broker(port, tmp_path / "yes", program="mosquitto", login=LOGIN)
    async with House(tmp_path, site, pace_from(MORNING, SPEED), broker) as plant:
        await plant.simulate()
        await plant.run()
        began = plant.now() + 2 * SPEED

        async def owes_more(than: int) -> None:
            await until(lambda: open_minutes(plant) > than)

        # nobody there at all
        await owes_more(0)
        assert "Connection refused" in await error(plant)

        # there, and the login is refused
        async with elsewhere:

            async def refused() -> bool:
                return "Not authorized" in await error(plant)

            await until(refused)
            await owes_more(open_minutes(plant))
            assert "Not authorized" in await error(plant)

        # the login is right, and nobody has subscribed
        await plant.broker.start()
        await plant.agent.linked("a")
        await plant.agent.heard("PUBACK 16")
        await owes_more(open_minutes(plant))
        assert plant.rows("SELECT 1 FROM outbox WHERE state <> 'open'") == []

        # somebody listens
        plant.platform.arguments += ("--username", LOGIN.username, "--password-file", str(secret))
        await plant.listen()
        await plant.drained()

        # away for a while
        await plant.broker.stop()
        await owes_more(3)
        await plant.broker.start()
        ended = plant.now() - 5 * SPEED
        drained = await plant.drained()
        assert await plant.agent.stop() == 0, plant.said()
        snap = read(plant.store)
    lines = platform_lines(plant.log)
    faults = [*upload_faults(snap, lines, MEADOW), *open_faults(snap, drained)]
    faults += period_faults(snap, MEADOW, Run(began, ended))
    assert faults == []
    assert LOGIN.password not in plant.said()
    assert "Traceback" not in plant.said()
