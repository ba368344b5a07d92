"""The maintenance switch (维护/停产): turned on by a person or a key, off again, or by itself.

While it is on, values stay as they were measured and their cause is what the switch says. Every
turn is a row, a line of the journal and an event in one commit; the rows survive a restart.
"""

from __future__ import annotations

import dataclasses
import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from agent.bells import Bells
from agent.clock import Clock
from agent.model import Cause, Measurement, Sample
from agent.plan import Plan
from agent.store import events, maintenance
from agent.store.db import Store
from agent.store.maintenance import Switched
from agent.telling import closed, tell

log = logging.getLogger(__name__)

MAINTENANCE = "maintenance"
KINDS: Mapping[str, Cause] = {
    "maintenance": Cause.MAINTENANCE,
    "stopped": Cause.STOPPED,
    "calibration": Cause.CALIBRATION,
}
OPERATOR = "operator"
DEFAULT_S = 2 * 3600.0
LONGEST_S = 30 * 86_400.0
"""Longer than this nobody switches: what lasts is a mark."""
LOOK_S = 2.0


class Act(Protocol):
    """Something a person asked for, as a job of a write transaction."""

    def __call__(
        self, connection: sqlite3.Connection, plan: Plan, asked: Mapping[str, Any], /, *, now: float
    ) -> dict[str, Any]:
        """Do it; gives what was done, or `error` and nothing was."""


class Held:
    """What is switched on, as one look at the rows found it."""

    def __init__(self, switched: list[Switched]) -> None:
        # of two for the same place the later one counts
        self._by_place = {(one.outlet, one.factor): one for one in switched}

    def __bool__(self) -> bool:
        """Whether anything is switched on."""
        return bool(self._by_place)

    def of(self, outlet: str, factor: str, at: float) -> Switched | None:
        """Give the switch that holds for a factor; its own before that of the whole outlet."""
        for place in ((outlet, factor), (outlet, "")):
            found = self._by_place.get(place)
            if found is not None and at < found.until:
                return found
        return None

    def sample(self, sample: Sample, at: float) -> Sample:
        """Give a sample the cause of the switch; its value stays."""
        found = self.of(sample.outlet, sample.factor, at) if self._by_place else None
        if found is None:
            return sample
        return sample._replace(cause=KINDS[found.kind], reason=f"switch: {found.kind}")

    def result(self, result: Measurement, at: float) -> Measurement:
        """Give a result the cause of the switch; its value stays."""
        found = self.of(result.outlet, result.factor, at) if self._by_place else None
        return result if found is None else dataclasses.replace(result, cause=KINDS[found.kind])


def held(connection: sqlite3.Connection) -> Held:
    """Look at what is switched on."""
    return Held(maintenance.open_ones(connection))


def maintain(
    connection: sqlite3.Connection, plan: Plan, asked: Mapping[str, Any], *, now: float
) -> dict[str, Any]:
    """Turn the switch as asked: `outlet`, `factors`, `kind`, `who`, `why`, `for_s`, or `end`.

    Gives what was done, or `error` and nothing was.
    """
    outlet = str(asked.get("outlet", ""))
    factors = [str(code) for code in asked.get("factors", ())]
    who, why = str(asked.get("who", "")).strip(), str(asked.get("why", "")).strip()
    if outlet not in plan.outlets:
        known_ones = ", ".join(plan.outlets)
        return {"error": f"{outlet}: 没有这个排放口 / no such outlet; {known_ones}"}
    known = plan.outlets[outlet].factors
    for code in factors:
        if code not in known:
            return {"error": f"{outlet}/{code}: 没有这个因子 / no such factor; {', '.join(known)}"}
    if not who:
        return {"error": "须写明经办人 / who is wanted"}
    if asked.get("end"):
        ended = turn_off(connection, plan, outlet, factors, by=who, now=now)
        if not ended:
            return {"error": f"{outlet}: 没有打开的维护开关 / nothing is switched on"}
        return {"ended": ended}
    kind, for_s = str(asked.get("kind", "")), float(asked.get("for_s") or DEFAULT_S)
    if kind not in KINDS or not why or not 0 < for_s <= LONGEST_S:
        kinds = ", ".join(KINDS)
        return {"error": f"须有类别（{kinds}）、原因，最长 30 天 / kind, why, 30 days at most"}
    until = now + for_s
    for factor in factors or [""]:
        switched = Switched(0, outlet, factor, kind, who, why, OPERATOR, now, until)
        turn_on(connection, plan, switched, now=now)
    return {"outlet": outlet, "factors": factors, "kind": kind, "until": until}


def turn_on(connection: sqlite3.Connection, plan: Plan, switched: Switched, *, now: float) -> int:
    """Turn a switch on; one of the same source at the same place is ended by it."""
    for one in maintenance.open_ones(connection):
        if _place(one) == _place(switched) and one.source == switched.source:
            _end(connection, plan, one, by=switched.who, at=now, now=now)
    number = maintenance.add(connection, switched)
    tell(
        connection,
        plan,
        MAINTENANCE,
        {
            "switch": number,
            "kind": switched.kind,
            "who": switched.who,
            "why": switched.why,
            "source": switched.source,
            "until": switched.until,
        },
        ref=f"{MAINTENANCE}:{number}:{switched.began_at!r}",
        at=now,
        now=now,
        outlet=switched.outlet,
        factor=switched.factor,
        lasts=True,
    )
    return number


def turn_off(
    connection: sqlite3.Connection,
    plan: Plan,
    outlet: str,
    factors: list[str],
    *,
    by: str,
    now: float,
    source: str | None = None,
) -> list[int]:
    """Turn switches off; without factors all of the outlet. Gives the numbers of those ended."""
    ended = []
    for one in maintenance.open_ones(connection):
        meant = one.outlet == outlet and (not factors or one.factor in factors)
        if meant and source in (None, one.source):
            _end(connection, plan, one, by=by, at=now, now=now)
            ended.append(one.id)
    return ended


def _place(one: Switched) -> tuple[str, str]:
    return one.outlet, one.factor


def _end(
    connection: sqlite3.Connection, plan: Plan, one: Switched, *, by: str, at: float, now: float
) -> None:
    if not maintenance.end(connection, one.id, at=at, by=by):
        return
    for event in events.open_ones(connection, MAINTENANCE, outlet=one.outlet, factor=one.factor):
        if event.detail.get("switch") == one.id:
            told = dataclasses.replace(event, detail={**event.detail, "ended_by": by})
            events.update(connection, event.id, told.detail)
            closed(connection, plan, told, at=at, now=now)


@dataclass(slots=True)
class MaintenanceEnd:
    """Turns off what has lasted its time. `plan` gives the plan in force.

    Time that went by is told by the monotonic clock, too: the wall clock may be set back.
    """

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    bells: Bells
    _deadlines: dict[int, float] = field(default_factory=dict)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.bells.wait(MAINTENANCE, LOOK_S / self.clock.speed)
            await self.look()

    async def look(self) -> list[int]:
        """End what is over; gives the numbers of the switches."""
        if not self.clock.sane():
            return []
        now, mono = self.clock.now(), self.clock.monotonic()
        on = await self.store.read(maintenance.open_ones)
        self._deadlines = {
            one.id: self._deadlines.get(one.id, mono + one.until - max(now, one.began_at))
            for one in on
        }
        over = [one for one in on if now >= one.until or mono >= self._deadlines[one.id]]
        if not over:
            return []

        def job(connection: sqlite3.Connection) -> None:
            for one in over:
                at = min(now, one.until)
                _end(connection, self.plan(), one, by="time", at=at, now=now)

        await self.store.write(job)
        for one in over:
            log.warning("%s %s: switch %s ended by itself", one.outlet, one.factor, one.kind)
        self.bells.ring(*self.plan().outbox_bells())
        return [one.id for one in over]
