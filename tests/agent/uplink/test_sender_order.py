"""In what order a station's rows go out, how many at a time, and how fast."""

from __future__ import annotations

import asyncio

import pytest
from uplink_fakes import AT, Desk, body, reasons

from agent.model import EVENT, Urgency
from agent.store.db import Store
from agent.uplink.flight import Flight
from agent.uplink.link import NOBODY_SUBSCRIBED
from agent.uplink.picking import LIVE_S

OLD = LIVE_S + 1


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


async def test_what_is_in_flight_is_bounded(desk: Desk) -> None:
    desk.link.gate.clear()
    await desk.owe_at(*range(10))
    async with desk.sending(in_flight=3):
        await desk.until(lambda: desk.link.in_flight == 3)
        await desk.settled()
        assert len(desk.link.published) == 3
        desk.link.gate.set()
        await desk.until_states(*["accepted"] * 10)
    assert desk.link.most_in_flight == 3


async def test_alarms_go_first_then_live_newest_first_then_backlog_oldest_first(
    desk: Desk,
) -> None:
    await desk.owe_at(5, 3, 4, age_s=OLD)
    await desk.owe_at(11, 13, 12)
    await desk.owe_at(21, cn="3015", urgency=Urgency.ALARM, age_s=OLD)
    await desk.owe_at(20, cn="3015", urgency=Urgency.ALARM)
    async with desk.sending(in_flight=1):
        await desk.until_states(*["accepted"] * 8)
    minutes = [int(time[10:12]) for time in desk.link.times()]
    assert minutes == [21, 20, 13, 12, 11, 3, 4, 5]


async def test_row_is_not_sent_before_its_time(desk: Desk) -> None:
    await desk.owe()
    await desk.store.write(
        lambda connection: connection.execute(
            "UPDATE outbox SET not_before = ?", (desk.clock.now() + 20,)
        )
    )
    async with desk.sending():
        await desk.settled()
        assert desk.link.published == []
        desk.clock.go(20)
        await desk.until_states("accepted")


async def test_backlog_keeps_to_its_rate(desk: Desk) -> None:
    await desk.owe_at(*range(40), age_s=OLD)
    sender = desk.sender(backlog_per_s=5.0)
    sender._picker.tokens, sender._picker.refilled_at = 0.0, 100.0
    given = []
    for at in (100.1, 100.4, 101.0, 101.4, 200.0):
        rows = await sender._next(at)
        sender._flights |= {row.id: Flight(row, resent=False, tries=0) for row in rows}
        given.append(len(rows))
    assert given == [0, 2, 3, 2, 5], "5 a second, and no more at once after a rest"


async def test_backlog_below_one_a_second_still_goes(desk: Desk) -> None:
    await desk.owe_at(*range(5), age_s=OLD)
    sender = desk.sender(backlog_per_s=0.1)
    sender._picker.tokens, sender._picker.refilled_at = 0.0, 100.0
    assert await sender._next(105.0) == []
    assert len(await sender._next(110.1)) == 1


async def test_live_rows_do_not_wait_for_the_rate(desk: Desk) -> None:
    await desk.owe_at(*range(8))
    assert len(await desk.sender(backlog_per_s=0.001)._next(0.0)) == 8


async def test_backlog_begins_at_a_random_moment_of_the_window(desk: Desk) -> None:
    """After an outage of the platform every gateway has a backlog at the same moment."""
    debts = []
    for _ in range(30):
        sender = desk.sender(send_window_s=20.0, backlog_per_s=5.0)
        async with desk.sending(sender):
            await asyncio.sleep(0)
            debts.append(-sender._picker.tokens / 5.0)
    assert all(0 <= debt <= 20 for debt in debts)
    assert len({round(debt, 6) for debt in debts}) > 20


async def test_packets_of_an_upload_go_one_after_the_other(desk: Desk) -> None:
    desk.link.gate.clear()
    await desk.owe(AT, body(1), body(2), body(3))
    await desk.owe_at(9)
    async with desk.sending():
        await desk.until(lambda: desk.link.in_flight == 2)
        await desk.settled()
        assert sorted(desk.link.times()) == [body(1)[9:23], body(9)[9:23]]
        desk.link.gate.set()
        await desk.until_states(*["accepted"] * 4)
    packets = [one.segment for one in desk.link.published if one.segment.pnum]
    assert [(one.pnum, one.pno) for one in packets] == [(3, 1), (3, 2), (3, 3)]
    assert len({one.qn for one in packets}) == 3
    assert all(one.flag is not None and one.flag.packets for one in packets)


async def test_second_packet_waits_until_the_first_that_was_kept_is_through(desk: Desk) -> None:
    desk.link.script = reasons(NOBODY_SUBSCRIBED, NOBODY_SUBSCRIBED, 0)
    await desk.owe(AT, body(1), body(2))
    async with desk.sending(pause_s=0.001):
        await desk.until_states("accepted", "accepted")
    assert [one.segment.pno for one in desk.link.published] == [1, 1, 1, 2]


async def test_packets_of_backlog_use_no_more_of_the_rate_than_they_are(desk: Desk) -> None:
    await desk.owe(AT, *[body(n) for n in range(4)], age_s=OLD)
    sender = desk.sender(backlog_per_s=4.0)
    sender._picker.tokens, sender._picker.refilled_at = 4.0, 100.0
    (row,) = await sender._next(100.0)
    assert row.pno == 1
    assert sender._picker.tokens == 3.0


@pytest.mark.parametrize(
    ("name", "age_s", "rf_on_resend", "marked"),
    [
        ("hj212-2025", 0.0, True, False),
        ("hj212-2025", OLD, True, True),
        ("hj212-2025", OLD, False, False),
        ("hj212-2017", OLD, True, False),
    ],
)
async def test_only_backlog_of_2025_is_marked_as_sent_again(
    desk: Desk, name: str, age_s: float, rf_on_resend: bool, marked: bool
) -> None:
    await desk.owe(age_s=age_s)
    async with desk.sending(name=name, rf_on_resend=rf_on_resend):
        await desk.until_states("accepted")
    assert desk.link.published[0].segment.rf is marked
    assert (b";RF=1;CP=" in desk.link.published[0].payload) is marked


async def test_retry_within_one_exchange_is_not_marked(desk: Desk) -> None:
    """HJ 212-2025: RF=1 is for history, not for the second try after a time-out."""
    await desk.owe()
    async with desk.sending(name="hj212-2025", ack="9014", resends=1):
        await desk.until(lambda: len(desk.link.published) == 2)
    assert [one.segment.rf for one in desk.link.published] == [False, False]


async def test_flag_tells_edition_and_wish_for_an_answer(desk: Desk) -> None:
    await desk.owe(60)
    await desk.owe(120, answer=False)
    async with desk.sending(in_flight=1):
        await desk.until_states("accepted", "accepted")
    flags = {one.segment.flag and int(one.segment.flag) for one in desk.link.published}
    assert flags == {5, 4}


async def test_event_of_the_same_moment_does_not_delay_a_bottle(desk: Desk) -> None:
    await desk.owe(1, "{}", cn=EVENT, urgency=Urgency.ALARM)
    await desk.owe_at(1, cn="3015", urgency=Urgency.ALARM)
    async with desk.sending():
        await desk.until_states("accepted", "accepted")
    assert sorted(desk.link.told()) == ["event", "up/3015"]


async def test_row_that_comes_while_others_lie_ready_goes_before_them(desk: Desk) -> None:
    """Rows are read ahead: what is owed meanwhile, live, must not wait until they are used up."""
    await desk.owe_at(*range(1, 9), age_s=OLD)
    desk.link.gate.clear()
    async with desk.sending(in_flight=1):
        await desk.until(lambda: desk.link.in_flight == 1)
        await desk.owe_at(30)
        await desk.settled()
        desk.link.gate.set()
        await desk.until_states(*["accepted"] * 9)
    assert [int(time[10:12]) for time in desk.link.times()] == [1, 30, *range(2, 9)]


async def test_row_that_was_read_ahead_and_closed_meanwhile_does_not_go(desk: Desk) -> None:
    await desk.owe_at(1, 2, 3, age_s=OLD)
    desk.link.gate.clear()
    async with desk.sending(in_flight=1):
        await desk.until(lambda: desk.link.in_flight == 1)
        await desk.store.write(
            lambda connection: connection.execute("UPDATE outbox SET state = 'dropped' WHERE id=2")
        )
        await desk.settled()
        desk.link.gate.set()
        await desk.until_states("accepted", "dropped", "accepted")
    assert [int(time[10:12]) for time in desk.link.times()] == [1, 3]
