"""Stores what stands for lost mass when a day has closed (HJ 75-2017 §12.2, HJ 356-2019 §6-8).

Rows beside the reported ones; concentration is never substituted. The capture rate of a quarter is
known when the quarter is over, and marks come in after the day: until then, and ten days on, each
day reckons its whole quarter (gas) or month (water) anew, and what changed is a revision.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from agent.clock import Clock
from agent.marks import term_start
from agent.model import Kind, Period
from agent.plan import OutletPlan, Plan
from agent.stats import AmountKind
from agent.store import cursors, journal, series, substitutes
from agent.store.db import Store
from agent.store.substitutes import KEPT_ITSELF, Substitute
from agent.substituting import Substitution, of_month, of_quarter
from agent.substitution import RATE_ALARM
from agent.telling import tell

DAY_S = 86_400
LATE_DAYS = 10
"""How long after its end a quarter or month is reckoned anew: marks and checks come in late."""
TERMS = 8
"""Quarters or months that are made up for after a long absence."""
CAPTURE = "check_capture"
"""A quarter that is over caught less than 75 % of its hours (QC-06)."""


@dataclass(frozen=True, slots=True)
class Term:
    """A quarter of gas or a month of water: its first second and that behind its last."""

    start: int
    end: int
    gas: bool

    @property
    def kind(self) -> str:
        """How the store writes what is substituted in it: hours or days."""
        return Kind.HOUR.value if self.gas else Kind.DAY.value


async def substitute_lost(plan: Plan, store: Store, clock: Clock) -> int:
    """Reckon what closed since last time; gives how many rows are new or changed."""
    total = 0
    for outlet in plan.outlets.values():
        if outlet.medium not in ("gas", "water"):
            continue
        until, done = await store.read(partial(_stand, outlet=outlet.id))
        if until is None or until == done:
            continue
        for term in terms(outlet.medium == "gas", done or until - DAY_S, until):
            for code, factor in outlet.factors.items():
                if factor.period.amount.kind is not AmountKind.MASS:
                    continue
                found = await store.read_apart(
                    partial(_reckoned, outlet=outlet, code=code, term=term, until=until)
                )
                total += await store.write(
                    partial(_store, plan, (outlet.id, code), term, found, until, clock.now())
                )
        await store.write(partial(cursors.put, name=_cursor(outlet.id), start=until))
    return total


def terms(gas: bool, done: int, until: int) -> Iterator[Term]:
    """Give what is to be reckoned when days up to `until` have closed, oldest first."""
    first = _term(gas, min(done, until - 1) - LATE_DAYS * DAY_S)
    found = [first]
    while found[-1].end < until:
        found.append(_term(gas, found[-1].end))
    yield from found[-TERMS:]


def _term(gas: bool, at: int) -> Term:
    if not gas:
        month = Period.holding(Kind.MONTH, at)
        return Term(month.start, month.end, gas)
    start = term_start("quarter", at)
    end = Period(Kind.MONTH, start)
    for _ in range(3):
        end = end.next()
    return Term(start, end.start, gas)


def _cursor(outlet: str) -> str:
    return f"substituted/{outlet}"


def _stand(connection: sqlite3.Connection, outlet: str) -> tuple[int | None, int | None]:
    """Give up to where days are closed, and up to where that was reckoned."""
    closed = cursors.get(connection, f"{Kind.DAY.value}/{outlet}")
    return closed, cursors.get(connection, _cursor(outlet))


def _reckoned(
    connection: sqlite3.Connection, outlet: OutletPlan, code: str, term: Term, until: int
) -> Substitution:
    reckon = of_quarter if term.gas else of_month
    names = series.load(connection)
    return reckon(connection, outlet, code, term.start, names=names, until=until)


def _store(
    plan: Plan,
    place: tuple[str, str],
    term: Term,
    found: Substitution,
    until: int,
    now: float,
    connection: sqlite3.Connection,
) -> int:
    outlet, code = place
    number = series.load(connection).series.get((outlet, code, "rtd"))
    if number is None:
        return 0
    known = substitutes.between(connection, term.kind, number, term.start, term.end)
    lost = {one.start: Substitute(one.start, one.mass, one.reason) for one in found.rows}
    kept = {at: Substitute(at, None, KEPT_ITSELF) for at in known.keys() - lost.keys()}
    changed = sum(
        substitutes.put(connection, term.kind, number, one, before=known.get(one.start), now=now)
        for one in {**lost, **kept}.values()
    )
    detail = {
        "outlet": outlet,
        "factor": code,
        "from": term.start,
        "to": min(term.end, until),
        "rate": found.rate,
        "measured": found.measured,
        "substituted": found.substituted,
        "periods": len(found.rows),
        "empty": found.empty,
    }
    if changed:
        journal.add(connection, "mass substituted", {**detail, "changed": changed}, at=now)
    if term.end <= until and found.rate is not None and found.rate < RATE_ALARM:
        ref = f"{CAPTURE}:{outlet}:{code}:{term.start}"
        tell(
            connection, plan, CAPTURE, detail, ref=ref, at=term.end, now=now,
            outlet=outlet, factor=code,
        )  # fmt: skip
    return changed
