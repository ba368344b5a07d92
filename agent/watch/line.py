"""The way of the sample to the analyzer: what must be so on it, in what order (AF-12, AF-13)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agent.watch.finding import Finding, shown
from agent.watch.spans import MINUTE_S, Span, stretches


@dataclass(frozen=True, slots=True)
class Demand:
    """Something the site file says must be so. `bad`: minutes in which it was not, with a value.

    `flowing`: the minutes in which the outlet discharged; None: it must always be so.
    """

    name: str
    rule: Literal["AF-12", "AF-13"]
    for_min: int
    bad: Mapping[float, float]
    flowing: frozenset[int] | None = None


def unmet(demand: Demand) -> Iterator[Finding]:
    """Give the stretches in which a demand was not met for long enough."""
    bad = {
        at: value
        for at, value in demand.bad.items()
        if demand.flowing is None or int(at) in demand.flowing
    }
    for one in stretches(bad):
        if one.end - one.start >= demand.for_min * MINUTE_S:
            values = [(at, bad[at]) for at in sorted(bad) if one.holds(at)]
            yield Finding(
                demand.rule,
                demand.name,
                "",
                one.start,
                one.end,
                len(values),
                {"worst": max(value for _, value in values)},
                shown(values),
            )


@dataclass(frozen=True, slots=True)
class Result:
    """A result of a batch analyzer by the instrument's own time."""

    factor: str
    completed_at: float
    value: float


def out_of_sequence(
    results: Iterable[Result],
    steps: Sequence[tuple[str, Sequence[Span]]],
    *,
    within_s: float,
) -> Iterator[Finding]:
    """Give results without the steps that must come before them, in their order (AF-13).

    `steps` are the contacts by name, as pump and vessel full, with the times they were on. A step
    counts if it was on at some moment since the step before it, within `within_s` of the result.
    """
    for one in results:
        since = one.completed_at - within_s
        for name, spans in steps:
            reached = [max(span.start, since) for span in spans if span.end > since]
            reached = [at for at in reached if at < one.completed_at]
            if not reached:
                yield Finding(
                    "AF-13",
                    f"no {name} before analysis",
                    one.factor,
                    one.completed_at,
                    one.completed_at,
                    1,
                    {"step": name},
                    ((one.completed_at, one.value),),
                )
                break
            since = min(reached)
