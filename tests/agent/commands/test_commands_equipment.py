"""Orders of platforms to equipment: a row, the device's worker, and the end told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from agent_desk import Platform
from agent_fakes import READY, EndOfScript, FakeSampler
from agent_instrument import PROFILE
from agent_site import COD, HOUR, T0, second_destination

from agent.actions import DeviceActions
from agent.commands.equipment import EXECUTION_S
from agent.exceedance import judge_measurement
from agent.model import Measurement
from agent.store import actions
from drivers.device import NoAnswer, Refused, RetentionRecord
from protocols.hj212.times import wire_time

Across = Callable[..., Awaitable[Platform]]
KEPT = RetentionRecord(at=T0 + 60, bottle=3, volume_ml=500.0, ok=True)
BROKEN = RetentionRecord(at=T0 + 60, bottle=3, volume_ml=0.0, ok=False, reason="pump")


async def work(platform: Platform, sampler: FakeSampler) -> None:
    """Let the sampler's own worker work until it has nothing to do."""

    async def probe() -> Mapping[str, Any]:
        return {}

    house = platform.house
    worker = DeviceActions(
        "sampler", sampler, probe, house.plan, house.store, house.clock, house.bells
    )
    with pytest.raises(EndOfScript):
        await worker.run()


def order(platform: Platform) -> dict[str, Any]:
    names = ("device", "kind", "cause", "state", "request", "not_after")
    ((*values,),) = platform.house.rows(f"SELECT {', '.join(names)} FROM actions")
    return dict(zip(names, values, strict=True))


async def test_order_is_a_row_with_its_deadline_before_it_is_an_act(across: Across) -> None:
    platform = await across("hj212-2025")
    qn = platform.qn()
    assert await platform.ask("3022", "PolId=w01018", qn=qn) == ["9011 QnRtn=1"]
    found = order(platform)
    assert (found["device"], found["kind"], found["cause"], found["state"]) == (
        "sampler", "retain", "platform", "queued",
    )  # fmt: skip
    assert found["not_after"] == T0 + EXECUTION_S
    assert json.loads(found["request"]) == {
        "outlet": "DW001", "factor": "", "asked_for": "w01018", "station": "st1", "qn": qn,
    }  # fmt: skip
    assert "actions:sampler" in platform.house.bells.rung
    assert await platform.tell_open_ends() == []  # it has no end yet


async def test_kept_bottle_of_2017_is_told_with_its_number_and_to_everybody(
    across: Across,
) -> None:
    platform = await across("hj212-2017", second_destination())
    qn = platform.qn()
    assert await platform.ask("3015", qn=qn) == ["9011 QnRtn=1"]
    sampler = FakeSampler()
    sampler.keep = lambda: KEPT
    await work(platform, sampler)
    assert len(sampler.orders) == 1
    assert "commands:st1" in platform.house.bells.rung
    text = f"DataTime={wire_time(KEPT.at)};VaseNo=3"
    assert await platform.tell_open_ends() == [f"3015 {text}", "9012 ExeRtn=1"]
    assert {one.qn for one in platform.talk.said} == {qn}
    assert await platform.tell_open_ends() == []
    # and as an upload of its own, which is sent until it is acknowledged
    for station in ("st1", "st2"):
        assert [body for _, _, body in platform.house.uploads("3015", station=station)] == [text]


async def test_kept_bottle_of_2025_has_an_end_and_no_message(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    sampler = FakeSampler()
    sampler.keep = lambda: KEPT
    await work(platform, sampler)
    assert await platform.tell_open_ends() == ["9012 ExeRtn=1"]
    assert platform.command("3022")["exe_rtn"] == 1


@pytest.mark.parametrize(
    ("keep", "end"), [(lambda: BROKEN, 2), (lambda: Refused("door open", code=4), 3)]
)
async def test_bottle_that_was_not_kept_is_never_told_as_done(
    across: Across, keep: Callable[[], Any], end: int
) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    sampler = FakeSampler()
    sampler.keep = keep
    await work(platform, sampler)
    assert await platform.tell_open_ends() == [f"9012 ExeRtn={end}"]


async def test_sampler_without_a_free_bottle_refuses(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    sampler = FakeSampler()
    sampler.state = replace(READY, bottles_ml=(500, 500, 500))
    await work(platform, sampler)
    assert sampler.orders == []
    assert await platform.tell_open_ends() == ["9012 ExeRtn=3"]
    assert platform.command("3022")["outcome"] == "no free bottle"


async def test_order_past_its_time_is_not_done_and_told_as_busy(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    platform.house.clock.go(EXECUTION_S + 1)
    sampler = FakeSampler()
    sampler.keep = lambda: KEPT
    await work(platform, sampler)
    assert sampler.orders == []
    assert await platform.tell_open_ends() == ["9012 ExeRtn=5"]


async def test_order_nobody_knows_the_end_of_stays_open(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    sampler = FakeSampler()
    sampler.keep = lambda: NoAnswer("silent")
    platform.house.bells.until = T0 + 5
    await work(platform, sampler)
    assert order(platform)["state"] == "unknown"
    assert await platform.tell_open_ends() == []


async def test_end_of_an_order_is_told_on_a_later_connection(across: Across) -> None:
    platform = await across("hj212-2025")
    qn = platform.qn()
    await platform.ask("3022", "PolId=w01018", qn=qn)
    sampler = FakeSampler()
    sampler.keep = lambda: KEPT
    await work(platform, sampler)
    platform.talk.said.clear()
    # the platform asks again with the same number, for it heard nothing
    assert await platform.ask("3022", "PolId=w01018", qn=qn) == ["9011 QnRtn=1"]
    assert await platform.tell_open_ends() == ["9012 ExeRtn=1"]
    assert await platform.ask("3022", "PolId=w01018", qn=qn) == ["9011 QnRtn=1", "9012 ExeRtn=1"]
    assert len(sampler.orders) == 1


async def test_outlet_without_a_sampler_keeps_no_bottle(across: Across) -> None:
    platform = await across("hj212-2017", lambda site: site.update(samplers=[]))
    assert await platform.ask("3015") == ["9011 QnRtn=2"]


async def test_factor_that_is_not_there_has_no_sampler(across: Across) -> None:
    platform = await across("hj212-2025")
    assert await platform.ask("3022", "PolId=w99999") == ["9011 QnRtn=2"]


async def test_bottle_of_a_platform_saves_no_bottle_of_an_exceedance(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    sampler = FakeSampler()
    sampler.keep = lambda: KEPT
    await work(platform, sampler)
    platform.house.clock.go(HOUR + 10)
    house, now = platform.house, platform.house.clock.now()
    beyond = Measurement("DW001", COD, "cod", int(T0), T0 + HOUR, now, value=61.5)
    await house.write(
        lambda connection: judge_measurement(connection, house.plan, house.names, beyond, now=now)
    )
    causes = platform.house.rows("SELECT cause, state FROM actions ORDER BY id")
    assert causes == [("platform", "done"), ("rule", "queued")]


async def test_journal_tells_who_ordered_what_and_how_it_ended(across: Across) -> None:
    platform = await across("hj212-2025")
    await platform.ask("3022", "PolId=w01018")
    sampler = FakeSampler()
    sampler.keep = lambda: KEPT
    await work(platform, sampler)
    await platform.tell_open_ends()
    first, last = platform.journal()
    assert first[:2] == last[:2] == ("platform:st1", "command 3022")
    assert (first[2]["ordered"], first[2]["device"]) == ("retain", "sampler")
    assert first[2]["request"] == "PolId=w01018"
    assert last[2]["exe_rtn"] == 1


# --- instruments


def able(site: dict[str, Any]) -> None:
    """Give the outlet an analyzer whose profile has operations."""
    cod = next(one for one in site["devices"] if one["id"] == "cod")
    cod["profile"] = PROFILE


def told_how(platform: Platform) -> tuple[str, str, dict[str, Any]]:
    found = order(platform)
    how = json.loads(found["request"])
    names = ("operation", "arguments", "parameter", "value", "unit")
    return found["device"], found["kind"], {name: how[name] for name in names if name in how}


@pytest.mark.parametrize(
    ("edition", "cn", "cp", "kind", "operation"),
    [
        ("hj212-2005", "3011", "PolID=011", "calibrate", "calibrate"),
        ("hj212-2017", "3011", "PolId=w01018", "calibrate", "calibrate"),
        ("hj212-2025", "3011", "PolId=w01018,CalibrationType=0", "zero", "blank"),
        ("hj212-2025", "3011", "PolId=w01018,CalibrationType=1", "span", "standard"),
        ("hj212-2005", "3012", "PolID=011", "measure", "measure"),
        ("hj212-2025", "3012", "PolId=w01018", "measure", "measure"),
        ("hj212-2017", "3013", "PolId=w01018", "clean", "clean"),
        ("hj212-2025", "3024", "PolId=w01018", "check", "check_standard"),
    ],
)
async def test_order_goes_to_the_instrument_whose_profile_has_the_operation(
    across: Across, edition: str, cn: str, cp: str, kind: str, operation: str
) -> None:
    platform = await across(edition, able)
    qn = platform.qn()
    old = edition == "hj212-2005"
    (frame,) = await platform.ask(cn, cp, qn=qn)
    assert frame == (f"9011 QN={qn};QnRtn=1" if old else "9011 QnRtn=1")
    wanted = {"operation": operation, "arguments": {}}
    assert told_how(platform) == ("cod", kind, wanted)


@pytest.mark.parametrize(
    ("cn", "cp"),
    [
        ("3012", "PolId=w01001"),  # another instrument, without operations
        ("3012", "PolId=w99999"),
        ("3014", "PolId=w01018"),
        ("3021", "PolId=w01018;InfoId=i13008;i13008-Info=1.02"),  # read, and not to be set
        ("3021", "PolId=w01018;InfoId=i13003;i13003-Info=soon"),
        ("3021", "PolId=w01018;InfoId=i12001;i12001-Info=0"),
        ("3021", "InfoId=i23001;i23001-Info=101"),
    ],
)
async def test_what_no_profile_has_is_refused(across: Across, cn: str, cp: str) -> None:
    platform = await across("hj212-2017", able)
    assert await platform.ask(cn, cp) == ["9011 QnRtn=2"]
    assert platform.house.rows("SELECT 1 FROM actions") == []


async def test_cycle_is_set_as_the_parameter_that_is_read_back(across: Across) -> None:
    platform = await across("hj212-2017", able)
    await platform.ask("3016", "PolId=w01018;CstartTime=000000;Ctime=4")
    wanted = {"parameter": "interval", "value": 240.0, "unit": "min"}
    assert told_how(platform) == ("cod", "schedule", wanted)


async def test_cycle_that_begins_at_another_time_of_day_is_not_set(across: Across) -> None:
    platform = await across("hj212-2017", able)
    frames = await platform.ask("3016", "PolId=w01018;CstartTime=010000;Ctime=4")
    assert frames == ["9011 QnRtn=1", "9012 ExeRtn=3"]
    assert platform.house.rows("SELECT 1 FROM actions") == []


async def test_parameter_is_an_order_in_the_unit_of_the_instrument(across: Across) -> None:
    platform = await across("hj212-2017", able)
    await platform.ask("3021", "PolId=w01018;InfoId=i13001;i13001-Info=200")
    wanted = {"parameter": "range_high", "value": 200.0, "unit": "mg/L"}
    assert told_how(platform) == ("cod", "set_parameter", wanted)


@pytest.mark.parametrize(
    ("state", "outcome", "exe_rtn", "said"),
    [
        ("done", {"outcome": "done", "seen": "state 1"}, 1, "done"),
        ("done", {"outcome": "acknowledged"}, 1, "acknowledged"),
        ("failed", {"outcome": "not shown", "reason": "acknowledged, and state 0"}, 2,
         "acknowledged, and state 0"),
        ("failed", {"outcome": "already", "reason": "state 1, as before"}, 5,
         "state 1, as before"),
        ("refused", {"reason": "nothing was sent"}, 3, "nothing was sent"),
        ("unknown", {"reason": "the reply was lost"}, 4, "the reply was lost"),
        ("expired", {"reason": "its deadline had passed"}, 5, "its deadline had passed"),
    ],
)  # fmt: skip
async def test_end_of_an_order_is_told_by_its_outcome(
    across: Across, state: str, outcome: dict[str, Any], exe_rtn: int, said: str
) -> None:
    platform = await across("hj212-2025", able)
    await platform.ask("3012", "PolId=w01018")
    number = platform.house.one("SELECT id FROM actions")
    await platform.house.write(
        lambda connection: actions.finish(connection, number, state, outcome=outcome, now=T0)
    )
    assert await platform.tell_open_ends() == [f"9012 ExeRtn={exe_rtn}"]
    assert platform.command("3012")["outcome"] == said


async def test_order_is_refused_where_the_policy_says_so(across: Across) -> None:
    def refuse(site: dict[str, Any]) -> None:
        able(site)
        site["destinations"][0]["commands"] = {"control": "refuse"}

    platform = await across("hj212-2025", refuse)
    assert await platform.ask("3012", "PolId=w01018") == ["9011 QnRtn=2"]
    assert platform.house.rows("SELECT 1 FROM actions") == []


async def test_clock_of_an_instrument_is_set_by_its_operation_to_our_time(across: Across) -> None:
    platform = await across("hj212-2025", able)
    platform.house.time.trusted = True
    frames = await platform.ask("1012", f"PolId=w01018;SystemTime={wire_time(T0)}")
    assert frames == ["9011 QnRtn=1"]
    assert told_how(platform) == ("cod", "set_time", {"operation": "set_time", "arguments": {}})
    number = platform.house.one("SELECT id FROM actions")
    outcome = {"outcome": "acknowledged"}
    await platform.house.write(
        lambda connection: actions.finish(connection, number, "done", outcome=outcome, now=T0)
    )
    assert await platform.tell_open_ends() == ["9012 ExeRtn=1"]


async def test_no_instrument_gets_a_time_that_is_not_ours(across: Across) -> None:
    platform = await across("hj212-2025", able)
    platform.house.time.trusted = True
    frames = await platform.ask("1012", f"PolId=w01018;SystemTime={wire_time(T0 + HOUR)}")
    assert frames == ["9011 QnRtn=1", "9012 ExeRtn=3"]
    assert platform.house.rows("SELECT 1 FROM actions") == []


async def test_sampler_that_cannot_prove_a_bottle_is_never_ordered(across: Across) -> None:
    def other(site: dict[str, Any]) -> None:
        site["samplers"][0]["profile"] = "sampler/grasp-fc9624"

    platform = await across("hj212-2025", other)
    assert await platform.ask("3022", "PolId=w01018") == ["9011 QnRtn=2"]
