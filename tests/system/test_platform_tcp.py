"""The test platform over TCP, and a station with nothing of ours in it at the other end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import pytest
from plain_station import HOST, MN, QN, WAIT_S, Peer, answer, framed, read, result, said
from platform_stage import on_stage
from uplink_bench import make_certificates

from agent.tools.platform.course import Outcome
from agent.tools.platform.desk import Patience
from agent.tools.platform.misbehaviour import Misbehaviour
from agent.tools.platform.places import BadPlace, Place
from agent.tools.platform.platform import Platform
from agent.tools.platform.stations import Roster, Station
from agent.tools.platform.store import FrameStore
from agent.tools.platform.tcp_intake import CallingIntake, TcpIntake
from protocols.hj212.editions import edition

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
T = "20260601083000"
REAL_TIME = f"DataTime={T};w01018-Rtd=36.5,w01018-Flag=N"
OLD_MN = "88888880000001"


def numbered(number: int) -> bytes:
    return said("2011", REAL_TIME, qn=f"20260601083000{number:03d}")


async def test_frames_of_two_stations_are_judged_stored_and_answered(tmp_path: Path) -> None:
    with FrameStore(tmp_path / "frames.jsonl") as store:
        async with (
            on_stage(Platform(store)) as stage,
            Peer(stage.port) as one,
            Peer(stage.port) as two,
        ):
            one.say(numbered(1), numbered(2))
            two.say(said("2011", REAL_TIME, mn="F" * 24))
            told = [await one.read(), await one.read(), await two.read()]
        lines = list(store.frames())
    assert [(one["CN"], one["QN"][-3:], one["MN"], one["ST"], one["Flag"]) for one in told] == [
        ("9014", "001", MN, "91", "4"), ("9014", "002", MN, "91", "4"),
        ("9014", "123", "F" * 24, "91", "4"),
    ]  # fmt: skip
    assert [line["ok"] for line in lines] == [True] * 3
    assert lines[0]["frame"].encode("latin-1") == numbered(1)
    assert lines[0]["topic"].startswith("tcp/127.0.0.1:")


async def test_rubbish_broken_and_half_frames_are_told_and_cost_no_good_one() -> None:
    async with on_stage() as stage, Peer(stage.port) as peer:
        wrong = numbered(2)[:-6] + b"0000\r\n"
        peer.say(b"hello", numbered(1), wrong, numbered(3))
        assert [(await peer.read())["QN"][-3:] for _ in range(2)] == ["001", "003"]
        peer.say(numbered(4)[:50])
    await_judged = await stage.until_judged(5)
    assert [entry.verdict.reason.partition(":")[0] for entry in await_judged] == [
        "header", "", "crc", "", "length",
    ]  # fmt: skip


async def test_three_editions_on_one_port_are_told_apart_by_their_flag() -> None:
    async with on_stage() as stage, Peer(stage.port) as peer:
        old = f"DataTime={T};011-Rtd=36.50,011-Flag=N"
        head = f"QN={QN};ST=32;CN=2011;PW=123456;MN={OLD_MN};Flag=1"
        peer.say(framed(f"{head};CP=&&{old}&&"))
        told = await peer.read()
        assert ("QN" in told.head, told.area) == (False, f"QN={QN};CN=2011")
        peer.say(numbered(1), said("2011", REAL_TIME, flag=9))
        assert [(await peer.read())["Flag"] for _ in range(2)] == ["4", "8"]
    names = [entry.verdict.edition.name for entry in stage.entries if entry.verdict.edition]
    assert names == ["hj212-2005", "hj212-2017", "hj212-2025"]


def misbehaving(**how: Any) -> Platform:
    return Platform(mischief=Misbehaviour(**how))


async def test_platform_answers_late_where_that_is_wanted() -> None:
    async with on_stage(misbehaving(late_s=0.3)) as stage, Peer(stage.port) as peer:
        peer.say(numbered(1))
        await stage.until_judged(1)
        stage.platform.mischief = Misbehaviour()
        peer.say(numbered(2))
        assert [(await peer.read())["QN"][-3:] for _ in range(2)] == ["002", "001"]


async def test_platform_never_answers_where_that_is_wanted() -> None:
    async with on_stage(misbehaving(silent=True)) as stage, Peer(stage.port) as peer:
        peer.say(numbered(1))
        await stage.until_judged(1)
        stage.platform.mischief = Misbehaviour()
        await peer.quiet()


async def test_platform_answers_twice_where_that_is_wanted() -> None:
    async with on_stage(misbehaving(twice=True)) as stage, Peer(stage.port) as peer:
        peer.say(numbered(1))
        assert await peer.frame() == await peer.frame()


async def test_platform_cuts_the_line_where_that_is_wanted() -> None:
    async with on_stage(misbehaving(cut_every=2)) as stage:
        async with Peer(stage.port) as peer:
            peer.say(numbered(1))
            await peer.read()
            peer.say(numbered(2))
            await peer.ended()
        assert len(stage.entries) == 2
        async with Peer(stage.port) as peer:
            peer.say(numbered(2))
            await peer.read()


async def test_platform_damages_its_answers_where_that_is_wanted() -> None:
    async with on_stage(misbehaving(wrong_crc=True)) as stage, Peer(stage.port) as peer:
        peer.say(numbered(1))
        with pytest.raises(AssertionError):
            read(await peer.frame())


async def test_tls_by_certificate(tmp_path: Path, require: Any) -> None:
    made = make_certificates(require("openssl"), tmp_path / "certificates")
    async with on_stage(tls=made.server()) as stage:
        trusted = ssl.create_default_context(cafile=str(made.ca))
        reader, writer = await asyncio.open_connection(HOST, stage.port, ssl=trusted)
        writer.write(numbered(1))
        async with asyncio.timeout(WAIT_S):
            assert (await reader.readexactly(6)).startswith(b"##")
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        with pytest.raises(ssl.SSLError):
            await asyncio.open_connection(HOST, stage.port, ssl=ssl.create_default_context())


async def test_platform_calls_a_station_that_waits_and_calls_again() -> None:
    calls: asyncio.Queue[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Queue()

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await calls.put((reader, writer))

    server = await asyncio.start_server(called, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    platform = Platform()
    task = asyncio.ensure_future(CallingIntake(platform, Place(HOST, port)).run())
    try:
        for _ in range(2):
            async with asyncio.timeout(WAIT_S):
                reader, writer = await calls.get()
                writer.write(numbered(1))
                assert (await reader.readexactly(6)).startswith(b"##")
            writer.close()
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        server.close()


async def test_port_that_is_taken_is_said() -> None:
    async with on_stage() as stage:
        with pytest.raises(BadPlace, match="in use"):
            await TcpIntake(Platform(), Place(HOST, stage.port)).run()


async def test_request_is_followed_through_answer_data_and_result() -> None:
    async with on_stage() as stage, Peer(stage.port) as peer:
        peer.say(numbered(1))
        await peer.read()
        words = ["BeginTime=20260601083000", "EndTime=20260601083100"]
        order = asyncio.ensure_future(stage.desk.order(MN, "2051", words))
        asked = await peer.read()
        assert asked.area == "BeginTime=20260601083000;EndTime=20260601083100"
        minute = "DataTime=2026060108{};w01018-Min=1.0,w01018-Avg=1.0,w01018-Max=1.0,w01018-Flag=N"
        peer.say(
            answer(asked, "9011", "QnRtn=1"),
            said("2051", minute.format("3000"), qn="20260601100000001"),
            said("2051", minute.format("3100"), qn="20260601100000002"),
            said("2051", minute.format("4500"), qn="20260601100000003"),  # live, not asked for
            numbered(7),
            answer(asked, "9012", "ExeRtn=1"),
        )
        course = await order
    assert (course.outcome, course.qn_rtn, course.exe_rtn, course.data) == (Outcome.DONE, 1, 1, 2)
    assert [entry.asked for entry in stage.entries] == [False, True, True, True, False, False, True]
    assert stage.platform.ledger.summary()["asked"] == 4


@pytest.mark.parametrize(
    ("cn", "words", "answers", "outcome"),
    [
        ("1062", ["RtdInterval=60"], [("9011", "QnRtn=3")], Outcome.REFUSED),
        ("1062", ["RtdInterval=60"], [("9011", "QnRtn=1"), ("9012", "ExeRtn=3")], Outcome.FAILED),
        ("2031", ["BeginTime=20260601000000", "EndTime=20260601000000"],
         [("9011", "QnRtn=1"), ("9012", "ExeRtn=100")], Outcome.NO_DATA),
        ("2012", [], [("9013", "")], Outcome.DONE),
    ],
)  # fmt: skip
async def test_every_end_of_an_exchange_is_told_apart(
    cn: str, words: list[str], answers: list[tuple[str, str]], outcome: Outcome
) -> None:
    async with on_stage() as stage, Peer(stage.port) as peer:
        await peer.quiet()
        order = asyncio.ensure_future(stage.desk.order(MN, cn, words))
        asked = await peer.read()
        peer.say(*(answer(asked, cn, area) for cn, area in answers))
        assert (await order).outcome is outcome


async def test_order_nobody_answers_is_sent_again_under_its_qn_and_given_up() -> None:
    short = Patience(answer_s=0.2, resends=2, execution_s=0.2, station_s=WAIT_S)
    async with on_stage(patience=short) as stage, Peer(stage.port) as peer:
        await peer.quiet()
        order = asyncio.ensure_future(stage.desk.order(MN, "1011", []))
        frames = [await peer.frame() for _ in range(3)]
        assert (await order).outcome is Outcome.UNANSWERED
        assert len(set(frames)) == 1


async def test_order_that_is_taken_and_never_done_times_out() -> None:
    short = Patience(answer_s=WAIT_S, resends=0, execution_s=0.2, station_s=WAIT_S)
    async with on_stage(patience=short) as stage, Peer(stage.port) as peer:
        await peer.quiet()
        order = asyncio.ensure_future(stage.desk.order(MN, "3012", ["PolId=w01018"]))
        peer.say(answer(await peer.read(), "9011", "QnRtn=1"))
        assert (await order).outcome is Outcome.UNFINISHED


async def test_old_station_answers_in_the_data_area_and_starts_without_a_result() -> None:
    async with on_stage() as stage, Peer(stage.port) as peer:
        old = f"DataTime={T};011-Rtd=36.50,011-Flag=N"
        upload = framed(f"ST=32;CN=2011;PW=123456;MN={OLD_MN};Flag=0;CP=&&{old}&&")
        peer.say(upload)
        await stage.until_judged(1)
        order = asyncio.ensure_future(stage.desk.order(OLD_MN, "1061", []))
        asked = await peer.read()
        assert asked["Flag"] == "1"
        peer.say(answer(asked, "9011", "QnRtn=1"), result(asked, "RtdInterval=30"))
        peer.say(answer(asked, "9012", "ExeRtn=1"))
        course = await order
        assert (course.outcome, course.data) == (Outcome.DONE, 1)
        order = asyncio.ensure_future(stage.desk.order(OLD_MN, "2011", []))
        peer.say(answer(await peer.read(), "9011", "QnRtn=1"), upload)
        assert (await order).outcome is Outcome.DONE
    assert all(entry.verdict.ok for entry in stage.entries), stage.entries


async def test_station_that_asks_for_the_time_is_given_it() -> None:
    async with on_stage() as stage, Peer(stage.port) as peer:
        peer.say(said("1013"))
        assert (await peer.read())["CN"] in ("9013", "1012")
        asked = await peer.read()
        assert asked["CN"] == "1012"
        assert asked.area.startswith("SystemTime=20")
        peer.say(answer(asked, "9011", "QnRtn=1"), answer(asked, "9012", "ExeRtn=1"))
        await stage.until_judged(3)
        assert stage.platform.ledger.rejected.total() == 0


async def test_password_that_was_set_holds_from_the_9012_on() -> None:
    roster = Roster()
    roster.stations[MN] = Station(MN, edition("hj212-2017"), pw="123456")
    async with on_stage(Platform(roster=roster)) as stage, Peer(stage.port) as peer:
        await peer.quiet()
        order = asyncio.ensure_future(stage.desk.order(MN, "1072", ["NewPW=654321"]))
        asked = await peer.read()
        peer.say(numbered(1), answer(asked, "9011", "QnRtn=1"), numbered(2))
        peer.say(answer(asked, "9012", "ExeRtn=1"), numbered(3))
        peer.say(said("2011", REAL_TIME, qn="20260601083000004", pw="654321"))
        assert (await order).outcome is Outcome.DONE
        judged = await stage.until_judged(7)
    assert [entry.verdict.ok for entry in judged][-2:] == [False, True]
    assert judged[-2].verdict.reason == "PW: not the station's"


async def test_logger_without_an_mn_is_given_the_one_that_is_for_it() -> None:
    roster = Roster(assigned={"LOGGER1": MN})
    roster.stations[MN] = Station(MN, edition("hj212-2025"), pw="123456")
    hardware = "i23005-Info=LOGGER1;i23006-Info=C1;i23007-Info=0011;i23008-Info=2233"
    async with on_stage(Platform(roster=roster)) as stage, Peer(stage.port) as peer:
        peer.say(said("1001", hardware, mn="", flag=9))
        told = {one["CN"]: one for one in [await peer.read(), await peer.read()]}
        assert told["9013"]["MN"] == ""
        asked = told["1002"]
        assert (asked["MN"], asked.area, asked["Flag"]) == (MN, "i23005-Info=LOGGER1", "9")
        peer.say(answer(asked, "9011", "QnRtn=1"), answer(asked, "9012", "ExeRtn=1"))
        await stage.until_judged(3)
        peer.say(said("1001", hardware.replace("LOGGER1", "STRANGER"), mn="", flag=9))
        assert (await peer.read())["CN"] == "9013"
        peer.say(said("9015", flag=9))
        assert (await peer.read())["CN"] == "9013"
    assert [course.outcome for course in stage.ended] == [Outcome.DONE]
    assert all(entry.verdict.ok for entry in stage.entries)


def frames_file(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


async def test_command_sends_what_is_typed_and_ends_by_what_became_of_it(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.tools.platform", "--tcp", f"{HOST}:0", "--json",
        "--send", "-", "--send", f"{MN} 1072 NewPW=654321", "--store", str(tmp_path / "f.jsonl"),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None and process.stdin is not None
    try:
        port = 0
        while not port:
            told = json.loads(await asyncio.wait_for(process.stdout.readline(), WAIT_S))
            port = told.get("port", 0)
        async with Peer(port) as peer:
            await peer.quiet()
            for word in (b"1061", b"3012"):  # the second one lacks its word
                process.stdin.write(word + b"\n")
            asked = await peer.read()
            peer.say(answer(asked, "9011", "QnRtn=1"), result(asked, "RtdInterval=30"))
            peer.say(answer(asked, "9012", "ExeRtn=1"))
            process.stdin.close()
            asked = await peer.read()
            assert asked.area == "NewPW=654321"
            peer.say(answer(asked, "9011", "QnRtn=1"), answer(asked, "9012", "ExeRtn=1"))
            output, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    lines = frames_file(output.decode())
    assert process.returncode == 1  # one of three could not be sent
    ends = [line for line in lines if line["kind"] == "exchange"]
    assert [(end["cn"], end["outcome"], end["data"]) for end in ends] == [
        ("1061", "done", 1), ("1072", "done", 0),
    ]  # fmt: skip
    assert "654321" not in output.decode()
    assert lines[-1]["kind"] == "summary"


async def test_command_shows_the_exchange_in_words_and_ends_well(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "agent.tools.platform", "--tcp", f"{HOST}:0",
        "--station", f"{MN},edition=hj212-2025", "--send", "2061 BeginTime=20260601080000 "
        "EndTime=20260601080000",
        stdout=asyncio.subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        text = ""
        while "TCP 监听" not in text:
            text = (await asyncio.wait_for(process.stdout.readline(), WAIT_S)).decode()
        async with Peer(int(text.rpartition(":")[2])) as peer:
            peer.say(said("9015", flag=9))
            told = [await peer.read(), await peer.read()]
            asked = next(one for one in told if one["CN"] == "2061")
            hour = "DataTime=20260601080000;w01018-Avg=1.0,w01018-Flag=N"
            peer.say(answer(asked, "9011", "QnRtn=1"), said("2061", hour, flag=8))
            peer.say(answer(asked, "9012", "ExeRtn=1"))
            output, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    shown = output.decode()
    assert process.returncode == 0, shown
    for words in ("取污染物小时数据", "准备执行请求", "化学需氧量", "执行成功", "✓ 2061 完成"):
        assert words in shown


async def test_gap_report_of_a_store_needs_no_link(tmp_path: Path) -> None:
    with FrameStore(tmp_path / "frames.jsonl") as store:
        async with on_stage(Platform(store)) as stage, Peer(stage.port) as peer:
            for minute in (0, 1, 3):
                at = f"2026060108{minute:02d}00"
                area = f"DataTime={at};w01018-Avg=1.0,w01018-Flag=N"
                peer.say(said("2051", area, qn=f"2026060108{minute:02d}00123"))
                await peer.read()
    command = [sys.executable, "-m", "agent.tools.platform", "--gaps", "--json",
               "--store", str(tmp_path / "frames.jsonl")]  # fmt: skip
    for extra, code, missing in (([], 1, 1), (["--interval", "2051=180"], 0, 0)):
        process = await asyncio.create_subprocess_exec(
            *command, *extra, stdout=asyncio.subprocess.PIPE, cwd=ROOT
        )
        output, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
        (line,) = frames_file(output.decode())
        assert (process.returncode, line["kind"], line["missing"]) == (code, "gaps", missing)
