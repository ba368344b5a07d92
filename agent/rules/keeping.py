"""What the site settled about keeping samples, for a sampler and for each factor (SMP-03)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.rules.limits import Limit
from agent.settings.equipment import SamplerSettings

TURN_S = 2 * 3600
"""How long after it was begun the agent fills a vessel again."""
SPARE_S = 300
"""How long before that the last bottle may be begun: filling and draining take their time."""


@dataclass(frozen=True, slots=True)
class FactorKeeping:
    """What one factor asks for; `high` and `low` keep a bottle whatever its limits say."""

    bottles: int
    interval_s: float
    high: float | None = None
    low: float | None = None
    every: bool = False

    @property
    def threshold(self) -> Limit | None:
        """Give the threshold as a limit; None where only the limits count."""
        if self.high is None and self.low is None:
            return None
        return Limit(high=self.high, low=self.low, on="measurement", retain=True)


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the site settled about keeping samples.

    `interval_s`: two samples of a factor are kept at least that long apart.
    `vessel_hold_s`: how long the composite stays in its vessel once the analysis is complete.
    `zero_flow`: the greatest flow, in its wire unit, that counts as measured zero.
    `led`: the agent fills and drains the vessels itself, A in even hours and B in odd ones.
    """

    interval_s: float
    vessel_hold_s: float
    zero_flow: float = 0.0
    bottles: int = 1
    factors: Mapping[str, FactorKeeping] = field(default_factory=dict)
    led: bool = False

    def of(self, factor: str) -> FactorKeeping:
        """Give what a factor asks for."""
        return self.factors.get(factor) or FactorKeeping(self.bottles, self.interval_s)

    def vessel(self, hour: int) -> str | None:
        """Give the vessel with the water of an hour; None where the sampler alone knows."""
        return vessel_of(hour) if self.led else None

    def until(self, hour: int, complete_at: float) -> float:
        """Give how long a bottle of an hour's water may be begun."""
        until = complete_at + self.vessel_hold_s
        return min(until, hour + TURN_S - SPARE_S) if self.led else until


def vessel_of(hour: int) -> str:
    """Give the vessel an hour is collected in where the agent leads."""
    return "AB"[hour // 3600 % 2]


def keeping_of(sampler: SamplerSettings, *, zero_flow: float = 0.0) -> Keeping:
    """Read a sampler's settings."""
    interval_s = sampler.interval_min * 60.0
    factors = {
        code: FactorKeeping(
            sampler.bottles if one.bottles is None else one.bottles,
            interval_s if one.interval_min is None else one.interval_min * 60.0,
            high=one.high,
            low=one.low,
            every=one.every,
        )
        for code, one in sampler.factors.items()
    }
    return Keeping(
        interval_s,
        sampler.vessel_hold_min * 60.0,
        zero_flow,
        bottles=sampler.bottles,
        factors=factors,
        led=sampler.sequence == "agent",
    )
