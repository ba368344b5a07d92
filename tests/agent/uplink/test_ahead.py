"""Frames that are made ahead: the same as those made when they go, or made again."""

from __future__ import annotations

from typing import Any

import pytest
from uplink_fakes import BODY, MN, PW, Desk, settled, until

from agent.model import EVENT
from agent.store.db import Store
from agent.store.outbox import Row
from agent.uplink.ahead import Ahead
from agent.uplink.header import Header
from agent.uplink.heads import Written
from protocols.hj212.editions import edition
from protocols.hj212.errors import LocalFrameError

ROW = Row(1, "st1", "2051", "32", 0, 0, 1, 1, 1_781_056_801_007, 2, True, BODY, 0.0, 0.0, 0)


class CountingHeader(Header):
    """A header that counts what it had to make."""

    made = 0

    def written(self, row: Row, *, resent: bool) -> Written:
        type(self).made += 1
        return super().written(row, resent=resent)


@pytest.fixture(autouse=True)
def from_nothing() -> None:
    CountingHeader.made = 0


def header(pw: str = PW) -> Header:
    return CountingHeader(edition("hj212-2025"), MN, pw)


def test_frame_made_ahead_is_made_once_and_the_same() -> None:
    one, ahead = header(), Ahead()
    ahead.make(one, [(ROW, True)])
    ahead.make(one, [(ROW, True)])
    assert CountingHeader.made == 1
    assert ahead.take(one, ROW, resent=True) == header().written(ROW, resent=True)


def test_frame_goes_out_once_only() -> None:
    one, ahead = header(), Ahead()
    ahead.make(one, [(ROW, False)])
    ahead.take(one, ROW, resent=False)
    ahead.take(one, ROW, resent=False)
    assert CountingHeader.made == 2


@pytest.mark.parametrize(
    "now",
    [
        {"header": header("654321")},
        {"row": ROW._replace(qn_ms=ROW.qn_ms + 1)},
        {"resent": True},
    ],
    ids=["password", "number", "mark"],
)
def test_what_changed_since_is_made_again(now: dict[str, Any]) -> None:
    one, ahead = header(), Ahead()
    ahead.make(one, [(ROW, False)])
    asked = {"header": one, "row": ROW, "resent": False} | now
    taken = ahead.take(asked["header"], asked["row"], resent=asked["resent"])
    assert taken == asked["header"].written(asked["row"], resent=asked["resent"])
    ahead.make(one, [(ROW, False)])
    ahead.make(asked["header"], [(asked["row"], asked["resent"])])
    made = CountingHeader.made
    assert ahead.take(asked["header"], asked["row"], resent=asked["resent"]) == taken
    assert CountingHeader.made == made, "the newer one was made ahead, too"


def test_notice_is_no_frame() -> None:
    ahead = Ahead()
    ahead.make(header(), [(ROW._replace(cn=EVENT), False)])
    assert CountingHeader.made == 0


def test_what_cannot_be_said_is_refused_when_it_is_to_go() -> None:
    wrong, right = ROW._replace(body="a\nb"), ROW._replace(id=2)
    one, ahead = header(), Ahead()
    ahead.make(one, [(wrong, False), (right, False)])
    with pytest.raises(LocalFrameError):
        ahead.take(one, wrong, resent=False)
    made = CountingHeader.made
    ahead.take(one, right, resent=False)
    assert CountingHeader.made == made


def test_no_more_is_kept_than_goes_next() -> None:
    one, ahead = header(), Ahead()
    ahead.make(one, [(ROW, False)])
    ahead.make(one, [(ROW._replace(id=2), False)])
    ahead.take(one, ROW, resent=False)
    assert CountingHeader.made == 3


async def test_password_that_changes_in_a_backlog_is_in_every_frame_behind_it(store: Store) -> None:
    """Those made ahead under the old one, too."""
    desk = Desk(store)
    await desk.owe_at(*range(12), age_s=3600.0)
    desk.link.gate.clear()
    async with desk.sending(in_flight=4) as sender:
        await until(lambda: len(desk.link.published) == 4)
        await settled(lambda: None)  # time enough to make the next ones
        sender.header = Header(edition("hj212-2017"), MN, "654321")
        desk.link.gate.set()
        await until(lambda: len(desk.link.published) == 12)  # no bell: rows are not read anew
    assert [one.segment.pw for one in desk.link.published] == [PW] * 4 + ["654321"] * 8
