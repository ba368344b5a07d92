"""The worker: one device's orders, one after the other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from agent import operating
from agent.actions.contact import LOOK_S, Contact
from agent.actions.deadlines import Deadlines
from agent.actions.endings import LATE, Endings, Outcome
from agent.actions.operated import Operated
from agent.actions.retaining import Retaining
from agent.bells import Bells
from agent.clock import Clock, boot_id
from agent.plan import Plan
from agent.store import actions
from agent.store.actions import Action
from agent.store.db import Store
from drivers.device import Sampler
from drivers.proofs import Operable

Probe = Callable[[], Awaitable[Outcome]]


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
    contact: Contact = field(default_factory=Contact)

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
            if one.state == "queued" and self._deadlines.known(one) and self._deadlines.passed(one):
                await self._endings.finish(one, "expired", self._lateness(one))
        action = await self.store.read(
            lambda connection: actions.next_open(connection, self.device)
        )
        if action is None or action.kind == "probe":
            return action
        silent = self.clock.monotonic() < self.contact.ask_at
        return None if silent or not self._deadlines.known(action) else action

    async def _anchor(self, action: Action) -> Action:
        """Write down what the wall times of an order mean in this boot's monotonic time."""
        anchored = self._deadlines.anchored(action)
        await self.store.write(lambda connection: actions.anchor(connection, anchored))
        return anchored

    async def _take(self, action: Action) -> None:
        if self._deadlines.passed(action):
            await self._endings.finish(action, "expired", self._lateness(action))
        elif action.kind == "probe":
            await self._endings.begin(action, None)
            await self._endings.finish(action, "done", await self.probe())
        elif (hand := self._hand(action)) is not None:
            await hand.take(action)
        else:
            reason = f"{self.device} cannot do that"
            await self._endings.finish(action, "refused", {"reason": reason})

    async def _settle(self, action: Action) -> None:
        """Find out from the device what became of an order that was interrupted."""
        hand = self._hand(action)
        if hand is not None:
            await hand.settle(action)
        else:
            await self._endings.finish(action, "failed", {"reason": "interrupted by a restart"})

    def _hand(self, action: Action) -> Retaining | Operated | None:
        """Give who can carry an order out; None where nobody can."""
        parts = (self._endings, self._deadlines, self.contact)
        if action.kind == "retain" and self.sampler is not None:
            return Retaining(self.sampler, *parts)
        if action.kind in operating.ORDERED and self.instrument is not None:
            return Operated(self.instrument, *parts)
        return None

    def _lateness(self, action: Action) -> Outcome:
        """Say that it is too late for an order, and what it waited for all the time."""
        waited_for = self.contact.said_of(action.ref)
        return {**LATE, "waited_for": waited_for} if waited_for else LATE

    @property
    def _deadlines(self) -> Deadlines:
        return Deadlines(self.clock, self.boot)

    @property
    def _endings(self) -> Endings:
        return Endings(self.plan, self.store, self.clock, self.bells)
