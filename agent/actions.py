"""Makes devices act: takes an order's row, drives the device, writes outcome and report.

At most once and never after the deadline. What was running when the process died is settled from
the device's own record, or said to be unknown; it is never done again.
"""

from __future__ import annotations

import dataclasses
import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agent import report
from agent.bells import Bells
from agent.clock import Clock
from agent.exceedance import RETENTION
from agent.plan import Plan
from agent.store import actions, journal, outbox
from agent.store.actions import Action
from agent.store.db import Store
from agent.telling import tell
from drivers.device import Cause, DeviceError, Refused, RetentionRecord, Sampler
from drivers.sampler import TIMEOUT_S

log = logging.getLogger(__name__)

LOOK_S = 2.0
RETENTION_S = TIMEOUT_S
"""How long after an order its record may still appear."""

_LATE = {"reason": "its deadline had passed"}

Outcome = Mapping[str, Any]
Probe = Callable[[], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class DeviceActions:
    """The orders of one device. `sampler` is None for a device that keeps no bottles."""

    device: str
    sampler: Sampler | None
    probe: Probe
    plan: Plan
    store: Store
    clock: Clock
    bells: Bells

    async def run(self) -> None:
        """Work off this device's orders, for ever."""
        while True:
            action = await self.store.read(
                lambda connection: actions.next_open(connection, self.device)
            )
            if action is None or not self._can_tell_time(action):
                await self.bells.wait(f"actions:{self.device}", LOOK_S / self.clock.speed)
            elif action.state == "queued":
                await self._take(action)
            else:
                await self._settle(action)

    def _can_tell_time(self, action: Action) -> bool:
        """Say whether a deadline means anything: under a clock that cannot be right none does."""
        return action.kind != "retain" or self.clock.sane()

    async def _take(self, action: Action) -> None:
        if self._late(action):
            await self._finish(action, "expired", _LATE)
        elif action.kind == "probe":
            await self._begin(action, None)
            await self._finish(action, "done", await self.probe())
        elif action.kind == "retain" and self.sampler is not None:
            await self._retain(action, self.sampler)
        else:
            await self._finish(action, "refused", {"reason": f"{self.device} cannot do that"})

    def _late(self, action: Action) -> bool:
        return self.clock.now() > action.not_after

    async def _retain(self, action: Action, sampler: Sampler) -> None:
        """Keep a bottle. The sampler's last record is written down before the order goes out."""
        try:
            status = await sampler.status()
            before = await sampler.last_retention()
        except DeviceError as error:
            # nothing was ordered yet: the row stays, until its deadline
            log.warning("%s: not asked for a bottle yet: %s", self.device, error)
            await self.bells.wait(f"actions:{self.device}", LOOK_S)
            return
        if status.free == 0:
            await self._finish(action, "refused", {"reason": "no free bottle"})
            return
        if status.state is not Cause.NORMAL:
            log.warning("%s: not asked for a bottle yet: it is %s", self.device, status.text)
            await self.bells.wait(f"actions:{self.device}", LOOK_S)
            return
        if self._late(action):  # by now: a busy line makes asking take its time
            await self._finish(action, "expired", _LATE)
            return
        await self._begin(action, before)
        try:
            record = await sampler.retain(before)
        except Refused as error:
            await self._finish(action, "refused", {"reason": str(error)})
        except DeviceError as error:
            log.error("%s: it is not known whether a bottle was kept: %s", self.device, error)
            await self._doubt(action)
        else:
            await self._kept(action, record)

    async def _settle(self, action: Action) -> None:
        """Find out from the device's record what became of an order that was interrupted."""
        if action.kind != "retain" or self.sampler is None:
            await self._finish(action, "failed", {"reason": "interrupted by a restart"})
            return
        try:
            record = await self.sampler.last_retention()
        except DeviceError as error:
            log.warning("%s: cannot be asked what became of its order: %s", self.device, error)
            await self.bells.wait(f"actions:{self.device}", LOOK_S)
            return
        newer = record is not None and _newer(record, action.before)
        if record is not None and newer and (record.ok or record.reason):
            await self._kept(action, record)
        elif self.clock.now() < (action.started_at or 0.0) + RETENTION_S:
            # it may have heard the order and not begun, or be filling the bottle right now
            await self.bells.wait(f"actions:{self.device}", LOOK_S / self.clock.speed)
        else:
            reason = "interrupted; the sampler has no record of a kept bottle"
            await self._finish(action, "failed", {"reason": reason})

    async def _begin(self, action: Action, before: RetentionRecord | None) -> None:
        record = dataclasses.asdict(before) if before else None
        now = self.clock.now()
        await self.store.write(
            lambda connection: actions.start(connection, action.id, before=record, now=now)
        )

    async def _doubt(self, action: Action) -> None:
        await self.store.write(lambda connection: actions.doubt(connection, action.id))

    async def _finish(self, action: Action, state: str, outcome: Outcome) -> None:
        now = self.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            actions.finish(connection, action.id, state, outcome=outcome, now=now)
            if action.kind == "retain":
                self._tell_failure(connection, action, state, outcome, now)

        await self.store.write(job)
        self.bells.ring("probed", *self.plan.outbox_bells())

    def _tell_failure(
        self,
        connection: sqlite3.Connection,
        action: Action,
        state: str,
        outcome: Outcome,
        now: float,
    ) -> None:
        detail = {**action.request, "state": state, **outcome}
        tell(
            connection,
            self.plan,
            "retention_failed",
            detail,
            ref=f"retention_failed:{action.id}",
            at=now,
            now=now,
            outlet=action.request["outlet"],
            factor=action.request["factor"],
        )

    async def _kept(self, action: Action, record: RetentionRecord) -> None:
        """Write the outcome, the event and the platforms' reports in one commit."""
        now = self.clock.now()
        outcome = dataclasses.asdict(record)

        def job(connection: sqlite3.Connection) -> None:
            state = "done" if record.ok else "failed"
            actions.finish(connection, action.id, state, outcome=outcome, now=now)
            journal.add(connection, f"retention {state}", {"ref": action.ref, **outcome}, at=now)
            if not record.ok:
                self._tell_failure(connection, action, state, outcome, now)
                return
            self._report(connection, action, record, now)

        await self.store.write(job)
        self.bells.ring("probed", *self.plan.outbox_bells())

    def _report(
        self, connection: sqlite3.Connection, action: Action, record: RetentionRecord, now: float
    ) -> None:
        request = action.request
        tell(
            connection,
            self.plan,
            RETENTION,
            {**request, "bottle": record.bottle, "volume_ml": record.volume_ml, "at": record.at},
            ref=f"{RETENTION}:{action.ref}",
            at=now,
            now=now,
            outlet=request["outlet"],
            factor=request["factor"],
        )
        for station in self.plan.stations.values():
            outlet = next((one for one in station.outlets if one.id == request["outlet"]), None)
            wanted = station.destination.wire.retained_upload and now >= (station.since or 0.0)
            if outlet is None or not wanted:
                continue
            upload = report.retained(
                station.wording, st=outlet.st, at=record.at, bottle=record.bottle
            )
            if upload is not None:
                outbox.add(connection, station.id, upload, now=now)


def _newer(record: RetentionRecord, before: Any) -> bool:
    """Say whether a record is a later one than the record from before the order."""
    return before is None or bool(record.at > before["at"])
