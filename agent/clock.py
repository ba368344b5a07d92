"""The agent's time: labels from the wall, waiting from the monotonic clock, and when they part.

A demo passes `Clock(epoch, origin, speed)` to every process it starts; `CLOCK_MONOTONIC` is the
same for all processes of one machine, so they agree on the time without asking each other.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path

STEP_S = 1.0
"""A difference between wall and monotonic clock over this is a step (a new clock epoch)."""

RELEASED_AT = 1_780_000_000.0
"""No real clock of an installed agent is before this release (2026-05-28)."""


@dataclass(frozen=True, slots=True)
class Pace:
    """A clock not the system's: `epoch` UTC seconds at monotonic `origin`, times `speed`."""

    epoch: float
    origin: float
    speed: float

    def __str__(self) -> str:
        """Print it the way `parse` reads it."""
        return f"{self.epoch!r},{self.origin!r},{self.speed!r}"

    @classmethod
    def parse(cls, text: str) -> Pace:
        """Read `EPOCH,ORIGIN,SPEED`. Raises ValueError."""
        epoch, origin, speed = (float(part) for part in text.split(","))
        if speed <= 0:
            raise ValueError(f"speed {speed}: more than 0 expected")
        return cls(epoch, origin, speed)


class Clock:
    """UTC labels that may step, and waiting that never does."""

    def __init__(self, pace: Pace | None = None) -> None:
        self.pace = pace
        self._offset = self.now() - self.monotonic()

    @property
    def speed(self) -> float:
        """How many of this clock's seconds pass in a real one."""
        return self.pace.speed if self.pace else 1.0

    def now(self) -> float:
        """UTC epoch seconds; may step."""
        if self.pace is None:
            return time.time()
        return self.pace.epoch + (time.monotonic() - self.pace.origin) * self.pace.speed

    def monotonic(self) -> float:
        """This clock's seconds since some moment; never steps."""
        return time.monotonic() * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait that many of this clock's seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def step(self) -> float:
        """Give by how many seconds the wall clock stepped since the last look, else 0.

        Slow corrections (NTP slewing) are followed silently.
        """
        offset = self.now() - self.monotonic()
        step = offset - self._offset
        self._offset = offset
        return step if abs(step) > STEP_S else 0.0

    def sane(self) -> bool:
        """Say whether the wall clock can be right at all."""
        return self.now() >= RELEASED_AT


def boot_id() -> str:
    """Give the kernel's id of this boot; it tells monotonic times of two boots apart."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
