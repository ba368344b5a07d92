"""From what the rows say to deductions: one for each fact, whatever number of events told it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from agent.health.deduction import Deduction, DeductionKind

_STOPS = frozenset({"AF-16", "AF-19"})
"""Rules of the watch whose cases about a stop contradict it."""
_OF_EVENT: Mapping[str, DeductionKind] = {
    "rounds_missed": DeductionKind.ROUND_MISSED,
}


@dataclass(frozen=True, slots=True)
class OverLimit:
    """A valid hour or day beyond its limit, after exemptions, with the events of it."""

    factor: str
    start: int
    length: Literal["hour", "day"]
    value: float
    events: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Lapse:
    """Something else that costs points. What bears one `key` is one lapse with several events."""

    kind: DeductionKind
    key: str
    at: float
    events: tuple[int, ...]
    text: str = ""


def kind_of_event(kind: str, detail: Mapping[str, object]) -> DeductionKind | None:
    """Say which deduction an event stands for; None where it costs nothing by itself."""
    if kind == "fault_late":
        return DeductionKind.UNCONTROLLED if detail.get("step") == "spare" else None
    if kind == "supervision":
        return DeductionKind.SUPERVISION_LATE if detail.get("step") == "overdue" else None
    if kind == "falsification":
        about_stop = detail.get("rule") in _STOPS and "stop" in str(detail.get("cause"))
        return DeductionKind.STOP_CONTRADICTED if about_stop else None
    return _OF_EVENT.get(kind)


def deductions_of(
    outlet: str,
    over: Iterable[OverLimit],
    lapses: Iterable[Lapse],
    points: Mapping[DeductionKind, float],
) -> Iterator[Deduction]:
    """Give what costs an outlet points; a kind that is set to 0 costs nothing."""
    for one in over:
        kind = DeductionKind.OVER_DAY if one.length == "day" else DeductionKind.OVER_HOUR
        if points[kind] > 0:
            text = f"{one.factor} {one.value:g}"
            ref = f"{kind}:{outlet}:{one.factor}:{one.start}"
            yield Deduction(ref, outlet, kind, one.start, points[kind], one.events, text=text)
    found: dict[tuple[DeductionKind, str], list[Lapse]] = {}
    for lapse in lapses:
        found.setdefault((lapse.kind, lapse.key), []).append(lapse)
    for (kind, key), same in found.items():
        if points[kind] > 0:
            events = tuple(sorted({each for lapse in same for each in lapse.events}))
            at = min(lapse.at for lapse in same)
            ref = f"{kind}:{outlet}:{key}"
            yield Deduction(ref, outlet, kind, at, points[kind], events, text=same[0].text)
