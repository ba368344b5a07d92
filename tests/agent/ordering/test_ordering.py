"""Orders on the topic `order`: a row before an act, done once, and answered each time."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

import pytest
from agent_house import House
from agent_site import destination, second_destination
from order_post import OrderPost

from agent.ordering.envelope import LARGEST, Body
from agent.ordering.kinds import Effect, Kind, plain


class Note(Body):
    text: str
    outlet: str = ""


DONE: list[str] = []


def write_note(
    connection: sqlite3.Connection, body: Note, *, ref: str, station: str, now: float
) -> str | None:
    connection.execute("INSERT INTO cursors VALUES (?, 1)", (f"note/{station}/{ref}",))
    return f"no: {body.text}" if body.text == "bad" else None


def note(effect: Effect = "record") -> dict[str, Kind]:
    return {"note": plain(Note, write_note, effect)}


@pytest.fixture
def post(house: House) -> OrderPost:
    return OrderPost(house, note())


def notes(post: OrderPost) -> int:
    count: int = post.house.one("SELECT count(*) FROM cursors WHERE name GLOB 'note/*'")
    return count


async def test_order_is_a_row_before_anything_is_done(post: OrderPost) -> None:
    assert await post.send("a-1", "note", text="x") is None
    assert post.house.one("SELECT state FROM orders") == "received"
    assert notes(post) == 0
    assert post.replies() == []


async def test_order_is_done_and_answered(post: OrderPost) -> None:
    assert await post.order("a-1", "note", text="x") == {
        "ref": "a-1",
        "kind": "note",
        "state": "done",
        "text": "",
    }
    assert notes(post) == 1
    assert post.journal("order %") == ["order received", "order done"]


async def test_row_of_an_earlier_run_is_done_by_the_next(post: OrderPost) -> None:
    await post.send("a-1", "note", text="x")
    again = OrderPost(post.house, note())
    assert await again.handling.look() == 1
    assert notes(post) == 1


async def test_repeated_order_is_answered_again_and_done_once(post: OrderPost) -> None:
    await post.order("a-1", "note", text="x")
    await post.order("a-1", "note", text="x")
    await post.order("a-1", "note", text="x")
    assert [one["state"] for one in post.replies()] == ["done", "done", "done"]
    assert notes(post) == 1
    assert post.house.one("SELECT repeats FROM orders") == 2


async def test_keys_in_another_order_are_the_same_order(post: OrderPost) -> None:
    await post.order("a-1", "note", text="x", outlet="DW001")
    answer = await post.order("a-1", "note", outlet="DW001", text="x")
    assert answer["state"] == "done"


async def test_other_order_under_a_settled_ref_is_refused(post: OrderPost) -> None:
    await post.order("a-1", "note", text="x")
    answer = await post.order("a-1", "note", text="y")
    assert answer["state"] == "refused"
    assert "another order" in answer["text"]
    assert json.loads(post.house.one("SELECT body FROM orders"))["text"] == "x"


async def test_refused_order_may_come_again_corrected(post: OrderPost) -> None:
    assert (await post.order("a-1", "note", text="bad"))["state"] == "refused"
    assert notes(post) == 0, "what was refused has changed nothing"
    assert (await post.order("a-1", "note", text="good"))["state"] == "done"
    assert notes(post) == 1


async def test_unknown_kind_is_refused_and_told_what_is_allowed(post: OrderPost) -> None:
    answer = await post.order("a-1", "explode")
    assert answer["state"] == "refused"
    assert "note" in answer["text"]


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "text: Field required"),
        ({"text": "x", "who": 1}, "who"),
        ({"text": "x", "outlet": "DW009"}, "DW001"),
    ],
)
async def test_wrong_body_is_refused_with_the_place(
    post: OrderPost, body: dict[str, Any], word: str
) -> None:
    answer = await post.order("a-1", "note", **body)
    assert answer["state"] == "refused"
    assert word in answer["text"]
    assert notes(post) == 0


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"\xff\xfe",
        b"[1]",
        b"{}",
        b'{"ref": "a b", "kind": "note"}',
        b'{"ref": "a", "kind": "note", "more": 1}',
        b'{"ref": "' + b"a" * 65 + b'", "kind": "note"}',
        b'{"ref": "a", "kind": "note", "body": {"text": "' + b"x" * LARGEST + b'"}}',
        b'{"ref":"a","kind":"note","body":' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    ],
)
async def test_what_cannot_be_answered_leaves_no_row(post: OrderPost, payload: bytes) -> None:
    assert await post.intake.take(payload, "st1") is not None
    assert post.house.rows("SELECT * FROM orders") == []


@pytest.mark.parametrize(
    ("effect", "granted", "state"),
    [
        ("read", "refuse", "done"),
        ("record", "refuse", "done"),
        ("parameters", "refuse", "refused"),
        ("parameters", "allow", "done"),
        ("control", "refuse", "refused"),
        ("control", "allow", "done"),
    ],
)
async def test_policy_goes_by_what_a_kind_does(
    house_with: Any, effect: Effect, granted: str, state: str
) -> None:
    policy = {"parameters": granted, "control": granted}
    post = OrderPost(await house_with(destination(commands=policy)), note(effect))
    assert (await post.order("a-1", "note", text="x"))["state"] == state


async def test_order_of_one_platform_is_answered_to_that_one_alone(house_with: Any) -> None:
    post = OrderPost(await house_with(second_destination()), note())
    await post.send("a-1", "note", "st2", text="x")
    await post.handling.look()
    assert [len(post.owed("order", station=one)) for one in ("st1", "st2")] == [0, 1]


async def test_one_ref_of_two_stations_is_two_orders(house_with: Any) -> None:
    post = OrderPost(await house_with(second_destination()), note())
    await post.send("a-1", "note", "st1", text="x")
    await post.send("a-1", "note", "st2", text="y")
    assert await post.handling.look() == 2
    assert notes(post) == 2


async def test_nothing_is_begun_before_the_clock_can_be_right(post: OrderPost) -> None:
    await post.send("a-1", "note", text="x")
    post.house.clock.jump(-1.5e9)
    assert await post.handling.look() == 0
    post.house.clock.jump(1.5e9)
    assert await post.handling.look() == 1


async def test_order_that_breaks_us_again_and_again_is_refused(house: House) -> None:
    def broken(connection: sqlite3.Connection, body: Note, **_: Any) -> str | None:
        raise ZeroDivisionError

    post = OrderPost(house, {"note": plain(Note, broken)})
    await post.send("a-1", "note", text="x")
    await post.send("a-2", "bad")
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            await post.handling.look()
    await post.handling.look()
    assert [(one["ref"], one["state"]) for one in post.replies()] == [
        ("a-1", "refused"),
        ("a-2", "refused"),
    ]
