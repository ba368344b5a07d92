"""When a device may be asked again, and what was last logged of it."""

from __future__ import annotations

import logging
import math

from agent.clock import Clock
from drivers.device import DeviceError

log = logging.getLogger(__name__)

LOOK_S = 2.0
LONGEST_PAUSE_S = 60.0
"""Between two questions to a sampler that does not answer: each costs its line a time-out."""


class Contact:
    """How it stands with one device."""

    def __init__(self) -> None:
        self.ask_at = -math.inf
        self._pause_s = LOOK_S
        self._said = ""

    def lost(self, device: str, clock: Clock, error: DeviceError) -> None:
        """Leave the device alone, longer after each question without an answer."""
        self.ask_at = clock.monotonic() + self._pause_s * clock.speed
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
        if self.news("silent"):
            log.warning("%s: its orders wait: %s", device, error)

    def heard(self, device: str, *, well: bool) -> None:
        """Go back to the shortest pause: there was an answer. `well`: orders go on."""
        self._pause_s = LOOK_S
        if well and self.news(""):
            log.info("%s: its orders go on", device)

    def said_of(self, ref: str) -> str:
        """Give what was said last of an order; empty where it was of another."""
        owner, _, said = self._said.partition(" | ")
        return said if owner == ref else ""

    def news(self, state: str) -> bool:
        """Say whether this was not said last."""
        before, self._said = self._said, state
        return state != before
