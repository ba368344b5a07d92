"""Orders of platforms on the topic `order`: a row each before anything is done about it."""

from __future__ import annotations

import hashlib
import sqlite3
from dataclasses import dataclass
from typing import Literal

from agent.store import journal

State = Literal["received", "done", "refused"]
_COLUMNS = "id, station, ref, kind, digest, body, received_at, state, text, done_at, tries, repeats"


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `body` is JSON; `text` says why it was refused."""

    id: int
    station: str
    ref: str
    kind: str
    digest: str
    body: str
    received_at: float
    state: State
    text: str
    done_at: float | None
    tries: int
    repeats: int


def digest(kind: str, body: str) -> str:
    """Give what makes two orders under one ref the same."""
    return hashlib.sha256(f"{kind}\n{body}".encode()).hexdigest()


def add(
    connection: sqlite3.Connection, station: str, *, ref: str, kind: str, body: str, now: float
) -> tuple[Order, bool]:
    """Note an order, journalled; gives the row of its ref, and whether it is to be acted on.

    One that is there has its repetition counted. One that was refused may come again, corrected.
    """
    known, print_ = find(connection, station, ref), digest(kind, body)
    if known is None:
        connection.execute(
            "INSERT INTO orders (station, ref, kind, digest, body, received_at, state)"
            " VALUES (?, ?, ?, ?, ?, ?, 'received')",
            (station, ref, kind, print_, body, now),
        )
    elif known.state == "refused" and known.digest != print_:
        connection.execute(
            "UPDATE orders SET kind = ?, digest = ?, body = ?, received_at = ?, text = '',"
            " state = 'received', done_at = NULL, tries = 0 WHERE id = ?",
            (kind, print_, body, now, known.id),
        )
    else:
        connection.execute("UPDATE orders SET repeats = repeats + 1 WHERE id = ?", (known.id,))
        return known, False
    detail = {"station": station, "ref": ref, "kind": kind, "sha256": print_}
    journal.add(connection, "order received", detail, at=now, who=f"platform:{station}")
    found = find(connection, station, ref)
    assert found is not None, "it was put there by this very transaction"
    return found, True


def find(connection: sqlite3.Connection, station: str, ref: str) -> Order | None:
    """Give an order by what makes it the same."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE station = ? AND ref = ?", (station, ref)
    ).fetchone()
    return Order(*row) if row else None


def open_ones(connection: sqlite3.Connection, limit: int = 64) -> list[Order]:
    """Give what is not settled, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM orders WHERE state = 'received' ORDER BY id LIMIT ?", (limit,)
    )
    return [Order(*row) for row in rows]


def begun(connection: sqlite3.Connection, order: int) -> None:
    """Count that somebody sets to work on it: what breaks us each time is not tried for ever."""
    connection.execute("UPDATE orders SET tries = tries + 1 WHERE id = ?", (order,))


def settle(
    connection: sqlite3.Connection, order: Order, state: State, *, text: str, now: float
) -> None:
    """Write how an order ended, journalled."""
    connection.execute(
        "UPDATE orders SET state = ?, text = ?, done_at = ? WHERE id = ?",
        (state, text, now, order.id),
    )
    detail = {"station": order.station, "ref": order.ref, "kind": order.kind, "text": text}
    journal.add(connection, f"order {state}", detail, at=now, who=f"platform:{order.station}")
