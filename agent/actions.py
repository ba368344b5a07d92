"""Makes devices act: takes an order's row, drives the device, writes outcome and report.

At most once and never after the deadline. What was running when the process died is settled from
the device's own record, or said to be unknown; it is never done again. Time that went by is told
by the monotonic clock of this boot, too: the wall clock may be set back.
"""

from __future__ import annotations

import dataclasses
import logging
import math
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent import operating
from agent.bells import Bells
from agent.bottling import note_kept, record_before, tell_failure, tell_put_off, wish_of
from agent.clock import Clock, boot_id
from agent.operating import End
from agent.plan import Plan
from agent.rules.interlocks import BUSY_CODE, interlock
from agent.store import actions, journal
from agent.store.actions import Action
from agent.store.db import Store
from drivers.device import (
    DeviceError,
    NoAnswer,
    Refused,
    RetentionRecord,
    Sampler,
    SamplerStatus,
)
from drivers.proofs import Operable
from drivers.sampler import TIMEOUT_S, newer

log = logging.getLogger(__name__)

LOOK_S = 2.0
FRESH_S = 1.0
"""How long a look at a sampler holds: in that time no bottle is begun and filled."""
LONGEST_PAUSE_S = 60.0
"""Between two questions to a sampler that does not answer: each costs its line a time-out."""
RETENTION_S = TIMEOUT_S
"""How long after an order its record may still appear."""

_LATE = {"reason": "its deadline had passed"}
_ASKED = ("operation", "arguments", "parameter", "value", "unit", "outlet", "asked_for")
"""What of an order's request is journalled with its end."""

Outcome = Mapping[str, Any]
Probe = Callable[[], Awaitable[Outcome]]


class _TooLate(Exception):
    """The deadline passed while the device was asked how things are; nothing was sent."""


class _Contact:
    """When a device may be asked again, and what was last logged of it."""

    def __init__(self) -> None:
        self.ask_at = -math.inf
        self._pause_s = LOOK_S
        self._said = ""

    def lost(self, clock: Clock) -> None:
        """Leave the sampler alone, longer after each question without an answer."""
        self.ask_at = clock.monotonic() + self._pause_s * clock.speed
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def heard(self) -> None:
        """Go back to the shortest pause: there was an answer."""
        self._pause_s = LOOK_S

    def said_of(self, ref: str) -> str:
        """Give what was said last of an order; empty where it was of another."""
        owner, _, said = self._said.partition(" | ")
        return said if owner == ref else ""

    def news(self, state: str) -> bool:
        """Say whether this was not said last."""
        before, self._said = self._said, state
        return state != before


@dataclass(frozen=True, slots=True)
class DeviceActions:
    """The orders of one device. `sampler` is None for a device that keeps no bottles.

    `instrument` is what its profile's operations are carried out by.
    """

    device: str
    sampler: Sampler | None
    probe: Probe
    plan: Plan
    store: Store
    clock: Clock
    bells: Bells
    instrument: Operable | None = None
    boot: str = field(default_factory=boot_id)
    contact: _Contact = field(default_factory=_Contact)

    async def run(self) -> None:
        """Work off this device's orders, for ever."""
        while True:
            action = await self._next()
            if action is None:
                await self.bells.wait(f"actions:{self.device}", LOOK_S / self.clock.speed)
            elif action.state == "queued":
                await self._take(action)
            else:
                await self._settle(action)

    async def _next(self) -> Action | None:
        """Give the order to work on now; what is late ends whatever stands before it."""
        waiting = await self.store.read(
            lambda connection: actions.open_ones(connection, self.device)
        )
        if not waiting:
            return None
        for one in waiting:
            if one.boot != self.boot:
                one = await self._anchor(one)
            if one.state == "queued" and self._can_tell_time(one) and self._late(one):
                await self._finish(one, "expired", self._lateness(one))
        action = await self.store.read(
            lambda connection: actions.next_open(connection, self.device)
        )
        if action is None or action.kind == "probe":
            return action
        silent = self.clock.monotonic() < self.contact.ask_at
        return None if silent or not self._can_tell_time(action) else action

    async def _anchor(self, action: Action) -> Action:
        """Write down what the wall times of an order mean in this boot's monotonic time."""
        now, mono = self.clock.now(), self.clock.monotonic()
        started = action.started_at
        anchored = dataclasses.replace(
            action,
            boot=self.boot,
            # a clock that went back since the order must not prolong it
            not_after_mono=mono + action.not_after - max(now, action.created_at),
            started_mono=None if started is None else mono - max(0.0, now - started),
        )
        await self.store.write(lambda connection: actions.anchor(connection, anchored))
        return anchored

    def _can_tell_time(self, action: Action) -> bool:
        """Say whether a deadline means anything: under a clock that cannot be right none does."""
        return action.kind == "probe" or self.clock.sane()

    async def _take(self, action: Action) -> None:
        if self._late(action):
            await self._finish(action, "expired", self._lateness(action))
        elif action.kind == "probe":
            await self._begin(action, None)
            await self._finish(action, "done", await self.probe())
        elif action.kind == "retain" and self.sampler is not None:
            await self._retain(action, self.sampler)
        elif action.kind in operating.ORDERED and self.instrument is not None:
            await self._operate(action, self.instrument)
        else:
            await self._finish(action, "refused", {"reason": f"{self.device} cannot do that"})

    def _lateness(self, action: Action) -> Outcome:
        """Say that it is too late for an order, and what it waited for all the time."""
        waited_for = self.contact.said_of(action.ref)
        return {**_LATE, "waited_for": waited_for} if waited_for else _LATE

    def _late(self, action: Action) -> bool:
        mono = self.clock.monotonic()
        by_mono = action.not_after_mono is not None and mono > action.not_after_mono
        return by_mono or self.clock.now() > action.not_after

    def _overdue(self, action: Action) -> bool:
        """Say whether a record of an order that was sent should be there by now."""
        started = action.started_mono
        proof_s = RETENTION_S if self.sampler is None else self.sampler.proof_s
        return started is None or self.clock.monotonic() >= started + proof_s

    async def _retain(self, action: Action, sampler: Sampler) -> None:
        """Keep a bottle. The sampler's last record is written down before the order goes out."""
        looked_at = self.clock.monotonic()
        try:
            status = await sampler.status()
            before = await sampler.last_retention()
        except DeviceError as error:
            self._lost(error)  # nothing was ordered yet: the row stays, until its deadline
            return
        lock = interlock(status)
        self._heard(lock is None)
        if lock is not None and not lock.passes:
            await self._finish(action, "refused", {"reason": lock.reason})
            return
        if lock is not None:
            await self._put_off(action, lock.reason)
            return
        if self._late(action):  # by now: a busy line makes asking take its time
            await self._finish(action, "expired", _LATE)
            return
        await self._begin(action, dataclasses.asdict(before) if before else None)
        try:
            record = await sampler.retain(
                before, wish_of(action), seen=self._fresh(status, looked_at)
            )
        except Refused as error:
            if error.code == BUSY_CODE:
                await self.store.write(lambda connection: actions.requeue(connection, action.id))
                await self._put_off(action, "sampler busy: it says not now")
                return
            await self._finish(action, "refused", {"reason": str(error)})
        except DeviceError as error:
            log.error("%s: it is not known whether a bottle was kept: %s", self.device, error)
            await self._doubt(action)
        else:
            await self._kept(action, record, status)

    def _fresh(self, status: SamplerStatus, looked_at: float) -> SamplerStatus | None:
        """Give a status that still holds; None when writing it down took its time."""
        passed_s = (self.clock.monotonic() - looked_at) / self.clock.speed
        return status if passed_s <= FRESH_S else None

    async def _put_off(self, action: Action, reason: str) -> None:
        """Tell once that an order waits and why; it is tried again while the vessel holds out."""
        if self.contact.news(f"{action.ref} | {reason}"):
            log.warning("%s: not asked for a bottle yet: %s", self.device, reason)
            await self._tell_put_off(action, reason)
        await self.bells.wait(f"actions:{self.device}", LOOK_S)

    async def _tell_put_off(self, action: Action, reason: str) -> None:
        now = self.clock.now()
        await self.store.write(
            lambda connection: tell_put_off(connection, self.plan, action, reason, now=now)
        )
        self.bells.ring(*self.plan.outbox_bells())

    async def _operate(self, action: Action, instrument: Operable) -> None:
        """Let an instrument do something. How things were is written down before it is told."""

        async def begin(before: object) -> None:
            if self._late(action):  # by now: a busy line makes asking take its time
                raise _TooLate
            await self._begin(action, before)

        try:
            end = await operating.carry_out(instrument, action.request, begin)
        except _TooLate:
            await self._finish(action, "expired", _LATE)
        except NoAnswer as error:
            log.error(
                "%s: it is not known whether it did %s: %s", action.device, action.kind, error
            )
            await self._doubt(action)
        else:
            if end is None:
                self._lost(NoAnswer("it does not answer"))  # nothing was sent: the row stays
                return
            self._heard(well=True)
            await self._operated(action, end)

    async def _settle_operated(self, action: Action, instrument: Operable) -> None:
        """Look once more for what proves an order that was interrupted; it is not done again."""
        started = action.started_mono
        since_s = math.inf if started is None else self.clock.monotonic() - started
        end = await operating.settle_order(
            instrument, action.request, action.before, since_s=since_s
        )
        await self._operated(action, end)

    async def _operated(self, action: Action, end: End) -> None:
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

    async def _settle(self, action: Action) -> None:
        """Find out from the device's record what became of an order that was interrupted."""
        if action.kind in operating.ORDERED and self.instrument is not None:
            await self._settle_operated(action, self.instrument)
            return
        if action.kind != "retain" or self.sampler is None:
            await self._finish(action, "failed", {"reason": "interrupted by a restart"})
            return
        try:
            record = await self.sampler.last_retention()
        except DeviceError as error:
            self._lost(error)
            if self._overdue(action):
                await self._tell_unknown(action, error)
            return
        self._heard(well=True)
        before = record_before(action.before)
        if newer(record, before) and (record.ok or record.reason):
            await self._kept(action, record)
        elif not self._overdue(action):
            # it may have heard the order and not begun, or be filling the bottle right now
            await self.bells.wait(f"actions:{self.device}", LOOK_S / self.clock.speed)
        else:
            reason = "interrupted; the sampler has no record of a kept bottle"
            await self._finish(action, "failed", {"reason": reason})

    def _lost(self, error: DeviceError) -> None:
        self.contact.lost(self.clock)
        if self.contact.news("silent"):
            log.warning("%s: its orders wait: %s", self.device, error)

    def _heard(self, well: bool) -> None:
        self.contact.heard()
        if well and self.contact.news(""):
            log.info("%s: its orders go on", self.device)

    async def _begin(self, action: Action, before: object) -> None:
        now, mono = self.clock.now(), self.clock.monotonic()
        await self.store.write(
            lambda connection: actions.start(
                connection, action.id, before=before, now=now, mono=mono
            )
        )

    async def _doubt(self, action: Action) -> None:
        await self.store.write(lambda connection: actions.doubt(connection, action.id))

    async def _finish(self, action: Action, state: str, outcome: Outcome) -> None:
        now = self.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            actions.finish(connection, action.id, state, outcome=outcome, now=now)
            if action.kind == "retain":
                tell_failure(connection, self.plan, action, state, outcome=outcome, now=now)

        await self.store.write(job)
        self.bells.ring("probed", *self.plan.outbox_bells(), *self.plan.command_bells())

    async def _tell_unknown(self, action: Action, error: DeviceError) -> None:
        """Tell, once, that nobody can say whether a bottle was kept; the order stays open."""
        now = self.clock.now()
        outcome = {"reason": f"ordered, and the sampler does not answer: {error}"}
        await self.store.write(
            lambda connection: tell_failure(
                connection, self.plan, action, "unknown", outcome=outcome, now=now
            )
        )
        self.bells.ring(*self.plan.outbox_bells())

    async def _kept(
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
