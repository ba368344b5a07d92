"""Holds what is said of an outlet against what was measured there: stops, maintenance (AF-16, 19).

The witnesses are those that marks are proposed from (`agent.witnessing`).
"""

from __future__ import annotations

from collections.abc import Iterator

from agent import watch
from agent.marks.evidence import running
from agent.marks.proposals import STOP
from agent.model import Cause, MarkKind, MarkState
from agent.store import marks, pages
from agent.store.marks import Kept
from agent.watch import Finding, Span, stretches
from agent.watched.look import Look
from agent.witnessing import evidence_of, thresholds

_AVG = pages.FIGURES.index("avg")
_FLAGGED = (
    "SELECT DISTINCT start FROM statistics WHERE kind = '1m' AND start >= ? AND start < ?"
    " AND cause = 'stopped' AND NOT valid"
    " AND series IN (SELECT id FROM series WHERE outlet = ? AND quantity = 'rtd')"
)
_SWITCHES = (
    "SELECT id, began_at, coalesce(ended_at, until) FROM maintenance"
    " WHERE outlet = ? AND kind = 'stopped' AND began_at < ? AND coalesce(ended_at, until) > ?"
)


def contradictions(look: Look) -> Iterator[Finding]:
    """Give where marks, switches and flags say one thing, and the measurements another."""
    least = look.outlet.watch.against_min
    known = [
        one
        for one in marks.listed(look.connection, look.outlet.id, look.start, look.until)
        if one.record.state is not MarkState.REFUSED
    ]
    said = _stops(look, known)
    rows = look.connection.execute(_FLAGGED, (look.start, look.until, look.outlet.id))
    flagged = list(stretches(at for (at,) in rows))
    if said or flagged:
        ran = _witnessed(look)
        yield from watch.ran_in_stop(ran, said, least_min=least, said="mark")
        alone = [one for one in flagged if not any(one.touches(each) for each in said)]
        yield from watch.ran_in_stop(ran, alone, least_min=least, said="flag")
    tended = _tended(look, known)
    if any(tended.values()):
        normal = _normal(look, tended)
        yield from watch.values_in_maintenance(normal, tended, least_min=least)


def _stops(look: Look, known: list[Kept]) -> list[Span]:
    """Give the times that a mark, even a proposed one, or the switch calls a stop."""
    rows = look.connection.execute(_SWITCHES, (look.outlet.id, look.until, look.start))
    return [
        Span(one.record.start, one.record.end)
        for one in known
        if (one.record.kind, one.record.code) == (MarkKind.CONDITION, STOP)
    ] + [Span(start, end) for _, start, end in rows]


def _witnessed(look: Look) -> dict[str, dict[float, float]]:
    """Give by witness the minutes in which it spoke of running, with its value."""
    settings = look.outlet.marks
    evidence = evidence_of(
        look.connection,
        look.plan,
        look.names,
        look.outlet.id,
        look.start,
        look.until,
        settings=settings,
    )
    ran: dict[str, dict[float, float]] = {}
    for at, minute in evidence.minutes.items():
        for name, value in running(minute, thresholds(settings)):
            ran.setdefault(name, {})[at] = value
    return ran


def _tended(look: Look, known: list[Kept]) -> dict[str, list[Span]]:
    """Give by factor the times a person calls maintenance or calibration, proposed ones too."""
    found: dict[str, list[Span]] = {code: [] for code in look.own.factors}
    for one in known:
        record = one.record
        if record.kind is MarkKind.EQUIPMENT and record.channel.value == "manual":
            for code in record.factors or found:
                found.setdefault(code, []).append(Span(record.start, record.end))
    return found


def _normal(look: Look, tended: dict[str, list[Span]]) -> dict[str, dict[float, float]]:
    """Give the minutes that were reported as valid, of the factors that were tended."""
    codes = {
        number: key[1]
        for key, number in look.names.series.items()
        if (key[0], key[2]) == (look.outlet.id, "rtd") and tended.get(key[1])
    }
    found: dict[str, dict[float, float]] = {}
    for row in pages.periods(look.connection, "1m", look.start, look.until, series=codes):
        value = row.figures[_AVG]
        if row.valid and row.cause is Cause.NORMAL and value is not None:
            found.setdefault(codes[row.series], {})[float(row.start)] = value
    return found
