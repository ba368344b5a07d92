"""The settings of instruments on their slow schedule: what a change is, and what is told of it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_house import House
from agent_site import T0

from agent import maintaining
from agent.parameters import ParameterWatch, Said, asking, note
from agent.store import events, exchanges, journal
from agent.store.exchanges import Exchange
from drivers.bus import Bus
from drivers.device import NoAnswer
from drivers.parameters import CheckResult, ParameterValue
from drivers.profile import load_profile
from drivers.registry import open_device
from drivers.settings import DeviceSettings, TcpBus

HOUR = 3600.0


def with_door(site: dict[str, Any]) -> None:
    site["devices"].append(
        {"id": "io", "profile": "modules/plc-contacts", "bus": "net1", "address": 30}
    )
    site["inputs"] = [{"id": "door1", "device": "io", "point": "contact1", "means": "door"}]


def slope(value: float | None) -> Said:
    return [ParameterValue("slope", value, "mg/L")], []


async def noted(house: House, *said: Said, device: str = "cod") -> list[list[str]]:
    """Note one reading an hour; gives the changed names of each."""
    found = []
    for one in said:
        now = house.clock.now()
        found.append(
            await house.write(lambda c, one=one, now=now: note(c, house.plan, device, one, now=now))
        )
        house.clock.go(HOUR)
    return found


async def test_first_reading_is_no_change(house: House) -> None:
    assert await noted(house, slope(1.0), slope(1.0)) == [[], []]
    assert house.rows("SELECT name, value, since, seen_at FROM parameters") == [
        ("slope", 1.0, T0, T0 + HOUR)
    ]
    assert house.events("parameter") == []


async def test_change_is_an_event_with_old_and_new(house: House) -> None:
    assert await noted(house, slope(1.0), slope(1.0), slope(1.2)) == [[], [], ["slope"]]
    ((at, ended_at, text),) = house.events("parameter")
    detail = json.loads(text)
    assert (at, ended_at) == (T0 + 2 * HOUR, T0 + 2 * HOUR)
    assert (detail["device"], detail["parameter"], detail["unit"]) == ("cod", "slope", "mg/L")
    assert (detail["old"], detail["new"]) == (1.0, 1.2)
    assert (detail["old_since"], detail["changed_after"]) == (T0, T0 + HOUR)
    assert (detail["door"], detail["maintenance"]) == (None, None)
    assert house.one("SELECT count(*) FROM journal WHERE what = 'event parameter'") == 1
    (notice,) = house.uploads("event")
    assert json.loads(notice[2])["kind"] == "parameter"
    assert house.rows("SELECT outlet, factor FROM events") == [("DW001", "w01018")]


async def test_change_that_came_back_is_told_too(house: House) -> None:
    await noted(house, slope(1.0), slope(1.2), slope(1.0))
    told = [json.loads(text) for *_, text in house.events("parameter")]
    assert [(one["old"], one["new"]) for one in told] == [(1.0, 1.2), (1.2, 1.0)]


async def test_what_was_not_said_changes_nothing(house: House) -> None:
    await noted(house, slope(1.0), slope(None), slope(1.0))
    assert house.events("parameter") == []
    assert house.one("SELECT value FROM parameters") == 1.0


async def test_platform_that_did_not_subscribe_is_not_told(
    house_with: Callable[..., Awaitable[House]],
) -> None:
    house = await house_with(lambda site: site["destinations"][0].update(events=["door"]))
    await noted(house, slope(1.0), slope(1.2))
    assert len(house.events("parameter")) == 1
    assert house.uploads("event") == []


async def test_change_says_how_the_door_stood_and_that_maintenance_was_on(
    house_with: Callable[..., Awaitable[House]],
) -> None:
    house = await house_with(with_door)
    await noted(house, slope(1.0), slope(1.2))
    asked = {"outlet": "DW001", "kind": "calibration", "who": "张三", "why": "校准"}
    now = house.clock.now()
    await house.write(lambda c: maintaining.maintain(c, house.plan, asked, now=now))
    await house.write(
        lambda c: events.add(c, "door", {"input": "door1"}, ref="d", at=now, outlet="DW001")
    )
    await noted(house, slope(1.3))
    told = [json.loads(text) for *_, text in house.events("parameter")]
    assert [(one["door"], one["maintenance"]) for one in told] == [
        ("closed", None),
        ("open", "calibration"),
    ]


async def test_door_of_the_whole_house_is_the_outlets_too(
    house_with: Callable[..., Awaitable[House]],
) -> None:
    def second(site: dict[str, Any]) -> None:
        site["outlets"].append({"id": "DW002", "medium": "water", "factors": {}})

    house = await house_with(with_door, second)
    await noted(house, slope(1.0))
    now = house.clock.now()
    await house.write(lambda c: events.add(c, "door", {"input": "door1"}, ref="d", at=now))
    await noted(house, slope(1.3))
    assert json.loads(house.events("parameter")[0][2])["door"] == "open"


async def test_running_clock_of_an_instrument_is_no_change(house: House) -> None:
    def clock(at: float) -> Said:
        return [ParameterValue("clock", at, "time")], []

    said = [clock(T0 - 500), clock(T0 - 500 + HOUR + 30), clock(T0 + 2 * HOUR)]
    assert await noted(house, *said) == [[], [], ["clock"]], "the last one was set by somebody"


async def test_time_of_a_calibration_is_no_clock(house: House) -> None:
    def calibrated(at: float) -> Said:
        return [ParameterValue("zero_time", at, "time")], []

    assert await noted(house, calibrated(T0), calibrated(T0 + HOUR)) == [[], ["zero_time"]]


async def test_check_of_the_instrument_is_written_down_once(house: House) -> None:
    first: Said = ([], [CheckResult("standard", 49.0, "mg/L", T0 - 600)])
    second: Said = ([], [CheckResult("standard", 49.0, "mg/L", T0 + 600)])
    await noted(house, first, first, second)
    assert house.rows("SELECT kind, at, value FROM device_checks ORDER BY at") == [
        ("standard", T0 - 600, 49.0),
        ("standard", T0 + 600, 49.0),
    ]
    assert house.one("SELECT count(*) FROM journal WHERE what = 'check of an instrument'") == 2
    undated: Said = ([], [CheckResult("blank", 0.1, "mg/L", None)])
    await noted(house, undated, undated)
    assert house.one("SELECT count(*) FROM device_checks WHERE kind = 'blank'") == 1


async def test_serial_that_stands_there_is_told_with_a_change(house: House) -> None:
    await house.write(lambda c: exchanges.add(c, Exchange("cod", "found", T0, "SN1")))
    await noted(house, slope(1.0), slope(1.2))
    assert json.loads(house.events("parameter")[0][2])["serial"] == "SN1"


class Script:
    """What a device answers, one after the other; the last one for ever."""

    def __init__(self, clock: FakeClock, *answers: Said | NoAnswer) -> None:
        self.clock, self.answers = clock, list(answers)
        self.asked_at: list[float] = []

    async def __call__(self) -> Said:
        self.asked_at.append(self.clock.now() - T0)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, NoAnswer):
            raise answer
        return answer


def watch(house: House, script: Script, *, period_s: float = HOUR) -> ParameterWatch:
    parts = (house.plan, house.store, house.clock, house.time, house.bells)
    return ParameterWatch("cod", script, period_s, *parts)


async def test_silent_device_changes_nothing(house: House) -> None:
    await house.time.look()
    script = Script(house.clock, slope(1.0), NoAnswer("silent"), slope(1.0))
    one = watch(house, script)
    assert [await one.look() for _ in range(3)] == [True, False, True]
    assert house.events("parameter") == []


async def test_nothing_is_dated_while_the_clock_is_not_trusted(house: House) -> None:
    script = Script(house.clock, slope(1.0))
    assert await watch(house, script).look() is False
    assert house.rows("SELECT * FROM parameters") == []
    assert script.asked_at == []


async def test_change_rings_for_the_senders(house: House) -> None:
    await house.time.look()
    one = watch(house, Script(house.clock, slope(1.0), slope(2.0)))
    await one.look()
    assert house.bells.rung == []
    await one.look()
    assert house.bells.rung == ["outbox:st1"]


async def test_chain_of_the_journal_holds(house: House) -> None:
    await noted(house, slope(1.0), slope(1.2))
    assert await house.store.read(journal.broken_at) is None


@pytest.mark.parametrize(
    ("profile", "asked"),
    [
        ("metals/labsun-phototek6000", True),
        ("gas/siemens-ultramat23", True),
        ("sampler/dayue-v105", True),
        ("water/ph", False),
        ("modules/icpdas-7017-dcon", False),
    ],
)
def test_device_is_asked_where_its_profile_knows_settings(profile: str, asked: bool) -> None:
    bus = Bus(TcpBus(id="net1", kind="tcp", host="127.0.0.1", port=1502))
    settings = DeviceSettings(id="one", profile=profile, bus="net1", address=1)
    device = open_device(settings, load_profile(profile), bus=bus, clock=FakeClock(T0))
    assert (asking(device) is not None) == asked
