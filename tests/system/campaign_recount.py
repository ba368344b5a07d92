"""Counts a demo again from the two files it leaves. Nothing of ours is imported here."""

from __future__ import annotations

import contextlib
import datetime
import json
import sqlite3
from pathlib import Path
from typing import Any

BEIJING = datetime.timezone(datetime.timedelta(hours=8))
MNS = {
    "dw001": "010000A8900016F000169DC0",
    "dw002": "010000A8900016F000169DC1",
    "da001": "010000A8900016F000169DC2",
}


def recount(folder: Path) -> dict[str, Any]:
    """Give what the summary of a demo must say, by the words of the acceptance.

    An upload is station, command, DataTime and packet; one was handed over when the agent's own
    row says so, and it is held when a line of the platform says that it was right.
    """
    sent: set[tuple[str, ...]] = set()
    retained = []
    with contextlib.closing(sqlite3.connect(folder / "state" / "store.db")) as connection:
        rows = connection.execute("SELECT station, st, cn, at, pno, qn_ms, state FROM outbox")
        for station, st, cn, at, pno, _, state in rows:
            if cn.isdigit() and state in ("accepted", "unconfirmed"):
                when = datetime.datetime.fromtimestamp(at, BEIJING).strftime("%Y%m%d%H%M%S")
                sent.add((MNS[station], st, cn, when, str(pno)))
        for request, outcome in connection.execute(
            "SELECT request, outcome FROM actions WHERE kind = 'retain' AND state = 'done'"
        ):
            order, record = json.loads(request), json.loads(outcome)
            retained.append((record["bottle"], order["factor"], order["limit"], record["at"]))
    held: list[tuple[str, ...]] = []
    rejected = 0
    for line in (folder / "platform.jsonl").read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        fields = dict(
            field.split("=", 1) for field in entry["frame"][6:].partition(";CP=")[0].split(";")
        )
        when = entry["frame"].partition("DataTime=")[2][:14]
        packet = fields.get("PNO", "1")
        if entry["ok"]:
            held.append((fields["MN"], fields["ST"], fields["CN"], when, packet))
        else:
            rejected += 1
    return {
        "frames_sent": len(sent),
        "frames_received": len(set(held)),
        "frames_rejected": rejected,
        "missing": len(sent - set(held)),
        "duplicates": len(held) - len(set(held)),
        "commands": {cn for _, _, cn, _, _ in held},
        "retained": retained,
    }
