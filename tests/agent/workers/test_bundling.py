"""A bundle goes over in parts: each once written down, within its budget, gone on with later."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agent_house import House
from agent_site import COD, DAY, T0, destination

from agent.bells import Bells
from agent.bundling import Bundling, Courier, Terms, places, terms
from agent.bundling.courier import USED_UP
from agent.bundling.policy import ask_by_policy, has_news
from agent.bundling.worker import GRACE_S
from agent.errors import Unreachable
from agent.settings.evidence import EvidenceSettings
from agent.store import actions, bundles, events
from agent.store.bundles import Bundle
from agent.uplink.link import Outcome, Sent

FILE = bytes(range(256)) * 10


class Line:
    """A link that takes parts; `breaks` says at which topic it is gone, `says` how it answers."""

    shows_delivery = True
    heard = 0

    def __init__(self, breaks: str = "", says: Sent | None = None) -> None:
        self.told: list[tuple[str, bytes]] = []
        self.breaks, self.says = breaks, says or Sent(Outcome.ACCEPTED, "PUBACK 0")

    async def tell(self, what: str, payload: bytes, **_: Any) -> Sent:
        if what == self.breaks:
            raise Unreachable("gone")
        self.told.append((what, payload))
        return self.says


FREE = Terms(1000, None)


def courier(house: House, agreed: Terms = FREE) -> Courier:
    parts = (house.store, house.clock, Bells())
    return Courier("st1", "U", lambda: "k" * 64, lambda: agreed, *parts)


@pytest.fixture
async def made(house: House) -> Bundle:
    """A bundle of three parts, made and ready."""
    directory = places.folder(house.store.path.parent)
    directory.mkdir()
    asked = Bundle(0, "st1", "DB-1", T0, T0 + 60.0, None, None, "督办", "order", T0, T0)

    def job(connection: Any) -> Bundle | None:
        bundles.ask(connection, asked)
        one = bundles.find(connection, "st1", "DB-1")
        assert one is not None
        sha256 = hashlib.sha256(FILE).hexdigest()
        bundles.made(
            connection, one, size=len(FILE), sha256=sha256, part_bytes=1000, end=one.end, now=T0
        )
        return bundles.find(connection, "st1", "DB-1")

    one = await house.write(job)
    assert one is not None
    (directory / one.name).write_bytes(FILE)
    return one


async def carried(one: Courier, line: Line, until: Callable[[], bool]) -> None:
    """Let a courier work until something is so."""
    task = asyncio.ensure_future(one.carry(line, lambda: line.heard))  # type: ignore[arg-type]
    try:
        for _ in range(1000):
            done, _ = await asyncio.wait({task}, timeout=0.01)
            if done or until():
                break
        if task.done():
            task.result()
        assert until()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def state(house: House) -> Any:
    return house.rows("SELECT state, acked, outcome FROM bundles")[0]


async def test_manifest_goes_first_then_every_part_and_the_file_goes(
    house: House, made: Bundle
) -> None:
    line = Line()
    await carried(courier(house), line, lambda: state(house)[0] == "sent")
    assert [what for what, _ in line.told] == [f"evidence/DB-1/{n}" for n in range(4)]
    manifest = json.loads(line.told[0][1])
    assert (manifest["parts"], manifest["part_bytes"], manifest["bytes"]) == (3, 1000, len(FILE))
    assert b"".join(payload for _, payload in line.told[1:]) == FILE
    assert manifest["sha256"] == hashlib.sha256(FILE).hexdigest()
    assert house.rows("SELECT 1 FROM journal WHERE what = 'evidence sent'")


async def test_next_connection_goes_on_with_the_next_part(house: House, made: Bundle) -> None:
    first = Line(breaks="evidence/DB-1/2")
    with pytest.raises(Unreachable):
        await carried(courier(house), first, lambda: False)
    assert state(house)[:2] == ("made", 2)
    second = Line()
    await carried(courier(house), second, lambda: state(house)[0] == "sent")
    assert [what for what, _ in second.told] == ["evidence/DB-1/2", "evidence/DB-1/3"]


async def test_broker_that_shows_no_delivery_is_given_nothing_before_the_platform_spoke(
    house: House, made: Bundle
) -> None:
    line, one = Line(), courier(house)
    line.shows_delivery = False
    task = asyncio.ensure_future(one.carry(line, lambda: line.heard))  # type: ignore[arg-type]
    await asyncio.wait({task}, timeout=0.2)
    assert line.told == []
    line.heard = 1
    one.bells.ring("bundles:st1")
    for _ in range(1000):
        await asyncio.wait({task}, timeout=0.01)
        if state(house)[0] == "sent":
            break
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(line.told) == 4


async def test_file_that_is_gone_is_made_anew(house: House, made: Bundle) -> None:
    (places.folder(house.store.path.parent) / made.name).unlink()
    await carried(courier(house), Line(), lambda: state(house)[0] == "asked")
    assert state(house)[1] == 0


async def test_metered_line_stops_at_the_months_budget_and_goes_on_with_the_next(
    house: House, made: Bundle
) -> None:
    line, one = Line(), courier(house, Terms(1000, 1500))
    await carried(one, line, lambda: state(house)[2] == USED_UP)
    assert [what for what, _ in line.told] == ["evidence/DB-1/0", "evidence/DB-1/1"]
    assert (
        house.one("SELECT count(*) FROM journal WHERE what = 'evidence waits for its budget'") == 1
    )
    house.clock.go(31 * DAY)
    one = courier(house, Terms(1000, 2000))
    await carried(one, line, lambda: state(house)[0] == "sent" or state(house)[1] == 3)
    assert "evidence/DB-1/2" in [what for what, _ in line.told]


async def test_part_that_nobody_takes_waits_and_one_that_is_refused_ends_it(
    house: House, made: Bundle
) -> None:
    kept = Line(says=Sent(Outcome.KEPT, "PUBACK 16"))
    await carried(courier(house), kept, lambda: bool(state(house)[2]))
    assert state(house) == ("made", 0, "PUBACK 16")
    refused = Line(says=Sent(Outcome.REJECTED, "PUBACK 149"))
    await carried(courier(house), refused, lambda: state(house)[0] == "failed")
    told = Line()
    await carried(courier(house), told, lambda: bool(
        house.one("SELECT done_at FROM bundles")))  # fmt: skip
    ((what, payload),) = told.told
    assert (what, json.loads(payload)["state"]) == ("evidence/DB-1/0", "failed")
    assert json.loads(payload)["reason"] == "PUBACK 149"


def test_films_go_without_being_asked_for_over_lines_that_cost_nothing(house: House) -> None:
    platform = house.plan.stations["st1"].destination
    settings = EvidenceSettings()
    assert terms(platform, settings) == Terms(16 * 1024, 200_000_000)
    fixed = terms(platform.model_copy(update={"access": "fixed"}), settings)
    assert (fixed.monthly, fixed.clips) == (None, True)
    assert not terms(platform, EvidenceSettings(metered="yes")).clips
    assert terms(platform, EvidenceSettings(metered="no", part_kb=1)) == Terms(1024, None)


async def event(house: House, kind: str, ref: str, outlet: str = "DW001") -> None:
    await house.write(
        lambda connection: events.add(
            connection, kind, {}, ref=ref, at=T0, outlet=outlet, factor=COD
        )
    )


async def test_only_new_events_of_the_kinds_named_are_sent_by_themselves(house_with: Any) -> None:
    def policy(site: dict[str, Any]) -> None:
        site["evidence"] = {"upload": ["exceedance"], "wait_s": 30}

    house = await house_with(policy)

    async def look() -> int:
        return await house.write(
            lambda connection: ask_by_policy(connection, house.plan, now=T0 + 5.0)
        )

    await event(house, "exceedance", "old")
    assert await look() == 0
    assert not await house.store.read(lambda connection: has_news(connection, house.plan))
    for kind, ref in (("door", "a"), ("exceedance", "b")):
        await event(house, kind, ref)
    assert await look() == 1
    assert await look() == 0
    (one,) = await house.store.read(bundles.open_ones)
    assert (one.ref, one.source, one.not_before) == ("event-3", "policy", T0 + 35.0)


async def test_bundle_waits_for_the_clip_of_its_event_and_not_for_ever(
    house: House, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A camera that is dead, or a sampler that is silent, must not keep the rest back."""

    def job(connection: Any) -> None:
        number = events.add(
            connection, "exceedance", {}, ref="x", at=T0, outlet="DW001", factor=COD
        )
        actions.add(
            connection, ref="clip:yard:1", device="yard", kind="clip", cause="rule", request={},
            now=T0, not_after=T0 + DAY,
        )  # fmt: skip
        one = Bundle(0, "st1", "event-1", T0, T0 + 60.0, number, None, "", "policy", T0, T0)
        bundles.ask(connection, one)

    await house.write(job)
    (tmp_path / "no.yaml").write_text("nothing of use\n")
    parts = (house.store, house.clock, Bells())
    worker = Bundling(tmp_path / "no.yaml", lambda: house.plan, *parts)
    house.clock.go(T0 + GRACE_S - house.clock.now())
    await worker.look()
    assert caplog.records == [], "it waits"
    house.clock.go(1)
    await worker.look()
    (tried,) = caplog.records
    assert tried.getMessage().startswith("evidence event-1 for st1"), "begun without the clip"


async def test_platform_over_tcp_gets_no_bundle_by_itself(house_with: Any) -> None:
    def policy(site: dict[str, Any]) -> None:
        site["evidence"] = {"upload": ["exceedance"]}

    tcp = destination(transport="tcp", addresses=["tcp://127.0.0.1:1"])
    house = await house_with(policy, tcp)
    await house.write(lambda connection: ask_by_policy(connection, house.plan, now=T0))
    await event(house, "exceedance", "b")
    assert await house.write(
        lambda connection: ask_by_policy(connection, house.plan, now=T0)
    ) == 0  # fmt: skip


def test_part_reads_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(FILE)
    assert places.part(tmp_path / "f", 3, 1000) == FILE[2000:]
    assert places.digest(tmp_path / "none") == ""
