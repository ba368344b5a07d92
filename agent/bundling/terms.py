"""What sending a bundle over a line may cost: its parts, its budget, whether films go with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.settings.destination import Access, Destination
from agent.settings.evidence import EvidenceSettings

_KB, _MB = 1024, 1_000_000
PART_KB: Mapping[Access, int] = {"mobile": 16, "fixed": 64, "nb_iot": 4}
"""A part has to be over there within the line's time-out, beside all that is live."""
MOST_PARTS = 65_536


@dataclass(frozen=True, slots=True)
class Terms:
    """Of one line. `monthly` is in bytes, None where nothing is metered."""

    part_bytes: int
    monthly: int | None

    @property
    def clips(self) -> bool:
        """Whether films go with a bundle of which nobody said so."""
        return self.monthly is None


def terms(destination: Destination, settings: EvidenceSettings) -> Terms:
    """Give the terms of a platform's line."""
    metered = settings.metered == "yes" or (
        settings.metered == "auto" and destination.access != "fixed"
    )
    part_kb = settings.part_kb or PART_KB[destination.access]
    return Terms(part_kb * _KB, settings.monthly_mb * _MB if metered else None)
