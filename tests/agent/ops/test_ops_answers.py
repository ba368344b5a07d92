"""An ops server may look: what it is told, cut into parts, masked, and nothing is changed by it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import T0, destination

from agent.logring import KEPT, RING, LogRing
from agent.ops.answers import OpsAnswers
from agent.ops.link import name_of
from agent.ops.orders import MOST, PIECE, parts
from agent.ordering.envelope import LARGEST, Unreadable
from agent.store import frame_packs
from agent.store.frame_packs import SENT, FrameRecord

SECRET = "hunter2-very-secret"


class Asked:
    """Answers the questions of the local socket, and keeps them."""

    def __init__(self) -> None:
        self.questions: list[tuple[str, Mapping[str, Any]]] = []
        self.probe: dict[str, Any] = {"ok": True, "error": "", "readings": []}

    def table(self) -> dict[str, Any]:
        def one(name: str, answer: Mapping[str, Any]) -> Any:
            async def ask(question: Mapping[str, Any]) -> Mapping[str, Any]:
                self.questions.append((name, question))
                return self.probe if name == "probe" else answer

            return ask

        answers = {
            "status": {"version": "x"},
            "metrics": {"text": "m 1"},
            "probe": {},
            "frames": {},
        }
        return {name: one(name, answer) for name, answer in answers.items()}


@pytest.fixture
def asked() -> Asked:
    return Asked()


def answers(house: House, asked: Asked) -> OpsAnswers:
    return OpsAnswers(lambda: house.plan, asked.table(), house.store, house.clock)


async def ask(of: OpsAnswers, kind: str, **body: Any) -> dict[str, Any]:
    payload = json.dumps({"ref": "q-1", "kind": kind, "body": body}).encode()
    told = [json.loads(one) for one in await of.answer("home", payload)]
    assert [one["part"] for one in told] == list(range(1, len(told) + 1))
    assert {(one["ref"], one["kind"], one["parts"]) for one in told} == {("q-1", kind, len(told))}
    return {**told[0], "content": "".join(one["content"] for one in told)}


async def test_diagnosis_tells_status_counters_and_journal(house: House, asked: Asked) -> None:
    told = await ask(answers(house, asked), "diagnose")
    content = json.loads(told["content"])
    assert content["status"] == {"version": "x"}
    assert content["metrics"] == "m 1"
    assert content["journal"][0]["what"] == "diagnosis"
    assert content["journal"][0]["who"] == "ops:home"


async def test_probe_asks_one_instrument(house: House, asked: Asked) -> None:
    told = await ask(answers(house, asked), "probe", device="cod")
    assert json.loads(told["content"])["ok"] is True
    assert asked.questions == [("probe", {"device": "cod"})]


async def test_probe_of_nothing_says_so(house: House, asked: Asked) -> None:
    asked.probe = {"error": "no device 'x'"}
    told = await ask(answers(house, asked), "probe", device="x")
    assert (told["state"], told["text"], told["content"]) == ("refused", "no device 'x'", "")


async def test_log_is_its_newest_lines(house: House, asked: Asked) -> None:
    log = logging.getLogger("test.ops")
    log.addHandler(RING)
    try:
        for number in range(5):
            log.warning("line %d", number)
    finally:
        log.removeHandler(RING)
    told = await ask(answers(house, asked), "logs", lines=2)
    lines = json.loads(told["content"])["lines"]
    assert [line.rpartition(": ")[2] for line in lines] == ["line 3", "line 4"]


def test_ring_keeps_no_more_than_its_bound() -> None:
    ring = LogRing()
    for number in range(KEPT + 5):
        ring.emit(logging.LogRecord("n", logging.INFO, "", 0, str(number), None, None))
    lines = ring.newest(KEPT + 5)
    assert len(lines) == KEPT
    assert lines[-1].endswith(f": {KEPT + 4}")


async def test_frames_are_the_newest_of_a_station(house: House, asked: Asked) -> None:
    def job(connection: Any) -> None:
        for number in range(200):
            records = [FrameRecord(T0 + number, one, SENT, "", "2011", f"{number}") for one in
                       ("st1", "other")]  # fmt: skip
            frame_packs.add(connection, records)

    await house.write(job)
    told = await ask(answers(house, asked), "frames", station="st1", most=60)
    found = json.loads(told["content"])["frames"]
    assert [one["text"] for one in found] == [str(number) for number in range(140, 200)]
    assert {one["station"] for one in found} == {"st1"}
    assert asked.questions == [("frames", {})], "what has gathered is brought to the store first"


async def test_frames_since_a_moment(house: House, asked: Asked) -> None:
    def job(connection: Any) -> None:
        for number in range(200):
            frame_packs.add(connection, [FrameRecord(T0 + number, "st1", SENT, "", "2011", "x")])

    await house.write(job)
    told = await ask(answers(house, asked), "frames", since=T0 + 190)
    assert len(json.loads(told["content"])["frames"]) == 10


async def test_station_that_was_long_silent_is_found_behind_the_others(
    house: House, asked: Asked
) -> None:
    def job(connection: Any) -> None:
        frame_packs.add(connection, [FrameRecord(T0, "st1", SENT, "", "2011", "x")])
        for number in range(1, 200):
            frame_packs.add(connection, [FrameRecord(T0 + number, "o", SENT, "", "2011", "x")])

    await house.write(job)
    for since in (0.0, T0 - 1):
        told = await ask(answers(house, asked), "frames", station="st1", since=since)
        assert len(json.loads(told["content"])["frames"]) == 1


@pytest.mark.parametrize("kind", ["freeze", "supervision", "retain", "maintain"])
async def test_nothing_that_changes_anything_is_taken(
    house: House, asked: Asked, kind: str
) -> None:
    told = await ask(answers(house, asked), kind)
    assert told["state"] == "refused"
    assert "diagnose" in told["text"]
    assert house.rows("SELECT * FROM orders") == []


async def test_wrong_question_is_refused_with_the_place(house: House, asked: Asked) -> None:
    told = await ask(answers(house, asked), "logs", lines=0)
    assert told["state"] == "refused"
    assert "lines" in told["text"]


@pytest.mark.parametrize("payload", [b"", b"{}", b"x" * (LARGEST + 1)])
async def test_what_is_no_question_is_not_answered(
    house: House, asked: Asked, payload: bytes
) -> None:
    with pytest.raises(Unreadable):
        await answers(house, asked).answer("home", payload)


async def test_secrets_are_masked(house_with: Any, asked: Asked, tmp_path: Path) -> None:
    file = tmp_path / "broker"
    file.write_text(SECRET, encoding="utf-8")
    house = await house_with(destination(mqtt={"username": "u", "password": {"file": str(file)}}))
    asked.probe = {"ok": False, "error": f"login {SECRET} PW=123456;MN=1"}
    told = await ask(answers(house, asked), "probe", device="cod")
    assert SECRET not in told["content"]
    assert "123456" not in told["content"]
    assert "***" in told["content"]


def test_long_answer_is_cut_and_whole_again() -> None:
    text = "好" * (PIECE * 2 + 7)
    told = [json.loads(one) for one in parts(text, ref="a", kind="logs")]
    assert len(told) == 3
    assert "".join(one["content"] for one in told) == text


def test_answer_beyond_its_bound_keeps_what_is_newest() -> None:
    told = [json.loads(one) for one in parts("x" * MOST + "end", ref="a", kind="logs")]
    assert told[-1]["content"].endswith("end")
    assert sum(len(one["content"]) for one in told) == MOST
    assert "newest" in told[0]["text"]


def test_message_stays_small_whatever_the_letters() -> None:
    assert max(len(one) for one in parts("\x01" * PIECE, ref="a", kind="logs")) < 256 * 1024


async def test_gateway_goes_by_the_number_of_its_first_station(house: House) -> None:
    assert name_of(house.plan) == "010000A8900016F000169DC0"
