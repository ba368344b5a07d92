"""A Dayue water sampler with 24 bottles, as its firmware (protocol V1.05) behaves. No I/O.

Where the firmware is not known the simulator takes the careful choice: a retention that is under
way answers busy, a bottle that is not empty is skipped, one order never fills two bottles.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.tools.simulate.dayue_vessels import Vessels
from agent.tools.simulate.pdu import BUSY, DEVICE_FAILURE, ILLEGAL_VALUE, Refusal
from drivers.device import Clock

BOTTLES = 24
MOST_AT_ONCE = 6

IDLE = 0x0000
RECEIVED = 0x8000
EXECUTING = 0xC000
DONE = 0x4000
FAILED = 0x2000

BUCKET_A, BUCKET_B, NO_BUCKET = 0, 1, 0xFFFF
STOPPED, RUNNING = 0, 1
NO_FREE_BOTTLE = 7
DOOR_ALARM_S = 1800.0

# Steps of a bucket.
SUPPLYING, RETAIN_PIPE, RETAINING, POSITIONING, RETAIN_DRAIN, STANDBY = 6, 8, 9, 10, 11, 13

FROM_A, FROM_B, AUTOMATIC, INSTANT, EMPTY = 1, 2, 3, 4, 5


@dataclass(frozen=True, slots=True)
class Habits:
    """How quick this sampler is and how its firmware differs. Seconds of the clock."""

    received_s: float = 1.0
    fill_s: float = 8.0
    hold_s: float = 3600.0
    volume_ml: int = 500
    word_reads_back: bool = True
    led: bool = False
    """Whether its vessels are filled and drained by order, in serial control mode."""


@dataclass(frozen=True, slots=True)
class Filled:
    """One bottle of a record: 1 to 24, what went in, and whether it worked."""

    bottle: int
    volume_ml: int
    ok: bool
    at: float


@dataclass(frozen=True, slots=True)
class Record:
    """The record of a retention that is over. `at` is UTC epoch seconds of the sampler's clock."""

    at: float
    ok: bool
    asked: int
    bottles: tuple[Filled, ...]


@dataclass(frozen=True, slots=True)
class _Running:
    since: float  # monotonic
    kind: int
    bottles: tuple[int, ...]


class Dayue:
    """What the sampler does and remembers; every look first lets its time pass."""

    def __init__(self, clock: Clock, habits: Habits | None = None) -> None:
        self.clock = clock
        self.habits = habits or Habits()
        self.bottles = [0] * BOTTLES
        self.state = RUNNING
        self.word = IDLE
        self.retain_failed = False
        self.record: Record | None = None
        self.volume_ml = self.habits.volume_ml
        self.clock_off_s = 0.0
        self.door_open = False
        self.door_at: float | None = None
        self.bucket: int | None = None
        self.jammed = False
        self.vessels = Vessels(clock)
        self.led = self.habits.led
        self.card = 0
        self.water: dict[int, tuple[float, ...]] = {}
        """When the portions were taken that are in a bottle, where its vessels are led."""
        self._running: _Running | None = None

    @property
    def now(self) -> float:
        """The sampler's own time as UTC epoch seconds."""
        return self.clock.now() + self.clock_off_s

    @property
    def supplied(self) -> int:
        """Which bucket is supplied: by order, else A and B in turn."""
        if self.bucket is not None:
            return self.bucket
        if self.led:
            supplied = self.vessels.supplied
            return NO_BUCKET if supplied is None else supplied
        return int(self.now // self.habits.hold_s) % 2

    @property
    def used(self) -> int:
        """How many bottles are not empty."""
        return sum(1 for content in self.bottles if content)

    @property
    def fault(self) -> int:
        """The fault register."""
        return NO_FREE_BOTTLE if self.used == BOTTLES else 0

    @property
    def door_alarm(self) -> int:
        """2 when the door has been open for more than half an hour."""
        opened = self.door_at if self.door_open else None
        return 2 if opened is not None and self.now - opened > DOOR_ALARM_S else 0

    def step(self, bucket: int) -> int:
        """Give the step register of bucket A or B."""
        if self._running is None or bucket != self._from(self._running.kind):
            if self.led:
                return self.vessels.step(bucket)
            return SUPPLYING if bucket == self.supplied else STANDBY
        passed = self.clock.monotonic() - self._running.since - self.habits.received_s
        steps = (RETAIN_PIPE, POSITIONING, RETAINING, RETAIN_DRAIN)
        share = passed / max(self.habits.fill_s * len(self._running.bottles), 1e-9)
        return steps[min(max(int(share * len(steps)), 0), len(steps) - 1)]

    def set_door(self, *, open_: bool) -> None:
        """Open or close the door; the sampler notes when."""
        if open_ != self.door_open:
            self.door_open, self.door_at = open_, self.now

    def retain(self, start: int, count: int, *, kind: int) -> None:
        """Obey the retain command. Raises `Refusal`: 3 not understood, 4 not now, 6 busy."""
        if not (1 <= start <= BOTTLES and 1 <= count <= MOST_AT_ONCE and FROM_A <= kind <= EMPTY):
            raise Refusal(ILLEGAL_VALUE)
        if self._running is not None:
            raise Refusal(BUSY)
        if kind == EMPTY:
            self.empty(range(start, min(start + count, BOTTLES + 1)))
            self.word = DONE
            return
        bottles = self._empty_from(start)[:count]
        if not self._can_retain(kind) or len(bottles) < count:
            self.retain_failed = True
            raise Refusal(DEVICE_FAILURE)
        self.retain_failed = False
        self.word = RECEIVED
        self._running = _Running(self.clock.monotonic(), kind, tuple(bottles))

    def empty(self, bottles: Sequence[int]) -> None:
        """Mark bottles (1 to 24) as empty."""
        for bottle in bottles:
            self.bottles[bottle - 1] = 0

    def advance(self) -> None:
        """Let the time pass that has passed."""
        if self._running is None:
            return
        passed = self.clock.monotonic() - self._running.since
        if passed >= self.habits.received_s:
            self.word = EXECUTING
        if passed >= self.habits.received_s + self.habits.fill_s * len(self._running.bottles):
            self._finish(self._running)

    def _finish(self, running: _Running) -> None:
        self._running = None
        ok = not self.jammed
        self.jammed = False
        volume = self.volume_ml if ok else 0
        filled = tuple(Filled(bottle, volume, ok, self.now) for bottle in running.bottles)
        source = self._from(running.kind)
        for bottle in running.bottles if ok else ():
            self.bottles[bottle - 1] = volume
            if self.led and source in (BUCKET_A, BUCKET_B):
                self.water[bottle] = self.vessels.water(source)
        self.word = DONE if ok else FAILED
        self.retain_failed = not ok
        if running.kind != INSTANT:  # its record has its own place, with a layout not known
            self.record = Record(self.now, ok, len(running.bottles), filled)

    def _from(self, kind: int) -> int:
        """Give the bucket a retention takes its water from."""
        if not self.led:
            return self.supplied
        return {FROM_A: BUCKET_A, FROM_B: BUCKET_B}.get(kind, self.supplied)

    def _can_retain(self, kind: int) -> bool:
        if self.led and kind != INSTANT:
            source = self._from(kind)
            held = source in (BUCKET_A, BUCKET_B) and bool(self.vessels.water(source))
            return self.state == RUNNING and not self.door_open and held
        wanted = {FROM_A: (BUCKET_A,), FROM_B: (BUCKET_B,), AUTOMATIC: (BUCKET_A, BUCKET_B)}
        bucket = kind == INSTANT or self.supplied in wanted[kind]
        return self.state == RUNNING and not self.door_open and bucket

    def _empty_from(self, start: int) -> list[int]:
        """List the empty bottles, from `start` up and around."""
        order = [(start - 1 + i) % BOTTLES + 1 for i in range(BOTTLES)]
        return [bottle for bottle in order if self.bottles[bottle - 1] == 0]
