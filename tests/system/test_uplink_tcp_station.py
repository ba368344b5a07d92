"""A station over TCP: what counts as delivered, what breaks it, and how it comes back."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from daemon_bench import free_port
from uplink_bench import MN, Post, posted
from uplink_platform import (
    HOST,
    Heard,
    Platform,
    answer_2005,
    answer_2017,
    answer_2025,
    framed,
    talk,
)
from uplink_scripted import until

from agent.store.frame_packs import FrameRecord, unpack
from agent.uplink.header import Header
from agent.uplink.manners import SILENT_UPLOADS
from agent.uplink.sealing import KeyRing
from protocols.hj212.editions import edition
from protocols.hj212.seal import unsealer

pytestmark = pytest.mark.system

SHORT_S = 0.1
"""A time-out that a test has to wait for."""
AUTO: dict[str, Any] = {"ack": "auto", "timeout_s": 20}
IMPATIENT: dict[str, Any] = {"ack": "auto", "timeout_s": SHORT_S}
KEY = b"0" * 16


@contextlib.asynccontextmanager
async def at_work(platform: Platform, folder: Path, *owed: int, **keys: Any) -> AsyncIterator[Post]:
    """Have a station talk to a platform, with uploads owed from the start."""
    keys.setdefault("manners", AUTO)
    async with posted(folder / "store", platform.address, **keys) as post:
        await post.owe(*owed)
        async with post.working():
            yield post


@pytest.fixture
async def platform() -> AsyncIterator[Platform]:
    async with Platform().serving() as platform:
        yield platform


async def until_ends(post: Post, state: tuple[str, str]) -> None:
    """Wait until the last row that was owed has ended so."""
    async with asyncio.timeout(60):
        while True:
            if (await post.states())[-1] == state:
                return
            await asyncio.sleep(0.02)


async def test_upload_is_delivered_by_its_9014(platform: Platform, tmp_path: Path) -> None:
    async with at_work(platform, tmp_path, 1, 2, 3) as post:
        await post.until_sent()
        assert set(await post.states()) == {("accepted", "9014")}
        assert post.station.state.confirmation.seen
    assert {one.cp for one in platform.heard} == {f"DataTime={n:014d}" for n in (1, 2, 3)}
    assert {one.cn for one in platform.heard} == {"2051"}, "no birth, no health over TCP"


async def test_answer_to_another_upload_delivers_nothing(
    platform: Platform, tmp_path: Path
) -> None:
    def astray(heard: Heard) -> bytes | None:
        return (answer_2017(heard) or b"").replace(heard.qn.encode(), b"20200101000000000")

    platform.script = lambda heard: framed(astray(heard)[6:-6])
    async with at_work(platform, tmp_path, 1) as post:
        await until(lambda: len(platform.heard) == 1)
        await until(lambda: post.station.state.confirmation.seen)
        assert await post.owed() == 1


async def test_answer_for_another_station_is_refused(platform: Platform, tmp_path: Path) -> None:
    other = MN.replace("DC0", "DC9")

    def astray(heard: Heard) -> bytes | None:
        answer = answer_2017(heard)
        return answer and framed(answer[6:-6].replace(MN.encode(), other.encode()))

    platform.script = astray
    async with at_work(platform, tmp_path, 1) as post:
        await until(lambda: post.station.tally.refused == 1)
        assert await post.owed() == 1


async def test_upload_without_answer_is_sent_again_under_its_own_qn(
    platform: Platform, tmp_path: Path
) -> None:
    def third_time(heard: Heard) -> bytes | None:
        return answer_2017(heard) if len(platform.heard) == 3 else None

    platform.script = third_time
    manners = IMPATIENT | {"resends": 5}
    async with at_work(platform, tmp_path, 1, manners=manners) as post:
        await post.until_sent()
    assert len({one.qn for one in platform.heard}) == 1
    assert len({one.data for one in platform.heard}) == 1


async def test_answer_given_twice_is_one_delivery(platform: Platform, tmp_path: Path) -> None:
    platform.script = lambda heard: (answer_2017(heard) or b"") * 2
    async with at_work(platform, tmp_path, 1, 2) as post:
        await post.until_sent()
        await post.owe(3)
        await post.until_sent()
        assert await post.states() == [("accepted", "9014")] * 3
    assert len(platform.heard) == 3


async def test_answer_that_comes_late_counts(platform: Platform, tmp_path: Path) -> None:
    platform.script = lambda _: None
    manners = IMPATIENT | {"resends": 0}
    async with at_work(platform, tmp_path, 1, manners=manners) as post:
        await until(lambda: post.station.state.confirmation.silent == 1)
        platform.say(answer_2017(platform.heard[0]) or b"")
        await until_ends(post, ("accepted", "9014, late"))


async def test_platform_that_never_answers_is_unconfirmed_and_gets_each_upload_once(
    platform: Platform, tmp_path: Path
) -> None:
    platform.script = lambda _: None
    first = range(1, SILENT_UPLOADS + 1)
    manners = IMPATIENT | {"resends": 0}
    async with at_work(platform, tmp_path, *first, manners=manners) as post:
        await until(lambda: post.station.state.confirmation.unconfirmed)
        before = len(platform.heard)
        await post.owe(100)
        await until_ends(post, ("unconfirmed", "unconfirmed"))
        mine = [one for one in platform.heard[before:] if one.cp.endswith("100")]
        assert len(mine) == 1


async def test_upload_that_wants_no_answer_is_delivered_when_the_line_lives_on(
    platform: Platform, tmp_path: Path
) -> None:
    manners = {"ack": "none", "timeout_s": SHORT_S}
    async with posted(tmp_path / "store", platform.address, manners=manners) as post:
        await post.owe(1, 2, answer=False)
        async with post.working():
            await post.until_sent()
        assert await post.states() == [("accepted", "written")] * 2
    assert {one.field("Flag") for one in platform.heard} == {"4"}


async def test_upload_that_wants_no_answer_is_owed_on_when_the_line_breaks(
    platform: Platform, tmp_path: Path
) -> None:
    manners = {"ack": "none", "timeout_s": 20}
    async with posted(tmp_path / "store", platform.address, manners=manners) as post:
        await post.owe(1, answer=False)
        async with post.working():
            await until(lambda: len(platform.heard) == 1)
            for _ in range(5):  # whatever waits for a commit gets one
                await post.store.write(lambda _: None)
                await asyncio.sleep(0)
            assert await post.owed() == 1
            platform.cut()
            await until(lambda: len(platform.heard) == 2)
            assert await post.owed() == 1
    assert len({one.qn for one in platform.heard}) == 1
    assert {one.connection for one in platform.heard} == {1, 2}


async def test_uploads_that_only_wait_to_see_do_not_hold_up_the_next(
    platform: Platform, tmp_path: Path
) -> None:
    manners = {"ack": "none", "timeout_s": 20, "in_flight": 2}
    async with posted(tmp_path / "store", platform.address, manners=manners) as post:
        await post.owe(*range(1, 11), answer=False)
        async with post.working():
            await until(lambda: len(platform.heard) == 10)


async def test_connection_cut_before_the_answer_leaves_the_upload_owed(
    platform: Platform, tmp_path: Path
) -> None:
    platform.script = lambda heard: answer_2017(heard) if heard.connection == 2 else None
    async with at_work(platform, tmp_path, 1) as post:
        await until(lambda: len(platform.heard) == 1)
        platform.cut()
        await post.until_sent()
        assert post.station.state.drops == 1
    assert [one.connection for one in platform.heard] == [1, 2]
    assert len({one.qn for one in platform.heard}) == 1


async def test_second_address_is_used_while_the_first_is_away(
    platform: Platform, tmp_path: Path
) -> None:
    nobody = f"tcp://{HOST}:{free_port()}"
    async with posted(tmp_path / "store", nobody, others=(platform.address,), manners=AUTO) as post:
        await post.owe(1)
        async with post.working():
            await post.until_sent()
            assert post.station.state.address == platform.address


async def test_platform_of_2005_answers_in_the_data_area(tmp_path: Path) -> None:
    header = Header(edition("hj212-2005"), "88888880000001", "123456")
    async with (
        Platform(answer_2005).serving() as platform,
        at_work(platform, tmp_path, 1, 2, header=header) as post,
    ):
        await post.until_sent()
        assert await post.states() == [("accepted", "9014")] * 2
    assert {one.field("Flag") for one in platform.heard} == {"1"}


async def test_packets_of_2005_are_answered_by_their_number(tmp_path: Path) -> None:
    header = Header(edition("hj212-2005"), "88888880000001", "123456")
    async with (
        Platform(answer_2005).serving() as platform,
        posted(tmp_path / "store", platform.address, manners=AUTO, header=header) as post,
    ):
        await post.owe(1, packets=3)
        async with post.working():
            await post.until_sent()
        assert await post.states() == [("accepted", "9014")] * 3
    assert [one.field("PNO") for one in platform.heard] == ["1", "2", "3"]


async def test_answer_of_2005_without_qn_is_known_by_its_command(tmp_path: Path) -> None:
    """Seen in the field: `CN=2051` alone stands for the one upload under way."""
    header = Header(edition("hj212-2005"), "88888880000001", "123456")

    def short(heard: Heard) -> bytes:
        return framed(f"ST=91;CN=9014;PW=123456;MN=88888880000001;Flag=0;CP=&&CN={heard.cn}&&")

    async with (
        Platform(short).serving() as platform,
        at_work(platform, tmp_path, 1, header=header) as post,
    ):
        await post.until_sent()


async def test_sealed_station_writes_cipher_and_reads_clear_and_sealed(tmp_path: Path) -> None:
    header = Header(edition("hj212-2025"), MN, "123456", KeyRing(KEY))
    async with (
        Platform(answer_2025).serving() as platform,
        at_work(platform, tmp_path, 1, 2, header=header) as post,
    ):
        await post.until_sent()
    for heard in platform.heard:
        assert b"DataTime" not in heard.data
        (plain, *_) = unsealer([KEY])(heard.data[6:-6])
        assert b"CP=&&DataTime=0000000000000" in plain
        assert framed(plain)[-6:-2] == heard.data[-6:-2], "the CRC is that of the plain text"


async def test_new_key_holds_from_one_frame_to_the_next(tmp_path: Path) -> None:
    header = Header(edition("hj212-2025"), MN, "123456", KeyRing(KEY))
    newer = KeyRing(b"1" * 16, previous=KEY)

    class Renewing:
        async def take(self, data: bytes, talk: Any) -> None:
            post.header = Header(edition("hj212-2025"), MN, "654321", newer)
            await talk.renew()

        async def attend(self, talk: Any) -> None:
            await asyncio.Event().wait()

    async with (
        Platform(answer_2025).serving() as platform,
        posted(tmp_path / "store", platform.address, manners=AUTO, header=header) as post,
    ):
        post.station.receiver = Renewing()
        await post.owe(1)
        async with post.working():
            await post.until_sent()
            platform.say(framed(f"QN=2;ST=32;CN=1072;PW=123456;MN={MN};Flag=9;CP=&&&&"))
            await until(lambda: post.header.pw == "654321")
            await post.owe(2)
            await post.until_sent()
    last = platform.heard[-1]
    assert (last.connection, last.field("PW")) == (1, "654321")
    (plain, *_) = unsealer([b"1" * 16])(last.data[6:-6])
    assert b"DataTime=00000000000002" in plain


async def test_heartbeat_goes_and_is_answered(tmp_path: Path) -> None:
    header = Header(edition("hj212-2025"), MN, "123456")
    manners = AUTO | {"heartbeat_s": 0.02}
    async with (
        Platform(answer_2025).serving() as platform,
        at_work(platform, tmp_path, header=header, manners=manners) as post,
    ):
        await until(lambda: len(platform.of("9015")) > 5)
        assert post.station.state.drops == 0
        assert not post.station.state.confirmation.seen, "a 9013 says nothing of uploads"
    first = platform.of("9015")[0]
    assert (first.field("ST"), first.field("Flag"), first.cp) == ("32", "9", "")
    assert len({one.qn for one in platform.of("9015")}) == len(platform.of("9015"))


async def test_three_heartbeats_into_silence_close_the_connection(tmp_path: Path) -> None:
    header = Header(edition("hj212-2025"), MN, "123456")
    manners = IMPATIENT | {"heartbeat_s": 0.02}
    async with (
        Platform(lambda _: None).serving() as platform,
        at_work(platform, tmp_path, header=header, manners=manners) as post,
    ):
        await until(lambda: post.station.state.drops >= 1)
        assert post.station.state.error == "no answer to 3 heartbeats"
    assert [one.cn for one in platform.heard if one.connection == 1] == ["9015"] * 3


async def test_platform_that_only_knows_uploads_is_not_cut_for_its_silence(
    tmp_path: Path,
) -> None:
    header = Header(edition("hj212-2025"), MN, "123456")
    manners = IMPATIENT | {"heartbeat_s": 0.02}

    def speaks(heard: Heard) -> bytes | None:
        if heard.cn != "9015":
            return answer_2025(heard)
        return framed(f"QN=20260610100000001;ST=32;CN=1011;PW=123456;MN={MN};Flag=9;CP=&&&&")

    async with (
        Platform(speaks).serving() as platform,
        at_work(platform, tmp_path, header=header, manners=manners) as post,
    ):
        await until(lambda: len(platform.of("9015")) > 6)
        assert post.station.state.drops == 0


async def test_station_that_is_called_serves_each_caller_in_turn(tmp_path: Path) -> None:
    port = free_port()
    async with posted(tmp_path / "store", f"listen://{HOST}:{port}", manners=AUTO) as post:
        async with post.working() as station:
            for number in (1, 2):
                await post.owe(number)
                platform = Platform()
                reader, writer = await called(port)
                task = asyncio.create_task(serve(platform, reader, writer))
                await post.until_sent()
                writer.close()
                await task
                await until(lambda: not station.state.linked)
        assert await post.states() == [("accepted", "9014")] * 2


async def called(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    async with asyncio.timeout(60):
        while True:
            try:
                return await asyncio.open_connection(HOST, port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.01)


async def serve(
    platform: Platform, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    await talk(platform, 1, reader, writer)


async def test_link_is_counted(platform: Platform, tmp_path: Path) -> None:
    async with at_work(platform, tmp_path, 1, 2, 3) as post:
        await post.until_sent()
        platform.cut()
        await until(lambda: platform.connections == 2)
        await until(lambda: post.station.state.linked)
    counts = post.station.counts()
    assert (counts.drops, counts.frames_ended, counts.frame_success) == (2, 3, 1.0)
    assert counts.sent_bytes == len(platform.raw)
    assert counts.received_bytes > 0
    assert counts.online_rate is not None
    assert 0 < counts.online_rate <= 1
    assert counts.last_return_s is not None


async def test_message_log_has_both_directions_and_no_password(
    platform: Platform, tmp_path: Path
) -> None:
    platform.script = lambda heard: answer_2017(heard) if len(platform.heard) == 2 else None
    manners = IMPATIENT | {"resends": 3}
    async with at_work(platform, tmp_path, 1, manners=manners) as post:
        await post.until_sent()
        platform.say(b"rubbish" + framed("ST=91"))
        await until(lambda: post.station.tally.refused >= 1)
        await post.frames.flush()
        records = await post.store.read(logged)
    texts = [one.text for one in records if one.text]
    assert [(one.direction, one.cn, one.attempt) for one in records if one.cn and one.text] == [
        (">", "2051", 1),
        (">", "2051", 2),
        ("<", "9014", 1),
    ]
    assert records[1].reason == "no 9014 in 0.1 s"
    assert all("PW=***" in text for text in texts if "CN=" in text)
    assert b"123456" not in dump(post.store.path)


def logged(connection: sqlite3.Connection) -> list[FrameRecord]:
    rows = connection.execute("SELECT pack FROM frames ORDER BY id")
    return [record for (blob,) in rows for record in unpack(blob)]


def dump(path: Path) -> bytes:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()).encode()
