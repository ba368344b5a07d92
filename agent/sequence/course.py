"""What is due of the hour's sequence, by the clock and by what was ordered before. Pure.

Water of an hour is collected in vessel A (even hours, UTC) or B (odd ones) in portions. When the
hour is over its vessel is supplied, the analyzers are started one after the other, and when every
result is there, or the time for it is over, the vessel is drained: never while a bottle of it is
being kept. Two hours after it was begun a vessel is filled again, and not before it was drained.

Each step has a name that is never given twice: what was ordered before a restart is not ordered
again behind it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.rules import vessel_of

HOUR_S = 3600
LAST_PORTION_S = 120
"""Before the hour's end no portion is begun: it would run into the next hour."""
SUPPLY_S = 600
DRAIN_S = 900
"""How late supply and draining may still begin."""
EMPTY_S = 180
"""How long a vessel takes to drain once it began to: before that nothing is filled into it."""
CHECKS = 6
CHECK_EVERY_S = 600
"""A daily check that an analyzer refuses, being at work, is tried that often."""
_OVER = frozenset({"done", "failed", "refused", "expired", "unknown"})
_IN_VAIN = _OVER - {"done"}


@dataclass(frozen=True, slots=True)
class Course:
    """What was settled. Volumes in m3, times in seconds; `check_at` is seconds of the local day."""

    sampler: str
    analyzers: tuple[str, ...]
    checked: tuple[str, ...]
    by_flow: bool
    every_s: int
    every_m3: float
    most: int
    stagger_s: int
    verdict_s: int
    retain_without: bool
    check_at: int | None = None


@dataclass(frozen=True, slots=True)
class Ordered:
    """How far a step got. `finished_at` is None while it is open."""

    state: str
    finished_at: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known beside the steps.

    `judged`: hours whose results are all there. `keeping`: hours of which a bottle is ordered and
    not settled. `kept_blind`: hours that were ordered to be kept without a verdict. `volume_m3`:
    what flowed since this hour began, None where nobody knows. `midnight`: when the local day
    began.
    """

    judged: frozenset[int] = frozenset()
    keeping: frozenset[int] = frozenset()
    kept_blind: frozenset[int] = frozenset()
    volume_m3: float | None = None
    midnight: float = 0.0
    steps: Mapping[str, Ordered] = field(default_factory=dict)

    def since_done(self, name: str, now: float) -> float | None:
        """Give how long ago a step was done; None where it was not."""
        found = self.steps.get(name)
        if found is None or found.state != "done" or found.finished_at is None:
            return None
        return now - found.finished_at

    def state(self, name: str) -> str:
        """Give how far a step got; empty when it was never ordered."""
        found = self.steps.get(name)
        return found.state if found else ""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to be done now: an order to a device, or what is to be told (no device).

    `kind` is that of an action row, or `no_composite`, `no_verdict`, `retain` or `no_check`.
    """

    name: str
    kind: str
    hour: int
    device: str = ""
    vessel: str = ""
    not_after: float = 0.0


def due(course: Course, seen: Seen, now: float) -> list[Step]:
    """Give what is to be ordered or told now, in this order."""
    hour = int(now) // HOUR_S * HOUR_S
    found = [*_analysed(course, seen, hour - HOUR_S, now), *_collected(course, seen, hour, now)]
    found += _checks(course, seen, now)
    return [one for one in found if one.name not in seen.steps]


def _collected(course: Course, seen: Seen, hour: int, now: float) -> Iterator[Step]:
    """Fill the vessel of this hour, once it is known to be empty."""
    before, vessel = hour - 2 * HOUR_S, vessel_of(hour)
    clear = f"{hour}:clear"
    drained = (seen.since_done(name, now) for name in (f"{before}:drain", clear))
    drained_s = max((one for one in drained if one is not None), default=None)
    if drained_s is None:
        if before in seen.keeping:
            return  # a bottle of what is in it is being kept
        yield Step(clear, "drain", hour, course.sampler, vessel, min(now + DRAIN_S, hour + HOUR_S))
        if seen.state(clear) in _IN_VAIN:
            yield Step(f"{hour}:no_composite", "no_composite", hour, vessel=vessel)
        return
    number = _portion(course, seen, hour, now) if drained_s >= EMPTY_S else None
    if number is not None and now < hour + HOUR_S - LAST_PORTION_S:
        until = min(now + course.every_s, hour + HOUR_S - LAST_PORTION_S)
        name = f"{hour}:portion:{number}"
        yield Step(name, "portion", hour, course.sampler, vessel, until)


def _portion(course: Course, seen: Seen, hour: int, now: float) -> str | None:
    """Give which portion is due; None before the first, or when there were enough."""
    if sum(name.startswith(f"{hour}:portion:") for name in seen.steps) >= course.most:
        return None
    if course.by_flow and seen.volume_m3 is not None:
        number = int(seen.volume_m3 / course.every_m3)
        return f"{number}" if number else None
    # nobody knows the flow: it may be the worst water of all, and is taken by the clock
    return f"{'t' if course.by_flow else ''}{int(now - hour) // course.every_s}"


def _analysed(course: Course, seen: Seen, hour: int, now: float) -> Iterator[Step]:
    """Supply what the last hour collected, have it measured, and drain or keep it."""
    portions = [
        one.state for name, one in seen.steps.items() if name.startswith(f"{hour}:portion:")
    ]
    if not portions:
        return  # nothing was collected: the agent was not there
    vessel, ends = vessel_of(hour), hour + HOUR_S
    if "done" not in portions:
        if all(state in _OVER for state in portions):
            yield Step(f"{hour}:no_composite", "no_composite", hour, vessel=vessel)
        return
    supply = f"{hour}:supply"
    yield Step(supply, "supply", hour, course.sampler, vessel, ends + SUPPLY_S)
    supplied = seen.steps.get(supply)
    if supplied is not None and supplied.state == "done" and supplied.finished_at is not None:
        for number, device in enumerate(course.analyzers):
            if now >= supplied.finished_at + number * course.stagger_s:
                until = ends + course.verdict_s
                yield Step(f"{hour}:start:{device}", "measure", hour, device, vessel, until)
    yield from _end(course, seen, hour, now)


def _end(course: Course, seen: Seen, hour: int, now: float) -> Iterator[Step]:
    """Keep or drain a vessel when it was judged, or when the time for that is over."""
    vessel, judged = vessel_of(hour), hour in seen.judged
    if not judged and now < hour + HOUR_S + course.verdict_s:
        return
    if not judged:
        yield Step(f"{hour}:no_verdict", "no_verdict", hour, vessel=vessel)
        if course.retain_without:
            yield Step(f"{hour}:retain", "retain", hour, course.sampler, vessel)
            if hour not in seen.kept_blind:
                return  # the order is a row first; what it keeps is drained afterwards
    if hour not in seen.keeping:
        yield Step(f"{hour}:drain", "drain", hour, course.sampler, vessel, now + DRAIN_S)


def _checks(course: Course, seen: Seen, now: float) -> Iterator[Step]:
    """Have each analyzer check itself against its standard once a day."""
    if course.check_at is None:
        return
    slot = seen.midnight + course.check_at
    for device in course.checked:
        names = [f"{int(slot)}:check:{device}:{number}" for number in range(CHECKS)]
        states = [seen.state(name) for name in names]
        if "done" in states or "unknown" in states or now < slot:
            continue
        for number, (name, state) in enumerate(zip(names, states, strict=True)):
            at = slot + number * CHECK_EVERY_S
            if not state and at <= now < at + CHECK_EVERY_S:
                until = at + CHECK_EVERY_S
                yield Step(name, "check", int(slot), device, not_after=until)
        over = slot + CHECKS * CHECK_EVERY_S
        if over <= now < over + HOUR_S and not (set(states) - _IN_VAIN - {""}):
            yield Step(f"{int(slot)}:no_check:{device}", "no_check", int(slot), device)
