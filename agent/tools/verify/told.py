"""Holds marks, manual values and checks against the journal, which has each of them whole.

Such a row may be changed by right, each time with a line of its own; its last line counts.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from agent.marks import Channel, Record
from agent.model import MarkKind
from agent.store.checks import CheckRecord
from agent.store.values import ManualValue
from agent.tools.verify.sealed import Fault, Looked, Sealed

Row = Mapping[str, Any]
Expected = Callable[[str, float, float], bool]
"""Whether a row of a table, from an instant to another (UTC), has to be there."""
_WHOLE = re.compile(r"\.0(?=[-:]|$)")
"""A whole second, as who made the row may have written it into its name."""


@dataclass(frozen=True, slots=True)
class Told:
    """A table whose rows stand whole in lines of the journal, and what names one of them."""

    table: str
    lines: tuple[str, ...]
    ref: Callable[[Row], str]


def _mark(row: Row) -> str:
    kind, channel = MarkKind(row["kind"]), Channel(row["channel"])
    factors, span = tuple(row["factors"]), (row["start"], row["end"])
    return Record(
        row["outlet"], factors, kind, row["code"], *span, channel, facility=row["facility"]
    ).ref


def _value(row: Row) -> str:
    return ManualValue(**{one.name: row[one.name] for one in fields(ManualValue)}).ref


def _check(row: Row) -> str:
    return CheckRecord(**{one.name: row[one.name] for one in fields(CheckRecord)}).ref


TOLD = (
    Told("marks", ("mark proposed", "mark confirmed", "mark refused", "mark entered"), _mark),
    Told("manual_values", ("manual value",), _value),
    Told("checks", ("check",), _check),
)


def told_faults(
    connection: sqlite3.Connection,
    sealed: Sealed,
    looked: Looked,
    *,
    expected: Expected,
    whole: bool,
) -> Iterator[Fault]:
    """Hold each row against its last line. `whole`: the journal is, so each row has a line."""
    for one in TOLD:
        yield from _table(connection, one, sealed, looked, expected=expected, whole=whole)


def _table(
    connection: sqlite3.Connection,
    told: Told,
    sealed: Sealed,
    looked: Looked,
    *,
    expected: Expected,
    whole: bool,
) -> Iterator[Fault]:
    said = _last_lines(connection, told)
    cursor = connection.execute(f"SELECT * FROM {told.table} ORDER BY id")
    names = [column[0] for column in cursor.description]
    for row in cursor:
        number = row[0]
        line = said.pop(number, None)
        if line is None:
            if whole:
                yield Fault("rows", f"{told.table} {number}: not in the journal")
            continue
        seq, detail = line
        if not _same(dict(zip(names, row, strict=True)), {"ref": told.ref(detail), **detail}):
            yield Fault("changed", f"{told.table} {number}: not as the journal has it", seq)
        looked.told += 1
    for number, (seq, detail) in said.items():
        begin, end = detail["start"], detail["end"]
        if expected(told.table, begin, end) and not sealed.gave_up_told(told.table, begin, end):
            yield Fault("rows", f"{told.table} {number}: in the journal, and gone", seq)


def _last_lines(connection: sqlite3.Connection, told: Told) -> dict[int, tuple[int, Row]]:
    marks = ", ".join("?" * len(told.lines))
    lines = connection.execute(
        f"SELECT seq, detail FROM journal WHERE what IN ({marks}) ORDER BY seq", told.lines
    )
    return {(detail := json.loads(text))["id"]: (seq, detail) for seq, text in lines}


def _same(stored: Row, told: Row) -> bool:
    """Compare a row with its line."""
    return stored.keys() == told.keys() and all(
        _same_cell(name, stored[name], value) for name, value in told.items()
    )


def _same_cell(name: str, stored: object, told: object) -> bool:
    """Compare a cell; what is a list or an object in the line lies as JSON."""
    if isinstance(told, list | dict):
        return _is_json_of(stored, told)
    if name == "ref":
        return _WHOLE.sub("", str(stored)) == _WHOLE.sub("", str(told))
    return stored == told


def _is_json_of(text: object, value: object) -> bool:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return False
    # one way to write it: not a blank may be added
    return found == value and json.dumps(found, ensure_ascii=False) == text
