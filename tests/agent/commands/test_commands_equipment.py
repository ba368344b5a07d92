"""Orders of platforms to equipment: a row, the device's worker, and the end told."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from agent_desk import Platform
from agent_fakes import READY, EndOfScript, FakeSampler
from agent_site import COD, HOUR, T0, second_destination

from agent.actions import DeviceActions
from agent.commands.equipment import EXECUTION_S
from agent.exceedance import judge_measurement
from agent.model import Measurement
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
    ("keep", "end"), [(lambda: BROKEN, 2), (lambda: Refused("door open", code=6), 3)]
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
