"""How a send ends: accepted, rejected, or kept."""

from __future__ import annotations

import asyncio
import logging

import pytest
from uplink_fakes import BODY, PW, TOPICS, Desk, FakeLink, body, by_topic, reasons

from agent.errors import Unreachable
from agent.model import EVENT, Urgency
from agent.store.db import Store
from agent.uplink.link import NOBODY_SUBSCRIBED, Outcome, judge_puback
from agent.uplink.manners import LONGEST_PAUSE_S, Pause

PACKET_TOO_LARGE = 0x95


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        (0, Outcome.ACCEPTED),
        (16, Outcome.KEPT),
        (0x80, Outcome.KEPT),
        (0x83, Outcome.KEPT),
        (0x87, Outcome.KEPT),
        (0x90, Outcome.REJECTED),
        (0x91, Outcome.KEPT),
        (0x95, Outcome.REJECTED),
        (0x97, Outcome.KEPT),
        (0x99, Outcome.REJECTED),
        (0xFE, Outcome.KEPT),
    ],
)
def test_puback_reason_reads_as(reason: int, outcome: Outcome) -> None:
    assert judge_puback(reason) is outcome


async def test_puback_without_fault_closes_row_and_debt(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending():
        await desk.until_states("accepted")
    assert desk.rows("SELECT outcome, attempts, done_at FROM outbox") == [
        ("PUBACK 0", 1, desk.clock.now())
    ]
    assert desk.rows("SELECT state FROM deliveries") == [("accepted",)]
    (message,) = desk.link.published
    assert (message.topic, message.qos, message.retain) == (f"{TOPICS}/up/2051", 1, False)
    segment = message.segment
    assert (segment.st, segment.cn, segment.pw, segment.cp) == ("32", "2051", PW, BODY)


async def test_accepted_row_is_never_sent_again(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending():
        await desk.until_states("accepted")
        await desk.settled()
    assert len(desk.link.published) == 1


async def test_upload_for_nobody_is_kept_and_the_whole_station_rests(desk: Desk) -> None:
    desk.link.script = reasons(NOBODY_SUBSCRIBED)
    await desk.owe_at(1, 2, 3)
    await desk.owe(cn=EVENT, urgency=Urgency.ALARM, revision=1, at=99)
    async with desk.sending(in_flight=1):
        await desk.until(lambda: desk.metrics.text().count('outcome="kept"') > 0)
        await desk.settled()
    # the event went first and rests alone; the first frame makes everything rest
    assert desk.link.told() == ["event", "up/2051"]
    assert desk.states() == ["open"] * 4


async def test_kept_upload_goes_again_after_the_rest_with_the_same_qn(desk: Desk) -> None:
    desk.link.script = reasons(NOBODY_SUBSCRIBED, NOBODY_SUBSCRIBED, 0)
    await desk.owe()
    async with desk.sending(pause_s=0.001):
        await desk.until_states("accepted")
    assert len({one.payload for one in desk.link.published}) == 1
    assert len(desk.link.published) == 3


async def test_kept_upload_is_logged_once_and_not_each_time(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.link.script = reasons(*[NOBODY_SUBSCRIBED] * 4, 0)
    await desk.owe()
    with caplog.at_level(logging.WARNING):
        async with desk.sending(pause_s=0.001):
            await desk.until_states("accepted")
    assert len([one for one in caplog.records if "kept" in one.message]) == 1


def test_rest_doubles_up_to_a_minute_and_is_short_again_after_a_success() -> None:
    pause, at, lengths = Pause(), 0.0, []
    for _ in range(7):
        pause.begin(at)
        began = at
        while pause.lasts(at):
            at += 1.0
        lengths.append(at - began)
    assert lengths == [2, 4, 8, 16, 32, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    pause.shorten()
    assert pause.begin(at)
    assert pause.lasts(at + 1.9)
    assert not pause.lasts(at + 2.0)


def test_rest_is_not_prolonged_by_what_was_under_way() -> None:
    pause = Pause()
    assert pause.begin(0.0)
    assert not pause.begin(1.0)
    assert not pause.lasts(2.0)


async def test_rejected_row_stays_for_inspection_and_holds_nobody_up(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    desk.link.script = reasons(PACKET_TOO_LARGE, 0)
    await desk.owe_at(1, 2)
    async with desk.sending(in_flight=1):
        await desk.until_states("accepted", "rejected")
        await desk.settled()
    assert len(desk.link.published) == 2
    assert desk.rows("SELECT outcome, body <> '' FROM outbox WHERE state = 'rejected'") == [
        ("PUBACK 149", 1)
    ]
    assert desk.rows("SELECT state FROM deliveries ORDER BY state") == [
        ("accepted",),
        ("rejected",),
    ]
    assert "rejected for good" in caplog.text


async def test_what_no_frame_can_hold_is_rejected_and_the_next_row_goes(desk: Desk) -> None:
    await desk.owe(60, "x" * 2000)
    await desk.owe(120, "a && b")
    await desk.owe()
    async with desk.sending():
        await desk.until_states("rejected", "rejected", "accepted")
    assert len(desk.link.published) == 1


async def test_password_is_in_no_outcome_and_no_log(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    await desk.owe()
    async with desk.sending(pw="top;secret"):
        await desk.until_states("rejected")
    ((outcome,),) = desk.rows("SELECT outcome FROM outbox")
    assert "PW=***" in outcome
    assert "secret" not in outcome + caplog.text


async def test_event_goes_as_json_to_its_own_topic(desk: Desk) -> None:
    await desk.owe(5, '{"id": 1}', cn=EVENT, urgency=Urgency.ALARM)
    async with desk.sending(ack="9014"):
        await desk.until_states("accepted")
    assert [(one.topic, one.payload) for one in desk.link.published] == [
        (f"{TOPICS}/event", b'{"id": 1}')
    ]


async def test_events_that_nobody_wants_stand_before_no_frame(desk: Desk) -> None:
    desk.link.script = by_topic("event", NOBODY_SUBSCRIBED)
    for number in range(30):
        await desk.owe(number, "{}", cn=EVENT, urgency=Urgency.ALARM, revision=number)
    await desk.owe_at(*range(30))
    async with desk.sending(in_flight=5):
        await desk.until(lambda: desk.states().count("accepted") == 30)
    assert desk.states()[:30] == ["open"] * 30


async def test_row_that_is_kept_for_ever_stands_before_nobody_for_ever(desk: Desk) -> None:
    desk.link.script = lambda one: 0x83 if b"20260610103000" in one.payload else 0
    await desk.owe_at(*range(31))
    async with desk.sending(in_flight=1, pause_s=0.0001):
        await desk.until(lambda: desk.states().count("accepted") == 30)
    assert desk.states()[-1] == "open"


async def test_link_that_dies_in_the_middle_loses_nothing(desk: Desk) -> None:
    count = 0

    def dies(_: object) -> int:
        nonlocal count
        count += 1
        if count == 8:
            raise Unreachable("gone")
        return 0

    desk.link.script = dies
    await desk.owe_at(*range(20))
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(desk.sender(in_flight=4).run(), 60)
    assert caught.group_contains(Unreachable, match="gone")
    first = {one.qn: one.segment.cp for one in desk.link.published}
    assert desk.states().count("accepted") <= 7

    desk.link = FakeLink()
    async with desk.sending():
        await desk.until_states(*["accepted"] * 20)
    second = {one.qn: one.segment.cp for one in desk.link.published}
    assert sorted((first | second).values()) == sorted(body(minute) for minute in range(20))
    assert len(first | second) == 20, "the same upload goes out under the same QN"


async def test_row_acknowledged_but_not_written_down_goes_again(desk: Desk) -> None:
    """At least once: the copy has the same identity, so the platform drops it."""
    await desk.owe()
    desk.link.gate.clear()
    async with desk.sending():
        await desk.until(lambda: desk.link.in_flight == 1)
    assert desk.states() == ["open"]
    desk.link.gate.set()
    async with desk.sending():
        await desk.until_states("accepted")
    first, second = desk.link.published
    assert first.payload == second.payload
