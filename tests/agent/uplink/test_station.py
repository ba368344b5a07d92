"""One station: how it connects, greets, breaks and comes back. No broker, no waiting."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from agent_site import plan_with
from uplink_fakes import MN, PW, QN, TOPICS, Desk, FakeLink, Published, down, framed, manners, until

from agent.errors import LinkError, Rejected, StoreError, Unreachable
from agent.report import State
from agent.store.db import Store
from agent.uplink.header import Header
from agent.uplink.link import Arrival
from agent.uplink.login import Login, Will
from agent.uplink.mqtt import NoGreeting, TakenOver, UnknownVersion
from agent.uplink.station import Attempt, Contract, StationLink
from agent.uplink.talk import Talk
from protocols.hj212.answers import answer_to
from protocols.hj212.editions import edition
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment

FIRST, SECOND = "mqtt://first", "mqtt://second"
GONE = Unreachable("gone")

Try = LinkError | Exception | Callable[[FakeLink], None] | None
"""An attempt: an error, or a connection that a function spoils, or one that lasts."""


class EndOfScript(BaseException):
    """The station asked for more than the test has."""


def dies(error: LinkError = GONE) -> Callable[[FakeLink], None]:
    """Let a connection come about and die of that."""
    return lambda link: link.inbox.put_nowait(error)


@dataclass
class Echo:
    """A receiver that answers each request, and keeps what it was given."""

    taken: list[bytes] = field(default_factory=list)
    attended: int = 0

    async def take(self, data: bytes, talk: Talk) -> None:
        self.taken.append(data)
        asked = talk.header.read(data)
        await talk.say(answer_to(asked, "9011", talk.header.edition, result=1))

    async def attend(self, talk: Talk) -> None:
        self.attended += 1
        await asyncio.Event().wait()


@dataclass
class Stage:
    """Attempts in their order, and what the station made of them."""

    desk: Desk
    tries: list[Try]
    addresses: tuple[str, ...] = (FIRST,)
    versions: tuple[bool, ...] = (True, False)
    steady_s: float = 30.0
    logins: list[tuple[str, bool]] = field(default_factory=list)
    links: list[FakeLink] = field(default_factory=list)
    pauses: list[tuple[float, float]] = field(default_factory=list)
    header_error: Exception | None = None
    health_error: Exception | None = None
    receiver: Echo | None = None
    timeout_s: float = 0.01
    interfaces: tuple[str, ...] = ("",)
    edition: str = "hj212-2017"
    mn: str = MN
    key: str = ""

    def station(self) -> StationLink:
        desk = self.desk
        return StationLink(
            Contract(
                station=plan_with().stations["st1"],
                manners=manners(timeout_s=self.timeout_s),
                mn=MN,
                addresses=self.addresses,
                interfaces=self.interfaces,
                header=self._header,
                login=self._login,
                versions=self.versions,
                birth=lambda: State(online=True, version="1", key=self.key),
                health=self._health,
            ),
            desk.store,
            desk.clock,
            desk.bells,
            desk.metrics,
            connect=self._connect,
            pause=self._pause,
            jitter=self._jitter,
            steady_s=self.steady_s,
            receiver=self.receiver,
        )

    async def play(self) -> StationLink:
        """Let the station run until the script is at its end, or the station at its."""
        station = self.station()
        with contextlib.suppress(EndOfScript):
            await asyncio.wait_for(station.run(), 60)
        return station

    async def _header(self) -> Header:
        if self.header_error:
            raise self.header_error
        return Header(edition(self.edition), self.mn, PW)

    def _login(self, attempt: Attempt) -> Login:
        address = str(attempt.way)
        self.logins.append((address, attempt.newest))
        return Login(address, f"paikou-{MN}", Will("state", b""), (), attempt.newest)

    async def _health(self) -> bytes:
        if self.health_error:
            raise self.health_error
        return json.dumps({"at": self.desk.clock.now()}).encode()

    @contextlib.asynccontextmanager
    async def _connect(self, login: Login) -> AsyncIterator[FakeLink]:
        if not self.tries:
            raise EndOfScript
        this = self.tries.pop(0)
        if isinstance(this, Exception):
            raise this
        link = FakeLink(shows_delivery=login.newest)
        self.links.append(link)
        if this is not None:
            this(link)
        yield link

    async def _pause(self, _: float) -> None:
        await asyncio.sleep(0)

    def _jitter(self, least: float, most: float) -> float:
        self.pauses.append((least, most))
        return most


@pytest.fixture
def stage(store: Store) -> Callable[..., Stage]:
    return lambda *tries, **keys: Stage(Desk(store), list(tries), **keys)


Staged = Callable[..., Stage]


@contextlib.asynccontextmanager
async def connected(stage: Stage) -> AsyncIterator[tuple[StationLink, FakeLink]]:
    station = stage.station()
    task = asyncio.create_task(station.run())
    try:
        await until(lambda: station.state.linked)
        yield station, stage.links[-1]
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_birth_goes_first_and_is_retained(stage: Staged) -> None:
    one = stage(None)
    await one.desk.owe()
    async with connected(one) as (_, link):
        await until(lambda: {"up/2051", "health"} <= set(link.told()))
    birth = link.published[0]
    assert birth == Published(f"{TOPICS}/state", birth.payload, 1, True)
    assert json.loads(birth.payload)["online"] is True


async def test_birth_is_told_anew_once_there_is_a_key_to_tell(stage: Staged) -> None:
    one = stage(None)
    async with connected(one) as (_, link):
        await until(lambda: link.told().count("health") >= 2)
        assert link.told().count("state") == 1
        one.key = "ab" * 32
        await until(lambda: link.told().count("state") >= 2)
        await until(lambda: link.told().count("health") >= 6)
    births = [json.loads(one.payload) for one in link.published if one.topic.endswith("/state")]
    assert [birth["key"] for birth in births[:2]] == ["", "ab" * 32]
    assert len([birth for birth in births if birth["online"]]) == 2


async def test_health_goes_every_minute_retained_and_without_acknowledgement(
    stage: Staged,
) -> None:
    one = stage(None)
    async with connected(one) as (_, link):
        await until(lambda: link.told().count("health") >= 4)
    told = [one for one in link.published if one.topic == f"{TOPICS}/health"]
    assert {(one.qos, one.retain) for one in told} == {(0, True)}
    times = [json.loads(one.payload)["at"] for one in told]
    assert {later - sooner for sooner, later in itertools.pairwise(times)} == {60.0}


async def test_state_shows_the_link_while_it_lasts(stage: Staged) -> None:
    one = stage(None)
    async with connected(one) as (station, _):
        assert station.state.address == FIRST
        assert station.state.since is not None
        assert 'paikou_station_linked{station="st1"} 1.0' in one.desk.metrics.text()
    assert not station.state.linked
    assert 'paikou_station_linked{station="st1"} 0.0' in one.desk.metrics.text()


async def test_broker_that_is_away_at_start_is_tried_until_it_is_there(stage: Staged) -> None:
    one = stage(GONE, GONE, GONE, None)
    await one.desk.owe()
    async with connected(one) as (station, _):
        await one.desk.until_states("accepted")
        assert (station.state.error, station.state.drops) == ("", 0)
    assert one.pauses == [(0, 1), (0, 2), (0, 4)]


async def test_upload_owed_while_the_broker_was_away_goes_after_it_is_back(stage: Staged) -> None:
    one = stage(dies(), GONE, GONE, None)
    async with connected(one) as (station, _):
        await until(lambda: len(one.links) == 2 and station.state.linked)
        await one.desk.owe()
        await one.desk.until_states("accepted")
        assert station.state.drops == 1


async def test_back_off_is_full_jitter_up_to_its_limit(stage: Staged) -> None:
    one = stage(*[GONE] * 10)
    await one.play()
    assert [most for _, most in one.pauses] == [1, 2, 4, 8, 16, 32, 64, 120, 120, 120]
    assert {least for least, _ in one.pauses} == {0}


async def test_connection_that_lasted_begins_a_new_series_of_attempts(stage: Staged) -> None:
    one = stage(GONE, GONE, dies(), GONE, GONE, steady_s=0.0)
    await one.play()
    assert [most for _, most in one.pauses] == [1, 2, 1, 2, 4]


async def test_connection_that_breaks_at_once_does_not_shorten_the_back_off(stage: Staged) -> None:
    one = stage(*[dies()] * 5)
    station = await one.play()
    assert [most for _, most in one.pauses] == [1, 2, 4, 8, 16]
    assert station.state.drops == 5


async def test_addresses_are_tried_in_order_and_the_one_that_works_is_kept(stage: Staged) -> None:
    third = "mqtt://third"
    one = stage(GONE, GONE, dies(), dies(), GONE, GONE, addresses=(FIRST, SECOND, third))
    await one.play()
    assert [address for address, _ in one.logins[:6]] == [
        FIRST, SECOND, third, third, third, FIRST,
    ]  # fmt: skip


async def test_next_interface_is_tried_when_no_address_is_reached_by_the_first(
    stage: Staged,
) -> None:
    one = stage(*[GONE] * 4, addresses=(FIRST, SECOND), interfaces=("eth0", "wwan0"))
    await one.play()
    assert [way for way, _ in one.logins] == [
        f"{FIRST} by eth0", f"{SECOND} by eth0", f"{FIRST} by wwan0", f"{SECOND} by wwan0",
        f"{FIRST} by eth0",
    ]  # fmt: skip


async def test_who_is_called_opens_the_door_again_soon(stage: Staged) -> None:
    one = stage(*[dies()] * 5, addresses=("listen://127.0.0.1:1",))
    await one.play()
    assert {most for _, most in one.pauses} == {1.0}


async def test_nothing_goes_out_before_an_mn_is_assigned(stage: Staged) -> None:
    one = stage(None, edition="hj212-2025", mn="", receiver=Echo())
    await one.desk.owe()
    async with connected(one) as (_, link):
        await until(lambda: "health" in link.told())
        await one.desk.settled()
        assert set(link.told()) == {"state", "health"}
    assert one.receiver.attended == 1, "who registers is at work"


async def test_session_taken_over_ends_reconnecting_and_is_journalled(
    stage: Staged, caplog: pytest.LogCaptureFixture
) -> None:
    one = stage(dies(TakenOver("taken over")))
    station = await one.play()
    assert station.state.taken_over
    assert not station.state.linked
    assert one.tries == []
    assert len(one.logins) == 1
    assert "another client uses our identity" in caplog.text
    ((what, detail),) = one.desk.rows("SELECT what, detail FROM journal")
    assert what == "session taken over"
    assert json.loads(detail) == {"address": FIRST, "station": "st1"}


async def test_broker_that_does_not_know_mqtt_5_is_asked_in_3_1_1_at_once(stage: Staged) -> None:
    one = stage(UnknownVersion("no"), dies(), dies(), addresses=(FIRST, SECOND))
    await one.play()
    assert one.logins[:3] == [(FIRST, True), (FIRST, False), (FIRST, False)]
    assert len(one.pauses) == 2, "none before the older version"
    assert [link.shows_delivery for link in one.links] == [False, False]


async def test_version_that_the_settings_demand_is_the_only_one_tried(stage: Staged) -> None:
    one = stage(*[UnknownVersion("no")] * 3, versions=(True,))
    await one.play()
    assert [newest for _, newest in one.logins] == [True] * 4
    assert len(one.pauses) == 3


async def test_broker_that_never_greets_is_asked_in_both_versions_by_turns(stage: Staged) -> None:
    one = stage(*[NoGreeting("silent")] * 4)
    await one.play()
    assert [newest for _, newest in one.logins] == [True, False, True, False, True]


async def test_older_version_found_by_silence_is_not_for_ever(stage: Staged) -> None:
    """A broker that was just starting must not cost us PUBACK reasons until the next start."""
    one = stage(NoGreeting("silent"), dies(), dies())
    await one.play()
    assert [newest for _, newest in one.logins] == [True, False, True, True]


async def test_broker_known_to_speak_mqtt_5_is_not_asked_in_3_1_1(stage: Staged) -> None:
    one = stage(dies(), NoGreeting("silent"), NoGreeting("silent"))
    await one.play()
    assert [newest for _, newest in one.logins] == [True] * 4


async def test_refused_login_is_told_and_tried_again_slowly(
    stage: Staged, caplog: pytest.LogCaptureFixture
) -> None:
    one = stage(*[Rejected("first: bad user name or password")] * 3)
    station = await one.play()
    assert station.state.error == "first: bad user name or password"
    assert one.pauses == [(60, 120)] * 3
    assert caplog.text.count("bad user name") == 1, "a state change is logged once"


async def test_refused_login_does_not_delay_the_other_address(stage: Staged) -> None:
    one = stage(Rejected("no"), dies(), addresses=(FIRST, SECOND))
    await one.play()
    assert [address for address, _ in one.logins[:2]] == [FIRST, SECOND]
    assert one.pauses[0] == (0, 1)


async def test_secret_that_is_missing_is_told_and_tried_again(stage: Staged) -> None:
    one = stage(header_error=Unreachable("secret file pw: not there"))
    station = one.station()
    task = asyncio.create_task(station.run())
    await until(lambda: len(one.pauses) >= 3)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    assert station.state.error == "secret file pw: not there"


async def test_fault_in_the_store_is_not_taken_for_a_fault_of_the_link(stage: Staged) -> None:
    one = stage(None, health_error=StoreError("disk"))
    station = one.station()
    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(station.run(), 60)
    assert caught.group_contains(StoreError)
    assert not station.state.linked, "status must not show a link that is gone"


async def test_request_from_the_platform_goes_to_who_serves_it(stage: Staged) -> None:
    one = stage(None, receiver=Echo())
    async with connected(one) as (_, link):
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("1011")))
        await until(lambda: "up/9011" in link.told())
    answer = next(one for one in link.published if one.topic == f"{TOPICS}/up/9011")
    qn = "20260610100000123"
    text = f"QN={qn};ST=91;CN=9011;PW={PW};MN={MN};Flag=4;CP=&&QnRtn=1&&"
    assert (answer.payload, answer.qos, answer.retain) == (framed(text), 1, False)
    assert one.receiver.attended == 1


async def test_handler_may_wait_for_the_answer_to_what_it_said(stage: Staged) -> None:
    """While one waits the next request, and the answer itself, are read all the same."""
    waited: list[bool] = []

    @dataclass
    class Asking(Echo):
        async def take(self, data: bytes, talk: Talk) -> None:
            asked = talk.header.read(data)
            notice = Segment(QN, "32", "1013", PW, MN, Flag(1, answer=True))
            if asked.cn == "1011":
                await talk.say(notice)
                waited.append(await talk.answered(QN))
            else:
                await Echo.take(self, data, talk)

    one = stage(None, receiver=Asking(), timeout_s=60.0)
    async with connected(one) as (_, link):
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("1011")))
        await until(lambda: "up/1013" in link.told())
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("1061")))
        await until(lambda: "up/9011" in link.told())
        assert waited == []
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("9013", qn=QN, flag="Flag=4;")))
        await until(lambda: waited == [True])


async def test_answer_that_cannot_be_written_cuts_nobody_off(stage: Staged) -> None:
    @dataclass
    class Clumsy(Echo):
        async def take(self, data: bytes, talk: Talk) -> None:
            if talk.header.read(data).cn == "1011":
                await talk.say(Segment(QN, "32", "2011", PW, MN, Flag(1), cp="&&"))
            await Echo.take(self, data, talk)

    one = stage(None, receiver=Clumsy())
    async with connected(one) as (station, link):
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("1011")))
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("1061")))
        await until(lambda: "up/9011" in link.told())
        await until(lambda: station.tally.refused == 1)
        assert station.state.linked


async def test_request_that_nobody_serves_is_counted(stage: Staged) -> None:
    one = stage(None)
    async with connected(one) as (_, link):
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("3999")))
        await until(lambda: "paikou_refused_frames_total{" in one.desk.metrics.text())
    assert "up/9011" not in link.told()


async def test_what_comes_on_another_topic_is_nothing_to_us(stage: Staged) -> None:
    one = stage(None)
    async with connected(one) as (_, link):
        link.inbox.put_nowait(Arrival(f"{TOPICS}/other", down("3999")))
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", b"rubbish"))
        await until(lambda: "paikou_refused_frames_total{" in one.desk.metrics.text())
    assert "up/9011" not in link.told()


async def test_peer_that_repeats_its_rubbish_is_counted_each_time_and_logged_once(
    stage: Staged, caplog: pytest.LogCaptureFixture
) -> None:
    one = stage(None)
    with caplog.at_level(logging.WARNING):
        async with connected(one) as (_, link):
            for _ in range(5):
                link.inbox.put_nowait(Arrival(f"{TOPICS}/down", b"rubbish"))
            count = 'paikou_refused_frames_total{station="st1"} 5.0'
            await until(lambda: count in one.desk.metrics.text())
    assert caplog.text.count("refused what came down") == 1


async def test_9013_says_nothing_of_whether_uploads_are_answered(stage: Staged) -> None:
    one = stage(None)
    async with connected(one) as (station, link):
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("9013", flag="Flag=4;")))
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", b"rubbish"))
        await until(lambda: station.tally.refused == 1)
        assert not station.state.confirmation.seen


async def test_9014_from_the_platform_reaches_the_sender(stage: Staged) -> None:
    one = stage(None)
    one.desk.link = FakeLink()
    await one.desk.owe()
    async with connected(one) as (station, link):
        await one.desk.until_states("accepted")
        frame: Any = next(one for one in link.published if one.topic.endswith("up/2051"))
        link.inbox.put_nowait(Arrival(f"{TOPICS}/down", down("9014", qn=frame.qn, flag="Flag=4;")))
        await until(lambda: station.state.confirmation.seen)
