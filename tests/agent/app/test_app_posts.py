"""Which workers a plan wants, and which change of the file concerns which of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from agent_fakes import FakeClock
from agent_site import T0, Change, destination, plan_with

from agent.app import App
from agent.bells import Bells
from agent.hiring import adopt
from agent.metrics import Metrics
from agent.reloading import InForce
from agent.store import series
from agent.store.db import Store
from agent.uplink.contract import contract
from agent.uplink.station import StationLink

Terms = dict[str, object]


@pytest.fixture
async def terms(store: Store) -> AsyncIterator[Callable[..., Any]]:
    """Give the terms of all workers of the changed site."""

    async def of(*changes: Change) -> Terms:
        plan = plan_with(two_lines, *changes)
        app = App(Path("site.yaml"), InForce(plan, "hash"), store, FakeClock(T0))
        app._regime._names = await store.write(
            lambda one: series.register(one, series=plan.series(), devices=plan.devices())
        )
        return {name: post.terms for name, post in app._posts().items()}

    yield of


def two_lines(site: dict[str, Any]) -> None:
    """Put the COD analyzer and the sampler on a line of their own."""
    site["storage"] = {"directory": "/nowhere"}
    site["buses"].append({"id": "net2", "kind": "tcp", "host": "127.0.0.1", "port": 1503})
    site["devices"][2]["bus"] = "net2"
    site["samplers"][0]["bus"] = "net2"


def device(number: int, **keys: object) -> Change:
    return lambda site: site["devices"][number].update(keys)


def other_platform(**keys: object) -> Change:
    def change(site: dict[str, Any]) -> None:
        first = site["destinations"][0]
        mn = "010000A8900016F000169DC9"
        station = {"id": "st9", "mn": mn, "pw": "default", "outlets": ["DW001"]}
        site["destinations"].append({**first, "id": "city", "stations": [station], **keys})

    return change


async def changed(
    terms: Callable[..., Any], *changes: Change, base: tuple[Change, ...] = ()
) -> Any:
    before, after = await terms(*base), await terms(*base, *changes)
    return {name for name in before | after if before.get(name) != after.get(name)}


async def test_every_line_and_every_station_has_its_worker(terms: Callable[..., Any]) -> None:
    assert set(await terms(other_platform())) == {
        "alarms", "local socket", "orders", "frozen", "bundles",
        "bus net1", "bus net2", "station st1", "station st9",
    }  # fmt: skip


async def test_same_file_concerns_nobody(terms: Callable[..., Any]) -> None:
    assert await changed(terms) == set()


async def test_period_concerns_the_line_alone(terms: Callable[..., Any]) -> None:
    assert await changed(terms, device(0, period_s=3)) == {"bus net1"}


async def test_name_of_an_instrument_concerns_the_line_alone(terms: Callable[..., Any]) -> None:
    assert await changed(terms, device(2, address=7)) == {"bus net2"}


async def test_port_of_a_line_concerns_that_line(terms: Callable[..., Any]) -> None:
    assert await changed(terms, lambda site: site["buses"][1].update(port=1599)) == {"bus net2"}


async def test_range_of_a_factor_concerns_the_line_it_comes_from(
    terms: Callable[..., Any],
) -> None:
    def narrow(site: dict[str, Any]) -> None:
        site["outlets"][0]["factors"]["w01018"]["range"] = [0, 100]

    assert await changed(terms, narrow) == {"bus net2"}


async def test_limit_concerns_the_line_that_judges_it(terms: Callable[..., Any]) -> None:
    def lower(site: dict[str, Any]) -> None:
        site["outlets"][0]["factors"]["w01018"]["limits"][0]["high"] = 40

    assert await changed(terms, lower) == {"bus net2"}


@pytest.mark.parametrize(
    "keys",
    [
        {"addresses": ["mqtt://127.0.0.1:1"]},
        {"ack": "9014", "timeout_s": 3},
        {"in_flight": 3},
        {"mqtt": {"prefix": "other"}},
    ],
)
async def test_how_a_platform_is_reached_concerns_its_stations_alone(
    terms: Callable[..., Any], keys: dict[str, object]
) -> None:
    found = await changed(terms, destination(**keys))
    assert found - {"bus net1", "bus net2"} == {"station st1"}
    if "ack" not in keys:  # that one decides on the words of a report, too
        assert found == {"station st1"}


async def test_deadline_of_a_platform_restarts_nobody(terms: Callable[..., Any]) -> None:
    assert await changed(terms, destination(supervision={"deadline_h": 4})) == set()


async def test_ops_server_concerns_its_own_link_alone(terms: Callable[..., Any]) -> None:
    def add(site: dict[str, Any]) -> None:
        home = {"id": "home", "type": "ops", "addresses": ["mqtt://127.0.0.1:1"]}
        site["destinations"].append(home)

    assert await changed(terms, add) == {"ops home"}


async def test_new_platform_concerns_those_who_tell_it_something(
    terms: Callable[..., Any],
) -> None:
    """An exceedance is owed to it by the line that found it; other stations go on."""
    found = await changed(terms, other_platform())
    assert found == {"station st9", "bus net1", "bus net2"}


async def test_events_a_platform_wants_concern_the_lines(terms: Callable[..., Any]) -> None:
    found = await changed(terms, destination(events=["retention"]))
    assert found == {"station st1", "bus net1", "bus net2"}


@pytest.mark.parametrize("wanted", [{"wire": {"check_upload": False}}, {"factors": ["w01001"]}])
async def test_checks_a_platform_wants_concern_the_lines(
    terms: Callable[..., Any], wanted: dict[str, Any]
) -> None:
    found = await changed(terms, destination(**wanted))
    assert found == {"station st1", "bus net1", "bus net2"}


async def test_sampler_of_an_outlet_concerns_the_line_that_orders_its_bottle(
    terms: Callable[..., Any],
) -> None:
    """The COD may be on one line and the sampler on another: it must learn of it all the same."""

    def elsewhere(site: dict[str, Any]) -> None:
        site["devices"][2]["bus"] = "net1"

    def longer(site: dict[str, Any]) -> None:
        site["samplers"][0]["interval_min"] = 90

    assert await changed(terms, longer, base=(elsewhere,)) == {"bus net1", "bus net2"}


async def test_instrument_that_joins_an_outlet_is_told_in_the_birth(
    terms: Callable[..., Any],
) -> None:
    def another(site: dict[str, Any]) -> None:
        ph = dict(site["devices"][1], id="ph9", address=30)
        site["devices"].append(ph)
        site["outlets"][0]["factors"]["w01001"]["device"] = "ph9"

    assert await changed(terms, another) == {"bus net1", "station st1"}


@pytest.mark.parametrize(
    "own", [{"real_time_s": 60}, {"minutes": 5}, {"timeout_s": 5}, {"resends": 1},
            {"real_time": False}, {"states": False}]
)  # fmt: skip
async def test_what_a_platform_sets_of_its_manners_needs_no_new_connection(
    terms: Callable[..., Any], own: dict[str, object]
) -> None:
    def set_(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0].update(own)

    assert await changed(terms, set_) == set()


async def test_new_mn_is_a_new_connection_of_that_station_alone(
    terms: Callable[..., Any],
) -> None:
    def set_(site: dict[str, Any]) -> None:
        site["destinations"][0]["stations"][0]["mn"] = "010000A8900016F000169DC8"

    assert await changed(terms, set_, base=(other_platform(),)) == {"station st1"}


async def healthy(_: str) -> bytes:
    return b""


async def test_link_that_goes_on_hears_of_its_new_manners(store: Store) -> None:
    before, after = (
        plan_with(lambda site, own=own: site["destinations"][0]["stations"][0].update(own))  # type: ignore[misc]
        for own in ({}, {"timeout_s": 5, "resends": 1})
    )
    agreed = contract(before, before.stations["st1"], started_at=T0, health=healthy)
    link = StationLink(agreed, store, FakeClock(T0), Bells(), Metrics())
    adopt([link], after)
    found = link.contract.manners
    assert (found.timeout_s, found.resends) == (5, 1)
    assert link.contract.station is after.stations["st1"]
