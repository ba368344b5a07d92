"""What the agent's own gas chain means for what an instrument is made to say.

A point that goes through a chain is not the factor it ends in: NO is played where NOx is
calculated of it, a velocity where it becomes a flow. And what is low enough hot and wet may be
too high dry, at standard conditions and at reference oxygen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from agent.settings.gas import Conversion
from agent.settings.outlet import FactorRule
from agent.settings.site import FactorSource
from drivers.profile import Quantity

_OTHER_THING: frozenset[Conversion] = frozenset({"nox", "pitot", "area", "oxygens"})
"""Conversions that make another quantity of a point."""

_GROWTH: dict[Conversion, float] = {"standard": 1.45, "dry": 1.1, "nox": 1.7, "oxygen": 1.2}
"""By what at most a conversion raises a concentration, with the gas that is played: 110 °C, 8.6 %
moisture, 6 to 7 % oxygen, one part of NO2 to twelve of NO."""


def by_point(sources: Iterable[FactorSource]) -> dict[str, FactorSource]:
    """Give the factor that each point of a device is played for.

    Where several take the same point, the one that takes it as it is.
    """
    found: dict[str, FactorSource] = {}
    for source in sources:
        if source.point not in found or not _becomes_another(source.rule):
            found[source.point] = source
    return found


def played_code(point: Quantity, source: FactorSource | None) -> str:
    """Give the factor whose course a point plays."""
    if source is None or _becomes_another(source.rule):
        return point.id
    return source.code


def room_for(source: FactorSource) -> float:
    """Give the share of a limit that the instrument may say so that the chain stays below it."""
    return 1 / math.prod(_GROWTH.get(one, 1.0) for one in source.rule.conversions)


def _becomes_another(rule: FactorRule) -> bool:
    return not _OTHER_THING.isdisjoint(rule.conversions)
