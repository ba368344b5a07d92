"""Delivery where nothing acknowledges a message but the platform's own answer."""

from __future__ import annotations

import pytest
from uplink_fakes import Desk

from agent.model import EVENT
from agent.store.db import Store
from agent.uplink import sender as sending
from protocols.hj212.answers import Answered

LONG_S = 60.0
"""A time-out that no test waits for."""


@pytest.fixture
def desk(store: Store) -> Desk:
    desk = Desk(store)
    desk.link.topics = desk.link.shows_delivery = False
    return desk


async def test_upload_without_answer_is_not_delivered_before_tcp_has_it(desk: Desk) -> None:
    desk.link.taken = False
    await desk.owe(answer=False)
    async with desk.sending(ack="none"):
        await desk.until(lambda: len(desk.link.published) == 1)
        await desk.settled()
        assert desk.states() == ["open"]
        desk.link.taken = True
        await desk.until_states("accepted")


async def test_auto_waits_for_9014(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(timeout_s=LONG_S) as sender:
        await desk.until(lambda: len(desk.link.published) == 1)
        await desk.settled()
        assert desk.states() == ["open"]
        sender.answered(Answered(desk.link.published[0].qn))
        await desk.until_states("accepted")


async def test_notice_left_over_from_another_transport_is_closed(desk: Desk) -> None:
    await desk.owe(cn=EVENT)
    async with desk.sending():
        await desk.until_states("rejected")
    assert desk.link.published == []


async def test_answer_by_command_alone_means_nothing_where_two_wait(desk: Desk) -> None:
    await desk.owe_at(1, 2)
    async with desk.sending(timeout_s=LONG_S) as sender:
        await desk.until(lambda: len(desk.link.published) == 2)
        sender.answered(Answered("", "2051"))
        await desk.settled()
        assert desk.states() == ["open", "open"]
        sender.answered(Answered(desk.link.published[0].qn))
        await desk.until(lambda: desk.states().count("accepted") == 1)
        sender.answered(Answered("", "2061"))
        await desk.settled()
        assert desk.states().count("accepted") == 1
        sender.answered(Answered("", "2051"))
        await desk.until_states("accepted", "accepted")


async def test_uploads_that_only_wait_to_see_are_bounded(desk: Desk) -> None:
    assert sending.WRITTEN < 10_000
    sender = desk.sender(ack="none")
    sender._written = sending.WRITTEN
    await desk.owe(answer=False)
    assert await sender._next(0.0) == []
