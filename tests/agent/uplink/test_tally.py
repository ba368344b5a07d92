"""What is counted of a link."""

from __future__ import annotations

import pytest
from agent_site import T0

from agent.uplink.link import Outcome, Traffic
from agent.uplink.tally import MONTHS, Tally


def test_nothing_yet_is_not_zero() -> None:
    counts = Tally(100.0).counts(100.0, T0)
    assert (counts.online_rate, counts.frame_success, counts.last_return_s) == (None, None, None)


def test_online_rate_is_the_share_of_the_time_linked() -> None:
    tally = Tally(0.0)
    tally.linked(10.0)
    assert tally.counts(20.0, T0).online_rate == 0.5
    tally.cut(30.0)
    assert tally.counts(40.0, T0).online_rate == 0.5
    tally.linked(60.0)
    assert tally.counts(80.0, T0).online_rate == 0.5


def test_attempt_that_never_came_about_is_no_drop() -> None:
    tally = Tally(0.0)
    tally.cut(5.0)
    assert tally.counts(10.0, T0).drops == 0


def test_time_to_return_is_from_the_break_to_the_next_connection() -> None:
    tally = Tally(0.0)
    for linked, cut in ((1.0, 2.0), (32.0, 40.0), (44.0, 50.0)):
        tally.linked(linked)
        tally.cut(cut)
    counts = tally.counts(60.0, T0)
    assert (counts.last_return_s, counts.longest_return_s, counts.drops) == (4.0, 30.0, 3)


def test_success_is_the_share_of_attempts_that_were_accepted() -> None:
    tally = Tally(0.0)
    for outcome in (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.KEPT, Outcome.REJECTED):
        tally.ended(outcome)
    counts = tally.counts(1.0, T0)
    assert (counts.frames_ended, counts.frame_success) == (4, 0.5)


def test_bytes_belong_to_the_month_in_which_they_went() -> None:
    """Midnight of 1 July in China is 16:00 UTC of 30 June."""
    tally, day = Tally(0.0), 86_400
    tally.linked(0.0)
    last_of_june = T0 + 20 * day + 13.9 * 3600
    tally.carried(Traffic(100, 10), last_of_june)
    tally.carried(Traffic(160, 15), last_of_june + 360)
    assert tally.counts(1.0, last_of_june).month == "2026-06"
    assert tally.counts(1.0, last_of_june).sent_bytes == 100
    july = tally.counts(1.0, last_of_june + 360)
    assert (july.month, july.sent_bytes, july.received_bytes) == ("2026-07", 60, 5)


def test_next_connection_counts_on() -> None:
    tally = Tally(0.0)
    for sent in (70, 30):
        tally.linked(1.0)
        tally.carried(Traffic(sent, 1), T0)
        tally.carried(Traffic(sent, 1), T0)
        tally.cut(2.0)
    counts = tally.counts(3.0, T0)
    assert (counts.sent_bytes, counts.received_bytes) == (100, 2)


@pytest.mark.parametrize("months", [MONTHS + 5])
def test_months_are_bounded(months: int) -> None:
    tally = Tally(0.0)
    tally.linked(0.0)
    for number in range(months):
        tally.carried(Traffic(number, 0), T0 + number * 31 * 86_400)
    assert len(tally._months) == MONTHS


def test_counters_go_on_where_the_last_daemon_stopped() -> None:
    before = Tally(0.0)
    before.linked(10.0)
    before.ended(Outcome.ACCEPTED)
    before.ended(Outcome.KEPT)
    before.refused = 2
    before.carried(Traffic(1000, 100), T0)
    kept = before.saved(110.0, T0)

    after = Tally(5000.0)
    after.restore(kept, 5000.0, T0 + 90.0)
    after.linked(5000.0)
    counts = after.counts(5000.0, T0)
    assert (counts.for_s, counts.online_rate) == (200.0, 0.5), "the time between was not linked"
    assert (counts.drops, counts.last_return_s) == (1, 90.0), "our end broke the connection"
    assert (counts.frames_ended, counts.frame_success, counts.refused) == (2, 0.5, 2)
    assert (counts.sent_bytes, counts.received_bytes) == (1000, 100)
    after.carried(Traffic(500, 50), T0)
    assert after.counts(5000.0, T0).sent_bytes == 1500


def test_clock_that_went_back_adds_no_time() -> None:
    after = Tally(5000.0)
    after.restore(Tally(0.0).saved(100.0, T0), 5000.0, T0 - 3600.0)
    assert after.counts(5000.0, T0).for_s == 100.0
