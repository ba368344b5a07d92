"""The two vessels of a Dayue sampler in serial control mode: filled, supplied, drained by order.

Every portion is remembered with its time, so that a bottle tells which water is in it. No I/O.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.device import Clock

SAMPLE, DRAIN, SUPPLY = 1, 2, 3
SERIAL_CONTROL = 6
"""The sampling mode in which orders to vessels are obeyed."""

# Steps of a vessel.
_SAMPLING, _SUPPLYING, _DRAINING, _STANDBY = 4, 6, 12, 13
SAMPLE_S, DRAIN_S = 30.0, 40.0


@dataclass(slots=True)
class _Vessel:
    portions: list[float] = field(default_factory=list)
    step: int = _STANDBY
    until: float = 0.0  # monotonic


class Vessels:
    """What the vessels hold and do; every look first lets their time pass."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._vessels = (_Vessel(), _Vessel())

    def order(self, vessel: int, what: int) -> None:
        """Have vessel 0 (A) or 1 (B) filled by a portion, drained, or supplied."""
        one, now = self._look(vessel), self._clock.monotonic()
        if what == SAMPLE:
            one.portions.append(self._clock.now())
            one.step, one.until = _SAMPLING, now + SAMPLE_S
        elif what == DRAIN:
            one.step, one.until = _DRAINING, now + DRAIN_S
        elif what == SUPPLY:
            one.step = _SUPPLYING

    def step(self, vessel: int) -> int:
        """Give the step register of a vessel."""
        return self._look(vessel).step

    def water(self, vessel: int) -> tuple[float, ...]:
        """Give when each portion in a vessel was taken; empty when there is none."""
        one = self._look(vessel)
        return () if one.step == _DRAINING else tuple(one.portions)

    @property
    def supplied(self) -> int | None:
        """Which vessel is supplied; the one filled last where both are; None where none is."""
        found = [number for number in (0, 1) if self.step(number) == _SUPPLYING]
        return max(found, key=lambda number: self.water(number), default=None)

    def _look(self, vessel: int) -> _Vessel:
        one = self._vessels[vessel]
        if one.step in (_SAMPLING, _DRAINING) and self._clock.monotonic() >= one.until:
            if one.step == _DRAINING:
                one.portions.clear()
            one.step = _STANDBY
        return one
