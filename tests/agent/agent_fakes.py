"""Stand-ins for what the workers do not own: time, bells that nobody rings, instruments."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from agent.bells import Bells
from agent.clock import Clock
from drivers.device import (
    ONE_BOTTLE,
    Cause,
    DeviceError,
    NoAnswer,
    Reading,
    RetentionRecord,
    RetentionWish,
    SamplerStatus,
)

Answer = Sequence[Reading] | DeviceError


class EndOfScript(Exception):
    """Ends a worker that would go on for ever: the test has seen what it wanted."""


class FakeClock(Clock):
    """Sleeping moves it, and the test does; wall and monotonic part only by `jump`.

    Of several who sleep the one who wakes first moves it, the others wake when it got there.
    """

    def __init__(self, at: float, *, ticks: float = 1000.0) -> None:
        self.at, self.ticks = at, ticks
        self._sleepers: list[float] = []
        super().__init__()

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.ticks

    async def sleep(self, seconds: float) -> None:
        wakes_at = self.ticks + max(0.0, seconds)
        self._sleepers.append(wakes_at)
        try:
            for _ in range(3):  # let everybody else who is awake fall asleep first
                await asyncio.sleep(0)
            while self.ticks < wakes_at:
                if wakes_at == min(self._sleepers):
                    self.go(wakes_at - self.ticks)
                await asyncio.sleep(0)
        finally:
            self._sleepers.remove(wakes_at)

    def go(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds
        self.ticks += seconds

    def jump(self, seconds: float) -> None:
        """Step the wall clock."""
        self.at += seconds


class FakeBells(Bells):
    """Nobody rings in time: every wait takes its time-out of the clock, until `until`."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.until = float("inf")
        self.waits: list[Callable[[], None]] = []
        """What happens during the next waits, one each."""
        self.rung: list[str] = []

    def ring(self, *names: str) -> None:
        self.rung += names
        super().ring(*names)

    async def wait(self, name: str, timeout_s: float) -> bool:
        if self._clock.now() >= self.until or (not self.waits and self.until == float("inf")):
            raise EndOfScript
        if self.waits:
            self.waits.pop(0)()
        await self._clock.sleep(timeout_s)
        return False


class FakeDevice:
    """An instrument that says what its script says, then ends the worker."""

    def __init__(self, device: str, *answers: Answer | Callable[[], Answer]) -> None:
        self._id = device
        self.answers = list(answers)
        self.asked = 0
        self.at_the_end: Callable[[], Awaitable[None]] | None = None

    @property
    def id(self) -> str:
        return self._id

    async def read(self) -> list[Reading]:
        if not self.answers:
            if self.at_the_end is not None:
                await self.at_the_end()
            raise EndOfScript
        self.asked += 1
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer()
        if isinstance(answer, DeviceError):
            raise answer
        return list(answer)


READY = SamplerStatus(
    state=Cause.NORMAL,
    text="运行",
    vessel="A",
    bottles_ml=(0, 0, 500),
    door_open=False,
    fault="",
    temperature_c=4.0,
)


class FakeSampler(FakeDevice):
    """A sampler; `keep` says what an order does, `silent` that nothing is answered at all."""

    def __init__(self, device: str = "sampler") -> None:
        super().__init__(device)
        self.state = READY
        self.record: RetentionRecord | None = None
        self.silent = False
        self.orders: list[RetentionRecord | None] = []
        self.wishes: list[RetentionWish] = []
        self.seen: list[SamplerStatus | None] = []
        self.keep: Callable[[], RetentionRecord | DeviceError] = lambda: NoAnswer("no script")
        self.asking: Callable[[], None] = lambda: None
        """What happens while its state is asked for."""

    @property
    def proof_s(self) -> float:
        return 600.0

    async def status(self) -> SamplerStatus:
        self._speak()
        self.asking()
        return self.state

    async def last_retention(self) -> RetentionRecord | None:
        self._speak()
        return self.record

    async def retain(
        self,
        before: RetentionRecord | None,
        wish: RetentionWish = ONE_BOTTLE,
        *,
        seen: SamplerStatus | None = None,
    ) -> RetentionRecord:
        self.orders.append(before)
        self.wishes.append(wish)
        self.seen.append(seen)
        kept = self.keep()
        if isinstance(kept, DeviceError):
            raise kept
        self.record = kept
        return kept

    def _speak(self) -> None:
        if self.silent:
            raise NoAnswer("sampler: silent")
