"""When 9014 decides on delivery, and what happens when it does not come."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from uplink_fakes import NEVER_S, Desk, Published, until

from agent.errors import Unreachable
from agent.store.db import Store
from agent.uplink.awaited import LATE
from agent.uplink.manners import SILENT_UPLOADS
from agent.uplink.picking import LIVE_S
from agent.uplink.sender import Sender

OLD = LIVE_S + 1
LONG_S = 60.0
"""A time-out that no test waits for."""


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def answered_by(desk: Desk, sender: Sender) -> None:
    """Have the platform answer each frame from now on."""
    desk.link.heard = lambda message: sender.acknowledged(message.qn)


async def test_auto_takes_puback_until_a_9014_was_seen(desk: Desk) -> None:
    await desk.owe_at(1)
    async with desk.sending(timeout_s=LONG_S) as sender:
        await desk.until_states("accepted")
        sender.acknowledged(desk.link.published[0].qn)
        await desk.owe_at(2)
        await desk.until(lambda: len(desk.link.published) == 2)
        await desk.settled()
        assert desk.states() == ["accepted", "open"], "now PUBACK alone is not enough"
        sender.acknowledged(desk.link.published[1].qn)
        await desk.until_states("accepted", "accepted")
    assert desk.rows("SELECT outcome FROM outbox ORDER BY id") == [("PUBACK 0",), ("9014",)]


async def test_platform_seen_to_answer_is_remembered_across_connections(desk: Desk) -> None:
    async with desk.sending() as sender:
        sender.acknowledged("20260610100000000")
    await desk.owe()
    async with desk.sending(timeout_s=LONG_S):
        await desk.until(lambda: len(desk.link.published) == 1)
        await desk.settled()
    assert desk.states() == ["open"]


async def test_auto_asks_for_9014_where_puback_shows_no_delivery(desk: Desk) -> None:
    desk.link.shows_delivery = False
    await desk.owe()
    async with desk.sending(timeout_s=LONG_S) as sender:
        await desk.until(lambda: len(desk.link.published) == 1)
        await desk.settled()
        assert desk.states() == ["open"]
        sender.acknowledged(desk.link.published[0].qn)
        await desk.until_states("accepted")


async def test_puback_setting_never_waits_for_9014(desk: Desk) -> None:
    desk.link.shows_delivery = False
    desk.confirmation.seen = True
    await desk.owe()
    async with desk.sending(ack="puback", timeout_s=LONG_S):
        await desk.until_states("accepted")
    assert len(desk.link.published) == 1


async def test_upload_that_asks_for_no_answer_is_not_waited_for(desk: Desk) -> None:
    await desk.owe(answer=False)
    async with desk.sending(ack="9014", timeout_s=LONG_S):
        await desk.until_states("accepted")


async def test_9014_that_comes_before_puback_counts(desk: Desk) -> None:
    desk.link.gate.clear()
    await desk.owe()
    async with desk.sending(ack="9014", timeout_s=LONG_S) as sender:
        await desk.until(lambda: desk.link.in_flight == 1)
        sender.acknowledged(desk.link.published[0].qn)
        desk.link.gate.set()
        await desk.until_states("accepted")


@pytest.mark.parametrize("broken", [True, False], ids=["the link breaks", "the sender is ended"])
async def test_9014_that_comes_before_the_link_has_its_say_counts_where_it_never_does(
    desk: Desk, broken: bool
) -> None:
    """A large window takes its time to go out: answers to its beginning come meanwhile."""

    def dies(_: object) -> int:
        raise Unreachable("gone")

    desk.link.gate.clear()
    await desk.owe_at(1, 2)
    with contextlib.suppress(ExceptionGroup):
        async with desk.sending(ack="9014", timeout_s=LONG_S) as sender:
            await desk.until(lambda: desk.link.in_flight == 2)
            sender.acknowledged(desk.link.published[0].qn)
            if broken:
                desk.link.script = dies
                desk.link.gate.set()
                await until(lambda: desk.link.in_flight == 0)
    answered = desk.link.published[0].segment.cp[9:23]
    done = desk.rows("SELECT body, state, outcome FROM outbox WHERE state <> 'open'")
    assert [(text[9:23], *rest) for text, *rest in done] == [(answered, "accepted", "9014")]


async def test_what_the_link_says_once_nobody_sends_any_more_changes_nothing(desk: Desk) -> None:
    """A goodbye over MQTT still reads what was acknowledged."""
    desk.link.gate.clear()
    await desk.owe_at(1, 2)
    sender = desk.sender(ack="9014", timeout_s=LONG_S)
    task = asyncio.create_task(sender.run())
    await desk.until(lambda: desk.link.in_flight == 2)
    sender.acknowledged(desk.link.published[0].qn)
    task.cancel()
    await asyncio.wait({task})
    desk.link.gate.set()
    await asyncio.gather(*desk.link.posts)
    assert sorted(desk.states()) == ["accepted", "open"]


async def test_9014_of_another_qn_closes_nothing(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", timeout_s=LONG_S) as sender:
        await desk.until(lambda: len(desk.link.published) == 1)
        sender.acknowledged("20200101000000000")
        await desk.settled()
    assert desk.states() == ["open"]


async def test_without_9014_the_same_frame_goes_again_and_is_then_kept(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=3):
        await desk.until(lambda: desk.confirmation.silent == 1)
        await desk.settled()
    assert len(desk.link.published) == 4
    assert len({one.payload for one in desk.link.published}) == 1
    assert desk.states() == ["open"]


async def test_9014_to_a_resend_ends_the_resending(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=9) as sender:

        def third(message: Published) -> None:
            if len(desk.link.published) == 3:
                sender.acknowledged(message.qn)

        desk.link.heard = third
        await desk.until_states("accepted")
    assert len(desk.link.published) == 3


async def silence(desk: Desk) -> None:
    """Let the platform leave as many uploads unanswered as it takes."""
    await desk.owe_at(*range(SILENT_UPLOADS))
    async with desk.sending(ack="9014", resends=0):
        await desk.until(lambda: "unconfirmed" in desk.states())
    desk.link.published.clear()


async def test_silent_platform_gets_each_upload_once(desk: Desk) -> None:
    await silence(desk)
    await desk.owe_at(50, 51)
    async with desk.sending(ack="9014", resends=3):
        await desk.until(lambda: desk.states()[-2:] == ["unconfirmed"] * 2)
        await desk.settled()
    sent = [one.qn for one in desk.link.published]
    assert len(sent) == len(set(sent))
    assert desk.rows("SELECT DISTINCT state FROM deliveries WHERE start % 3600 >= 3000") == [
        ("unconfirmed",)
    ]


async def test_silent_platform_gets_no_backlog_until_it_answers(desk: Desk) -> None:
    await silence(desk)
    desk.clock.go(OLD)
    before = desk.states()
    await desk.owe_at(50, age_s=OLD)
    async with desk.sending(ack="9014") as sender:
        await desk.settled()
        assert desk.link.published == []
        assert desk.states() == [*before, "open"]
        answered_by(desk, sender)
        await desk.owe_at(55)
        await desk.until(lambda: "open" not in desk.states())
    assert not desk.confirmation.unconfirmed
    assert desk.states()[-2:] == ["accepted", "accepted"]


async def test_answers_that_come_keep_the_station_confirmed(desk: Desk) -> None:
    await desk.owe_at(*range(SILENT_UPLOADS - 1))
    async with desk.sending(ack="9014", resends=0) as sender:
        await desk.until(lambda: desk.confirmation.silent == SILENT_UPLOADS - 1)
        sender.acknowledged("20260610100000000")
    assert desk.confirmation.silent == 0


async def test_late_9014_closes_a_kept_row_without_sending_it_again(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=0, pause_s=NEVER_S) as sender:
        await desk.until(lambda: desk.confirmation.silent == 1)
        sender.acknowledged(desk.link.published[0].qn)
        await desk.until_states("accepted")
    assert len(desk.link.published) == 1
    assert desk.rows("SELECT outcome FROM outbox") == [("9014, late",)]
    assert desk.rows("SELECT state FROM deliveries") == [("accepted",)]


async def test_late_9014_makes_an_unconfirmed_upload_accepted(desk: Desk) -> None:
    await silence(desk)
    await desk.owe_at(50)
    async with desk.sending(ack="9014") as sender:
        await desk.until(lambda: desk.states()[-1] == "unconfirmed")
        sender.acknowledged(desk.link.published[-1].qn)
        await desk.until(lambda: "accepted" in desk.states())


async def test_uploads_listened_for_late_are_bounded(desk: Desk) -> None:
    sender = desk.sender()
    await desk.owe()
    (row,) = await sender._next(0.0)
    for number in range(LATE + 50):
        sender._awaited.miss(str(number), row)
    assert len(sender._awaited._silent) == LATE
    assert "0" not in sender._awaited._silent


async def test_two_uploads_wait_for_their_own_answers(desk: Desk) -> None:
    await desk.owe_at(1, 2)
    async with desk.sending(ack="9014", timeout_s=LONG_S) as sender:
        await desk.until(lambda: len(desk.link.published) == 2)
        by_time = {one.segment.cp[9:23]: one.qn for one in desk.link.published}
        sender.acknowledged(by_time["20260610100200"])
        await desk.until_states("open", "accepted")
        await asyncio.sleep(0)
        sender.acknowledged(by_time["20260610100100"])
        await desk.until_states("accepted", "accepted")
