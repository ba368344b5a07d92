"""What the daemon says of itself: to `paikou status`, and every minute to the platform."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from agent import __version__
from agent.clock import Clock
from agent.commands.shown import shown
from agent.contacts import shown as contacts_shown
from agent.control import CONTROL
from agent.dues import dues
from agent.filming import Filming
from agent.line import Line
from agent.ordering.shown import waiting
from agent.plan import Plan
from agent.records import all_lacking
from agent.report import DeviceHealth, Health, LinkHealth, SignedHead
from agent.scoring import shown as scores_shown
from agent.store import (
    actions,
    alarms,
    bundles,
    events,
    exchanges,
    gaps,
    holds,
    journal,
    maintenance,
    outbox,
    series,
    signatures,
)
from agent.store.db import Store
from agent.timekeeping import Timekeeper
from agent.uplink.station import StationLink

GAP_DAYS = 31
"""How far back `status` looks for what a platform has not got."""
_MB = 1024 * 1024
_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")


@dataclass(slots=True)
class Observatory:
    """Looks at every part and changes none. `lines` and `links` give what runs right now."""

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    time: Timekeeper
    started_at: float
    lines: Callable[[], Sequence[Line]]
    links: Callable[[], Sequence[StationLink]]
    cameras: Callable[[], Sequence[Filming]] = tuple

    async def health(self, station: str) -> bytes:
        """Make the health notice of one station."""
        depth, head, signed = await self.store.read(
            lambda connection: (
                outbox.depth(connection, station),
                journal.head(connection),
                signatures.newest(connection),
            )
        )
        notice = Health(
            at=self.clock.now(),
            version=__version__,
            devices=self._devices(),
            outbox=depth.open,
            oldest_at=depth.oldest_at,
            disk_free_mb=shutil.disk_usage(self.store.path.parent).free // _MB,
            store_mb=self.store.path.stat().st_size // _MB,
            disk_times_full=self.store.room.times_full,
            clock_trusted=self.time.trusted,
            clock_epoch=self.time.epoch,
            temperature_c=_temperature(),
            journal_head=head,
            signed=SignedHead(**asdict(signed)) if signed else None,
            link=self._link_health(station),
        )
        return notice.payload()

    async def status(self) -> dict[str, Any]:
        """Make the whole picture, as plain JSON."""
        stations = [await self._station(link) for link in self.links()]
        recent, orders = await self.store.read(_recent)
        plan = self.plan()
        switched, contacts, serials = await self.store.read(
            lambda connection: _acts(connection, plan)
        )
        now = self.clock.now()
        scores = await self.store.read(lambda at: list(scores_shown(at, plan, now)))
        for one in contacts:
            if not any(line.knows(one["id"]) for line in self.lines()):
                one["on"] = None  # nobody looked yet
        return {
            "version": __version__,
            "unit": self.plan().site.unit.model_dump(),
            "since": self.started_at,
            "now": self.clock.now(),
            "clock": {"trusted": self.time.trusted, "epoch": self.time.epoch},
            "devices": [
                {**self._device(state), **serials.get(state.id, {})}
                for line in self.lines()
                for state in line.states
            ],
            "alarms": [dataclasses.asdict(one) for one in await self.store.read(alarms.open_ones)],
            "lines": [line.exchanges for line in self.lines()],
            "maintenance": switched,
            "supervision": await self.store.read(waiting),
            "inputs": contacts,
            "scores": scores,
            "out_of_control": await self.store.read(_uncontrolled),
            "stations": stations,
            "disk": {
                "store_mb": self.store.path.stat().st_size // _MB,
                "free_mb": shutil.disk_usage(self.store.path.parent).free // _MB,
                "times_full": self.store.room.times_full,
                "rows_given_up": self.store.room.given_up,
            },
            "events": recent,
            "actions": orders,
            "cameras": [one.shown() for one in self.cameras()],
            **await self.store.read(_evidence),
        }

    async def owed(self) -> dict[str, int]:
        """Count the packets that each station is owed."""
        names = [link.contract.manners.station for link in self.links()]
        return await self.store.read(
            lambda connection: {name: outbox.depth(connection, name).open for name in names}
        )

    def _link_health(self, station: str) -> LinkHealth | None:
        links = [one for one in self.links() if one.contract.manners.station == station]
        return self._counted(links[0]) if links else None

    def _counted(self, link: StationLink) -> LinkHealth:
        counts = dataclasses.asdict(link.counts())
        return LinkHealth(**counts, unconfirmed=link.state.confirmation.unconfirmed)

    def _devices(self) -> tuple[DeviceHealth, ...]:
        return tuple(
            DeviceHealth(
                id=state.id,
                bus=state.bus,
                ok=state.ok,
                cause=state.cause,
                last_good_at=state.last_good_at,
            )
            for line in self.lines()
            for state in line.states
        )

    def _device(self, state: Any) -> dict[str, Any]:
        plan = self.plan()
        factors = {one.point: one for one in plan.factors_of(state.id)}
        profile = plan.profiles.get(state.id)
        quantities = (*profile.points, *profile.values) if profile else ()
        names = {one.id: one.name for one in quantities}
        return {
            "id": state.id,
            "bus": state.bus,
            "ok": state.ok,
            "cause": state.cause,
            "last_good_at": state.last_good_at,
            "readings": [
                {
                    "point": reading.point,
                    "name": names.get(reading.point, ""),
                    "outlet": factors[reading.point].outlet if reading.point in factors else "",
                    "factor": factors[reading.point].factor if reading.point in factors else "",
                    "value": reading.value,
                    "unit": reading.unit,
                    "cause": reading.cause.value,
                    "reason": reading.reason,
                    "taken_at": reading.taken_at,
                    "measured_at": reading.measured_at,
                }
                for reading in state.readings
            ],
        }

    async def _station(self, link: StationLink) -> dict[str, Any]:
        name = link.contract.manners.station
        depth = await self.store.read(lambda connection: outbox.depth(connection, name))
        set_ = await self.store.read(lambda connection: shown(connection, name))
        lacking = await self.store.read_apart(lambda connection: self._gaps(connection, name))
        return {
            "id": name,
            "mn": link.contract.mn,
            "linked": link.state.linked,
            "address": link.state.address,
            "since": link.state.since,
            "error": link.state.error,
            "drops": link.state.drops,
            "taken_over": link.state.taken_over,
            "unconfirmed": link.state.confirmation.unconfirmed,
            "outbox": depth.open,
            "oldest_at": depth.oldest_at,
            "gaps": lacking,
            "set": set_,
            "interface": link.state.interface,
            "link": self._counted(link).model_dump(),
        }

    def _gaps(self, connection: sqlite3.Connection, name: str) -> dict[str, dict[str, int]]:
        """Count what a platform has not got of the last days: kind -> why -> periods."""
        plan, now = self.plan(), self.clock.now()
        station = plan.stations.get(name)
        if station is None:
            return {}
        names = series.load(connection)
        back_s = GAP_DAYS * 86_400
        found = dues(
            connection,
            station,
            names=names,
            now=now,
            kept_days=plan.site.storage.years * 366,
            looking_back_s=back_s,
        )
        periods = (gap for due in found for gap in gaps.gaps(connection, due))
        beside = all_lacking(connection, plan, station, names=names, now=now, looking_back_s=back_s)
        return gaps.counted(itertools.chain(periods, beside))


def _recent(connection: sqlite3.Connection) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    told = [
        {
            "id": one.id,
            "kind": one.kind,
            "at": one.at,
            "outlet": one.outlet,
            "factor": one.factor,
            "ended_at": one.ended_at,
            "detail": one.detail,
        }
        for one in events.newest(connection, 20)
    ]
    orders = [
        {
            "id": one.id,
            "device": one.device,
            "kind": one.kind,
            "state": one.state,
            "request": one.request,
            "outcome": one.outcome,
        }
        for one in actions.newest(connection, 10)
        if one.kind != "probe"
    ]
    return told, orders


def _uncontrolled(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Give the instruments that prove nothing right now, and why."""
    return [
        {"outlet": one.outlet, "factor": one.factor, "since": one.at, "why": one.detail["why"]}
        for one in events.all_open(connection, CONTROL)
    ]


def _acts(
    connection: sqlite3.Connection, plan: Plan
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, dict[str, Any]]]:
    """Give what is switched on, how contacts stand, and which instruments stand where."""
    switched = [dataclasses.asdict(one) for one in maintenance.open_ones(connection)]
    standing = {
        device: (exchanges.standing(connection, device), exchanges.stand_in(connection, device))
        for device in plan.devices()
    }
    serials = {
        device: {
            "serial": act.serial if act else "",
            "serial_since": act.at if act else None,
            "stand_in": other,
        }
        for device, (act, other) in standing.items()
    }
    return switched, list(contacts_shown(connection, plan)), serials


def _evidence(connection: sqlite3.Connection) -> dict[str, list[dict[str, Any]]]:
    """Give what is frozen, and how far the newest bundles are."""
    told = ("station", "ref", "event", "state", "bytes", "acked", "done_at", "outcome")
    return {
        "frozen": [dataclasses.asdict(one) for one in holds.open_ones(connection)],
        "bundles": [
            {name: getattr(one, name) for name in told} | {"parts": one.parts}
            for one in bundles.newest(connection, 10)
        ],
    }


def _temperature() -> float | None:
    try:
        return int(_THERMAL.read_text(encoding="ascii")) / 1000
    except (OSError, ValueError):
        return None
