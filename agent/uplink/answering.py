"""The answers to a request, on the wire and in the journal."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

from agent.store import journal
from agent.store.commands import Command
from agent.uplink import checks
from agent.uplink.desk import Desk
from agent.uplink.results import TAKEN, Result
from protocols.hj212.answers import answer_to
from protocols.hj212.segment import Segment


async def answer(segment: Segment, cn: str, desk: Desk, *, result: int | None = None) -> None:
    """Answer under our own MN and password; 1002 brings the MN it is answered under."""
    header = desk.talk.header
    brought = segment.cn == "1002" and (cn, result) != ("9011", None) and segment.mn
    refused = cn == "9011" and result != TAKEN
    asked = replace(segment, pw=header.pw, mn=brought if brought and not refused else header.mn)
    if result is not None:
        fitting = checks.qn_rtn_in if cn == "9011" else checks.exe_rtn_in
        result = fitting(desk.edition, result)
    await desk.talk.say(answer_to(asked, cn, desk.edition, result=result))


def write_down(connection: sqlite3.Connection, row: Command, result: Result, now: float) -> None:
    """Put into the journal who asked for what, and how that ended."""
    detail: dict[str, object] = {"station": row.station, "qn": row.qn, "request": row.request}
    if result.order is None:
        detail |= {"exe_rtn": result.exe_rtn, "outcome": result.outcome}
    else:
        detail |= {"ordered": result.order.kind, "device": result.order.device}
    journal.add(connection, f"command {row.cn}", detail, at=now, who=f"platform:{row.station}")
