"""Logs on request (3020): of this logger, of an instrument, of doors; a record a line.

All of them are lines of the journal. No instrument here gives its own log out by its line: what is
known of one is what was done to it, what it said of its settings and checks, and who exchanged it.

Source: HJ 212-2017 annex B, table B.10 (i11001, i21001, i31001)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from agent.commands.naming import named
from agent.commands.streaming import Stream
from agent.store import journal
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, NO_DATA, Asked, Result
from protocols.hj212.message import print_message
from protocols.hj212.orders import AskOnSite
from protocols.hj212.reports import OnSite
from protocols.hj212.words import MAX_TEXT

LINES = 200
"""Lines of the log told in answer to one request."""
OF_LOGGER, OF_INSTRUMENT, OF_DOORS = "i21001", "i11001", "i31001"
# a line of old may hold a number that JSON does not have
_DEVICE = "CASE WHEN json_valid(detail) THEN json_extract(detail, '$.device') END = ?"
_DOORS = "what LIKE ?"

Line = tuple[float, str, str]


def is_log(order: AskOnSite) -> bool:
    """Say whether a request is for a log: an instrument's needs its factor, the others none."""
    wanted = (OF_INSTRUMENT,) if order.pol_id else (OF_LOGGER, OF_DOORS)
    return order.code.lower() in wanted


async def tell_log(asked: Asked, desk: Desk) -> Result:
    """Tell the lines of a range, both ends included."""
    order = asked.order
    assert isinstance(order, AskOnSite)
    if order.begin is None or order.end is None or order.end < order.begin:
        return Result(CONDITION, "a log needs its range")
    code, device = order.code.lower(), ""
    if order.pol_id:
        outlets = desk.station.by_st().get(asked.segment.st, ())
        one = named(outlets, order.pol_id, desk.station.wording)
        if one is None:
            return Result(CONDITION, f"no factor {order.pol_id} here")
        device = one.device
    begin, end = order.begin, order.end

    def read(connection: sqlite3.Connection) -> list[Line]:
        if code == OF_LOGGER:
            return journal.between(connection, begin, end, limit=LINES)
        if code == OF_DOORS:
            return _lines(connection, begin, end, _DOORS, "event door%")
        return _lines(connection, begin, end, _DEVICE, device)

    lines = await desk.office.store.read(read)
    stream = Stream(desk, asked)
    for at, what, detail in lines:
        told = OnSite("3020", at, ((order.code, _worded(what, json.loads(detail))),), order.pol_id)
        await stream.send(print_message(told, desk.edition))
    return Result(outcome=f"{len(lines)} lines") if lines else Result(NO_DATA, "no lines")


def _lines(
    connection: sqlite3.Connection, begin: float, end: float, which: str, word: str
) -> list[Line]:
    return connection.execute(
        f"SELECT at, what, detail FROM journal WHERE at >= ? AND at <= ? AND {which}"
        " ORDER BY seq LIMIT ?",
        (begin, end, word, LINES),
    ).fetchall()


def _worded(what: str, detail: Mapping[str, object]) -> str:
    """Word a line of the journal so that it can stand between slashes."""
    said = " ".join(f"{name}:{value}" for name, value in detail.items() if value not in ("", None))
    text = f"{what} {said}".replace("//", "/").replace("&&", "&").replace("\n", " ")
    return text.encode()[: MAX_TEXT - 100].decode(errors="ignore").rstrip("/ ")
