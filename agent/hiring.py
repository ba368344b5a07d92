"""Which workers a plan wants, on what terms, and how each of them is made."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from agent.alarming import Alarming
from agent.bells import Bells
from agent.bundling import Bundling, Courier, Terms, terms
from agent.clock import Clock
from agent.commands.keeping import Keeper
from agent.crew import Post, Worker
from agent.filming import Filming
from agent.freezing import Frozen
from agent.line import Line
from agent.metrics import Metrics
from agent.near import Near
from agent.ops.answers import OpsAnswers
from agent.ops.link import OpsLink, name_of
from agent.plan import Plan, StationPlan
from agent.posts import camera_terms, line_terms, link_terms
from agent.sequence.lead import Lead
from agent.settings.equipment import CameraSettings, SamplerSettings
from agent.settings.storage import stills_directory
from agent.store import signatures
from agent.store.db import Store
from agent.store.frames import FrameLog
from agent.store.series import Names
from agent.timekeeping import Timekeeper
from agent.uplink.contract import contract, manners
from agent.uplink.station import StationLink
from agent.uplink.talk import Receiver
from drivers.settings import AnyBus


@dataclass(frozen=True, slots=True)
class House:
    """What the workers of one daemon share. `plan` and `names` give those in force."""

    file: Path
    plan: Callable[[], Plan]
    names: Callable[[], Names]
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells
    metrics: Metrics
    near: Near
    frames: FrameLog
    started_at: float


@dataclass(frozen=True, slots=True)
class Counters:
    """Who a link turns to: for its health, its credentials, and with what comes down."""

    health: Callable[[str], Awaitable[bytes]]
    keeper: Keeper
    receiver: Receiver
    ops: OpsAnswers


def wanted(house: House, counters: Counters) -> dict[str, Post]:
    """Say which workers are wanted, and on what terms each of them is the same as before."""
    plan = house.plan()
    posts = {f"bus {bus.id}": _line(house, plan, bus) for bus in plan.site.buses}
    posts |= {f"camera {one.id}": _camera(house, plan, one) for one in plan.site.cameras}
    posts |= dict(_sequences(house, plan))
    posts |= _ops(house, plan, counters)
    posts |= _standing(house, plan)
    for station in plan.stations.values():
        posts[f"station {station.id}"] = _station(house, plan, station, counters)
    return posts


def adopt(workers: Iterable[Worker], plan: Plan) -> None:
    """Let links that go on hear of manners that need no new connection."""
    for link in workers:
        if not isinstance(link, StationLink):
            continue
        station = plan.stations.get(link.contract.manners.station)
        if station is not None:
            link.adopt(replace(link.contract, station=station, manners=manners(station)))


def _line(house: House, plan: Plan, bus: AnyBus) -> Post:
    return Post(
        (bus, *line_terms(plan, bus.id)),
        lambda: Line(
            bus,
            plan,
            house.names(),
            house.store,
            house.clock,
            house.time,
            house.bells,
            house.metrics,
            house.near,
        ),
    )


def _camera(house: House, plan: Plan, camera: CameraSettings) -> Post:
    return Post(
        camera_terms(plan, camera),
        lambda: Filming(
            camera, plan, house.store, house.clock, house.bells, stills_directory(plan.site)
        ),
    )


def _sequences(house: House, plan: Plan) -> Iterator[tuple[str, Post]]:
    """Give the leaders of stations; a new plan they ask for themselves."""

    def lead(sampler: SamplerSettings) -> Callable[[], Lead]:
        parts = (house.store, house.clock, house.time, house.bells)
        return lambda: Lead(sampler, house.plan, house.names, *parts)

    for sampler in plan.site.samplers:
        if sampler.sequence == "agent":
            yield f"sequence {sampler.id}", Post(sampler, lead(sampler))


def _ops(house: House, plan: Plan, counters: Counters) -> dict[str, Post]:
    name = name_of(plan)
    return {
        f"ops {server.id}": Post(
            (server, name),
            functools.partial(OpsLink, server, name, counters.ops, house.store, house.clock),
        )
        for server in plan.site.ops_servers()
    }


def _standing(house: House, plan: Plan) -> dict[str, Post]:
    """Give those who go by the plan in force, whatever it is."""
    parts = (house.plan, house.store, house.clock, house.bells)
    return {
        "alarms": Post(plan.site.alarms, lambda: Alarming(*parts)),
        "frozen": Post((), lambda: Frozen(*parts, house.near.keep_pace)),
        "bundles": Post((), lambda: Bundling(house.file, *parts)),
    }


def _station(house: House, plan: Plan, station: StationPlan, counters: Counters) -> Post:
    agreed = contract(
        plan,
        station,
        started_at=house.started_at,
        health=counters.health,
        credentials=counters.keeper.in_force,
    )
    return Post(
        link_terms(station),
        lambda: StationLink(
            agreed,
            house.store,
            house.clock,
            house.bells,
            house.metrics,
            receiver=counters.receiver,
            frames=house.frames,
            carry=_courier(house, station.id).carry,
        ),
    )


def _courier(house: House, station: str) -> Courier:
    """Give who carries a station's bundles, by the terms in force."""

    def agreed() -> Terms:
        plan = house.plan()
        found = plan.stations.get(station)
        # one that a reload gave up has its link for a moment longer
        return terms(found.destination, plan.site.evidence) if found else Terms(1, 0)

    unit = house.plan().site.unit.code
    key = functools.partial(signatures.public_half, house.store.path.parent)
    return Courier(station, unit, key, agreed, house.store, house.clock, house.bells)
