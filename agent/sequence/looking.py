"""What the sequence of a sampler goes by: how it was settled, what was ordered, what came of it."""

from __future__ import annotations

import sqlite3

from agent.model import Kind, Period
from agent.operating import operation_for
from agent.plan import OutletPlan, Plan
from agent.sequence.course import HOUR_S, Course, Ordered, Seen
from agent.settings.equipment import SamplerSettings
from agent.store import actions, measurements, statistics
from agent.store.series import Names
from protocols.hj212.times import BEIJING_OFFSET_S

DAY_S = 86_400
BACK_S = 3 * HOUR_S
"""How far back orders have to do with what is due now; those of a check, a day."""


def step_ref(settings: SamplerSettings, name: str) -> str:
    """Give the name that a step is ordered and told under, once."""
    return f"sequence:{settings.id}:{name}"


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
    prefix = step_ref(settings, "")
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


def _can(plan: Plan, device: str, kind: str) -> bool:
    return operation_for(plan.profiles[device], kind, {}) is not None
