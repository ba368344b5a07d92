"""Supervision orders with their answers (SUP-01 to SUP-06). Every change is a journal line."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from agent.store import journal

Level = Literal["warning", "dispatch", "handling"]
Stage = Literal["", "deal", "case", "ended"]


@dataclass(frozen=True, slots=True)
class Supervised:
    """One order. `body` is what the platform sent; `end` is exclusive, None while it goes on.

    `deadline_at` is None where no answer is needed. `verdict` is what the agency said of it.
    """

    id: int
    station: str
    ref: str
    number: str
    level: Level
    outlet: str
    body: dict[str, Any]
    start: int
    end: int | None
    received_at: float
    deadline_at: float | None
    reminded: int
    answered_at: float | None
    verification: int
    stage: Stage
    verdict: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes with an answer."""

    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person answered. `uploads` are DataTime and revision of what is owed for it."""

    id: int
    supervision: int
    at: float
    made_by: str
    why: str
    text: str
    uploads: tuple[tuple[int, int], ...]
    received_at: float | None
    receipt: str


_COLUMNS = (
    "id, station, ref, number, level, outlet, body, start, end, received_at, deadline_at,"
    " reminded, answered_at, verification, stage, verdict"
)
_ANSWER = "id, supervision, at, made_by, why, text, uploads, received_at, receipt"


def add(connection: sqlite3.Connection, one: Supervised) -> int:
    """Store an order (the number given is not used). Its arrival was journalled with its row."""
    row = connection.execute(
        "INSERT INTO supervision (station, ref, number, level, outlet, body, start, end,"
        " received_at, deadline_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            one.station,
            one.ref,
            one.number,
            one.level,
            one.outlet,
            json.dumps(one.body, ensure_ascii=False),
            one.start,
            one.end,
            one.received_at,
            one.deadline_at,
        ),
    )
    return int(row.lastrowid or 0)


def get(connection: sqlite3.Connection, number: int) -> Supervised | None:
    """Give one order by its number here."""
    return _one(connection, "id = ?", (number,))


def find(connection: sqlite3.Connection, station: str, ref: str) -> Supervised | None:
    """Give one order by the platform's ref."""
    return _one(connection, "station = ? AND ref = ?", (station, ref))


def meant(connection: sqlite3.Connection, said: str) -> list[Supervised]:
    """Give the orders a person may mean: by number here, the agency's number, or ref."""
    return _all(
        connection, "CAST(id AS TEXT) = :it OR number = :it OR ref = :it", {"it": said}, most=10
    )


def listed(connection: sqlite3.Connection, *, unanswered: bool, most: int) -> list[Supervised]:
    """Give the orders, newest first; or only those that wait for an answer."""
    which = "answered_at IS NULL AND deadline_at IS NOT NULL" if unanswered else "1"
    return _all(connection, which, {}, most=most)


def waiting(connection: sqlite3.Connection) -> list[Supervised]:
    """Give what waits for an answer and has reminders to come, the nearest deadline first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM supervision WHERE answered_at IS NULL"
        " AND deadline_at IS NOT NULL AND reminded < 100 ORDER BY deadline_at LIMIT 200"
    )
    return [_supervised(row) for row in rows]


def reminded(connection: sqlite3.Connection, number: int, percent: int) -> None:
    """Note how much of its time was gone when somebody was reminded last."""
    connection.execute("UPDATE supervision SET reminded = ? WHERE id = ?", (percent, number))


def judged(
    connection: sqlite3.Connection,
    one: Supervised,
    *,
    verification: int,
    stage: Stage,
    verdict: Mapping[str, Any],
    now: float,
) -> None:
    """Note what the agency said of an order, journalled."""
    connection.execute(
        "UPDATE supervision SET verification = ?, stage = ?, verdict = ? WHERE id = ?",
        (verification, stage, json.dumps(dict(verdict), ensure_ascii=False), one.id),
    )
    detail = {"id": one.id, "ref": one.ref, "verification": verification, "stage": stage}
    who = f"platform:{one.station}"
    journal.add(connection, "supervision judged", {**detail, **verdict}, at=now, who=who)


def answer(
    connection: sqlite3.Connection,
    one: Supervised,
    *,
    by: str,
    why: str,
    text: str,
    files: Sequence[Attached],
    now: float,
) -> int:
    """Store an answer with its files, journalled; gives its number. `uploads` are still to come."""
    row = connection.execute(
        "INSERT INTO supervision_answers (supervision, at, made_by, why, text, uploads)"
        " VALUES (?, ?, ?, ?, ?, '[]')",
        (one.id, now, by, why, text),
    )
    number = int(row.lastrowid or 0)
    connection.executemany(
        "INSERT INTO supervision_files VALUES (?, ?, ?, ?, ?)",
        [(number, n, file.name, file.sha256, file.content) for n, file in enumerate(files, 1)],
    )
    connection.execute(
        "UPDATE supervision SET answered_at = coalesce(answered_at, ?) WHERE id = ?", (now, one.id)
    )
    told = {"id": one.id, "ref": one.ref, "answer": number, "text": text, "why": why}
    told["files"] = [{"name": file.name, "sha256": file.sha256} for file in files]
    journal.add(connection, "supervision answered", told, at=now, who=by)
    return number


def owed(connection: sqlite3.Connection, number: int, uploads: Sequence[tuple[int, int]]) -> None:
    """Note which uploads an answer goes out as."""
    connection.execute(
        "UPDATE supervision_answers SET uploads = ? WHERE id = ?",
        (json.dumps([list(one) for one in uploads]), number),
    )


def answers(connection: sqlite3.Connection, number: int) -> list[Answer]:
    """Give the answers to an order, oldest first."""
    rows = connection.execute(
        f"SELECT {_ANSWER} FROM supervision_answers WHERE supervision = ? ORDER BY id", (number,)
    )
    return [_answer(row) for row in rows]


def unreceived(connection: sqlite3.Connection) -> list[Answer]:
    """Give the answers of which nothing is known yet, oldest first."""
    rows = connection.execute(
        f"SELECT {_ANSWER} FROM supervision_answers WHERE receipt = '' ORDER BY id LIMIT 200"
    )
    return [_answer(row) for row in rows]


def receive(
    connection: sqlite3.Connection, one: Answer, *, receipt: str, at: float | None, now: float
) -> None:
    """Note that the platform has all of an answer (`at` None: refused it), and how that is known.

    Journalled.
    """
    connection.execute(
        "UPDATE supervision_answers SET received_at = ?, receipt = ? WHERE id = ?",
        (at, receipt, one.id),
    )
    detail = {"id": one.supervision, "answer": one.id, "receipt": receipt, "received_at": at}
    what = "refused" if at is None else "received"
    journal.add(connection, f"supervision answer {what}", detail, at=now)


def files(connection: sqlite3.Connection, number: int) -> list[tuple[str, str, int]]:
    """Give name, SHA-256 and size of the files of an answer."""
    rows = connection.execute(
        "SELECT name, sha256, length(content) FROM supervision_files WHERE answer = ?"
        " ORDER BY number",
        (number,),
    )
    return [(str(name), str(sha256), int(size)) for name, sha256, size in rows]


def _one(
    connection: sqlite3.Connection, which: str, asked: tuple[object, ...]
) -> Supervised | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM supervision WHERE {which}", asked).fetchone()
    return _supervised(row) if row else None


def _all(
    connection: sqlite3.Connection, which: str, asked: Mapping[str, object], *, most: int
) -> list[Supervised]:
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM supervision WHERE {which} ORDER BY id DESC LIMIT :most",
        {**asked, "most": most},
    )
    return [_supervised(row) for row in rows]


def _supervised(row: tuple[Any, ...]) -> Supervised:
    fields = dict(zip(_COLUMNS.split(", "), row, strict=True))
    for name in ("body", "verdict"):
        fields[name] = json.loads(fields[name])
    return Supervised(**fields)


def _answer(row: tuple[Any, ...]) -> Answer:
    fields = dict(zip(_ANSWER.split(", "), row, strict=True))
    fields["uploads"] = tuple((at, revision) for at, revision in json.loads(fields["uploads"]))
    return Answer(**fields)
