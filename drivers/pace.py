"""How one unit wants to be asked."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.profile_model import Line
from drivers.settings import Timing

RETRIES = 1


@dataclass(frozen=True, slots=True)
class Pace:
    """How one unit wants to be asked. The gap counts from its last answer."""

    timeout_s: float
    gap_s: float
    retries: int = RETRIES

    @classmethod
    def of(cls, site: Timing, line: Line) -> Pace:
        """Take what the site file says, and the profile's word for the rest."""
        timeout_ms = line.timeout_ms if site.timeout_ms is None else site.timeout_ms
        gap_ms = line.gap_ms if site.gap_ms is None else site.gap_ms
        retries = RETRIES if site.retries is None else site.retries
        return cls(timeout_ms / 1000, gap_ms / 1000, retries)
