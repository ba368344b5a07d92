"""What comes down on `order` is handed over as it is; a flood of it is bounded and counted."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from uplink_fakes import TOPICS, FakeLink, until

from agent.errors import Unreachable
from agent.uplink.link import Arrival
from agent.uplink.listener import Listener
from agent.uplink.talk import AT_ONCE, WAITING


@dataclass
class Talk:
    lost_reasons: list[str] = field(default_factory=list)

    def lost(self, reason: str) -> None:
        self.lost_reasons.append(reason)


@dataclass
class Taker:
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    ordered_: list[bytes] = field(default_factory=list)

    async def ordered(self, data: bytes, _: Any) -> None:
        await self.gate.wait()
        self.ordered_.append(data)


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


def order(number: int) -> Arrival:
    return Arrival(f"{TOPICS}/order", b"%d" % number)


async def heard(talk: Talk, link: FakeLink, taker: Taker | None) -> None:
    """Read until the link closes; what is under way ends first."""
    link.inbox.put_nowait(Unreachable("gone"))
    listener = Listener(talk, link, None, taker)  # type: ignore[arg-type]  # stand-ins
    with contextlib.suppress(BaseExceptionGroup):
        await listener.run()


async def test_order_is_handed_over_as_it_came(link: FakeLink) -> None:
    talk, taker = Talk(), Taker()
    link.inbox.put_nowait(order(1))
    listener = Listener(talk, link, None, taker)  # type: ignore[arg-type]  # stand-ins
    task = asyncio.ensure_future(listener.run())
    taker.gate.set()
    await until(lambda: taker.ordered_ == [b"1"])
    assert talk.lost_reasons == []
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_flood_of_orders_is_bounded_and_counted(link: FakeLink) -> None:
    talk, taker = Talk(), Taker()
    for number in range(AT_ONCE + WAITING + 3):
        link.inbox.put_nowait(order(number))
    await heard(talk, link, taker)
    assert talk.lost_reasons == [f"more than {WAITING} requests wait"] * 3


async def test_order_nobody_serves_is_counted(link: FakeLink) -> None:
    talk = Talk()
    link.inbox.put_nowait(order(1))
    await heard(talk, link, None)
    assert talk.lost_reasons == ["orders are not served"]
