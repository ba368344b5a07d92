"""Leads the sequence of a station: what is due becomes rows, and their workers do it.

It drives no device itself. A step is an action row under a name of its own, so that a restart, or
a crash between two rows, orders nothing twice.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, replace

from agent.bells import Bells
from agent.clock import Clock
from agent.keeping import order_bottle
from agent.model import Kind, Period
from agent.operating import operation_for
from agent.plan import OutletPlan, Plan
from agent.rules import RetentionOrder
from agent.rules.keeping import SPARE_S, TURN_S
from agent.sequence.course import HOUR_S, Course, Ordered, Seen, Step, due
from agent.settings.equipment import SamplerSettings
from agent.store import actions, events, journal, measurements, statistics
from agent.store.db import Store
from agent.store.series import Names
from agent.telling import tell
from agent.timekeeping import Timekeeper
from protocols.hj212.times import BEIJING_OFFSET_S

log = logging.getLogger(__name__)

LOOK_S = 5.0
DAY_S = 86_400
BACK_S = 3 * HOUR_S
"""How far back orders have to do with what is due now; those of a check, a day."""
TOLD = {
    "no_composite": "no sample of the hour was collected",
    "no_verdict": "not every result came in time",
    "no_check": "the daily check was not done",
}


@dataclass(frozen=True, slots=True)
class Lead:
    """The sequence of one sampler that the agent leads."""

    settings: SamplerSettings
    plan: Callable[[], Plan]
    names: Callable[[], Names]
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_S)

    async def look(self) -> list[Step]:
        """Order what is due; gives it."""
        if not self.time.trusted:
            return []
        now, plan, names = self.clock.now(), self.plan(), self.names()
        course = course_of(plan, self.settings)

        def ask(connection: sqlite3.Connection) -> list[Step]:
            seen = look_back(connection, plan, names, self.settings, now=now)
            return [
                one
                for one in due(course, seen, now)
                if one.kind not in TOLD
                or not events.known(connection, _ref(self.settings, one.name))
            ]

        wanted = await self.store.read(ask)
        if wanted:
            await self.store.write(
                lambda connection: self._order(connection, plan, wanted, now=now)
            )
            devices = {one.device or self.settings.id for one in wanted}
            self.bells.ring(*(f"actions:{one}" for one in devices), *plan.outbox_bells())
        return wanted

    def _order(
        self, connection: sqlite3.Connection, plan: Plan, wanted: list[Step], *, now: float
    ) -> None:
        for step in wanted:
            if step.kind in TOLD:
                _tell(connection, plan, self.settings, step, now=now)
            elif step.kind == "retain":
                _retain(connection, plan, self.settings, step, now=now)
            else:
                _act(connection, plan, self.settings, step, now=now)


def course_of(plan: Plan, settings: SamplerSettings) -> Course:
    """Read how a sampler's sequence was settled."""
    outlet, said = plan.outlets[settings.outlet], settings.course
    wanted = settings.analyzers or tuple(dict.fromkeys(one.device for one in outlet.batch))
    check_at = None
    if said.check_at is not None:
        hours, minutes = said.check_at.split(":")
        check_at = int(hours) * 3600 + int(minutes) * 60
    return Course(
        sampler=settings.id,
        analyzers=tuple(one for one in wanted if _can(plan, one, "measure")),
        checked=tuple(one for one in wanted if _can(plan, one, "check")),
        by_flow=said.proportional == "flow" and outlet.flow is not None,
        every_s=said.every_min * 60,
        every_m3=said.every_m3 or 1.0,
        most=said.most,
        stagger_s=said.stagger_min * 60,
        verdict_s=said.verdict_min * 60,
        retain_without=said.no_verdict == "retain",
        check_at=check_at,
    )


def look_back(
    connection: sqlite3.Connection,
    plan: Plan,
    names: Names,
    settings: SamplerSettings,
    *,
    now: float,
) -> Seen:
    """Read what was ordered before and what came of it."""
    outlet = plan.outlets[settings.outlet]
    hour = int(now) // HOUR_S * HOUR_S
    steps: dict[str, Ordered] = {}
    prefix = _ref(settings, "")
    # names begin with their hour, so that what is long over is not even looked at
    first, last = f"{prefix}{hour - DAY_S - BACK_S}", f"{prefix}~"
    for one in actions.with_refs(connection, first, last):
        steps[one.ref.removeprefix(prefix)] = Ordered(one.state, one.finished_at)
    hours = [hour - back for back in (HOUR_S, 2 * HOUR_S)]
    retains = [one for one in actions.open_ones(connection, settings.id) if one.kind == "retain"]
    return Seen(
        judged=frozenset(
            each for each in hours if _judged(connection, outlet, settings, names, hour=each)
        ),
        keeping=frozenset(int(one.request.get("sampled_at") or 0) for one in retains),
        kept_blind=frozenset(each for each in hours if f"{each}:retain" in steps),
        volume_m3=_volume(connection, outlet, names, hour),
        midnight=(now + BEIJING_OFFSET_S) // DAY_S * DAY_S - BEIJING_OFFSET_S,
        steps=steps,
    )


def _judged(
    connection: sqlite3.Connection,
    outlet: OutletPlan,
    settings: SamplerSettings,
    names: Names,
    *,
    hour: int,
) -> bool:
    """Say whether every result of an hour's water is there; a value of any cause is one."""
    waited = [
        one for one in outlet.batch if not settings.analyzers or one.device in settings.analyzers
    ]
    return bool(waited) and all(
        measurements.of_hour(connection, hour, outlet=outlet.id, factor=one.factor, names=names)
        for one in waited
    )


def _volume(
    connection: sqlite3.Connection, outlet: OutletPlan, names: Names, hour: int
) -> float | None:
    """Give what flowed since the hour began; None where a closed minute has no volume."""
    if outlet.flow is None:
        return None
    minutes = statistics.between(
        connection, Period(Kind.MINUTE, hour), hour + HOUR_S, outlet.id, names
    )
    found = [row.cou for row in minutes if row.factor == outlet.flow]
    if not found or any(one is None for one in found):
        return None
    return sum(one for one in found if one is not None)


def _act(
    connection: sqlite3.Connection,
    plan: Plan,
    settings: SamplerSettings,
    step: Step,
    *,
    now: float,
) -> None:
    operation = {"portion": "sample", "supply": "supply", "drain": "drain"}.get(step.kind)
    name = (
        f"{operation}_{step.vessel.lower()}"
        if operation
        else operation_for(plan.profiles[step.device], step.kind, {})
    )
    request: dict[str, object] = {
        "outlet": settings.outlet,
        "factor": "",
        "operation": name,
        "arguments": {},
        "hour": step.hour,
        "vessel": step.vessel,
    }
    ref = _ref(settings, step.name)
    added = actions.add(
        connection,
        ref=ref,
        device=step.device,
        kind=step.kind,
        cause="sequence",
        request=request,
        now=now,
        not_after=step.not_after,
    )
    if added:
        detail = {"ref": ref, "device": step.device, "operation": name, "hour": step.hour}
        journal.add(connection, "sequence step ordered", detail, at=now)


def _retain(
    connection: sqlite3.Connection,
    plan: Plan,
    settings: SamplerSettings,
    step: Step,
    *,
    now: float,
) -> None:
    """Keep a bottle of water that nobody judged."""
    until, moment = step.hour + TURN_S - SPARE_S, float(step.hour + HOUR_S)
    keeping = plan.outlets[settings.outlet].keeping
    order = RetentionOrder(
        settings.outlet, "", None, None, step.hour, moment, until, mode="no_verdict"
    )
    order = replace(order, bottles=keeping.bottles if keeping else 1, vessel=step.vessel)
    order_bottle(connection, plan, settings.id, order, ref=_ref(settings, step.name), now=now)


def _tell(
    connection: sqlite3.Connection,
    plan: Plan,
    settings: SamplerSettings,
    step: Step,
    *,
    now: float,
) -> None:
    ref, where = _ref(settings, step.name), settings.outlet
    detail = {"sampler": settings.id, "hour": step.hour, "vessel": step.vessel}
    detail |= {"device": step.device, "why": TOLD[step.kind]}
    if step.kind == "no_verdict":
        detail["then"] = settings.course.no_verdict
    tell(connection, plan, f"sequence_{step.kind}", detail, ref=ref, at=now, now=now, outlet=where)


def _can(plan: Plan, device: str, kind: str) -> bool:
    return operation_for(plan.profiles[device], kind, {}) is not None


def _ref(settings: SamplerSettings, name: str) -> str:
    return f"sequence:{settings.id}:{name}"
