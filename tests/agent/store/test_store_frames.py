"""The message log: in order, without secrets, bounded, and on disk once it was flushed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import zlib

import pytest
from agent_fakes import FakeClock
from agent_site import T0

from agent.metrics import Metrics
from agent.store import frame_packs, frames
from agent.store.db import Store
from agent.store.frame_packs import FrameRecord
from agent.store.frames import FrameLog, masked, segment_text
from protocols.hj212.flag import Flag
from protocols.hj212.segment import Segment

MN = "010000A8900016F000169DC0"
PW = "s3cret"
KEY = "msbE74gsiSHSEh5e"


def segment(cn: str = "2011", cp: str = "DataTime=20260610100000", qn: str = "1" * 17) -> Segment:
    return Segment(qn=qn, st="32", cn=cn, pw=PW, mn=MN, flag=Flag.of(5), cp=cp)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(T0)


@pytest.fixture
def log(store: Store, clock: FakeClock) -> FrameLog:
    return FrameLog(store, clock, Metrics())


async def records(store: Store, **keys: object) -> list[FrameRecord]:
    return await store.read(
        lambda connection: frame_packs.between(
            connection,
            0,
            frame_packs.newest(connection),
            **keys,  # type: ignore[arg-type]
        )
    )


async def test_what_was_said_is_read_back_in_its_order(
    store: Store, log: FrameLog, clock: FakeClock
) -> None:
    log.sent("st1", segment())
    clock.go(1)
    log.sent("st1", segment(), attempt=2, reason="no 9014 within 10 s", sealed=True)
    log.received("st1", segment("9014", ""))
    log.settled("st1", "1" * 17, cn="2011", outcome="9014")
    await log.flush()
    first, again, answer, end = await records(store)
    assert (first.at, first.direction, first.cn, first.attempt) == (T0, ">", "2011", 1)
    assert (again.at, again.attempt, again.reason) == (T0 + 1, 2, "no 9014 within 10 s")
    assert again.sealed and not first.sealed
    assert (answer.direction, answer.cn) == ("<", "9014")
    assert (end.direction, end.qn, end.outcome) == ("=", "1" * 17, "9014")
    assert first.text == (
        f"QN={'1' * 17};ST=32;CN=2011;PW=***;MN={MN};Flag=5;CP=&&DataTime=20260610100000&&"
    )


async def test_a_clock_that_went_back_changes_no_order(
    store: Store, log: FrameLog, clock: FakeClock
) -> None:
    for step in (0.0, -3600.0, 7200.0):
        clock.jump(step)
        log.sent("st1", segment())
        await log.flush()
    assert [one.at - T0 for one in await records(store)] == [0, -3600, 3600]
    since = await records(store, since=T0)
    assert [one.at - T0 for one in since] == [0, 3600]


@pytest.mark.parametrize(
    "cp",
    [
        f"SKCreateTime=20260610100000000,NewSK={KEY}",
        f"NewPW={PW}",
        f"PW={PW}",
        f"newpw={PW};PolId=w01018",
        f"NewSK={KEY[:8]},{KEY}",
    ],
)
async def test_secrets_never_reach_the_store(store: Store, log: FrameLog, cp: str) -> None:
    said = segment("1014", cp)
    log.received("st1", said, reason=f"PW={PW}")
    raw = f"##0123QN=1;PW={PW};MN={MN};CP=&&{cp}&&0000".encode()
    log.unreadable("st1", raw, f"crc: PW={PW} is wrong")
    await log.flush()
    with contextlib.closing(sqlite3.connect(store.path)) as connection:
        dump = "\n".join(connection.iterdump())
    shown = "\n".join(map(repr, await records(store))) + dump
    assert PW not in shown and KEY not in shown
    assert "***" in shown


def test_masking_leaves_everything_else_alone() -> None:
    text = "QN=1;PW=***;MN=AB;CP=&&a34PW-Rtd=1.0,a34PW-Flag=N;NewMN=1;RPW2=5&&"
    assert masked(text) == text


def test_of_an_unreadable_frame_only_the_beginning_is_kept(log: FrameLog) -> None:
    log.unreadable("st1", b"\xff" + b"x" * 500, "seal: no key opens it")
    (record,) = log._records
    assert record.text.startswith("\\xffxxx") and record.text.endswith("… (501 bytes)")
    assert len(record.text) < 100


def test_of_a_flood_of_rubbish_one_a_second_is_kept_and_the_rest_counted(
    log: FrameLog, clock: FakeClock
) -> None:
    for _ in range(100):
        log.unreadable("st1", b"rubbish", "header: no ##")
    log.unreadable("st2", b"rubbish", "header: no ##")
    clock.go(frames.RUBBISH_S)
    log.unreadable("st1", b"rubbish", "header: no ##")
    assert [(one.station, one.reason) for one in log._records] == [
        ("st1", "header: no ##"),
        ("st2", "header: no ##"),
        ("st1", "header: no ## (99 more before)"),
    ]


async def test_one_station_is_read_without_the_others(store: Store, log: FrameLog) -> None:
    for name in ("st1", "st10", "st1", "st2"):
        log.sent(name, segment())
        await log.flush()
    assert [one.station for one in await records(store, station="st1")] == ["st1", "st1"]


async def test_a_frame_costs_a_row_of_its_own_only_when_it_is_alone(
    store: Store, log: FrameLog
) -> None:
    for number in range(frames.TOGETHER + 1):
        log.sent("st1", segment(qn=f"{number:017d}"))
    await log.flush()
    rows = await store.read(lambda c: c.execute("SELECT count(*) FROM frames").fetchone())
    assert rows == (2,)
    found = await records(store)
    assert [int(one.qn) for one in found] == list(range(frames.TOGETHER + 1))


async def test_many_records_go_to_disk_before_their_time(store: Store, log: FrameLog) -> None:
    task = asyncio.create_task(log.run())
    try:
        for _ in range(frames.MANY):
            log.sent("st1", segment())
        async with asyncio.timeout(60):
            # a row rings no bell
            while not await records(store):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert len(await records(store)) == frames.MANY
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def test_what_waits_for_the_disk_is_bounded_and_what_went_is_told(
    store: Store, log: FrameLog
) -> None:
    for number in range(frames.WAITING + 3):
        log.sent("st1", segment(qn=f"{number:017d}"))
    await log.flush()
    first, second, *_ = await records(store)
    assert (first.direction, first.outcome) == ("!", "3 records")
    assert second.qn.endswith("3")
    journal = await store.read(lambda c: c.execute("SELECT what, detail FROM journal").fetchall())
    assert journal == [("message log lost records", '{"records": 3}')]
    log.sent("st1", segment())
    await log.flush()
    assert len([one for one in await records(store) if one.direction == "!"]) == 1


async def test_on_a_full_disk_records_wait_and_nobody_fails(clock: FakeClock, store: Store) -> None:
    log = FrameLog(store, clock, Metrics())
    (pages,) = await store.read(lambda c: c.execute("PRAGMA page_count").fetchone())
    await store.write(lambda c: c.execute(f"PRAGMA max_page_count = {pages}").fetchone())
    rubbish = random.Random(1)  # more than fits into the pages there are, however it is packed
    for number in range(frames.TOGETHER):
        log.sent("st1", segment(cp=f"x={rubbish.randbytes(500).hex()}", qn=f"{number:017d}"))
    await log.flush()
    assert await records(store) == []
    await store.write(lambda c: c.execute("PRAGMA max_page_count = 1000000").fetchone())
    await log.flush()
    assert [int(one.qn) for one in await records(store)] == list(range(frames.TOGETHER))


async def test_log_keeps_to_its_share_by_dropping_the_oldest(store: Store, log: FrameLog) -> None:
    for number in range(6):
        log.sent("st1", segment(qn=f"{number:017d}"))
        await log.flush()
    size = await store.read(frame_packs.size)
    gone = await store.write(lambda c: frame_packs.drop_above(c, size // 2 + 3, limit=100))
    assert gone == 3
    assert [int(one.qn) for one in await records(store)] == [3, 4, 5]
    assert await store.write(lambda c: frame_packs.drop_above(c, size, limit=100)) == 0


RECORDS = [
    FrameRecord(T0 + 0.1, "st1", ">", "1" * 17, "2011", "QN=1;污\n&&", True, 2, "", "no 9014"),
    FrameRecord(T0 + 0.123456789, "st2", "<", "", "", "", reason="crc: …"),
    FrameRecord(1e-9, "", "!", "", "", outcome="\N{GRINNING FACE} 3 records"),
]


@pytest.mark.parametrize("level", [frame_packs.SMALL, frame_packs.QUICK])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_pack_gives_back_what_was_packed(number: int, level: int) -> None:
    packed = frame_packs.pack([*zip(*RECORDS[:number], strict=True)], level=level)
    assert frame_packs.unpack(packed) == RECORDS[:number]


def test_pack_of_an_older_release_is_read() -> None:
    packed = zlib.compress(json.dumps(RECORDS, ensure_ascii=False).encode())
    assert frame_packs.unpack(packed) == RECORDS


def test_text_has_the_packets_and_what_stands_beside_the_fields() -> None:
    one = Segment(qn="1", cn="2051", flag=Flag.of(7), pnum=2, pno=1, rf=True, other=(("PW", "a"),))
    assert segment_text(one) == "QN=1;CN=2051;Flag=7;PNUM=2;PNO=1;RF=1;PW=***;CP=&&&&"
