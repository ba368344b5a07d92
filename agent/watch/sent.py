"""Whether one value stays one value from the analyzer to the platform (AF-08, WAT-28)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.watch.finding import Finding, Thresholds, shown

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Hop:
    """One hour's value before and after a step of its way: analyzer, store, platform.

    Both in the factor's wire unit. `half_digit`: what printing may take or add.
    """

    factor: str
    at: int
    before: float
    after: float
    step: str
    half_digit: float = 0.0


def differing(hops: Iterable[Hop], limits: Thresholds) -> Iterator[Finding]:
    """Give the steps at which values changed by more than their share, by factor and step."""
    found: dict[tuple[str, str], list[Hop]] = {}
    for one in hops:
        off = abs(one.after - one.before)
        if off > limits.sent_differs * abs(one.before) + one.half_digit * (1 + 1e-9):
            found.setdefault((one.factor, one.step), []).append(one)
    for (factor, step), hops_of in found.items():
        hops_of.sort(key=lambda one: one.at)
        last = hops_of[-1]
        yield Finding(
            "AF-08",
            step,
            factor,
            hops_of[0].at,
            last.at + HOUR_S,
            len(hops_of),
            {"before": last.before, "after": last.after},
            shown([(one.at, one.after) for one in hops_of]),
            grave=True,
        )
