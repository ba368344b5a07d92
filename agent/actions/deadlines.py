"""How late it is for an order, by the wall clock and by the monotonic one of this boot."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from agent.clock import Clock
from agent.store.actions import Action


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Tells the time of orders."""

    clock: Clock
    boot: str

    def anchored(self, action: Action) -> Action:
        """Give an order with what its wall times mean in this boot's monotonic time."""
        now, mono = self.clock.now(), self.clock.monotonic()
        started = action.started_at
        return dataclasses.replace(
            action,
            boot=self.boot,
            # a clock that went back since the order must not prolong it
            not_after_mono=mono + action.not_after - max(now, action.created_at),
            started_mono=None if started is None else mono - max(0.0, now - started),
        )

    def known(self, action: Action) -> bool:
        """Say whether a deadline means anything: under a clock that cannot be right none does."""
        return action.kind == "probe" or self.clock.sane()

    def passed(self, action: Action) -> bool:
        """Say whether it is too late to begin."""
        mono = self.clock.monotonic()
        by_mono = action.not_after_mono is not None and mono > action.not_after_mono
        return by_mono or self.clock.now() > action.not_after

    def overdue(self, action: Action, proof_s: float) -> bool:
        """Say whether a record of an order that was sent should be there by now."""
        started = action.started_mono
        return started is None or self.clock.monotonic() >= started + proof_s
