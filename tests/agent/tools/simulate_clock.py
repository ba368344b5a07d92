"""A clock for tests: it stands still until told to go on."""

from __future__ import annotations

START = 1_780_000_000.0  # 2026-05-29 04:26:40 local time


class StillClock:
    def __init__(self, at: float = START) -> None:
        self.at = at
        self.ticks = 5000.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        self.go(seconds)

    def go(self, seconds: float) -> None:
        self.at += seconds
        self.ticks += seconds
