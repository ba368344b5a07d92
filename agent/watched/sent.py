"""The hours of a day as the analyzer had them, as the store has them, as they were sent (AF-08)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from statistics import fmean

from agent import watch
from agent.model import Cause, Kind
from agent.plan import StationPlan
from agent.report import PERIOD_CN
from agent.store import pages
from agent.watch import Finding, Hop
from agent.watched.courses import thresholds
from agent.watched.look import Look
from protocols.hj212.cp import parse_cp

_AVG = pages.FIGURES.index("avg")
_SENT = (
    "SELECT at, body FROM outbox"
    " WHERE station = ? AND cn = ? AND st = ? AND at >= ? AND at < ? ORDER BY id"
)
_STORED = (
    "SELECT start, avg, valid FROM statistics"
    " WHERE kind = '1h' AND start >= ? AND start < ? AND series = ?"
)
Stored = dict[tuple[str, int], list[tuple[float, bool]]]
"""By factor and hour what the store had, every revision."""


def of_sent(look: Look) -> Iterator[Finding]:
    """Give the values of the day that did not stay what they were."""
    stored = _stored(look)
    hops = [*_taken(look, stored)]
    for station in look.plan.stations.values():
        if any(one.id == look.outlet.id for one in station.outlets):
            hops += _told(look, station, stored)
    by_factor: defaultdict[str, list[Hop]] = defaultdict(list)
    for one in hops:
        by_factor[one.factor].append(one)
    for code, of_factor in by_factor.items():
        yield from watch.differing(of_factor, thresholds(look.outlet, code))


def _stored(look: Look) -> Stored:
    found: Stored = {}
    for code in look.own.factors:
        number = look.names.series.get((look.outlet.id, code, "rtd"))
        rows = look.connection.execute(_STORED, (look.start, look.until, number))
        for start, avg, valid in rows:
            if avg is not None:
                found.setdefault((code, start), []).append((avg, bool(valid)))
    return found


def _taken(look: Look, stored: Stored) -> Iterator[Hop]:
    """Give analyzer and store of each valid hour of a batch analyzer."""
    results: defaultdict[tuple[str, int], list[float]] = defaultdict(list)
    codes = {
        number: key[1]
        for key, number in look.names.series.items()
        if (key[0], key[2]) == (look.outlet.id, "rtd")
    }
    for one in pages.results(look.connection, look.start, look.until):
        if one.series in codes and one.value is not None and one.cause is Cause.NORMAL:
            results[codes[one.series], one.sampled_at].append(one.value)
    for (code, at), values in results.items():
        valid = [value for value, valid in stored.get((code, at), ()) if valid]
        plan = look.own.factors.get(code)
        if valid and plan is not None and plan.batch:
            mean = fmean(values)
            nearest = min(valid, key=lambda value: abs(value - mean))
            yield Hop(code, at, mean, nearest, "stored differs from the analyzer")


def _told(look: Look, station: StationPlan, stored: Stored) -> Iterator[Hop]:
    """Give store and upload of each hour that a station was sent, whatever became of it."""
    codes = {
        (said.code if (said := station.wording.said.get(code)) else code): code
        for code in look.own.factors
    }
    asked = (station.id, PERIOD_CN[Kind.HOUR], look.own.st, look.start, look.until)
    for at, body in look.connection.execute(_SENT, asked):
        for name, text in (pair for item in parse_cp(body) for pair in item):
            code = codes.get(name.removesuffix("-Avg")) if name.endswith("-Avg") else None
            kept = [value for value, _ in stored.get((code, at), ())] if code else []
            if code is None or not kept:
                continue
            spelling = station.wording.said.get(code)
            factor, offset = (spelling.factor, spelling.offset) if spelling else (1.0, 0.0)
            try:
                sent = (float(text) - offset) / factor
            except ValueError:
                continue
            half = 0.5 * 10.0 ** -len(text.partition(".")[2]) / abs(factor)
            nearest = min(kept, key=lambda value: abs(value - sent))
            yield Hop(code, at, nearest, sent, f"sent to {station.id} differs", half)
