"""Alarms: raised in the commit of their event, said again until a person takes note, sounded."""

from __future__ import annotations

import json
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, T0, Change, destination
from agent_site import plan_with as _plan
from conftest import Builder

from agent.alarming import Alarming, acknowledge, silence
from agent.posts import line_terms
from agent.settings.alarms import LEVELS, Alarms
from agent.store import actions, alarms, events, journal
from agent.telling import closed, tell
from agent.tools.words import EVENTS

OVER = {"value": 86.4, "limit": 50.0}
WHO = {"who": "张三", "why": "已到现场"}


def given(**keys: Any) -> Change:
    return lambda site: site.update(alarms=keys)


def siren(site: dict[str, Any]) -> None:
    io = {"profile": "modules/advantech-adam-4150", "bus": site["devices"][0]["bus"]}
    site["devices"].append({"id": "io", "address": 77, **io})
    site["alarms"] = {"signals": [{"id": "siren", "device": "io", "longest_s": 60}]}


async def told(house: House, kind: str = "exceedance", **keys: Any) -> int:
    now = house.clock.now()
    keys = {"ref": f"{kind}:{now}", "outlet": "DW001", "factor": COD, "lasts": True, **keys}
    number = await house.write(lambda c: tell(c, house.plan, kind, OVER, at=now, now=now, **keys))
    assert number is not None
    return number


async def said(house: House, act: Any, **asked: Any) -> dict[str, Any]:
    now = house.clock.now()
    done: dict[str, Any] = await house.write(
        lambda c: act(c, house.plan, {**WHO, **asked}, now=now)
    )
    return done


def worker(house: House) -> Alarming:
    return Alarming(lambda: house.plan, house.store, house.clock, house.bells)


def heard(house: House) -> list[dict[str, Any]]:
    """Give the notices of the kind `alarm`, as the platform gets them."""
    notices = [json.loads(text) for *_, text in house.uploads("event")]
    return [one["detail"] for one in notices if one["kind"] == "alarm"]


def orders(house: House) -> list[tuple[Any, ...]]:
    return house.rows("SELECT kind, device, not_after - created_at FROM actions ORDER BY id")


async def test_alarm_is_raised_in_the_commit_of_its_event(house: House) -> None:
    number = await told(house)
    (alarm,) = await house.store.read(alarms.open_ones)
    assert (alarm.event, alarm.kind, alarm.outlet, alarm.factor) == (
        number, "exceedance", "DW001", COD,
    )  # fmt: skip
    assert (alarm.level, alarm.raised_at, alarm.times, alarm.lasts) == ("urgent", T0, 1, True)


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("retention_failed", "urgent"),
        ("camera_black", "warning"),
        ("retention", None),
        ("digest", None),
    ],
)
async def test_kind_or_its_family_says_how_loud(house: House, kind: str, level: str | None) -> None:
    await told(house, kind)
    found = [one.level for one in await house.store.read(alarms.open_ones)]
    assert found == ([] if level is None else [level])


async def test_file_says_what_is_no_alarm_here(house_with: Builder) -> None:
    house = await house_with(given(levels={"exceedance": "off", "digest": "warning"}))
    await told(house)
    await told(house, "digest")
    assert [one.kind for one in await house.store.read(alarms.open_ones)] == ["digest"]


async def test_same_again_is_one_alarm_that_counts(house: House) -> None:
    first = await told(house)
    house.clock.go(600)
    last = await told(house)
    (alarm,) = await house.store.read(alarms.open_ones)
    assert (alarm.event, alarm.last_event, alarm.times) == (first, last, 2)
    assert (alarm.raised_at, alarm.last_at) == (T0, T0 + 600)


async def test_nobody_acknowledged_so_it_is_said_again_and_at_last_no_more(
    house_with: Builder,
) -> None:
    house = await house_with(
        given(repeat_min=30, repeats=2), destination(events=["exceedance", "alarm"])
    )
    await told(house)
    one = worker(house)
    for after_s in (1799, 2, 1800, 1800):
        house.clock.go(after_s)
        await one.look()
    assert [(d["state"], d["said"], d["of"]) for d in heard(house)] == [
        ("again", 1, "exceedance"),
        ("again", 2, "exceedance"),
    ]


async def test_what_is_over_is_still_to_be_taken_note_of(house: House) -> None:
    number = await told(house)
    event = await house.store.read(lambda c: events.find(c, number))
    assert event is not None
    await house.write(lambda c: closed(c, house.plan, event, at=T0 + 60, now=T0 + 60))
    (alarm,) = await house.store.read(alarms.open_ones)
    assert not alarm.lasts
    house.clock.go(1801)
    await worker(house).look()
    assert house.one("SELECT said FROM alarms") == 1


async def test_acknowledged_is_signed_journalled_told_and_quiet(house_with: Builder) -> None:
    house = await house_with(destination(events=["alarm"]))
    await told(house)
    house.clock.go(60)
    assert await said(house, acknowledge, alarms=[1]) == {"acknowledged": [1]}
    assert await house.store.read(alarms.open_ones) == []
    row = house.rows("SELECT acknowledged_by, acknowledged_at, why FROM alarms")
    assert row == [("张三", T0 + 60, "已到现场")]
    assert house.rows("SELECT who FROM journal WHERE what = 'alarms acknowledged'") == [("张三",)]
    assert [(d["state"], d["by"]) for d in heard(house)] == [("acknowledged", "张三")]
    house.clock.go(7200)
    await worker(house).look()
    assert house.one("SELECT said FROM alarms") == 0
    assert await house.store.read(journal.broken_at) is None


async def test_after_an_acknowledgement_the_next_is_a_new_alarm(house: House) -> None:
    await told(house)
    await said(house, acknowledge)
    house.clock.go(60)
    await told(house)
    assert house.rows("SELECT times, acknowledged_at IS NULL FROM alarms ORDER BY id") == [
        (1, 0),
        (1, 1),
    ]


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ({"who": ""}, "who and why"),
        ({"why": " "}, "who and why"),
        ({"alarms": [1, 9]}, "not open: 9; open are: 1"),
    ],
)
async def test_refused_acknowledgement_changes_nothing(
    house: House, asked: dict[str, Any], part: str
) -> None:
    await told(house)
    assert part in (await said(house, acknowledge, **asked))["error"]
    assert len(await house.store.read(alarms.open_ones)) == 1


async def test_where_the_file_names_its_people_nobody_else_acknowledges(
    house_with: Builder,
) -> None:
    people = [{"id": "li", "name": "李四", "role": "contractor"}]
    house = await house_with(lambda site: site.update(people=people))
    await told(house)
    assert "li" in (await said(house, acknowledge))["error"]
    ((text,),) = house.rows("SELECT detail FROM journal WHERE what = 'alarm act refused'")
    assert '"asked": "acknowledge"' in text
    assert await said(house, acknowledge, who="李四") == {"acknowledged": [1]}
    ((who,),) = house.rows("SELECT who FROM journal WHERE what = 'alarms acknowledged'")
    assert who == "li"


async def test_silenced_is_kept_and_told_but_not_said_again_until_its_time(
    house: House,
) -> None:
    done = await said(house, silence, kind="exceedance", outlet="DW001", for_s=3600.0)
    assert done["until"] == T0 + 3600
    await told(house)
    assert [json.loads(text)["kind"] for *_, text in house.uploads("event")] == ["exceedance"]
    one = worker(house)
    house.clock.go(3000)
    await one.look()
    assert house.one("SELECT said FROM alarms") == 0
    house.clock.go(601)
    await one.look()
    assert house.one("SELECT said FROM alarms") == 1
    assert house.rows("SELECT ended_by FROM silences") == [("time",)]


async def test_silence_of_one_place_leaves_the_others_loud(house: House) -> None:
    await said(house, silence, kind="camera", for_s=3600.0)
    await told(house)
    house.clock.go(1801)
    await worker(house).look()
    assert house.one("SELECT said FROM alarms") == 1


async def test_silences_are_ended_by_hand(house: House) -> None:
    await said(house, silence, for_s=3600.0)
    assert await said(house, silence, end=True) == {"ended": [1]}
    assert await house.store.read(alarms.silences) == []


@pytest.mark.parametrize(
    "asked", [{"for_s": 86_401.0}, {"for_s": 0.0}, {"outlet": "DW009"}, {"kind": "digest"}]
)
async def test_silence_that_makes_no_sense_is_refused(house: House, asked: dict[str, Any]) -> None:
    assert "error" in await said(house, silence, **{"for_s": 60.0, **asked})
    assert await house.store.read(alarms.silences) == []


async def test_clock_set_back_keeps_no_alarm_quiet(house: House) -> None:
    await told(house)
    house.clock.jump(-86_400)
    await worker(house).look()
    assert house.one("SELECT said FROM alarms") == 1


async def test_siren_sounds_its_time_and_again_with_the_alarm(house_with: Builder) -> None:
    house = await house_with(siren)
    one = worker(house)
    await one.look()
    assert orders(house) == []
    await told(house)
    for after_s in (1, 1, 60, 1, 1800, 60):
        house.clock.go(after_s)
        await one.look()
    assert [kind for kind, *_ in orders(house)] == [
        "output_on", "output_off", "output_on", "output_off",
    ]  # fmt: skip
    assert set(orders(house)) == {("output_on", "io", 30.0), ("output_off", "io", 30.0)}


async def test_acknowledged_siren_is_switched_off(house_with: Builder) -> None:
    house = await house_with(siren)
    one = worker(house)
    await told(house)
    await one.look()
    await said(house, acknowledge)
    house.clock.go(1)
    await one.look()
    assert [kind for kind, *_ in orders(house)] == ["output_on", "output_off"]


async def test_warning_sounds_no_siren_for_what_is_urgent(house_with: Builder) -> None:
    house = await house_with(siren)
    await told(house, "camera_black")
    await worker(house).look()
    assert orders(house) == []


async def test_restart_remembers_how_the_relay_was_told_to_be(house_with: Builder) -> None:
    house = await house_with(siren)
    await told(house)
    await worker(house).look()
    house.clock.go(10)
    await worker(house).look()
    assert len(orders(house)) == 1
    house.clock.go(60)
    await worker(house).look()
    assert [kind for kind, *_ in orders(house)] == ["output_on", "output_off"]


async def test_order_that_failed_is_given_again(house_with: Builder) -> None:
    house = await house_with(siren)
    one = worker(house)
    await told(house)
    await one.look()
    await house.write(
        lambda c: actions.finish(c, 1, "failed", outcome={"reason": "silent"}, now=T0 + 5)
    )
    house.clock.go(10)
    await one.look()
    assert len(orders(house)) == 1
    house.clock.go(25)
    await one.look()
    assert [kind for kind, *_ in orders(house)] == ["output_on", "output_on"]


def test_lines_begin_anew_when_what_is_an_alarm_changes() -> None:
    plain, changed = _plan(), _plan(given(levels={"door": "off"}))
    bus = plain.site.buses[0].id
    assert line_terms(plain, bus) != line_terms(changed, bus)


@pytest.mark.parametrize("name", LEVELS)
def test_what_is_an_alarm_is_an_event_that_there_is(name: str) -> None:
    assert any(kind == name or kind.startswith(f"{name}_") for kind in EVENTS)


@pytest.mark.parametrize(
    ("kind", "level"),
    [
        ("retention_bottles", "warning"),
        ("retention_touched", "warning"),
        ("retention_cleared", "urgent"),
        ("retention", None),
        ("retention_released", None),
    ],
)
def test_bottles_that_run_out_or_are_touched_are_alarms(kind: str, level: str | None) -> None:
    assert Alarms().level(kind) == level
