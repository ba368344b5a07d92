"""How an order begins and ends, as rows: each with what is told of it, in one commit."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.bells import Bells
from agent.bottling import note_kept, tell_failure, tell_put_off
from agent.clock import Clock
from agent.operating import End
from agent.plan import Plan
from agent.store import actions, journal
from agent.store.actions import Action
from agent.store.db import Store
from drivers.device import DeviceError, RetentionRecord, SamplerStatus

Outcome = Mapping[str, Any]

LATE: Outcome = {"reason": "its deadline had passed"}
_ASKED = ("operation", "arguments", "parameter", "value", "unit", "outlet", "asked_for")
"""What of an order's request is journalled with its end."""


@dataclass(frozen=True, slots=True)
class Endings:
    """Writes what becomes of orders, and wakes who waits for it."""

    plan: Plan
    store: Store
    clock: Clock
    bells: Bells

    async def begin(self, action: Action, before: object) -> None:
        """Write down that an order goes out, and how things were before it."""
        now, mono = self.clock.now(), self.clock.monotonic()
        await self.store.write(
            lambda connection: actions.start(
                connection, action.id, before=before, now=now, mono=mono
            )
        )

    async def requeue(self, action: Action) -> None:
        """Take the beginning back: the device did nothing and may be asked again."""
        await self.store.write(lambda connection: actions.requeue(connection, action.id))

    async def doubt(self, action: Action) -> None:
        """Write down that nobody knows whether it was done."""
        await self.store.write(lambda connection: actions.doubt(connection, action.id))

    async def finish(self, action: Action, state: str, outcome: Outcome) -> None:
        """End an order; a bottle that was not kept is told."""
        now = self.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            actions.finish(connection, action.id, state, outcome=outcome, now=now)
            if action.kind == "retain":
                tell_failure(connection, self.plan, action, state, outcome=outcome, now=now)

        await self.store.write(job)
        self.bells.ring("probed", *self.plan.outbox_bells(), *self.plan.command_bells())

    async def operated(self, action: Action, end: End) -> None:
        """End what an instrument was told to do."""
        now, request = self.clock.now(), action.request
        station = request.get("station")
        who = f"platform:{station}" if station else "agent"
        asked = {name: request[name] for name in _ASKED if name in request}
        detail = {"device": action.device, "ref": action.ref, **asked, **end.outcome}

        def job(connection: sqlite3.Connection) -> None:
            actions.finish(connection, action.id, end.state, outcome=end.outcome, now=now)
            journal.add(connection, f"{action.kind} {end.state}", detail, at=now, who=who)

        await self.store.write(job)
        self.bells.ring("probed", *self.plan.command_bells())

    async def kept(
        self, action: Action, record: RetentionRecord, status: SamplerStatus | None = None
    ) -> None:
        """Write the outcome, the bottles, the event and the platforms' reports in one commit."""
        now = self.clock.now()
        await self.store.write(
            lambda connection: note_kept(
                connection, self.plan, action, record, status=status, now=now
            )
        )
        self.bells.ring("probed", *self.plan.outbox_bells(), *self.plan.command_bells())

    async def put_off(self, action: Action, reason: str) -> None:
        """Tell that an order waits, and why."""
        now = self.clock.now()
        await self.store.write(
            lambda connection: tell_put_off(connection, self.plan, action, reason, now=now)
        )
        self.bells.ring(*self.plan.outbox_bells())

    async def unknown(self, action: Action, error: DeviceError) -> None:
        """Tell, once, that nobody can say whether a bottle was kept; the order stays open."""
        now = self.clock.now()
        outcome = {"reason": f"ordered, and the sampler does not answer: {error}"}
        await self.store.write(
            lambda connection: tell_failure(
                connection, self.plan, action, "unknown", outcome=outcome, now=now
            )
        )
        self.bells.ring(*self.plan.outbox_bells())
