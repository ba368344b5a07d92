"""Marks with their rows: proposed, decided, and what follows of them.

Runs inside the caller's transaction, from the daemon, the page or a command beside it. A mark, its
exemptions, its columns and its journal line are one commit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from agent import columns
from agent.desk import Desk, MarkError
from agent.exempting import settle
from agent.marks import Objection, Record, cutoff, objections, proposals, term_start, together
from agent.model import Kind, MarkKind, MarkState, Period
from agent.store import journal
from agent.store import marks as rows
from agent.store.marks import Kept
from agent.witnessing import automatic, doubted, thresholds

_DAY_S = 86_400
LATE = "已过人工标记截止时间 / after the cut-off for manual marks"


class Contradicted(MarkError):
    """What was measured speaks against a mark; carries the objections."""

    def __init__(self, found: list[Objection]) -> None:
        super().__init__("\n".join(one.text for one in found))
        self.objections = tuple(found)


def propose(desk: Desk, record: Record, *, by: str, why: str) -> Kept | None:
    """Store a person's proposal; None when this very mark is there. Raises MarkError."""
    known = desk.industry(record.outlet)
    if known.name(record.kind, record.code) is None or record.kind is MarkKind.EXEMPTION:
        allowed = " ".join(f"{one.kind}:{one.code}" for one in known.names)
        raise MarkError(f"{record.kind}:{record.code}: 应为 / allowed {allowed}")
    outlet = desk.plan.outlets[record.outlet]
    unknown = [code for code in record.factors if code not in outlet.factors]
    if unknown:
        raise MarkError(f"{record.outlet}: 没有因子 / no factor {' '.join(unknown)}")
    if record.end <= record.start:
        raise MarkError("结束早于开始 / the last minute lies before the first")
    return rows.add(desk.connection, record, by=by, why=why, now=desk.now)


def propose_from_evidence(
    desk: Desk, outlet: str, start: int, end: int, *, by: str, why: str
) -> list[Kept]:
    """Store the automatic marks of a stretch, and propose what its evidence speaks of (MARK-07)."""
    return store_all(desk, look(desk, outlet, start, end), by=by, why=why)


def look(desk: Desk, outlet: str, start: int, end: int) -> list[Record]:
    """Give the automatic marks and the proposals of a stretch; reads only.

    Looked at day by day: what lies across midnight becomes two marks.
    """
    settings = desk.settings(outlet)
    made: list[Record] = []
    day = Period.holding(Kind.DAY, start)
    while day.start < end:
        first, last = max(start, day.start), min(end, day.end)
        found = desk.evidence(outlet, first, last)
        known = [one.record for one in rows.listed(desk.connection, outlet, first, last)]
        made += together(automatic(desk.connection, desk.plan, desk.names, outlet, first, last))
        made += proposals(found, thresholds(settings), known)
        day = day.next()
    return made + doubted(desk.connection, desk.plan, outlet, start, end)


def store_all(desk: Desk, records: Iterable[Record], *, by: str, why: str) -> list[Kept]:
    """Store records; gives those that were not there."""
    made = [rows.add(desk.connection, one, by=by, why=why, now=desk.now) for one in records]
    return [one for one in made if one is not None]


def confirm(
    desk: Desk, mark: int, *, by: str, why: str, proof: str = "", despite: bool = False
) -> Kept:
    """Confirm a mark and let it take effect.

    Raises Contradicted when something speaks against it, unless `despite`: then the objections
    stay with the mark. Raises MarkError when it is unknown, in force, or not over yet.
    """
    kept = _known(desk, mark)
    record = kept.record
    if record.state is MarkState.CONFIRMED:
        raise MarkError(f"{mark}: 已确认 / is confirmed already")
    if record.end > desk.now:
        raise MarkError(f"{mark}: 尚未结束 / is not over yet")
    settings = desk.settings(record.outlet)
    before = record.start - settings.repeat_days * _DAY_S
    others = [
        one.record
        for one in rows.listed(desk.connection, record.outlet, before, record.end)
        if one.record.state is MarkState.CONFIRMED
    ]
    found = objections(
        record,
        desk.evidence(record.outlet, record.start, record.end),
        thresholds(settings),
        others,
    )
    if found and not despite:
        raise Contradicted(found)
    said = [one.text for one in found]
    if desk.now > cutoff(record.end, hour=settings.cutoff_hour):
        said.append(LATE)
    after = rows.decide(
        desk.connection,
        mark,
        MarkState.CONFIRMED,
        by=by,
        why=why,
        now=desk.now,
        proof=proof,
        objections=said,
    )
    _take_effect(desk, after.record)
    return after


def note_contradiction(desk: Desk, mark: int, found: Contradicted, *, by: str) -> None:
    """Journal that a confirmation was held up, in a transaction of its own (MARK-08)."""
    detail = {"id": mark, "objections": [dataclasses.asdict(one) for one in found.objections]}
    journal.add(desk.connection, "mark contradicted", detail, at=desk.now, who=by)


def refuse(desk: Desk, mark: int, *, by: str, why: str) -> Kept:
    """Refuse a proposal, or take a confirmed mark back: its columns are as before it.

    Raises MarkError when it is refused already.
    """
    kept = _known(desk, mark)
    if kept.record.state is MarkState.REFUSED:
        raise MarkError(f"{mark}: 已否决 / is refused already")
    after = rows.decide(
        desk.connection,
        mark,
        MarkState.REFUSED,
        by=by,
        why=why,
        now=desk.now,
        objections=kept.record.objections,
    )
    if kept.record.state is MarkState.CONFIRMED:
        _take_effect(desk, after.record)
    return after


def resettle(desk: Desk, outlet: str, at: int) -> None:
    """Reckon every quota of the terms that hold `at` anew: hours were closed since, or revised."""
    for quota in desk.industry(outlet).quotas:
        term = term_start(quota.per, at)
        used = {
            one.record.facility
            for one in rows.listed(desk.connection, outlet, term, at)
            if one.record.kind is quota.kind and one.record.code in quota.codes
        }
        for facility in sorted(used):
            changed = settle(desk, outlet, facility, quota, term)
            if changed is not None:
                _remake(desk, outlet, *changed)


def _take_effect(desk: Desk, record: Record) -> None:
    """Reckon the quota a mark draws on, then make the columns it touches anew."""
    start, end = record.start, record.end
    quota = desk.industry(record.outlet).quota_of(record.kind, record.code)
    if quota is not None:
        terms = {term_start(quota.per, at) for at in (record.start, record.end - 60)}
        for term in sorted(terms):
            changed = settle(desk, record.outlet, record.facility, quota, term)
            if changed is not None:
                start, end = min(start, changed[0]), max(end, changed[1])
    _remake(desk, record.outlet, start, end)


def _remake(desk: Desk, outlet: str, start: int, end: int) -> None:
    first = Period.holding(Kind.MONTH, start).start
    last = Period.holding(Kind.MONTH, end - 1).end
    columns.remake(
        desk.connection,
        desk.plan.outlets[outlet],
        start,
        end,
        marks=rows.between(desk.connection, first, last, outlet=outlet),
        names=desk.names,
    )


def _known(desk: Desk, mark: int) -> Kept:
    kept = rows.get(desk.connection, mark)
    if kept is None:
        raise MarkError(f"{mark}: 没有这条标记 / no such mark")
    if kept.record.kind is MarkKind.EXEMPTION:
        raise MarkError(f"{mark}: 豁免随工况标记而定 / an exemption follows from its condition")
    desk.settings(kept.record.outlet)
    return kept
