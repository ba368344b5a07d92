"""Counts what a demo did, from the two files it leaves: the agent's store, the platform's log."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from agent.store.db import FILE_NAME, connect
from agent.tools.demo.stage import STATIONS, Stage
from protocols.hj212.times import BEIJING_OFFSET_S, wire_time

_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))
Key = tuple[str, str, str, str, int]
"""MN, ST, CN, DataTime, packet: one upload as both sides can name it."""


@dataclass(frozen=True, slots=True)
class Outage:
    """When the broker was away, on the demo's clock, and for how many real seconds."""

    from_at: float
    to_at: float
    real_s: float


def tally(stage: Stage, *, readings: int, outage: Outage | None) -> dict[str, Any]:
    """Give the summary of a demo that has ended."""
    with contextlib.closing(connect(stage.state_dir / FILE_NAME, read_only=True)) as connection:
        sent = _sent(connection)
        queued = _queued(connection, outage)
        retained = _retained(connection)
    received, copies, rejected = _received(stage)
    return {
        "readings": readings,
        "frames_sent": len(sent),
        "frames_received": len(received),
        "frames_rejected": rejected,
        "missing": len(sent - received),
        "duplicates": copies,
        "outage_s": round(outage.real_s, 1) if outage else 0.0,
        "queued_in_outage": queued,
        "retained": retained,
        "by_cn": _by_cn(received),
    }


def _sent(connection: sqlite3.Connection) -> set[Key]:
    """Give the uploads handed over: those whose row says that they were taken."""
    mn = {outlet.lower(): number for outlet, number in STATIONS.items()}
    return {
        (mn[station], st, cn, wire_time(at), pno)
        for station, st, cn, at, pno in connection.execute(
            "SELECT station, st, cn, at, pno FROM outbox"
            " WHERE cn <> 'event' AND state IN ('accepted', 'unconfirmed')"
        )
    }


def _queued(connection: sqlite3.Connection, outage: Outage | None) -> int:
    if outage is None:
        return 0
    row = connection.execute(
        "SELECT count(*) FROM outbox WHERE cn <> 'event' AND created_at BETWEEN ? AND ?",
        (outage.from_at, outage.to_at),
    ).fetchone()
    return int(row[0])


def _retained(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Give the kept bottles; number, time and volume are those of the sampler's own record."""
    found = []
    for request_text, outcome_text, vessel in connection.execute(
        "SELECT request, outcome, (SELECT vessel FROM bottles WHERE action = actions.id)"
        " FROM actions WHERE kind = 'retain' AND state = 'done' ORDER BY id"
    ):
        request, outcome = json.loads(request_text), json.loads(outcome_text)
        at = datetime.datetime.fromtimestamp(outcome["at"], _ZONE)
        found.append(
            {
                "bottle": outcome["bottle"],
                "at": at.isoformat(timespec="seconds"),
                "vessel": vessel or "—",
                "volume_ml": outcome["volume_ml"],
                "factor": request["factor"],
                "value": round(request["value"], 3),
                "limit": request["limit"],
            }
        )
    return found


def _received(stage: Stage) -> tuple[set[Key], int, int]:
    """Give the distinct uploads the platform holds, the copies beyond the first, the rejected."""
    held: set[Key] = set()
    copies = rejected = 0
    if not stage.platform_log.exists():
        return held, copies, rejected
    for text in stage.platform_log.read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if not line["ok"]:
            rejected += 1
            continue
        key = (line["mn"], line["st"], line["cn"], line["data_time"], line["pno"] or 1)
        copies += key in held
        held.add(key)
    return held, copies, rejected


def _by_cn(received: set[Key]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for _, _, cn, _, _ in sorted(received):
        counts[cn] = counts.get(cn, 0) + 1
    return counts
