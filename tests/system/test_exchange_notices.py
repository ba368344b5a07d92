"""What a station asks of its platform by itself: an MN, the time, a key; and the heartbeat.

One daemon talks to all of the platforms; each of them is its source of time in turn.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import until
from exchange_bench import EVENING, KEY, Meeting, Party, meetings

from agent.commands.hardware import hardware
from agent.tools.broker import Broker

pytestmark = pytest.mark.system

DAY_S = 86_400
WAIT_S = 60.0
NAMED = (
    Party("tcp", "hj212-2017", 0),
    Party("mosquitto", "hj212-2017", 1),
    Party("tcp", "hj212-2025", 2),
    Party("mosquitto", "hj212-2025", 3),
)
SEALED = NAMED[2:]
UNNAMED = (
    Party("tcp", "hj212-2025", 4, unnamed=True),
    Party("mosquitto", "hj212-2025", 5, unnamed=True),
)


async def test_stations_ask_for_what_they_need_and_are_given_it(
    tmp_path: Path, broker: Broker
) -> None:
    def change(site: dict[str, Any]) -> None:
        made = EVENING - 81 * DAY_S  # a key may be used for 90 days
        for party in SEALED:
            os.utime(party.key_file(tmp_path), (made, made))
        site["destinations"][SEALED[0].number]["wire"] = {"heartbeat_s": 1}

    async with meetings(tmp_path, (*NAMED, *UNNAMED), broker, change=change) as met:
        by_party = {one.party: one for one in met}
        for party in UNNAMED:
            by_party[party].platform.roster.assigned[hardware().logger_id] = party.mn
        await asyncio.gather(
            *(is_given_an_mn(by_party[party]) for party in UNNAMED),
            *(is_given_a_key(by_party[party]) for party in SEALED),
            by_party[SEALED[0]].until_heard("9015", 2),
            are_asked_for_the_time([by_party[party] for party in NAMED], tmp_path),
        )
        assert [one.wrong() for one in met] == [[] for _ in met]
        assert await met[0].plant.agent.stop() == 0, met[0].plant.said()


async def ended(met: Meeting, cn: str) -> str:
    """Wait for the end of an order the platform gave by itself; say how it ended."""
    courses = met.ended
    await until(lambda: any(one.order.segment.cn == cn for one in courses), within_s=WAIT_S)
    return next(str(one.outcome) for one in courses if one.order.segment.cn == cn)


async def is_given_an_mn(met: Meeting) -> None:
    await met.until_heard("1001")
    assert await ended(met, "1002") == "done"
    await met.until_heard("2011")
    heard = {one.verdict.segment.mn for one in met.right("2011") if one.verdict.segment}
    assert heard == {met.mn}


async def is_given_a_key(met: Meeting) -> None:
    await met.until_heard("1014")
    assert await ended(met, "1014") == "done"
    station = met.platform.roster.station(met.mn)
    assert station.previous_key == KEY.encode()
    assert station.key not in (None, station.previous_key)
    seen = len(met.entries)

    def under_the_new_one() -> bool:
        return any(one.verdict.ok and one.verdict.sealed == "current"
                   for one in met.entries[seen:])  # fmt: skip

    await until(under_the_new_one, within_s=WAIT_S)


async def are_asked_for_the_time(platforms: list[Meeting], folder: Path) -> None:
    """Make each the source of time in turn; only that one is asked."""
    for met in platforms:
        assert met.right("1013") == []
        file = met.plant.site_file
        site = json.loads(file.read_text(encoding="utf-8"))
        draft = folder / "site.new"
        draft.write_text(
            json.dumps({**site, "time_source": met.party.id}, ensure_ascii=False), encoding="utf-8"
        )
        draft.replace(file)
        met.plant.agent.process.send_signal(signal.SIGHUP)
        await met.until_heard("1013")
        # a clock of tests is never set: the exchange comes to its end, and says so
        assert await ended(met, "1012") in ("done", "failed")
