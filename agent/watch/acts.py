"""Events that somebody told already, graded and grouped (AF-08, 09, 14, 15). None is told twice.

What happened while the outlet was tended (维护, 校准) is a note; outside of it, it is grave.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from agent.watch.finding import Finding, Rule

_RULES: Mapping[str, Rule] = {
    "parameter": "AF-09",
    "parameter_range": "AF-09",
    "result_changed": "AF-08",
    "door": "AF-15",
    "power": "AF-15",
    "camera_offline": "AF-15",
    "camera_frozen": "AF-15",
    "camera_black": "AF-15",
    "camera_covered": "AF-15",
    "camera_moved": "AF-15",
}
_NEVER_GRAVE = frozenset({"parameter_range", "power", "camera_offline", "camera_frozen"})
"""A switched range, the mains and a dead camera need nobody's hand."""
GAP = "log gap"


@dataclass(frozen=True, slots=True)
class Told:
    """One event of an outlet: what it was about, whether the outlet was tended, its figures."""

    id: int
    kind: str
    at: float
    factor: str
    tended: bool
    figures: Mapping[str, float | str] = field(default_factory=dict)
    silent: bool = False
    """Of a `power` event: nobody sampled; no contact told that the mains were gone."""


@dataclass(frozen=True, slots=True)
class Begun:
    """One start of the daemon, and whether the end before it was in good order."""

    at: float
    orderly: bool


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody from afar: when, who, and from where as far as it is known."""

    at: float
    who: str
    came_from: str


def graded(told: Iterable[Told]) -> Iterator[Finding]:
    """Give the events of a time as findings, one for each rule, cause and factor."""
    groups: dict[tuple[Rule, str, str], list[Told]] = {}
    for one in told:
        rule = _RULES.get(one.kind)
        if rule is not None:
            groups.setdefault((*_named(one, rule), one.factor), []).append(one)
    for (rule, cause, factor), events in groups.items():
        events.sort(key=lambda one: one.id)
        last = events[-1]
        yield Finding(
            rule,
            cause,
            factor,
            min(one.at for one in events),
            max(one.at for one in events),
            len(events),
            dict(last.figures),
            grave=cause.endswith(_OUTSIDE),
            events=tuple((one.id, one.at) for one in events),
        )


_OUTSIDE = " outside maintenance"


def _named(one: Told, rule: Rule) -> tuple[Rule, str]:
    if one.kind == "power" and one.silent:
        return "AF-14", GAP
    name = one.kind.replace("_", " ")
    if one.kind in _NEVER_GRAVE or one.tended:
        return rule, name
    return rule, name + _OUTSIDE


def steps_of_clock(steps: Iterable[tuple[float, float]], *, most_s: float) -> Iterator[Finding]:
    """Give the steps of our clock, (at, seconds): back at all, or forward by more than `most_s`."""
    for at, step_s in steps:
        if step_s < 0 or step_s > most_s:
            cause = "clock back" if step_s < 0 else "clock step"
            yield Finding("AF-14", cause, "", at, at, 1, {"step_s": step_s}, ((at, step_s),))


def labels(
    results: Iterable[tuple[str, float, float, float]], *, ahead_s: float, old_s: float
) -> Iterator[Finding]:
    """Give results whose own time lies in the future or far back.

    `results`: factor, its own time, when it was first seen, value.
    """
    for factor, completed_at, received_at, value in results:
        late_s = received_at - completed_at
        if late_s < -ahead_s or late_s > old_s:
            cause = "label ahead" if late_s < 0 else "label old"
            sample = ((completed_at, value),)
            figures: dict[str, float | str] = {"late_s": late_s}
            yield Finding("AF-14", cause, factor, received_at, received_at, 1, figures, sample)


def restarts(starts: Iterable[Begun]) -> Iterator[Finding]:
    """Give the starts of this program; one without an orderly end before it by another name."""
    for one in starts:
        cause = "restart" if one.orderly else "restart after a break"
        yield Finding("AF-15", cause, "", one.at, one.at, 1)


def sessions(told: Iterable[Session]) -> Iterator[Finding]:
    """Give the times somebody worked on this machine, or looked into it, from afar.

    A note: who may do so is settled elsewhere, and what he changed is told by itself.
    """
    for one in told:
        figures: dict[str, float | str] = {"who": one.who, "from": one.came_from}
        yield Finding("AF-15", "remote session", "", one.at, one.at, 1, figures)
