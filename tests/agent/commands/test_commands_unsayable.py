"""What of ours has no form on the wire: a request ends with a word all the same."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from agent_desk import Platform
from agent_site import HOUR, T0

from agent.commands.attending import Asking
from agent.store import actions
from agent.uplink.desk import Desk, HardwareFacts
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.segment import Segment
from protocols.hj212.times import wire_time

Across = Callable[..., Awaitable[Platform]]
WAIT_S = 60


def failed(frames: list[str]) -> bool:
    return len(frames) == 2 and frames[0].endswith("QnRtn=1") and frames[1].endswith("ExeRtn=2")


@pytest.mark.parametrize("edition", ["hj212-2005", "hj212-2017", "hj212-2025"])
async def test_interval_below_that_of_the_standard_cannot_be_told(
    across: Across, edition: str
) -> None:
    """The file may say 5 s, with a warning; RtdInterval is 30 to 3600."""
    platform = await across(edition, real_time_s=5)
    assert failed(await platform.ask("1061"))
    found = platform.command("1061")
    assert found["exe_rtn"] == 2
    assert found["outcome"].startswith("cannot be said: RtdInterval")
    assert found["told_at"] is not None
    assert platform.talk.lost_reasons == []


async def test_value_that_is_no_number_on_the_wire_ends_its_request(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.house.result(T0 - HOUR, math.inf)
    frames = await platform.ask("2013", f"BeginTime={wire_time(T0 - HOUR)};EndTime={wire_time(T0)}")
    assert failed(frames)


async def test_bottle_whose_number_cannot_be_told_ends_as_it_did(across: Across) -> None:
    """The bottle was kept: that is what the platform hears, and the connection goes on."""
    platform = await across("hj212-2017")

    async def unsayable(segment: Segment) -> None:
        if segment.cn == "3015":
            raise LocalFrameError("VaseNo: out of its bounds")

    platform.talk.on_say = unsayable
    assert await platform.ask("3015") == ["9011 QnRtn=1"]

    def kept(connection: sqlite3.Connection) -> None:
        ((number,),) = connection.execute("SELECT id FROM actions").fetchall()
        connection.execute("UPDATE actions SET state = 'running'")
        outcome = {"at": T0, "bottle": 7}
        actions.finish(connection, number, "done", outcome=outcome, now=T0)

    await platform.house.write(kept)
    assert (await platform.tell_open_ends())[-1] == "9012 ExeRtn=1"
    assert platform.command("3015")["told_at"] is not None
    assert await platform.tell_open_ends() == []


async def test_machine_whose_number_cannot_be_told_stays_at_its_desk(across: Across) -> None:
    """One error of ours there would end the daemon, and with it all other stations."""
    platform = await across("hj212-2025")
    odd = replace(platform.office, hardware=lambda: HardwareFacts("A;B&&", "C", "D", "E"))
    platform.talk.header = replace(platform.talk.header, mn="")
    async with asyncio.timeout(WAIT_S):
        await Asking(Desk(odd, platform.talk)).once()
        assert platform.talk.said == []
        await Asking(Desk(platform.office, platform.talk)).once()
    assert [one.cn for one in platform.talk.said] == ["1001"]
