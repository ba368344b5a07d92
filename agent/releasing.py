"""What a person does with bottles: keep one by hand, confirm, release, hand over (SMP-07).

Who may do what goes by the role of the one who signs, as `people` of the site file has it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from agent.custody import told
from agent.keeping import order_bottle
from agent.model import Kind, Period
from agent.persons import NOBODY, person_of, unproven
from agent.plan import Plan
from agent.rules import RetentionOrder
from agent.settings.duty import Person
from agent.store import bottles, journal
from agent.store.bottles import Bottle
from agent.telling import tell

RELEASED = "retention_released"
HANDED = "retention_handed"
CONFIRMED = "retention_confirmed"
ORDER_S = 600.0
"""How long an order by hand waits for its sampler."""
MOST_BOTTLES = 6

_NOT_HIS = (
    "kept for an exceedance or an order: an inspector or the platform releases it（执法或平台放行）"
)


def bottle_act(
    connection: sqlite3.Connection, plan: Plan, asked: Mapping[str, Any], *, now: float
) -> dict[str, Any]:
    """Do what a person asks: `do` is keep, confirm or release; signed `who` and `why`.

    Gives what was done, or `error` and nothing was.
    """
    who, why = str(asked.get("who", "")).strip(), str(asked.get("why", "")).strip()
    if not who or not why:
        return {"error": "who and why are wanted（须写经办人和原因）"}
    match asked.get("do"):
        case "keep":
            return _keep(connection, plan, asked, who=who, why=why, now=now)
        case "confirm" | "release" as deed:
            found = bottles.find(connection, str(asked.get("code", "")))
            if found is None:
                return {"error": f"no bottle {asked.get('code')!r}（没有这瓶）"}
            person = person_of(plan.site, who)
            error = may_not(person, found, who=who, pin=str(asked.get("pin") or ""))
            if error:
                _refused(connection, deed, found, who=who, why=error, now=now)
                return {"error": error}
            if deed == "confirm":
                return _confirm(connection, plan, found, who=who, why=why, now=now)
            return _release(connection, plan, asked, found, who=who, why=why, now=now)
        case other:
            return {"error": f"do: keep, confirm or release, not {other!r}"}


def may_not(person: Person | None, bottle: Bottle, *, who: str, pin: str) -> str:
    """Say why somebody may not let a bottle go, or vouch for it; empty when he may.

    A guarded bottle wants an inspector who proves by his pin that it is he; the pin of anybody
    else counts where one is set.
    """
    if person is None:
        return NOBODY.format(who=who)
    if bottle.guarded and person.role != "inspector":
        return _NOT_HIS
    return unproven(person, pin, needed=bottle.guarded)


def release_by_platform(
    connection: sqlite3.Connection, plan: Plan, code: str, *, ref: str, station: str, now: float
) -> str | None:
    """Release a bottle because a platform orders it; None when done, else why not."""
    found = bottles.find(connection, code)
    if found is None:
        return f"no bottle {code!r}"
    if found.released_at is None:
        _let_go(connection, plan, found, who=f"platform:{station}", why=ref, now=now)
    return None


def _keep(
    connection: sqlite3.Connection,
    plan: Plan,
    asked: Mapping[str, Any],
    *,
    who: str,
    why: str,
    now: float,
) -> dict[str, Any]:
    known = [one.outlet for one in plan.site.samplers]
    outlet = str(asked.get("outlet") or (known[0] if len(known) == 1 else ""))
    sampler = plan.site.sampler_of(outlet)
    if sampler is None:
        return {
            "error": f"no sampler at {outlet!r}（没有采样器）; there are: {', '.join(known) or '—'}"
        }
    person = person_of(plan.site, who)
    if person is None:
        error = NOBODY.format(who=who)
        detail = {"outlet": outlet, "refused": error, "why": why}
        journal.add(connection, "bottle not ordered", detail, at=now, who=who)
        return {"error": error}
    count = int(asked.get("bottles") or 1)
    if not 1 <= count <= MOST_BOTTLES:
        return {"error": f"bottles: 1 to {MOST_BOTTLES}（瓶数）"}
    hour = Period.holding(Kind.HOUR, now).start
    order = RetentionOrder(
        outlet, "", None, None, hour, now, now + ORDER_S, mode="manual", bottles=count
    )
    ref = f"retain:manual:{sampler.id}:{now!r}"
    extra = {"who": who, "why": why, "guarded": person.role == "inspector"}
    number = order_bottle(
        connection, plan, sampler.id, order, ref=ref, now=now, cause="operator", extra=extra
    )
    return {"action": number, "sampler": sampler.id, "outlet": outlet, "bottles": count}


def _confirm(
    connection: sqlite3.Connection, plan: Plan, found: Bottle, *, who: str, why: str, now: float
) -> dict[str, Any]:
    if found.touched_at is None or found.confirmed_at is not None:
        return {"error": f"{found.code}: nobody touched it（无需确认）"}
    bottles.confirm(connection, found.id, at=now, by=who)
    detail = {**told(found), "who": who, "why": why, "touched_at": found.touched_at}
    _tell(connection, plan, CONFIRMED, found, detail, now=now)
    return {"code": found.code, "confirmed": True}


def _release(
    connection: sqlite3.Connection,
    plan: Plan,
    asked: Mapping[str, Any],
    found: Bottle,
    *,
    who: str,
    why: str,
    now: float,
) -> dict[str, Any]:
    to, seal = str(asked.get("to") or ""), str(asked.get("seal") or "")
    digest = str(asked.get("seal_sha256") or "")
    if found.released_at is not None and not to:
        return {"error": f"{found.code}: was released before（已放行）"}
    if found.handed_at is not None:
        return {"error": f"{found.code}: was handed over before（已交接）"}
    if to and not (seal and digest):
        return {"error": "a hand-over wants a photo of the seal（交接要有封签照片）"}
    if found.released_at is None:
        _let_go(connection, plan, found, who=who, why=why, now=now)
    if to:
        bottles.hand_over(connection, found.id, at=now, by=who, to=to, seal=seal, sha256=digest)
        detail = {**told(found), "who": who, "why": why, "to": to}
        detail |= {"seal": seal, "seal_sha256": digest}
        _tell(connection, plan, HANDED, found, detail, now=now)
    return {"code": found.code, "released": True, "to": to or None, "seal": seal or None}


def _let_go(
    connection: sqlite3.Connection, plan: Plan, found: Bottle, *, who: str, why: str, now: float
) -> None:
    bottles.release(connection, found.id, at=now, by=who, why=why)
    _tell(connection, plan, RELEASED, found, {**told(found), "who": who, "why": why}, now=now)


def _tell(
    connection: sqlite3.Connection,
    plan: Plan,
    kind: str,
    found: Bottle,
    detail: Mapping[str, Any],
    *,
    now: float,
) -> None:
    ref = f"{kind}:{found.id}:{now!r}"
    tell(connection, plan, kind, detail, ref=ref, at=now, now=now, outlet=found.outlet)


def _refused(
    connection: sqlite3.Connection, deed: str, found: Bottle, *, who: str, why: str, now: float
) -> None:
    """Write down who tried what he may not: that, too, is asked for later."""
    detail = {"code": found.code, "asked": deed, "refused": why}
    journal.add(connection, "bottle not released", detail, at=now, who=who)
