"""Values beside each other: converted with the newest of their neighbours, whichever line."""

from __future__ import annotations

from functools import partial

import pytest
from agent_fakes import EndOfScript, FakeClock, FakeDevice
from agent_house import House
from agent_site import T0

from agent.model import Cause, Sample
from agent.near import Near
from agent.plan import Plan, make_plan
from agent.poll import BusPoll
from agent.settings import parse_site
from agent.store import samples
from agent.store.db import Store
from drivers.device import Reading

SITE = """\
unit: {code: 91000000000000000X001P, name: 示例}
outlets:
  - id: DA001
    medium: gas
    gas: {reference_oxygen: 6, temperature: 93.4, pressure: -0.8, ambient_pressure: 101.3}
    factors:
      a21026:
        device: cems
        conversions: [standard, dry, oxygen]
        limits: [{high: 35, on: measurement, source: 超低}]
      a01014: {device: wet}
      a19001: {device: wet}
buses: [{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}]
devices:
  - {id: cems, profile: gas/fpi-cems2000, bus: net1, address: 1, period_s: 5}
  - {id: wet, profile: gas/fpi-cems2000, bus: net1, address: 2, period_s: 5}
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(parse_site(SITE.encode())[0])


def sample(factor: str, value: float | None, cause: Cause = Cause.NORMAL) -> Sample:
    return Sample("DA001", factor, T0, value, cause)


WET = (sample("a01014", 7.8), sample("a19001", 8.0))


def test_t_02_t_07b_value_is_converted_with_what_another_device_said(plan: Plan) -> None:
    near = Near()
    assert near.converted(plan, WET, mono=0.0) == list(WET)
    (found,) = near.converted(plan, [sample("a21026", 20.0)], mono=3.0)
    assert found.value == pytest.approx(29.3523, abs=5e-5)
    assert found.zs == pytest.approx(29.3523 * 15 / 13, abs=5e-5)


def test_own_cycle_goes_before_what_was_heard_earlier(plan: Plan) -> None:
    near = Near()
    near.converted(plan, [sample("a01014", 90.0), sample("a19001", 20.0)], mono=0.0)
    found = near.converted(plan, [sample("a21026", 20.0), *WET], mono=5.0)
    assert [one.factor for one in found] == ["a01014", "a19001", "a21026"]
    assert found[-1].value == pytest.approx(29.3523, abs=5e-5)


def test_what_was_heard_too_long_ago_does_not_stand_for_now(plan: Plan) -> None:
    near = Near()
    near.converted(plan, WET, mono=0.0)
    age_s = plan.outlets["DA001"].factors["a01014"].max_age_s
    (young,) = near.converted(plan, [sample("a21026", 20.0)], mono=age_s)
    (old,) = near.converted(plan, [sample("a21026", 20.0)], mono=age_s + 1)
    assert young.value is not None
    assert (old.value, old.cause) == (None, Cause.NO_LINK)
    assert "涉及因子无效: a01014" in old.reason


async def test_daemon_stores_the_converted_value_beside_the_measured_one(
    store: Store, plan: Plan
) -> None:
    house = await House.on(store, plan, clock=FakeClock(T0))
    await house.time.look()

    def said(*points: tuple[str, float, str]) -> list[Reading]:
        now = house.clock.now()
        return [Reading(point, value, unit, now) for point, value, unit in points]

    async def flush() -> None:
        for _ in range(3):
            await store.write(lambda _: None)

    near = Near()
    wet = FakeDevice("wet", partial(said, ("a01014", 7.8, "%"), ("a19001", 20.5, "%")))
    cems = FakeDevice("cems", partial(said, ("a21026", 20.0, "mg/m3")))
    for device in (wet, cems):
        device.at_the_end = flush
        poll = BusPoll(
            "net1",
            [(device, 5.0)],
            plan=plan,
            names=house.names,
            store=store,
            clock=house.clock,
            time=house.time,
            bells=house.bells,
            metrics=house.metrics,
            near=near,
        )
        try:
            await poll.run()
        except* EndOfScript:
            pass
    found = await store.read(
        lambda one: samples.between(one, T0 - 1, T0 + 99, outlet="DA001", names=house.names)
    )
    (kept,) = found["a21026"]
    assert kept.value == pytest.approx(29.3523, abs=5e-5)
    assert kept.zs == pytest.approx(29.3523 * 15 / 0.5, abs=5e-3)
    assert len(house.events("o2_near_air")) == 1
    # a limit of a corrected factor is held against the value at reference oxygen
    assert len(house.events("exceedance")) == 1
