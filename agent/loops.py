"""The analogue inputs of one bus: which range is in use, and when that changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from agent.plan import FactorPlan, Plan
from agent.quality.loop import Span, engineering
from agent.store import parameters
from agent.store.parameters import Kept
from agent.telling import circumstances, tell
from drivers.device import Reading

RANGE = "parameter_range"
AGE_PERIODS = 3.0
"""How many of its periods the point that tells a range may be silent."""


@dataclass(frozen=True, slots=True)
class ActiveRange:
    """The range a factor's value was read under."""

    one: FactorPlan
    told: int
    span: Span


class Loops:
    """What the points that tell ranges said last. Device and teller are on one bus."""

    def __init__(self, plan: Plan) -> None:
        self._periods = {one.id: one.period_s for one in plan.site.devices}
        loops = (one.loop for outlet in plan.outlets.values() for one in outlet.factors.values())
        self._tellers = {
            (loop.selector.device, loop.selector.point) for loop in loops if loop and loop.selector
        }
        self._said: dict[tuple[str, str], tuple[float, float]] = {}

    def see(self, device: str, readings: Sequence[Reading], *, mono: float) -> None:
        """Take what a device says; a point without value is as if it had said nothing."""
        if not self._tellers:
            return
        for one in readings:
            if one.value is not None and (device, one.point) in self._tellers:
                self._said[device, one.point] = one.value, mono

    def told(self, one: FactorPlan, *, mono: float) -> float | None:
        """Give what the point that tells the range says now; None where there is none."""
        selector = one.loop.selector if one.loop else None
        if selector is None:
            return None
        value, at = self._said.get((selector.device, selector.point), (None, 0.0))
        age_s = AGE_PERIODS * self._periods.get(selector.device, one.poll_s)
        return value if mono - at <= age_s else None

    def engineering(self, one: FactorPlan, reading: Reading, *, mono: float) -> Reading:
        """Give a reading as the quantity it stands for; as it is where it is no loop."""
        if one.loop is None:
            return reading
        return engineering(reading, one.loop, one.loop.active(self.told(one, mono=mono)))

    def seen(
        self, factors: Sequence[FactorPlan], readings: Sequence[Reading], *, mono: float
    ) -> Sequence[Reading]:
        """Give readings as they are to be seen: currents as the quantities they stand for."""
        loops = {one.point: one for one in factors if one.loop is not None}
        if not loops:
            return readings
        return [
            self.engineering(loops[each.point], each, mono=mono) if each.point in loops else each
            for each in readings
        ]

    def active(self, factors: Sequence[FactorPlan], *, mono: float) -> tuple[ActiveRange, ...]:
        """Give the ranges in use of those that can change theirs, where they are known."""
        found = []
        for one in factors:
            if one.loop is None:
                continue
            told = self.told(one, mono=mono)
            span = one.loop.active(told) if told is not None else None
            if told is not None and span is not None:
                found.append(ActiveRange(one, round(told), span))
        return tuple(found)


def note_ranges(
    connection: sqlite3.Connection, plan: Plan, ranges: Sequence[ActiveRange], *, now: float
) -> bool:
    """Write down the ranges in use and tell each switch; the first is no switch."""
    switched = False
    for each in ranges:
        one, name = each.one, f"range {each.one.outlet} {each.one.factor}"
        text = f"{each.span[0]:g}..{each.span[1]:g}"
        known = parameters.of(connection, one.device).get(name)
        if known is not None and (known.value, known.text) == (each.told, text):
            continue
        kept = Kept(one.device, name, float(each.told), text, one.loop_unit, now, now)
        parameters.put(connection, kept)
        if known is not None:
            _tell(connection, plan, one, known, kept)
            switched = True
    return switched


def _tell(
    connection: sqlite3.Connection, plan: Plan, one: FactorPlan, old: Kept, new: Kept
) -> None:
    detail = {
        "device": one.device,
        "parameter": "range",
        "unit": new.unit,
        "old": old.text,
        "new": new.text,
        "old_since": old.since,
        **circumstances(connection, plan, one.outlet, one.factor),
    }
    tell(
        connection,
        plan,
        RANGE,
        detail,
        ref=f"{RANGE}:{one.outlet}:{one.factor}:{new.since!r}",
        at=new.since,
        now=new.since,
        outlet=one.outlet,
        factor=one.factor,
    )
