"""Recorded acts at an instrument's place: found, exchanged, its standby stands in, back to main.

History belongs to outlet and factor; these rows say which instrument it came from. A row, a line
of the journal and an event, in one commit.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from agent.plan import Plan
from agent.store import exchanges
from agent.store.exchanges import Exchange
from agent.telling import tell

SITE_FILE = "site file"


def exchange(
    connection: sqlite3.Connection, plan: Plan, asked: Mapping[str, Any], *, now: float
) -> dict[str, Any]:
    """Write down an act as asked: `device`, `who`, `why`, and `serial`, `standby` or `main`.

    Gives what was written, or `error` and nothing was.
    """
    device, who, why = (str(asked.get(key, "")).strip() for key in ("device", "who", "why"))
    serial, other = str(asked.get("serial", "")).strip(), str(asked.get("standby", "")).strip()
    known = set(plan.devices())
    for name in (device, *([other] if other else [])):
        if name not in known:
            return {"error": f"{name}: 没有这台仪器 / no such device; {' '.join(sorted(known))}"}
    if not who or not why:
        return {"error": "须写明经办人和原因 / who and why are wanted"}
    if sum(map(bool, (serial, other, asked.get("main")))) != 1:
        return {"error": "serial、standby、main 须写且只写一个 / one of them is wanted"}
    standing = exchanges.standing(connection, device)
    before = standing.serial if standing else ""
    if serial:
        act = Exchange(device, "exchange", now, serial, before, who=who, why=why)
    elif other:
        if other == device:
            return {"error": f"{device}: 不能自己替代自己 / cannot stand in for itself"}
        act = Exchange(device, "standby", now, before, before, other, who, why)
    else:
        act = Exchange(device, "main", now, before, before, who=who, why=why)
    return _write(connection, plan, act)


def note_serials(connection: sqlite3.Connection, plan: Plan, *, now: float) -> None:
    """Write down the serials of the site file: the first is found, another one is an exchange.

    A serial that was told since by `paikou exchange` stays until the file says another one than
    it said before.
    """
    for device in (*plan.site.devices, *plan.site.samplers):
        if not device.serial:
            continue
        past = [
            one for one in exchanges.of(connection, device.id) if one.kind in ("found", "exchange")
        ]
        by_file = [one.serial for one in past if one.who == SITE_FILE]
        if device.serial in (by_file[-1:] or [""]) or (past and past[-1].serial == device.serial):
            continue
        kind, before = ("exchange", past[-1].serial) if past else ("found", "")
        _write(
            connection,
            plan,
            Exchange(device.id, kind, now, device.serial, before, who=SITE_FILE),
        )


def _write(connection: sqlite3.Connection, plan: Plan, act: Exchange) -> dict[str, Any]:
    number = exchanges.add(connection, act)
    outlet, factor = plan.place_of(act.device)
    detail = {
        "device": act.device,
        "act": act.kind,
        "serial": act.serial,
        "before": act.before,
        "other": act.other,
        "who": act.who,
        "why": act.why,
    }
    tell(
        connection,
        plan,
        "parameter_device",
        detail,
        ref=f"exchange:{number}",
        at=act.at,
        now=act.at,
        outlet=outlet,
        factor=factor,
    )
    return {"id": number, **detail, "at": act.at}
