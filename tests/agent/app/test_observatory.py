"""What the daemon says of itself."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import cast

import pytest
from agent_fakes import FakeClock
from agent_site import T0, plan_with

from agent import __version__
from agent.bells import Bells
from agent.metrics import Metrics
from agent.model import Upload
from agent.report import Health
from agent.settings.overriding import Override
from agent.status import Observatory
from agent.store import actions, credentials, events, outbox, overrides
from agent.store.credentials import StationCredentials
from agent.store.db import Store
from agent.timekeeping import Timekeeper
from agent.tools.status_lines import lines
from agent.uplink.contract import contract
from agent.uplink.link import Outcome
from agent.uplink.station import StationLink
from drivers.device import Cause, Reading


@pytest.fixture
async def observatory(store: Store) -> Observatory:
    plan, clock = plan_with(), FakeClock(T0)
    time = Timekeeper(clock, store)
    await time.look()
    agreed = contract(
        plan,
        plan.stations["st1"],
        started_at=0.0,
        health=lambda _: cast("Awaitable[bytes]", None),
    )
    link = StationLink(agreed, store, clock, Bells(), Metrics())
    return Observatory(
        plan=lambda: plan,
        store=store,
        clock=clock,
        time=time,
        started_at=T0 - 60,
        lines=lambda: [],
        links=lambda: [link],
    )


async def owe(store: Store, *times: int) -> None:
    for at in times:
        upload = Upload("2051", "32", at, ("x",))
        await store.write(lambda one, upload=upload: outbox.add(one, "st1", upload, now=T0))  # type: ignore[misc]


async def test_health_is_the_published_model(observatory: Observatory, store: Store) -> None:
    await owe(store, 120, 60)
    health = Health.model_validate_json(await observatory.health("st1"))
    assert (health.outbox, health.oldest_at) == (2, 60)
    assert (health.version, health.clock_trusted, health.clock_epoch) == (__version__, True, 0)
    assert len(health.journal_head) == 64
    assert health.disk_free_mb > 0


async def test_status_is_plain_json_with_every_part(observatory: Observatory, store: Store) -> None:
    await owe(store, 60)
    (link,) = observatory.links()
    link.state.linked, link.state.drops, link.state.confirmation.silent = True, 3, 99
    link.state.taken_over = True
    status = json.loads(json.dumps(await observatory.status()))
    (station,) = status["stations"]
    assert (station["id"], station["mn"]) == ("st1", "010000A8900016F000169DC0")
    assert (station["outbox"], station["oldest_at"], station["drops"]) == (1, 60, 3)
    assert station["unconfirmed"]
    assert station["taken_over"]
    assert status["unit"]["name"] == "测试企业"
    assert status["since"] == T0 - 60
    assert status["lines"] == []
    assert set(status["disk"]) == {"store_mb", "free_mb", "times_full", "rows_given_up"}


async def test_status_shows_events_and_orders_but_no_probes(
    observatory: Observatory, store: Store
) -> None:
    def job(connection):  # type: ignore[no-untyped-def]
        events.add(connection, "power", {"why": "x"}, ref="e1", at=T0)
        for kind in ("retain", "probe"):
            actions.add(
                connection,
                ref=kind,
                device="sampler",
                kind=kind,
                cause="rule",
                request={},
                now=T0,
                not_after=T0 + 60,
            )

    await store.write(job)
    status = await observatory.status()
    assert [one["kind"] for one in status["events"]] == ["power"]
    assert [one["kind"] for one in status["actions"]] == ["retain"]


async def test_depth_of_each_outbox_is_counted(observatory: Observatory, store: Store) -> None:
    assert await observatory.owed() == {"st1": 0}
    await owe(store, 60, 120, 180)
    assert await observatory.owed() == {"st1": 3}


async def test_status_shows_what_a_platform_set_beside_what_the_file_says(
    observatory: Observatory, store: Store
) -> None:
    given = StationCredentials(pw="123456")
    held = credentials.close(
        store.path.parent, "st1", name="pw", value="hunter", given=given, now=T0, source="platform"
    )
    other = Override("st2", "minutes", 5, 10, T0, "platform")

    def set_(connection: sqlite3.Connection) -> None:
        overrides.put(connection, Override("st1", "real_time_s", 60, 30, T0, "platform"))
        overrides.put(connection, other)
        credentials.put(connection, "st1", held)

    await store.write(set_)
    (station,) = (await observatory.status())["stations"]
    assert station["set"] == [
        {"name": "real_time_s", "value": 60, "file": 30, "source": "platform", "set_at": T0},
        {"name": "next_pw", "value": "***", "file": "***", "source": "platform", "set_at": T0},
    ]


async def test_link_is_counted_in_health_and_status(observatory: Observatory) -> None:
    (link,) = observatory.links()
    link.tally.linked(observatory.clock.monotonic())
    link.tally.ended(Outcome.ACCEPTED)
    health = Health.model_validate_json(await observatory.health("st1"))
    assert health.link is not None
    assert (health.link.frame_success, health.link.drops) == (1.0, 0)
    assert health.link.unconfirmed is False
    (station,) = (await observatory.status())["stations"]
    assert station["link"]["frames_ended"] == 1
    assert station["link"]["month"] == "2026-06"


async def test_station_without_a_link_has_no_counters(observatory: Observatory) -> None:
    observatory.links = list
    assert Health.model_validate_json(await observatory.health("st1")).link is None


async def test_status_names_what_is_out_of_control(observatory: Observatory, store: Store) -> None:
    detail = {"why": "failed_check", "since": T0, "passed_at": None}
    await store.write(
        lambda one: events.add(
            one, "check_control", detail, ref="c", at=T0, outlet="DW001", factor="w01018"
        )
    )
    found = await observatory.status()
    assert found["out_of_control"] == [
        {"outlet": "DW001", "factor": "w01018", "since": T0, "why": "failed_check"}
    ]
    said = [line for line in lines(found, "zh") if "核查不合格" in line]
    assert len(said) == 1
    assert "DW001" in said[0]


async def test_status_names_what_the_profile_names(store: Store) -> None:
    plan, clock = plan_with(), FakeClock(T0)
    reading = Reading("digestion_time", 10.0, "min", T0, Cause.NORMAL)
    state = SimpleNamespace(
        id="cod", bus="net1", ok=True, cause="", last_good_at=T0, readings=(reading,)
    )
    line = SimpleNamespace(states=(state,), exchanges={}, knows=lambda _: False)
    observatory = Observatory(
        plan=lambda: plan,
        store=store,
        clock=clock,
        time=Timekeeper(clock, store),
        started_at=T0,
        lines=lambda: [line],  # type: ignore[list-item]  # as far as it is looked at here
        links=lambda: [],
    )
    (device,) = (await observatory.status())["devices"]
    (told,) = device["readings"]
    assert (told["point"], told["name"], told["factor"]) == ("digestion_time", "消解时长", "")
