"""The steps that are due, as rows: orders for devices, bottles, and what is told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, replace

from agent.keeping import order_bottle
from agent.operating import operation_for
from agent.plan import Plan
from agent.rules import RetentionOrder
from agent.rules.keeping import SPARE_S, TURN_S
from agent.sequence.course import HOUR_S, Step
from agent.sequence.looking import step_ref
from agent.settings.equipment import SamplerSettings
from agent.store import actions, journal
from agent.telling import tell

TOLD = {
    "no_composite": "no sample of the hour was collected",
    "no_verdict": "not every result came in time",
    "no_check": "the daily check was not done",
}
_MOVES = {"portion": "sample", "supply": "supply", "drain": "drain"}
"""What is done with a vessel, by the kind of a step."""


@dataclass(frozen=True, slots=True)
class Orders:
    """Writes the steps of one sampler, in the open transaction."""

    connection: sqlite3.Connection
    plan: Plan
    settings: SamplerSettings
    now: float

    def add(self, steps: Iterable[Step]) -> None:
        """Write steps down; one that is there already is not ordered again."""
        for step in steps:
            self._add(step)

    def _add(self, step: Step) -> None:
        ref = step_ref(self.settings, step.name)
        if step.kind in TOLD:
            self._tell(step, ref)
        elif step.kind == "retain":
            self._retain(step, ref)
        else:
            self._act(step, ref)

    def _act(self, step: Step, ref: str) -> None:
        move = _MOVES.get(step.kind)
        name = (
            f"{move}_{step.vessel.lower()}"
            if move
            else operation_for(self.plan.profiles[step.device], step.kind, {})
        )
        request: dict[str, object] = {
            "outlet": self.settings.outlet,
            "factor": "",
            "operation": name,
            "arguments": {},
            "hour": step.hour,
            "vessel": step.vessel,
        }
        added = actions.add(
            self.connection,
            ref=ref,
            device=step.device,
            kind=step.kind,
            cause="sequence",
            request=request,
            now=self.now,
            not_after=step.not_after,
        )
        if added:
            detail = {"ref": ref, "device": step.device, "operation": name, "hour": step.hour}
            journal.add(self.connection, "sequence step ordered", detail, at=self.now)

    def _retain(self, step: Step, ref: str) -> None:
        """Keep a bottle of water that nobody judged."""
        outlet = self.settings.outlet
        until, moment = step.hour + TURN_S - SPARE_S, float(step.hour + HOUR_S)
        keeping = self.plan.outlets[outlet].keeping
        order = RetentionOrder(outlet, "", None, None, step.hour, moment, until, mode="no_verdict")
        order = replace(order, bottles=keeping.bottles if keeping else 1, vessel=step.vessel)
        order_bottle(self.connection, self.plan, self.settings.id, order, ref=ref, now=self.now)

    def _tell(self, step: Step, ref: str) -> None:
        settings, now = self.settings, self.now
        detail = {"sampler": settings.id, "hour": step.hour, "vessel": step.vessel}
        detail |= {"device": step.device, "why": TOLD[step.kind]}
        if step.kind == "no_verdict":
            detail["then"] = settings.course.no_verdict
        kind = f"sequence_{step.kind}"
        tell(
            self.connection,
            self.plan,
            kind,
            detail,
            ref=ref,
            at=now,
            now=now,
            outlet=settings.outlet,
        )
