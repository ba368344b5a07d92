"""Evidence bundles that are owed to stations: asked for, made, sent in parts, one row each."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bundle:
    """One bundle of [begin, end), UTC epoch seconds, for one station.

    `acked` parts are over there; part 0 is the manifest. `sha256` and the sizes are known once it
    is made. `clips` None: films go with it where the line is not metered.
    """

    id: int
    station: str
    ref: str
    begin: float
    end: float
    event: int | None
    clips: bool | None
    why: str
    source: str
    asked_at: float
    not_before: float
    state: str = "asked"
    bytes: int | None = None
    sha256: str = ""
    part_bytes: int | None = None
    acked: int = 0
    made_at: float | None = None
    done_at: float | None = None
    outcome: str = ""

    @property
    def parts(self) -> int:
        """How many parts its file comes to; 0 before it is made."""
        return -(-self.bytes // self.part_bytes) if self.bytes and self.part_bytes else 0

    @property
    def name(self) -> str:
        """What its file is called on this machine while it is being sent."""
        return f"{self.station}.{self.ref}.bundle"


_COLUMNS = (
    "id, station, ref, begin, end, event, clips, why, source, asked_at, not_before, state,"
    " bytes, sha256, part_bytes, acked, made_at, done_at, outcome"
)


def ask(connection: sqlite3.Connection, one: Bundle) -> bool:
    """Ask for a bundle (the number given is not used); False when that ref was there before."""
    row = connection.execute(
        "INSERT OR IGNORE INTO bundles (station, ref, begin, end, event, clips, why, source,"
        " asked_at, not_before, state) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'asked')",
        (
            one.station,
            one.ref,
            one.begin,
            one.end,
            one.event,
            None if one.clips is None else int(one.clips),
            one.why,
            one.source,
            one.asked_at,
            one.not_before,
        ),
    )
    return row.rowcount == 1


def find(connection: sqlite3.Connection, station: str, ref: str) -> Bundle | None:
    """Give one bundle."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM bundles WHERE station = ? AND ref = ?", (station, ref)
    ).fetchone()
    return None if row is None else _bundle(row)


def open_ones(connection: sqlite3.Connection, station: str | None = None) -> list[Bundle]:
    """Give what is asked for or on its way, oldest first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM bundles WHERE done_at IS NULL AND (? IS NULL OR station = ?)"
        " ORDER BY id",
        (station, station),
    )
    return [_bundle(row) for row in rows]


def newest(connection: sqlite3.Connection, limit: int) -> list[Bundle]:
    """Give the newest, newest first."""
    rows = connection.execute(f"SELECT {_COLUMNS} FROM bundles ORDER BY id DESC LIMIT ?", (limit,))
    return [_bundle(row) for row in rows]


def made(
    connection: sqlite3.Connection, one: Bundle, *, size: int, sha256: str, part_bytes: int,
    end: float, now: float,
) -> None:  # fmt: skip
    """Note that its file is there; parts of an earlier making count no more."""
    connection.execute(
        "UPDATE bundles SET state = 'made', bytes = ?, sha256 = ?, part_bytes = ?, end = ?,"
        " made_at = ?, acked = 0, outcome = '' WHERE id = ? AND state = 'asked'",
        (size, sha256, part_bytes, end, now, one.id),
    )


def again(connection: sqlite3.Connection, one: Bundle) -> None:
    """Have it made once more: its file is gone, or not what it was."""
    connection.execute(
        "UPDATE bundles SET state = 'asked', acked = 0 WHERE id = ? AND state = 'made'", (one.id,)
    )


def failed(connection: sqlite3.Connection, one: Bundle, why: str) -> None:
    """Note that it cannot be had; the station is to hear of it still."""
    connection.execute(
        "UPDATE bundles SET state = 'failed', outcome = ? WHERE id = ?", (why, one.id)
    )


def acknowledged(
    connection: sqlite3.Connection, one: Bundle, number: int, *, size: int, month: str
) -> None:
    """Note that a part is over there, and what that cost."""
    connection.execute(
        "UPDATE bundles SET acked = ?, outcome = '' WHERE id = ? AND acked = ?",
        (number + 1, one.id, number),
    )
    connection.execute(
        "INSERT INTO bundle_months VALUES (?, ?, ?)"
        " ON CONFLICT (month, station) DO UPDATE SET bytes = bytes + excluded.bytes",
        (month, one.station, size),
    )


def waits(connection: sqlite3.Connection, one: Bundle, why: str) -> bool:
    """Note why it does not go on; False when that was noted before."""
    row = connection.execute(
        "UPDATE bundles SET outcome = ? WHERE id = ? AND outcome <> ?", (why, one.id, why)
    )
    return row.rowcount == 1


def done(connection: sqlite3.Connection, one: Bundle, *, now: float) -> None:
    """Note that nothing more is to be done: all of it is over there, or that there is none."""
    connection.execute(
        "UPDATE bundles SET done_at = ?, state = CASE state WHEN 'made' THEN 'sent' ELSE state END"
        " WHERE id = ?",
        (now, one.id),
    )


def spent(connection: sqlite3.Connection, station: str, month: str) -> int:
    """Give the bytes of bundles that went to a station in a month."""
    row = connection.execute(
        "SELECT bytes FROM bundle_months WHERE station = ? AND month = ?", (station, month)
    ).fetchone()
    return int(row[0]) if row else 0


def _bundle(values: tuple[object, ...]) -> Bundle:
    fields = list(values)
    fields[6] = None if fields[6] is None else bool(fields[6])
    return Bundle(*fields)  # type: ignore[arg-type]  # the columns are those of the STRICT table
