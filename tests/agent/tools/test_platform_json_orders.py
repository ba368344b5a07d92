"""Orders as JSON, as they are typed at the test platform, and what comes back."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from agent.tools.platform.desk import Desk, NoStation, Patience
from agent.tools.platform.json_orders import Answered, JsonDesk, is_json, parse, rest
from agent.tools.platform.orders import BadOrder
from agent.tools.platform.platform import Platform
from agent.tools.platform.station_file import enrol, read_option

MN = "010000A8900016F000169DC0"
QUICK = Patience(answer_s=5.0, resends=2, execution_s=5.0, station_s=0.05)


def ref() -> str:
    return "order-1"


def test_words_become_a_body() -> None:
    order = parse('supervision number=12号 level=handling start=5 outlet="DW 1"', ref=ref)
    assert (order.mn, order.kind, order.ref) == ("", "supervision", "order-1")
    assert order.body == {"number": "12号", "level": "handling", "start": 5, "outlet": "DW 1"}


def test_number_of_the_station_may_stand_first_and_the_ref_be_given() -> None:
    order = parse(f"{MN} freeze ref=F-1", ref=ref)
    assert (order.mn, order.kind, order.ref, order.body) == (MN, "freeze", "F-1", {})
    assert json.loads(order.payload) == {"ref": "F-1", "kind": "freeze", "body": {}}


def test_order_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text('{"kind": "freeze", "body": {"start": 1}}', encoding="utf-8")
    order = parse(f"{MN} {file}", ref=ref)
    assert (order.mn, order.ref, order.kind, order.body) == (MN, "order-1", "freeze", {"start": 1})


@pytest.mark.parametrize("text", ["[]", "x", '{"kind": 1}', '{"kind": "a", "body": []}'])
def test_file_that_is_no_order_is_said_so(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadOrder, match=r"a\.json"):
        parse(str(file), ref=ref)


@pytest.mark.parametrize("line", ["", "freeze word", "nothing.json", 'freeze a="'])
def test_line_that_cannot_be_read_is_refused(line: str) -> None:
    with pytest.raises(BadOrder):
        parse(line, ref=ref)


def test_order_as_json_is_told_from_a_command() -> None:
    assert is_json("order freeze")
    assert not is_json("2061 BeginTime=20260601000000")
    assert rest("order freeze a=1") == "freeze a=1"


class Wire:
    """A station that answers by a script: a list of messages for each transmission."""

    def __init__(self, *script: list[tuple[str, dict[str, Any]]]) -> None:
        self.platform = Platform()
        enrol(self.platform.roster, [read_option(MN)])
        self.desk = JsonDesk(self.platform, Desk(self.platform, QUICK))
        self.sent: list[dict[str, Any]] = []
        self.script = list(script)
        self.platform.order_roads.append(self.send)

    def send(self, mn: str, payload: bytes) -> None:
        assert mn == MN
        self.sent.append(json.loads(payload))
        for kind, content in self.script.pop(0) if self.script else []:
            asyncio.get_running_loop().call_soon(self.hear, kind, content)

    def hear(self, kind: str, content: dict[str, Any]) -> None:
        self.platform.note(f"hj212/{MN}/{kind}", json.dumps(content).encode(), mn=MN, kind=kind)


def reply(state: str, text: str = "", of: str = "F-1") -> tuple[str, dict[str, Any]]:
    detail = {"ref": of, "kind": "freeze", "state": state, "text": text}
    return "event", {"kind": "order", "detail": detail}


async def test_order_is_followed_to_its_answer() -> None:
    wire = Wire([reply("done", of="another"), reply("refused", "nein")])
    answered = await wire.desk.order("freeze ref=F-1")
    assert (answered.state, answered.text) == ("refused", "nein")


async def test_unanswered_order_goes_again_under_its_ref() -> None:
    wire = Wire([], [reply("done")])
    wire.desk.desk.patience = Patience(answer_s=0.05, resends=3)
    answered = await wire.desk.order("freeze ref=F-1")
    assert answered.state == "done"
    assert [one["ref"] for one in wire.sent] == ["F-1", "F-1"]


async def test_order_nobody_answers_ends() -> None:
    wire = Wire()
    wire.desk.desk.patience = Patience(answer_s=0.01, resends=1)
    answered = await wire.desk.order("freeze ref=F-1")
    assert answered.state == ""
    assert len(wire.sent) == 2


async def test_parts_of_a_diagnosis_are_put_together_in_any_order() -> None:
    def part(number: int, content: str) -> tuple[str, dict[str, Any]]:
        told = {"ref": "F-1", "kind": "logs", "state": "done", "text": ""}
        return "diagnosis", {**told, "part": number, "parts": 3, "content": content}

    wire = Wire([part(2, "b"), part(1, "a"), part(2, "b"), part(3, "c")])
    answered = await wire.desk.order("logs ref=F-1")
    assert answered.ended
    assert answered.content == "abc"


async def test_without_mqtt_there_is_no_way_for_it() -> None:
    wire = Wire()
    wire.platform.order_roads.clear()
    with pytest.raises(NoStation):
        await wire.desk.order("freeze")


def test_answer_without_parts_has_ended_with_its_state() -> None:
    one = Answered(parse("freeze", ref=ref))
    assert not one.ended
    one.state = "done"
    assert one.ended


def test_answer_with_parts_has_ended_with_the_last_of_them() -> None:
    one = Answered(parse("logs", ref=ref), state="done", parts={1: "a"}, whole=2)
    assert not one.ended
    one.parts[2] = "b"
    assert one.ended
