"""What an order for a bottle came to: its row, the bottles, the event, the platforms' reports.

Inside one transaction; the worker of the sampler calls it, and nobody else ends such an order.
"""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Mapping
from typing import Any

from agent import report
from agent.custody import note_bottles
from agent.keeping import BLOCKED, RETENTION
from agent.plan import Plan
from agent.store import actions, journal, outbox
from agent.store.actions import Action
from agent.telling import tell
from drivers.device import RetentionRecord, RetentionWish, SamplerStatus


def wish_of(action: Action) -> RetentionWish:
    """Read how many bottles of which vessel an order asks for."""
    request = action.request
    return RetentionWish(int(request.get("bottles") or 1), request.get("vessel"))


def record_before(said: Any) -> RetentionRecord | None:
    """Read the record from before an order as it was written down, without parallel bottles."""
    return RetentionRecord(**{**said, "others": ()}) if said else None


def note_kept(
    connection: sqlite3.Connection,
    plan: Plan,
    action: Action,
    record: RetentionRecord,
    *,
    status: SamplerStatus | None,
    now: float,
) -> None:
    """Write down how an order ended that left a record: bottles, or a failure with its reason."""
    state, outcome = "done" if record.ok else "failed", dataclasses.asdict(record)
    actions.finish(connection, action.id, state, outcome=outcome, now=now)
    journal.add(connection, f"retention {state}", {"ref": action.ref, **outcome}, at=now)
    if not record.ok:
        tell_failure(connection, plan, action, state, outcome=outcome, now=now)
        return
    note_bottles(connection, plan, action, record, status=status, now=now)
    detail = {
        **action.request,
        "vessel": action.request.get("vessel") or (status.vessel if status else None),
        "bottle": record.bottle,
        "volume_ml": record.volume_ml,
        "at": record.at,
        "bottles_kept": [one.bottle for one in record.filled],
    }
    _tell(connection, plan, RETENTION, action, detail, ref=f"{RETENTION}:{action.ref}", now=now)
    _report(connection, plan, action, record, now=now)


def tell_failure(
    connection: sqlite3.Connection,
    plan: Plan,
    action: Action,
    state: str,
    *,
    outcome: Mapping[str, Any],
    now: float,
) -> None:
    """Tell that no bottle was kept, or that nobody knows."""
    kind = "retention_unknown" if state == "unknown" else "retention_failed"
    detail = {**action.request, "state": state, **outcome}
    _tell(connection, plan, kind, action, detail, ref=f"{kind}:{action.id}", now=now)


def tell_put_off(
    connection: sqlite3.Connection, plan: Plan, action: Action, reason: str, *, now: float
) -> None:
    """Tell, once for a reason, that an order waits for its sampler."""
    detail = {**action.request, "reason": reason, "waits": True}
    ref = f"{BLOCKED}:{action.ref}:{reason}"
    _tell(connection, plan, BLOCKED, action, detail, ref=ref, now=now)


def _report(
    connection: sqlite3.Connection,
    plan: Plan,
    action: Action,
    record: RetentionRecord,
    *,
    now: float,
) -> None:
    """Owe the report of each bottle to every platform that takes such reports."""
    for station in plan.stations.values():
        outlet = next((one for one in station.outlets if one.id == action.request["outlet"]), None)
        wanted = station.destination.wire.retained_upload and now >= (station.since or 0.0)
        if outlet is None or not wanted:
            continue
        for filled in record.filled:
            upload = report.retained(
                station.wording, st=outlet.st, at=record.at, bottle=filled.bottle
            )
            if upload is not None:
                outbox.add(connection, station.id, upload, now=now)


def _tell(
    connection: sqlite3.Connection,
    plan: Plan,
    kind: str,
    action: Action,
    detail: Mapping[str, Any],
    *,
    ref: str,
    now: float,
) -> None:
    where, factor = action.request["outlet"], action.request["factor"]
    tell(connection, plan, kind, detail, ref=ref, at=now, now=now, outlet=where, factor=factor)
