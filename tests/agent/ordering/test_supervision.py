"""A supervision order from its arrival to what the agency makes of the answer (SUP-01…06)."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest
from agent_house import House
from agent_site import HOUR, MINUTE, T0, destination
from order_post import STATION, OrderPost

from agent.freezing import release_by_hand
from agent.ordering.answering import (
    MOST_BYTES,
    PIECE,
    AnswerError,
    answer,
    attached,
)
from agent.store import alarms, holds, outbox, supervision
from agent.store.supervision import Supervised

REF, NUMBER = "DB-1", "冀环督〔2026〕12号"


@pytest.fixture
def post(house: House) -> OrderPost:
    return OrderPost(house)


def told(**more: Any) -> dict[str, Any]:
    body = {"number": NUMBER, "level": "handling", "outlet": "DW001", "content": "化学需氧量超标"}
    return {**body, "start": T0 - 6 * HOUR, "end": T0, **more}


async def supervised(post: OrderPost, **more: Any) -> Supervised:
    reply = await post.order(REF, "supervision", **told(**more))
    assert reply["state"] == "done", reply
    found = await post.house.store.read(
        lambda connection: supervision.find(connection, STATION, REF)
    )
    assert found is not None
    return found


async def answered(post: OrderPost, *files: tuple[str, bytes], text: str = "已整改") -> int:
    one = await post.house.store.read(lambda connection: supervision.find(connection, STATION, REF))
    assert one is not None
    return await post.house.write(
        lambda connection: answer(
            connection,
            one,
            by="zhang 张三",
            why="督办答复",
            text=text,
            files=[attached(name, content) for name, content in files],
            now=post.house.clock.now(),
        )
    )


async def pass_(post: OrderPost, seconds: float) -> None:
    post.house.clock.go(seconds)
    await post.handling.look()


async def test_interval_is_frozen_in_the_commit_that_takes_the_order(post: OrderPost) -> None:
    await supervised(post)
    (hold,) = await post.house.store.read(holds.open_ones)
    assert (hold.outlet, hold.start, hold.end) == ("DW001", T0 - 6 * HOUR, T0)
    assert hold.made_by == "platform:st1"
    assert "hold" in post.journal("hold")


async def test_platform_lets_go_of_what_its_supervision_order_froze(post: OrderPost) -> None:
    await supervised(post)
    reply = await post.order("DB-2", "release", freeze=REF, why="结案")
    assert reply["state"] == "done", reply
    assert await post.house.store.read(holds.open_ones) == []
    assert "released" in post.journal("released")


async def test_end_of_the_case_alone_lets_go_of_nothing(post: OrderPost) -> None:
    await supervised(post)
    await post.order("DB-3", "supervision_state", order=REF, verification=1, stage="ended")
    assert len(await post.house.store.read(holds.open_ones)) == 1


async def test_who_discharges_does_not_let_go_of_what_a_supervision_order_froze(
    post: OrderPost,
) -> None:
    await supervised(post)
    (hold,) = await post.house.store.read(holds.open_ones)
    refused = await post.house.write(
        lambda connection: release_by_hand(
            connection, post.house.plan, hold.ref, by="李", why="不要了", now=T0
        )
    )
    assert "inspector" in (refused or "")
    assert len(await post.house.store.read(holds.open_ones)) == 1


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"start": T0 - 90, "end": T0 - 30.5}, (T0 - 90, T0 - 30)),
        ({"start": T0 - 90, "end": None}, (T0 - 90, None)),
        ({"start": None, "end": T0}, (T0 - 24 * HOUR, T0)),
        ({"start": None, "end": None, "sent_at": T0 - 60}, (T0 - 60 - 24 * HOUR, T0 - 60)),
        ({"start": None, "end": None}, (T0 - 24 * HOUR, T0)),
        (
            {"start": None, "end": None, "details": [{"at": T0 - 5 * HOUR + 7}, {"at": T0 - 60}]},
            (T0 - 5 * HOUR, T0),
        ),
    ],
)
async def test_interval_is_that_of_the_order_its_details_or_the_day_before(
    post: OrderPost, given: dict[str, Any], expected: tuple[int, int | None]
) -> None:
    one = await supervised(post, **given)
    assert (one.start, one.end) == expected


async def test_interval_that_ends_before_it_begins_is_refused(post: OrderPost) -> None:
    reply = await post.order(REF, "supervision", **told(start=T0, end=T0 - 1))
    assert reply["state"] == "refused"
    assert "end must be after start" in reply["text"]


async def test_deadline_is_that_of_the_platform(house_with: Any) -> None:
    post = OrderPost(await house_with(destination(supervision={"deadline_h": 4})))
    assert (await supervised(post)).deadline_at == T0 + 4 * HOUR


async def test_deadline_is_a_day_where_nobody_says_otherwise(post: OrderPost) -> None:
    assert (await supervised(post)).deadline_at == T0 + 24 * HOUR


async def test_deadline_in_the_order_goes_first(post: OrderPost) -> None:
    assert (await supervised(post, deadline_at=T0 + HOUR)).deadline_at == T0 + HOUR


async def test_warning_needs_no_answer(post: OrderPost) -> None:
    assert (await supervised(post, level="warning")).deadline_at is None
    await pass_(post, 48 * HOUR)
    assert post.steps() == ["received"]


async def test_half_and_nine_tenths_and_the_end_are_told_once_each(post: OrderPost) -> None:
    await supervised(post)
    seen = []
    for _ in range(30):
        await pass_(post, HOUR)
        seen.append(len(post.steps()))
    assert post.steps() == ["received", "reminder", "reminder", "overdue"]
    # the hour at which each came: 12, 21.6 -> 22, 24
    assert [seen.index(n) + 1 for n in (2, 3, 4)] == [12, 22, 24]
    assert len(post.journal("event supervision")) == 4


async def test_reminder_is_not_repeated_by_the_next_run(post: OrderPost) -> None:
    await supervised(post)
    await pass_(post, 13 * HOUR)
    again = OrderPost(post.house)
    await again.handling.look()
    assert again.steps() == ["received", "reminder"]


async def test_who_was_off_over_two_reminders_tells_the_later_one(post: OrderPost) -> None:
    await supervised(post)
    await pass_(post, 23 * HOUR)
    (row,) = post.house.rows("SELECT reminded FROM supervision")
    assert row == (90,)
    assert post.steps() == ["received", "reminder"]


async def test_clock_set_back_reminds_nobody_again(post: OrderPost) -> None:
    await supervised(post)
    await pass_(post, 13 * HOUR)
    post.house.clock.jump(-3 * HOUR)
    await post.handling.look()
    await pass_(post, 4 * HOUR)
    assert post.steps() == ["received", "reminder"]


async def test_order_and_each_reminder_is_an_alarm_until_a_person_takes_note(
    post: OrderPost,
) -> None:
    await supervised(post)
    (alarm,) = await post.house.store.read(alarms.open_ones)
    assert (alarm.kind, alarm.level, alarm.outlet, alarm.times) == (
        "supervision", "urgent", "DW001", 1,
    )  # fmt: skip
    await pass_(post, 13 * HOUR)
    await pass_(post, 12 * HOUR)
    (alarm,) = await post.house.store.read(alarms.open_ones)
    assert alarm.times == 3
    await post.house.write(
        lambda connection: alarms.acknowledge(connection, alarm.id, by="li", why="在办", at=T0)
    )
    await answered(post)
    assert await post.house.store.read(alarms.open_ones) == []


async def test_site_that_wants_no_alarm_of_orders_has_none(house_with: Any) -> None:
    post = OrderPost(
        await house_with(lambda site: site.update(alarms={"levels": {"supervision": "off"}}))
    )
    await supervised(post)
    assert await post.house.store.read(alarms.open_ones) == []


async def test_deadline_that_is_over_already_is_told_once_as_overdue(post: OrderPost) -> None:
    await supervised(post, deadline_at=T0 - HOUR)
    await pass_(post, MINUTE)
    await pass_(post, HOUR)
    assert post.steps() == ["received", "overdue"]


async def test_answered_order_is_reminded_of_no_more(post: OrderPost) -> None:
    await supervised(post)
    await answered(post)
    await pass_(post, 48 * HOUR)
    assert post.steps() == ["received", "answered"]


@pytest.mark.parametrize(("events", "heard"), [(["supervision"], 1), (["exceedance"], 0)])
async def test_reminder_goes_to_a_platform_that_subscribed(
    house_with: Any, events: list[str], heard: int
) -> None:
    post = OrderPost(await house_with(destination(events=events)))
    await supervised(post)
    await pass_(post, 13 * HOUR)
    assert len(post.owed("supervision")) == heard


async def test_answer_is_owed_to_who_ordered_without_subscription(house_with: Any) -> None:
    post = OrderPost(await house_with(destination(events=[])))
    one = await supervised(post)
    await answered(post)
    (notice,) = post.owed("supervision")
    assert (notice["step"], notice["ref"], notice["text"]) == ("answered", REF, "已整改")
    assert (notice["source"], notice["late"]) == (2, False)
    assert notice["frozen"] == {"start": one.start, "end": one.end}


async def test_late_answer_says_that_it_is_late(post: OrderPost) -> None:
    await supervised(post)
    await pass_(post, 25 * HOUR)
    await answered(post)
    assert post.owed("supervision")[-1]["late"] is True


async def test_files_go_in_pieces_that_make_the_file_again(post: OrderPost) -> None:
    await supervised(post)
    content = bytes(range(256)) * (PIECE // 256 * 2) + b"end"
    await answered(post, ("a.jpg", content), ("empty.txt", b""))
    pieces = post.owed("supervision_file")
    assert [(one["name"], one["part"], one["parts"]) for one in pieces] == [
        ("a.jpg", 1, 3),
        ("a.jpg", 2, 3),
        ("a.jpg", 3, 3),
        ("empty.txt", 1, 1),
    ]
    whole = b"".join(base64.b64decode(one["content"]) for one in pieces[:3])
    assert whole == content
    assert pieces[0]["sha256"] == hashlib.sha256(content).hexdigest()
    assert post.house.one("SELECT length(content) FROM supervision_files WHERE number = 1") == len(
        content
    )
    kept = post.house.rows("SELECT detail FROM events WHERE kind = 'supervision_file'")
    assert all("content" not in json.loads(detail) for (detail,) in kept)


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ("", []),
        ("  \n", []),
        ("字" * 20_001, []),
        ("x", [("big", b"x" * (MOST_BYTES + 1))]),
        ("x", [(f"{n}", b"x") for n in range(11)]),
    ],
)
async def test_answer_beyond_its_bounds_is_refused_whole(
    post: OrderPost, text: str, files: list[tuple[str, bytes]]
) -> None:
    await supervised(post)
    with pytest.raises(AnswerError):
        await answered(post, *files, text=text)
    assert post.house.rows("SELECT * FROM supervision_answers") == []


async def settle_outbox(post: OrderPost, state: str, *, all_but: int = 0) -> None:
    """Let the platform take what is owed, but for so many of the newest."""
    house = post.house

    def job(connection: Any) -> None:
        rows = outbox.to_send(connection, STATION, now=house.clock.now(), live_s=60, limit=1000)
        for row in rows[: len(rows) - all_but]:
            outbox.done(connection, row, state, outcome="PUBACK 0", now=house.clock.now())

    await house.write(job)


async def test_receipt_is_kept_once_every_piece_was_taken(post: OrderPost) -> None:
    await supervised(post)
    await answered(post, ("a.txt", b"x"))
    await settle_outbox(post, "accepted", all_but=1)
    await pass_(post, MINUTE)
    assert post.house.one("SELECT receipt FROM supervision_answers") == ""
    post.house.clock.go(MINUTE)
    await settle_outbox(post, "accepted")
    taken_at = post.house.clock.now()
    await pass_(post, MINUTE)
    ((at, receipt),) = post.house.rows("SELECT received_at, receipt FROM supervision_answers")
    assert (at, receipt) == (taken_at, "accepted: PUBACK 0")
    assert post.journal("supervision answer%") == [
        "supervision answered",
        "supervision answer received",
    ]


async def test_answer_refused_for_good_is_no_receipt(post: OrderPost) -> None:
    await supervised(post)
    await answered(post)
    await settle_outbox(post, "rejected")
    await pass_(post, MINUTE)
    ((at, receipt),) = post.house.rows("SELECT received_at, receipt FROM supervision_answers")
    assert at is None
    assert receipt.startswith("rejected")
    assert "supervision answer refused" in post.journal("supervision answer%")


async def test_agency_verifies_and_ends_the_case(post: OrderPost) -> None:
    await supervised(post)
    await answered(post)
    said = {"order": REF, "verification": 1, "check_true": True, "check_text": "属实"}
    penalties = [{"kind": "fine", "text": "两万元"}]
    reply = await post.order("C-1", "supervision_state", **said, stage="ended", penalties=penalties)
    assert reply["state"] == "done"
    ((verification, stage, verdict),) = post.house.rows(
        "SELECT verification, stage, verdict FROM supervision"
    )
    assert (verification, stage) == (1, "ended")
    assert json.loads(verdict)["penalties"][0]["kind"] == "fine"
    assert post.steps()[-1] == "judged"


async def test_stage_that_is_not_told_stays(post: OrderPost) -> None:
    await supervised(post)
    await post.order("C-1", "supervision_state", order=REF, verification=2, stage="case")
    await post.order("C-2", "supervision_state", order=REF, verification=1)
    assert post.house.rows("SELECT verification, stage FROM supervision") == [(1, "case")]


async def test_state_of_an_unknown_order_is_refused(post: OrderPost) -> None:
    reply = await post.order("C-1", "supervision_state", order="nothing", verification=1)
    assert reply["state"] == "refused"


async def test_order_that_comes_twice_is_supervised_once(post: OrderPost) -> None:
    await supervised(post)
    await supervised(post)
    assert post.house.one("SELECT count(*) FROM supervision") == 1
    assert post.steps() == ["received"]
