"""The heartbeat of HJ 212-2025: a 9015 every now and then, which a 9013 answers.

Source: HJ 212-2025 §6.7.5 table 12, C.54; the interval is a setting, for the standard has none
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from agent.clock import Clock
from agent.errors import Unreachable
from agent.store import outbox
from agent.store.db import Store
from agent.uplink.talk import Talk
from protocols.hj212.commands import command
from protocols.hj212.editions import Edition
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment
from protocols.hj212.times import wire_qn

HEARTBEAT_CN = "9015"
MISSES = 3
"""So many heartbeats without a word of the platform mean that nobody is there."""


def has_heartbeat(edition: Edition) -> bool:
    """Say whether an edition, or a dialect of it, knows the heartbeat."""
    known = command(HEARTBEAT_CN, "up", edition.base) is not None
    return known or HEARTBEAT_CN in edition.extra_commands


async def beat(
    talk: Talk,
    every_s: float,
    *,
    qn: Callable[[], Awaitable[str]],
    heard: Callable[[], int],
    pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> None:
    """Say that we live, for ever. Raises Unreachable after three heartbeats into silence.

    `heard` counts what comes down: a platform that speaks is there, even one that answers no 9015.
    """
    missed = 0
    while True:
        await pause(every_s)
        before, number = heard(), await qn()
        flag = Flag(talk.header.edition.flag_version, answer=True)
        header = talk.header
        st = next(iter(talk.station.by_st()))
        await talk.say(Segment(number, st, HEARTBEAT_CN, header.pw, header.mn, flag))
        if await talk.answered(number) or heard() > before:
            missed = 0
            continue
        missed += 1
        if missed == MISSES:
            raise Unreachable(f"no answer to {MISSES} heartbeats")


async def fresh_qn(store: Store, clock: Clock, station: str) -> str:
    """Allot a request number to what is in no outbox; it waits for others to share its commit."""
    now = clock.now()
    number = await store.write(
        lambda connection: outbox.next_qn(connection, station, now), patient=True
    )
    return wire_qn(number)
