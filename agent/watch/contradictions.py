"""What is said of an outlet against what was measured there (AF-16, AF-19), and bypasses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.watch.finding import Finding, Rule, shown
from agent.watch.spans import MINUTE_S, Span, stretches

_OUTSIDE = frozenset({"power", "load"})
"""Witnesses beside the monitoring itself: AF-19."""


def ran_in_stop(
    running: Mapping[str, Mapping[float, float]],
    stops: Sequence[Span],
    *,
    least_min: int,
    said: str,
) -> Iterator[Finding]:
    """Give what spoke of running inside stretches that are called a stop.

    `running`: by witness (flow, oxygen, temperature, power, load) the minutes in which it did,
    with its value. `said`: who calls it a stop (mark, flag).
    """
    for name, minutes in running.items():
        rule: Rule = "AF-19" if name in _OUTSIDE else "AF-16"
        yield from _inside(rule, f"{name} in a stop by {said}", "", minutes, stops, least_min)


def values_in_maintenance(
    normal: Mapping[str, Mapping[float, float]],
    tended: Mapping[str, Sequence[Span]],
    *,
    least_min: int,
) -> Iterator[Finding]:
    """Give factors with values sent as normal inside a mark of maintenance, by factor (AF-16)."""
    for factor, minutes in normal.items():
        spans = tended.get(factor, ())
        cause = "normal value in maintenance"
        for one in _inside("AF-16", cause, factor, minutes, spans, least_min):
            yield Finding(one.rule, cause, factor, one.start, one.end, one.count, {}, one.samples)


def untreated(
    off: Mapping[str, Iterable[float]], flowing: frozenset[int], *, least_min: int
) -> Iterator[Finding]:
    """Give the stretches in which treatment was off while the outlet discharged.

    `off`: by witness the minutes in which it said so.
    """
    for name, minutes in off.items():
        both = [at for at in minutes if int(at) in flowing]
        for one in stretches(both):
            if one.end - one.start >= least_min * MINUTE_S:
                count = sum(one.holds(at) for at in both)
                cause = f"treatment off while discharging: {name}"
                yield Finding("treatment", cause, "", one.start, one.end, count, grave=True)


def bypassed(opened: Mapping[str, Sequence[Span]], abnormal: Sequence[Span]) -> Iterator[Finding]:
    """Give emergency valves and pools that stood open, graver during an abnormal discharge.

    Spans name the events that they are; those of the discharge go with the finding.
    """
    for name, spans in opened.items():
        for grave in (True, False):
            wanted = [one for one in spans if any(one.touches(each) for each in abnormal) == grave]
            if not wanted:
                continue
            wanted.sort(key=lambda one: one.event)
            cause = f"{name} open" + (" in an abnormal discharge" if grave else "")
            with_it = {str(each.event) for each in abnormal if any(each.touches(w) for w in wanted)}
            yield Finding(
                "bypass",
                cause,
                "",
                min(one.start for one in wanted),
                max(one.start for one in wanted),
                len(wanted),
                {"discharge_events": ", ".join(sorted(with_it))} if with_it else {},
                grave=grave,
                events=tuple((one.event, one.start) for one in wanted),
            )


def ups_too_short(
    lost: Sequence[Span], ends: Sequence[float], *, least_h: float
) -> Iterator[Finding]:
    """Give losses of the mains in which battery or agent gave up too early (AF-18).

    `ends`: when a battery was low, or sampling ceased.
    """
    for one in lost:
        gave_up = [at for at in ends if one.holds(at)]
        if gave_up and min(gave_up) - one.start < least_h * 3600:
            held_h = (min(gave_up) - one.start) / 3600
            yield Finding(
                "AF-18",
                "UPS too short",
                "",
                one.start,
                one.start,
                1,
                {"held_h": held_h, "least_h": least_h},
                events=((one.event, one.start),),
            )


def _inside(
    rule: Rule,
    cause: str,
    factor: str,
    minutes: Mapping[float, float],
    spans: Sequence[Span],
    least_min: int,
) -> Iterator[Finding]:
    for span in spans:
        values = [(at, minutes[at]) for at in sorted(minutes) if span.holds(at)]
        if len(values) >= least_min:
            start, end = values[0][0], values[-1][0] + MINUTE_S
            yield Finding(
                rule, cause, factor, start, end, len(values), {}, shown(values), grave=True
            )
