"""Under which MN what we say goes to a broker."""

from __future__ import annotations

import pytest
from agent_site import plan_with
from uplink_fakes import MN, PW

from agent.uplink.contract import _mqtt_login
from agent.uplink.header import Header
from agent.uplink.login import Login, Will
from agent.uplink.terms import Attempt, Way
from protocols.hj212.editions import edition

OTHER = "010000A8900016F000169DC9"


def login(mn: str, topics: str) -> Login:
    return Login("mqtt://b", "paikou", Will("t", b""), (), topics=topics, mn=mn)


@pytest.mark.parametrize(
    ("mn", "topics", "bears", "goes"),
    [
        (MN, f"hj212/{MN}", MN, f"hj212/{MN}"),
        (MN, f"hj212/{MN}", "", f"hj212/{MN}"),
        (MN, f"hj212/{MN}", OTHER, f"hj212/{OTHER}"),
        ("", "hj212/logger-x", OTHER, "hj212/logger-x"),
    ],
)
def test_frame_goes_under_the_mn_it_bears(mn: str, topics: str, bears: str, goes: str) -> None:
    assert login(mn, topics).topics_of(bears) == goes


def test_login_knows_the_mn_and_the_interface() -> None:
    station = plan_with().stations["st1"]
    way = Way("mqtt://b", "wwan0")
    made = _mqtt_login(
        station, Attempt(way, Header(edition("hj212-2017"), MN, PW), True), station.mn
    )
    assert (made.mn, made.interface) == (station.mn, "wwan0")
    assert made.topics.endswith(station.mn)
