"""What is counted of uploads: each end once, also those of the last moment."""

from __future__ import annotations

import contextlib

import pytest
from agent_site import T0
from uplink_fakes import BODY, STATION, Desk

from agent.metrics import Metrics
from agent.model import EVENT
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.account import Account
from agent.uplink.flight import Flight
from agent.uplink.link import Outcome, Sent
from agent.uplink.tally import Tally

LONG_S = 60.0
"""A time-out that no test waits for."""


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def flight(cn: str = "2051") -> Flight:
    return Flight(Row(1, STATION, cn, "32", 0, 0, 1, 1, 0, 2, True, BODY, 0.0, 0.0, 0), False, 1)


def counted(metrics: Metrics, outcome: Outcome) -> float:
    labels = {"station": STATION, "outcome": outcome}
    return metrics.registry.get_sample_value("paikou_sends_total", labels) or 0.0


def test_every_end_is_counted_once_however_many_there_are() -> None:
    tally, metrics = Tally(0.0), Metrics()
    account = Account(STATION, metrics, tally=tally)
    for outcome, number in {Outcome.ACCEPTED: 3, Outcome.KEPT: 2, Outcome.REJECTED: 1}.items():
        for _ in range(number):
            account.ended(flight(), Sent(outcome, "so"))
    for _ in range(2):
        account.count()
        assert [counted(metrics, one) for one in Outcome] == [3, 1, 2]
        saved = tally.saved(0.0, T0)
        assert (saved.accepted, saved.rejected, saved.kept) == (3, 1, 2)


def test_notice_is_counted_as_sent_and_is_no_frame() -> None:
    tally, metrics = Tally(0.0), Metrics()
    account = Account(STATION, metrics, tally=tally)
    account.ended(flight(EVENT), Sent(Outcome.ACCEPTED, "PUBACK 0"))
    account.count()
    assert counted(metrics, Outcome.ACCEPTED) == 1
    assert tally.counts(1.0, T0).frames_ended == 0


async def test_ends_are_counted_while_the_connection_lasts(desk: Desk) -> None:
    await desk.owe_at(*range(30))
    async with desk.sending(in_flight=4):
        await desk.until(lambda: counted(desk.metrics, Outcome.ACCEPTED) == 30)
    assert counted(desk.metrics, Outcome.ACCEPTED) == 30


async def test_end_of_the_last_moment_is_counted(desk: Desk) -> None:
    desk.link.gate.clear()
    await desk.owe_at(1, 2)
    with contextlib.suppress(ExceptionGroup):
        async with desk.sending(ack="9014", timeout_s=LONG_S) as sender:
            await desk.until(lambda: desk.link.in_flight == 2)
            sender.acknowledged(desk.link.published[0].qn)
    assert desk.states().count("accepted") == 1
    assert counted(desk.metrics, Outcome.ACCEPTED) == 1
