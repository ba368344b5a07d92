"""Holds kept bottles against the journal: which water, guarded or not, who let them go."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agent.custody import UNGUARDED
from agent.tools.verify.sealed import Fault, Looked, Sealed
from protocols.hj212.times import wire_time

Row = Mapping[str, Any]
_ORDERED, _KEPT = "retention ordered", "retention done"
_EVENT = "event retention"
_RELEASED, _HANDED = "event retention_released", "event retention_handed"


@dataclass(frozen=True, slots=True)
class _Line:
    seq: int
    at: float
    detail: Row


def bottle_faults(
    connection: sqlite3.Connection, sealed: Sealed, looked: Looked, *, whole: bool
) -> Iterator[Fault]:
    """Hold each bottle against its lines. `whole`: the journal is, so each bottle has one."""
    # a release that made no rows of bottles did not write of parallel ones either
    kept = {
        ref: line
        for ref, line in _lines(connection, _KEPT, "ref").items()
        if "others" in line.detail
    }
    told = {what: _lines(connection, what, "code") for what in (_RELEASED, _HANDED)}
    ordered = _lines(connection, _ORDERED, "ref")
    events = _events(connection)
    cursor = connection.execute("SELECT * FROM bottles ORDER BY id")
    names = [column[0] for column in cursor.description]
    there = set()
    for values in cursor:
        row = dict(zip(names, values, strict=True))
        ref = str(row["ref"]).rpartition("#")[0]
        there.add((ref, row["bottle"]))
        line = kept.get(ref)
        if line is None:
            if whole:
                yield Fault("rows", f"bottle {row['code']}: not in the journal")
            continue
        looked.told += 1
        event = events.get((line.at, line.detail["at"], row["bottle"]))
        as_kept = _as_kept(row, line, ordered.get(ref)) and _is_that_water(row, ordered.get(ref))
        if not as_kept or not _as_labelled(row, event) or not _as_told(row, told):
            yield Fault("changed", f"bottle {row['code']}: not as the journal has it", line.seq)
    for ref, line in kept.items() if whole else ():
        for bottle in _filled(line.detail):
            if (ref, bottle) not in there and not sealed.gave_up_told("bottles", line.at, line.at):
                yield Fault("rows", f"bottle {bottle} of {ref}: in the journal, and gone", line.seq)


def _lines(connection: sqlite3.Connection, what: str, key: str) -> dict[str, _Line]:
    found = connection.execute(
        "SELECT seq, at, detail FROM journal WHERE what = ? ORDER BY seq", (what,)
    )
    lines = (_Line(seq, at, json.loads(text)) for seq, at, text in found)
    return {str(one.detail[key]): one for one in lines}


def _events(connection: sqlite3.Connection) -> dict[tuple[float, float, int], Row]:
    """Give what was told of kept bottles, by when the line and the bottle are of, and its place."""
    found = connection.execute("SELECT at, detail FROM journal WHERE what = ?", (_EVENT,))
    lines = ((at, json.loads(text)) for at, text in found)
    return {
        (at, detail["at"], bottle): detail
        for at, detail in lines
        for bottle in detail.get("bottles_kept", ())
    }


def _filled(detail: Row) -> dict[int, float]:
    return {one["bottle"]: one["volume_ml"] for one in (detail, *detail["others"])}


def _as_kept(row: Row, line: _Line, ordered: _Line | None) -> bool:
    """Compare what the sampler's record said, and that it is guarded as it was ordered."""
    mode = ordered.detail.get("mode") if ordered else None
    guarded = row["guarded"] if mode is None or ordered is None else (
        mode not in UNGUARDED or bool(ordered.detail.get("guarded"))
    )  # fmt: skip
    return (
        row["kept_at"] == line.detail["at"]
        and row["noted_at"] == line.at
        and row["volume_ml"] == _filled(line.detail).get(row["bottle"])
        and bool(row["guarded"]) == guarded
    )


def _is_that_water(row: Row, ordered: _Line | None) -> bool:
    """Compare outlet, hour, reason and the value it was ordered for, where that line is there."""
    if ordered is None:
        return True
    asked = ordered.detail
    same = all(row[name] == asked[name] for name in ("outlet", "sampled_at", "mode")
               if asked.get(name) is not None)  # fmt: skip
    if not same or not asked.get("factor"):
        return same
    value = {name: asked.get(name) for name in ("factor", "value", "limit")}
    try:
        return value in json.loads(row["factors"])
    except ValueError:
        return False


def _as_labelled(row: Row, event: Row | None) -> bool:
    """Compare the code on its label, and the vessel that was told."""
    code = f"{row['outlet']}-{wire_time(row['kept_at'])}-{row['bottle']:02d}"
    if event is None:
        return bool(row["code"] == code)
    vessel = event.get("vessel") or ""
    return bool(row["code"] == code and row["vessel"] == vessel)


def _as_told(row: Row, told: Mapping[str, Mapping[str, _Line]]) -> bool:
    """Compare who let it go, and who took it."""
    released, handed = (told[what].get(row["code"]) for what in (_RELEASED, _HANDED))
    let_go = (released.detail["who"], released.at, released.detail["why"]) if released else None
    taken = None
    if handed:
        said = handed.detail
        taken = said["to"], said["who"], handed.at, said["seal"], said["seal_sha256"]
    gone = row["released_by"], row["released_at"], row["release_why"]
    took = tuple(row[name] for name in ("handed_to", "handed_by", "handed_at", "seal",
                                        "seal_sha256"))  # fmt: skip
    return gone == (let_go or (None, None, "")) and took == (taken or (None,) * 5)
