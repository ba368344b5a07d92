"""Marks with their rows: evidence looked up, marks proposed, decided, and what follows of them.

Runs inside the caller's transaction, from the daemon, the page or a command beside it. A mark, its
exemptions, its columns and its journal line are one commit.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from dataclasses import dataclass

from agent import columns
from agent.errors import PaikouError
from agent.marks import (
    Evidence,
    IndustrySet,
    Objection,
    Quota,
    Record,
    cutoff,
    exempt,
    industry_set,
    objections,
    proposals,
    term_start,
    together,
)
from agent.marks.table import Per
from agent.model import Kind, MarkKind, MarkState, Period
from agent.plan import Plan
from agent.settings.marks import MarkSettings
from agent.store import journal, statistics
from agent.store import marks as rows
from agent.store.marks import Kept
from agent.store.series import Names
from agent.telling import tell
from agent.witnessing import automatic, evidence_of, thresholds

_DAY_S = 86_400
LATE = "已过人工标记截止时间 / after the cut-off for manual marks"


class MarkError(PaikouError):
    """A mark cannot be made or decided as asked."""


class Contradicted(MarkError):
    """What was measured speaks against a mark; carries the objections."""

    def __init__(self, found: list[Objection]) -> None:
        super().__init__("\n".join(one.text for one in found))
        self.objections = tuple(found)


@dataclass(frozen=True, slots=True)
class Desk:
    """Where marks are worked on: one write transaction, the settings in force, the names."""

    connection: sqlite3.Connection
    plan: Plan
    names: Names
    now: float

    def settings(self, outlet: str) -> MarkSettings:
        """Give how an outlet's marks are settled. Raises MarkError for an unknown outlet."""
        if outlet not in self.plan.outlets:
            known = ", ".join(self.plan.outlets)
            raise MarkError(f"{outlet}: 没有这个排放口 / no such outlet; {known}")
        return self.plan.site.outlet(outlet).marks

    def industry(self, outlet: str) -> IndustrySet:
        """Give the marks an outlet's industry knows."""
        settings = self.settings(outlet)
        return industry_set(settings.industry, settings.quota_hours)

    def evidence(self, outlet: str, start: int, end: int) -> Evidence:
        """Give what was so at an outlet."""
        settings = self.settings(outlet)
        return evidence_of(
            self.connection, self.plan, self.names, outlet, start, end, settings=settings
        )


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
    """Store the automatic marks of a stretch, and propose what its evidence speaks of (MARK-07).

    Looked at day by day: what lies across midnight becomes two marks.
    """
    settings = desk.settings(outlet)
    made: list[Kept | None] = []
    day = Period.holding(Kind.DAY, start)
    while day.start < end:
        first, last = max(start, day.start), min(end, day.end)
        found = desk.evidence(outlet, first, last)
        known = [one.record for one in rows.listed(desk.connection, outlet, first, last)]
        auto = automatic(desk.connection, desk.plan, desk.names, outlet, first, last)
        for record in (*together(auto), *proposals(found, thresholds(settings), known)):
            made.append(rows.add(desk.connection, record, by=by, why=why, now=desk.now))
        day = day.next()
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
    """Refuse a proposal, or take a confirmed mark back: its columns are as before it."""
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


def settle(desk: Desk, outlet: str, facility: str, quota: Quota, at: int) -> tuple[int, int] | None:
    """Reckon one quota of one facility anew for the term that holds `at`; tells 80 and 100 %.

    Gives the span whose exemptions changed. Call it again when hours were closed or revised.
    """
    start = term_start(quota.per, at)
    end = _term_end(quota.per, start)
    found = [
        one.record
        for one in rows.listed(desk.connection, outlet, start, end)
        if one.record.facility == facility
    ]
    result = exempt(quota, found, cap_hours=_cap_hours(desk, outlet, quota, found))
    for usage in result.usage:
        for percent, reached in usage.reached:
            tell(
                desk.connection,
                desk.plan,
                "quota",
                {
                    "quota": quota.id,
                    "facility": facility,
                    "percent": percent,
                    "used_min": usage.used_min,
                    "allowed_min": usage.allowed_min,
                },
                ref=f"quota:{outlet}:{facility}:{quota.id}:{usage.start}:{percent}",
                at=reached,
                now=desk.now,
                outlet=outlet,
            )
    return rows.settle_exemptions(
        desk.connection,
        outlet,
        [one for one in result.records if start <= one.start < end],
        codes=quota.codes,
        facility=facility,
        start=start,
        end=end,
        now=desk.now,
    )


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
    first = Period.holding(Kind.MONTH, start).start
    last = Period.holding(Kind.MONTH, end - 1).end
    columns.remake(
        desk.connection,
        desk.plan.outlets[record.outlet],
        start,
        end,
        marks=rows.between(desk.connection, first, last, outlet=record.outlet),
        names=desk.names,
    )


def _cap_hours(
    desk: Desk, outlet: str, quota: Quota, found: list[Record]
) -> dict[int, float | None]:
    """Give the hour means of the cap's factor in the marked hours, converted where they are."""
    hours: dict[int, float | None] = {}
    if quota.cap_factor is None:
        return hours
    for one in found:
        if one.code not in quota.codes or one.state is not MarkState.CONFIRMED:
            continue
        first = Period.holding(Kind.HOUR, one.start)
        stored = statistics.between(desk.connection, first, one.end, outlet, desk.names)
        for row in stored:
            if row.factor == quota.cap_factor and row.valid:
                factor = desk.plan.outlets[outlet].factors[row.factor]
                hours[row.period.start] = row.zs_avg if factor.corrected else row.avg
    return hours


def _term_end(per: Per, start: int) -> int:
    period = Period(Kind.MONTH, start)
    for _ in range(12 if per == "year" else 3):
        period = period.next()
    return period.start


def _known(desk: Desk, mark: int) -> Kept:
    kept = rows.get(desk.connection, mark)
    if kept is None:
        raise MarkError(f"{mark}: 没有这条标记 / no such mark")
    if kept.record.kind is MarkKind.EXEMPTION:
        raise MarkError(f"{mark}: 豁免随工况标记而定 / an exemption follows from its condition")
    desk.settings(kept.record.outlet)
    return kept
