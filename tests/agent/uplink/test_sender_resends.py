"""What goes out once more: its number, its reason, and that it goes to a silent platform, too."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest
import yaml
from agent_site import destination, plan_with, site_with
from uplink_fakes import AT, BODY, STATION, Desk, body, reasons

from agent.metrics import Metrics
from agent.model import Upload
from agent.settings import parse_site
from agent.store import frame_packs, outbox, resends
from agent.store.db import Store
from agent.store.frame_packs import FrameRecord
from agent.store.frames import FrameLog
from agent.uplink.contract import manners
from agent.uplink.manners import SILENT_UPLOADS
from protocols.hj212.answers import Answered


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def numbers(desk: Desk) -> list[str]:
    return [one.qn for one in desk.link.published]


async def test_retransmission_bears_the_number_of_the_first_one(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=2):
        await desk.until(lambda: len(desk.link.published) >= 3)
    assert len(set(numbers(desk))) == 1


async def test_retransmission_bears_a_fresh_number_where_the_platform_wants_that(
    desk: Desk,
) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=2, fresh_qn=True):
        await desk.until(lambda: len(desk.link.published) >= 3)
    assert len(set(numbers(desk)[:3])) == 3
    assert numbers(desk) == sorted(numbers(desk))


async def test_answer_to_an_earlier_number_of_the_same_upload_counts(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=50, fresh_qn=True) as sender:
        await desk.until(lambda: len(desk.link.published) >= 2)
        sender.acknowledged(numbers(desk)[0])
        await desk.until_states("accepted")


async def test_answer_without_a_number_means_the_newest_of_them(desk: Desk) -> None:
    await desk.owe()
    async with desk.sending(ack="9014", resends=50, fresh_qn=True) as sender:
        await desk.until(lambda: len(desk.link.published) >= 2)
        sender.answered(Answered("", "2051", None))
        await desk.until_states("accepted")


async def test_what_was_kept_goes_out_under_a_fresh_number_that_the_row_has(desk: Desk) -> None:
    await desk.owe()
    desk.link.script = reasons(0x80, 0)
    async with desk.sending(pause_s=0.001, fresh_qn=True):
        await desk.until_states("accepted")
    first, second = numbers(desk)
    assert first < second
    ((qn_ms,),) = desk.rows("SELECT qn_ms FROM outbox")
    assert str(qn_ms)[-3:] == second[-3:]


async def test_packets_that_share_a_number_keep_it(desk: Desk) -> None:
    upload = Upload("2051", "32", AT, (BODY, BODY), shared_qn=True)
    await desk.store.write(lambda c: outbox.add(c, STATION, upload, now=desk.clock.now()))
    desk.link.script = reasons(0x80, 0)
    async with desk.sending(pause_s=0.001, fresh_qn=True, shared_qn=True):
        await desk.until_states("accepted", "accepted")
    assert len(set(numbers(desk))) == 1 and len(numbers(desk)) == 3


async def test_answers_are_told_apart_where_packets_share_a_number(desk: Desk) -> None:
    upload = Upload("2051", "32", AT, (BODY, BODY), shared_qn=True)
    await desk.store.write(lambda c: outbox.add(c, STATION, upload, now=desk.clock.now()))
    async with desk.sending(ack="9014", timeout_s=60.0) as sender:
        await desk.until(lambda: len(desk.link.published) == 1)
        sender.acknowledged(numbers(desk)[0])
        await desk.until_states("accepted", "open")
        await desk.until(lambda: len(desk.link.published) == 2)
        sender.acknowledged(numbers(desk)[1])
        await desk.until_states("accepted", "accepted")


async def test_silent_platform_gets_what_somebody_asked_for_and_no_other_backlog(
    desk: Desk,
) -> None:
    desk.confirmation.silent = SILENT_UPLOADS
    await desk.owe_at(1, age_s=3600)
    await desk.owe_at(2, age_s=3600)

    def ask(connection: sqlite3.Connection) -> None:
        connection.execute("UPDATE outbox SET state = 'unconfirmed', attempts = 1 WHERE id = 2")
        resends.reopen(connection, STATION, "2051", "32", AT + 120, 0, why="resend by wang: -")

    await desk.store.write(ask)
    async with desk.sending(ack="9014"):
        await desk.until_states("open", "unconfirmed")
        await desk.settled()
    assert [one.segment.cp for one in desk.link.published] == [body(2)]


async def test_message_log_tells_each_transmission_its_reason_and_its_end(desk: Desk) -> None:
    frames = FrameLog(desk.store, desk.clock, Metrics())
    await desk.owe()
    desk.link.script = reasons(0x80, 0)
    sender = dataclasses.replace(desk.sender(pause_s=0.001, ack="9014", resends=1), frames=frames)
    async with desk.sending(sender):
        await desk.until(lambda: len(desk.link.published) >= 3)
        sender.acknowledged(numbers(desk)[0])
        await desk.until_states("accepted")
    await frames.flush()

    def read(connection: sqlite3.Connection) -> list[FrameRecord]:
        return frame_packs.between(connection, 0, frame_packs.newest(connection))

    found = [one for one in await desk.store.read(read) if one.direction in ">="]
    said = [(one.direction, one.attempt, one.reason or one.outcome) for one in found]
    assert said[:4] == [
        (">", 1, ""),
        ("=", 1, "PUBACK 128"),
        (">", 2, "PUBACK 128"),
        (">", 3, "no 9014 in 0.01 s"),
    ]
    assert said[-1] == ("=", 1, "9014")
    assert all("PW=***;" in one.text for one in found if one.direction == ">")


def test_settings_of_numbers_reach_sender_and_uploads() -> None:
    changed = plan_with(destination(qn_on_resend="fresh", wire={"split_qn": "shared"}))
    for plan, wanted in ((plan_with(), False), (changed, True)):
        station = plan.stations["st1"]
        made = manners(station)
        assert (made.fresh_qn, made.shared_qn, station.wording.shared_qn) == (wanted,) * 3


def test_settings_of_numbers_are_not_called_unused() -> None:
    text = yaml.safe_dump(site_with(destination(qn_on_resend="fresh", wire={"split_qn": "shared"})))
    _, findings = parse_site(text.encode())
    assert [one for one in findings if one.kind == "later"] == []
