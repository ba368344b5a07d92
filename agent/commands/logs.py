"""Logs on request (3020): of this logger, of an instrument, of doors; a record a line.

All of them are lines of the journal. No instrument here gives its own log out by its line: what is
known of one is what was done to it, what it said of its settings and checks, and who exchanged it.

Source: HJ 212-2017 annex B, table B.10 (i11001, i21001, i31001)
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping

from agent.commands.history import ended
from agent.commands.naming import named
from agent.commands.streaming import Stream
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, Asked, Result
from protocols.hj212.message import print_message
from protocols.hj212.orders import AskOnSite
from protocols.hj212.reports import OnSite
from protocols.hj212.words import MAX_TEXT

AT_ONCE = 5_000
"""Lines of the journal looked through in one piece."""
OF_LOGGER, OF_INSTRUMENT, OF_DOORS = "i21001", "i11001", "i31001"
# a line of old may hold a number that JSON does not have
_DEVICE = "CASE WHEN json_valid(detail) THEN json_extract(detail, '$.device') END = ?"
_DOORS = ("what LIKE ?", "event door%")
_ALL = ("? = ''", "")

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
    which, word = {OF_LOGGER: _ALL, OF_DOORS: _DOORS}.get(code, (_DEVICE, device))
    span, stream = (order.begin, order.end), Stream(desk, asked)
    first, last = await desk.office.store.read(lambda connection: _bounds(connection, span))
    for after in range(first - 1, last, AT_ONCE):

        def read(connection: sqlite3.Connection, after: int = after) -> list[Line]:
            return _lines(connection, (after, min(after + AT_ONCE, last)), span, which, word=word)

        for at, what, detail in await desk.office.store.read(read):
            text = _worded(what, json.loads(detail))
            told = OnSite("3020", at, ((order.code, text),), order.pol_id)
            await stream.send(print_message(told, desk.edition))
    return ended(stream)


def _bounds(connection: sqlite3.Connection, span: tuple[float, float]) -> tuple[int, int]:
    """Give the numbers of the first line and the last of a time; none where there is nothing."""
    first, last = connection.execute(
        "SELECT min(seq), max(seq) FROM journal WHERE at >= ? AND at <= ?", span
    ).fetchone()
    return (first, last) if first is not None else (1, 0)


def _lines(
    connection: sqlite3.Connection,
    numbers: tuple[int, int],
    span: tuple[float, float],
    which: str,
    *,
    word: str,
) -> list[Line]:
    return connection.execute(
        "SELECT at, what, detail FROM journal WHERE seq > ? AND seq <= ? AND at >= ? AND at <= ?"
        f" AND {which} ORDER BY seq",
        (*numbers, *span, word),
    ).fetchall()


def _worded(what: str, detail: Mapping[str, object]) -> str:
    """Word a line of the journal so that it can stand between slashes."""
    said = " ".join(f"{name}:{value}" for name, value in detail.items() if value not in ("", None))
    text = f"{what} {said}".replace("//", "/").replace("&&", "&").replace("\n", " ")
    return text.encode()[: MAX_TEXT - 100].decode(errors="ignore").rstrip("/ ")
