"""Who may let a kept bottle go, what is written of it, and what nobody released."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import READY, EndOfScript, FakeSampler
from agent_house import House
from agent_sampler import sampler
from agent_site import COD, HOUR, T0, Change
from test_exceedance import RESULT, judged

from agent.actions import DeviceActions
from agent.bottle_orders import BottleOrder, release_ordered
from agent.custody import holding_h, note_gone
from agent.plan import Plan
from agent.releasing import bottle_act, release_by_platform
from agent.settings.sampling import FactorKeeping
from agent.store import bottles
from agent.store.bottles import Bottle
from drivers.device import RetentionRecord

KEPT = RetentionRecord(at=T0 + HOUR + 60, bottle=3, volume_ml=500.0, ok=True)
CODE = "DW001-20260610110100-03"
WHO = {"who": "wang", "why": "督办单 12"}


@pytest.fixture
def people(tmp_path: Path) -> Change:
    """Give the site an operator, and two inspectors of whom one has a pin."""
    pin = tmp_path / "pin"
    pin.write_text("4711\n", encoding="utf-8")

    def change(site: dict[str, Any]) -> None:
        site["people"] = [
            {"id": "li", "name": "李四", "role": "operator"},
            {"id": "zhao", "name": "赵五", "role": "contractor"},
            {"id": "wang", "name": "王局", "role": "inspector", "pin": {"file": str(pin)}},
            {"id": "sun", "name": "孙六", "role": "inspector"},
        ]

    return change


async def work(house: House, keeper: FakeSampler) -> None:
    async def probe() -> Mapping[str, Any]:
        return {}

    with pytest.raises(EndOfScript):
        await DeviceActions(
            "sampler", keeper, probe, house.plan, house.store, house.clock, house.bells
        ).run()


async def keep(house: House, record: RetentionRecord = KEPT) -> Bottle:
    """Let an exceedance keep a bottle."""
    house.clock.go(HOUR + 10)
    await judged(house)
    keeper = FakeSampler()
    keeper.keep = lambda: record
    await work(house, keeper)
    (found,) = await house.store.read(lambda connection: bottles.newest(connection))
    return found


@pytest.fixture
async def kept(house_with: Any, people: Change) -> House:
    house: House = await house_with(people)
    await keep(house)
    return house


async def act(house: House, **asked: object) -> dict[str, Any]:
    now = house.clock.now()
    return await house.write(lambda connection: bottle_act(connection, house.plan, asked, now=now))


def kinds(house: House) -> list[str]:
    return [one for (one,) in house.rows("SELECT kind FROM events ORDER BY id")]


async def test_bottle_is_a_row_with_its_cause_and_its_water(house: House) -> None:
    found = await keep(house)
    assert (found.code, found.sampler, found.bottle, found.outlet) == (CODE, "sampler", 3, "DW001")
    assert (found.mode, found.guarded, found.vessel) == ("exceedance", True, "A")
    assert found.factors == ({"factor": COD, "value": 61.5, "limit": 50.0},)
    assert (found.sampled_at, found.kept_at, found.volume_ml) == (int(T0), KEPT.at, 500.0)
    assert found.temperature == 4.0
    assert found.keep_until == found.noted_at + 24 * HOUR


async def test_bottle_told_twice_is_one(kept: House) -> None:
    one = (await kept.store.read(lambda connection: bottles.newest(connection)))[0]
    assert await kept.write(lambda connection: bottles.add(connection, one)) is None


@pytest.mark.parametrize("who", ["li", "zhao", "李四"])
async def test_neither_polluter_nor_contractor_releases_it(kept: House, who: str) -> None:
    done = await act(kept, do="release", code=CODE, who=who, why="清空")
    assert "inspector or the platform" in done["error"]
    assert kept.rows("SELECT released_at FROM bottles") == [(None,)]
    ((by, detail),) = kept.rows(
        "SELECT who, detail FROM journal WHERE what = 'bottle not released'"
    )
    assert (by, json.loads(detail)["code"]) == (who, CODE)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"who": "wang"}, "wrong pin"),
        ({"who": "wang", "pin": "4712"}, "wrong pin"),
        ({"who": "sun"}, "no pin"),
        ({"who": "nobody", "pin": "4711"}, "not in `people`"),
    ],
)
async def test_who_cannot_prove_to_be_an_inspector_is_none(
    kept: House, asked: dict[str, str], said: str
) -> None:
    done = await act(kept, do="release", code=CODE, why="x", **asked)
    assert said in done["error"]
    assert "retention_released" not in kinds(kept)


@pytest.mark.parametrize("missing", ["who", "why"])
async def test_nobody_and_no_reason_release_nothing(kept: House, missing: str) -> None:
    asked = {**WHO, "pin": "4711", missing: " "}
    assert "wanted" in (await act(kept, do="release", code=CODE, **asked))["error"]


async def test_inspector_releases_it_with_his_pin_which_nobody_writes_down(kept: House) -> None:
    done = await act(kept, do="release", code=CODE, pin="4711", **WHO)
    assert done["released"]
    assert kept.rows("SELECT released_by, release_why FROM bottles") == [("wang", "督办单 12")]
    assert kinds(kept)[-1] == "retention_released"
    everything = str(kept.rows("SELECT detail FROM journal")) + str(
        kept.rows("SELECT detail FROM events")
    )
    assert "4711" not in everything
    again = await act(kept, do="release", code=CODE, pin="4711", **WHO)
    assert "released before" in again["error"]


async def test_platform_releases_it_and_told_twice_it_is_once(kept: House) -> None:
    now = kept.clock.now()
    for _ in range(2):
        refused = await kept.write(
            lambda connection: release_by_platform(
                connection, kept.plan, CODE, ref="order-7", station="st1", now=now
            )
        )
        assert refused is None
    assert kept.rows("SELECT released_by, release_why FROM bottles") == [
        ("platform:st1", "order-7")
    ]
    assert kinds(kept).count("retention_released") == 1


@dataclass(frozen=True)
class Asked:
    """An order of a platform's station."""

    plan: Plan
    now: float
    station: str = "st1"
    ref: str = "order-7"


@pytest.mark.parametrize(
    ("outlet", "code", "done"),
    [("DW001", CODE, True), ("DW002", CODE, False), ("DW001", "DW001-x", False)],
)
async def test_order_of_a_platform_releases_a_bottle_of_its_own_outlet(
    kept: House, outlet: str, code: str, done: bool
) -> None:
    body, asked = BottleOrder(outlet=outlet, code=code), Asked(kept.plan, kept.clock.now())
    why = await kept.write(lambda connection: release_ordered(connection, body, asked))
    assert (why is None) == done
    assert kept.rows("SELECT released_by FROM bottles") == [("platform:st1" if done else None,)]


async def test_hand_over_says_who_when_and_shows_the_seal(kept: House) -> None:
    lacking = await act(kept, do="release", code=CODE, pin="4711", to="化验室", **WHO)
    assert "photo" in lacking["error"]
    assert kept.rows("SELECT released_at FROM bottles") == [(None,)], "all of it or nothing"
    seal = {"seal": "seals/ab.jpg", "seal_sha256": "ab"}
    await act(kept, do="release", code=CODE, pin="4711", to="化验室", **WHO, **seal)
    assert kept.rows("SELECT handed_to, handed_by, handed_at, seal, seal_sha256 FROM bottles") == [
        ("化验室", "wang", kept.clock.now(), "seals/ab.jpg", "ab")
    ]
    assert kinds(kept)[-2:] == ["retention_released", "retention_handed"]
    again = await act(kept, do="release", code=CODE, pin="4711", to="别人", **WHO, **seal)
    assert "handed over before" in again["error"]


async def test_bottle_that_was_emptied_without_release_is_told(kept: House) -> None:
    def empty(connection: Any) -> None:
        found = bottles.there(connection, "sampler")
        note_gone(connection, kept.plan, found, why="x", now=kept.clock.now())

    await kept.write(empty)
    assert kinds(kept)[-1] == "retention_cleared"


async def test_bottle_filled_anew_without_release_is_told_and_both_are_there(
    house_with: Any,
) -> None:
    house = await house_with(sampler(interval_min=0))
    await keep(house)
    await judged(
        house,
        RESULT.__class__(
            "DW001", COD, "cod", int(T0) + HOUR, T0 + 2 * HOUR, house.clock.now(), 70.0
        ),
    )
    keeper = FakeSampler()
    keeper.record = KEPT
    keeper.keep = lambda: RetentionRecord(KEPT.at + HOUR, 3, 500.0, ok=True)
    await work(house, keeper)
    assert "retention_cleared" in kinds(house)
    assert house.rows("SELECT gone_at IS NULL FROM bottles ORDER BY id") == [(0,), (1,)]


# --- by hand


async def test_bottle_by_hand_is_an_order_like_any_other(house_with: Any, people: Change) -> None:
    house = await house_with(people)
    done = await act(house, do="keep", who="li", why="对照", bottles=2)
    assert (done["sampler"], done["bottles"]) == ("sampler", 2)
    ((kind, cause, text),) = house.rows("SELECT kind, cause, request FROM actions")
    request = json.loads(text)
    assert (kind, cause, request["mode"], request["who"]) == ("retain", "operator", "manual", "li")
    keeper = FakeSampler()
    keeper.state, keeper.keep = READY, lambda: KEPT
    await work(house, keeper)
    assert house.rows("SELECT mode, guarded FROM bottles") == [("manual", 0)]
    released = await act(house, do="release", code=CODE, who="li", why="用完")
    assert released["released"], "nobody guards what he kept himself"


async def test_bottle_an_inspector_kept_is_his_to_release(house_with: Any, people: Change) -> None:
    house = await house_with(people)
    await act(house, do="keep", who="wang", why="抽查")
    keeper = FakeSampler()
    keeper.keep = lambda: KEPT
    await work(house, keeper)
    assert house.rows("SELECT guarded FROM bottles") == [(1,)]
    assert "error" in await act(house, do="release", code=CODE, who="li", why="x")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"who": "nobody"}, "people"),
        ({"outlet": "DW009"}, "no sampler"),
        ({"bottles": 7}, "1 to 6"),
    ],
)
async def test_order_by_hand_that_cannot_be_is_refused(
    house_with: Any, people: Change, asked: dict[str, Any], said: str
) -> None:
    house = await house_with(people)
    done = await act(house, **{"do": "keep", "who": "li", "why": "x", **asked})
    assert said in done["error"]
    assert house.rows("SELECT id FROM actions") == []


async def test_touched_bottle_is_confirmed_by_who_may_release_it(kept: House) -> None:
    assert (
        "nobody touched" in (await act(kept, do="confirm", code=CODE, pin="4711", **WHO))["error"]
    )
    await kept.write(lambda connection: bottles.touch(connection, [1], at=T0))
    assert "error" in await act(kept, do="confirm", code=CODE, who="li", why="x")
    done = await act(kept, do="confirm", code=CODE, pin="4711", **WHO)
    assert done["confirmed"]
    assert kept.rows("SELECT confirmed_by FROM bottles") == [("wang",)]
    await kept.write(lambda connection: bottles.touch(connection, [1], at=T0 + 9))
    assert kept.rows("SELECT confirmed_by FROM bottles") == [(None,)], "touched anew"


def test_holding_time_is_the_shortest_of_the_factors(house: House) -> None:
    one = house.plan.site.samplers[0]
    plain = one.model_copy(update={"holding_h": 24.0})
    assert holding_h(plain, [COD]) == 24.0

    strict = plain.model_copy(update={"factors": {COD: FactorKeeping(holding_h=6)}})
    assert holding_h(strict, [COD, "w21003"]) == 6.0
    assert holding_h(strict, []) == 24.0
    assert holding_h(None, [COD]) == 24.0
