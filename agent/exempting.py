"""Quotas with their rows: what of the confirmed conditions is exempt, and the warnings."""

from __future__ import annotations

from agent.desk import Desk
from agent.marks import Quota, Record, exempt, term_start
from agent.marks.table import Per
from agent.model import Kind, MarkState, Period
from agent.store import marks as rows
from agent.store import statistics
from agent.telling import tell


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
