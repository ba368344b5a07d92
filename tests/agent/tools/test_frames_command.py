"""`paikou frames`: what is shown of the message log, in words and as JSON."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_site import T0, site_file
from click.testing import CliRunner, Result

from agent.errors import StoreError
from agent.store import frame_packs
from agent.store.db import FILE_NAME
from agent.store.frame_packs import FrameRecord
from agent.tools.frames import frames

QN, OTHER = "20260610100000123", "20260610100001000"
HEAD = f"QN={QN};ST=32;CN=2011;PW=***;MN=010000A8900016F000169DC0;Flag=5;"
TEXT = HEAD + "CP=&&DataTime=20260610100000;w01018-Rtd=36.5,w01018-Flag=N;w00000-Cou=7&&"
Run = Callable[..., Result]


def sent(**keys: Any) -> FrameRecord:
    plain = {"at": T0 + 0.25, "station": "st1", "direction": ">", "qn": QN, "cn": "2011"}
    return FrameRecord(**plain | {"text": TEXT} | keys)


def settled(outcome: str, qn: str = QN) -> FrameRecord:
    return FrameRecord(T0 + 1, "st1", "=", qn, "2011", outcome=outcome)


@pytest.fixture
def run(directory: Path) -> Run:
    """A function that lays records, each list a row, and runs the command on them."""
    file = site_file(directory, store=directory)

    def run(rows: list[list[FrameRecord]], *arguments: str) -> Result:
        with contextlib.closing(sqlite3.connect(directory / FILE_NAME)) as connection:
            for records in rows:
                frame_packs.add(connection, records)
            connection.commit()
        since = () if "--since" in arguments else ("--since", "2026-06-10")
        return CliRunner().invoke(frames, [str(file), *since, *arguments])

    return run


def test_frame_is_shown_with_its_words_and_its_answer(run: Run) -> None:
    result = run([[sent(), settled("9014")]])
    assert result.exit_code == 0
    assert result.output == (
        f"2026-06-10 10:00:00.250  st1  上行  2011 上传污染物实时数据  QN={QN}  答复 9014\n"
        "        2026-06-10 10:00:00  化学需氧量 Rtd 36.5 mg/L N；污水 Cou 7\n"
    )


def test_english_tells_codes_by_number(run: Run) -> None:
    result = run([[sent(sealed=True), settled("9014")]], "--lang", "en")
    assert f"st1  up  2011  QN={QN}  sealed  answer 9014" in result.output
    assert "w01018 Rtd 36.5 mg/L N" in result.output


def test_reason_of_another_transmission_is_told(run: Run) -> None:
    again = sent(attempt=2, reason="no 9014 in 10 s")
    result = run([[sent(), again, settled("no 9014 after 2 transmissions")]])
    first, _, second, *_ = result.output.splitlines()
    assert "第" not in first and "答复" not in first
    assert "第 2 次：10 秒内无 9014 应答" in second
    assert "答复 发送 2 次均无 9014 应答" in second


def test_frame_that_leaves_again_after_a_break_says_so(run: Run) -> None:
    result = run([[sent()], [sent(), settled("9014")]])
    assert "第 2 次：应答前连接中断" in result.output


def test_refused_frame_tells_why_and_what_was_lost_is_told(run: Run) -> None:
    bad = FrameRecord(T0, "st1", "<", "", "", "##0100QN=1;PW=***", reason="crc: 1234, 5678")
    lost = FrameRecord(T0, "", "!", "", "", outcome="3 records")
    result = run([[lost, bad]])
    assert "▲ 此前有日志丢失：3 records" in result.output
    assert "下行  ▲ crc: 1234, 5678" in result.output


def test_answers_are_in_words(run: Run) -> None:
    text = HEAD.replace("2011", "9012") + "CP=&&ExeRtn=5&&"
    result = run([[sent(cn="9012", text=text)]])
    assert "ExeRtn=5 系统繁忙不能执行" in result.output


def test_one_station_and_one_command_and_a_time_are_asked_for(run: Run) -> None:
    rows = [
        [sent(station="other"), sent(cn="2051", qn=OTHER)],
        [sent(at=T0 + 7200, qn="20260610120000000")],
    ]
    result = run(rows, "st1", "--cn", "2011", "--since", "2026-06-10 11:00", "--json")
    (only,) = map(json.loads, result.output.splitlines())
    assert (only["at"], only["cn"], only["direction"]) == (T0 + 7200, "2011", ">")
    assert only["decoded"].startswith("2026-06-10 10:00:00  化学需氧量 Rtd 36.5")


def test_json_has_the_answer_with_the_frame(run: Run) -> None:
    result = run([[sent(), settled("PUBACK 0")], [settled("9014", OTHER)]], "--json")
    frame, alone = map(json.loads, result.output.splitlines())
    assert (frame["answer"], frame["text"], frame["attempt"]) == ("PUBACK 0", TEXT, 1)
    assert (alone["direction"], alone["outcome"]) == ("=", "9014")


def test_many_rows_come_in_their_order(run: Run) -> None:
    rows = [[sent(qn=f"{number:017d}")] for number in range(1201)]
    result = run(rows, "--json")
    found = [int(json.loads(line)["qn"]) for line in result.output.splitlines()]
    assert found == list(range(1201))


def test_unknown_station_is_told_with_those_there_are(run: Run) -> None:
    result = run([], "st9")
    assert result.exit_code == 2 and "there are: st1" in result.output


def test_nothing_there_is_said(run: Run) -> None:
    assert run([]).output == "没有报文\n"


def test_site_without_a_store_is_our_error(run: Run, directory: Path) -> None:
    (directory / FILE_NAME).unlink()
    file = directory / "site.yaml"
    result = CliRunner().invoke(frames, [str(file)])
    assert isinstance(result.exception, StoreError)
    assert "the daemon never ran" in str(result.exception)
