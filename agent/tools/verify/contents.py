"""What lies in a bundle, read with bounds: anybody can sign a file with a key of his own.

Nothing is unpacked to disk under a name that the bundle gives.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import zipfile
import zlib
from importlib import resources
from typing import Any

from agent.store.db import SCHEMA_VERSION
from agent.tools.evidence.gather import TABLES
from agent.tools.evidence.pack import MANIFEST

LARGEST = 4 << 30
"""Bytes that the files of a bundle may come to."""
LARGEST_MANIFEST = 32 << 20
LONGEST_LINE = 32 << 20
"""Of a row; the longest we make is that of a full pack of the message log, or of many seals."""
LONGEST_NAME = 200
EARLIEST, LATEST = -86_400, 253_402_300_799
"""UTC; 1970 began earlier in the east, and the year 9999 is the last that can be said."""
UNFIT = (
    zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, LookupError, ValueError, TypeError,
    AttributeError, ArithmeticError, OSError, struct.error, sqlite3.Error,
)  # fmt: skip
"""What reading something comes to that was never made by us. OSError: a directory may name a place
before the beginning of its file."""
_METHODS = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_BLOBS = {"samples": (2,), "frames": (4,)}


def bounded(packed: zipfile.ZipFile) -> None:
    """Look at the directory of a bundle before anything is read. Raises ValueError."""
    entries = packed.infolist()
    names = [entry.filename for entry in entries]
    if sum(entry.file_size for entry in entries) > LARGEST:
        raise ValueError(f"more than {LARGEST} bytes")
    if len(set(names)) < len(names):
        raise ValueError("two files of one name")
    for entry in entries:
        name = entry.filename
        if len(name) > LONGEST_NAME or not name.isprintable() or name.startswith("/"):
            raise ValueError(f"no name of ours: {name[:LONGEST_NAME]!r}")
        if ".." in name.split("/") or "\\" in name:
            raise ValueError(f"a name that leads out of the bundle: {name!r}")
        if entry.compress_type not in _METHODS or entry.flag_bits & 1:
            raise ValueError(f"{name}: not packed as ours are")


def manifest(packed: zipfile.ZipFile) -> dict[str, Any]:
    """Read the manifest. Raises what `UNFIT` names."""
    if packed.getinfo(MANIFEST).file_size > LARGEST_MANIFEST:
        raise ValueError(f"a manifest of more than {LARGEST_MANIFEST} bytes")
    found: dict[str, Any] = json.loads(packed.read(MANIFEST))
    for name in ("begin", "end", "made_at"):
        if not isinstance(found[name], int | float) or not EARLIEST <= found[name] <= LATEST:
            raise ValueError(f"{name}: no time")
    if not isinstance(found["unit"], str):
        raise ValueError("unit: no text")
    return found


def tables(packed: zipfile.ZipFile) -> sqlite3.Connection:
    """Lay the rows of a bundle into tables like those of a store, on disk where they are many.

    Raises what `UNFIT` names.
    """
    connection = sqlite3.connect("", isolation_level=None)
    for number in range(1, SCHEMA_VERSION + 1):
        script = resources.files("agent.store") / "schema" / f"v{number}.sql"
        connection.executescript(script.read_text(encoding="utf-8"))
    there = set(packed.namelist())
    connection.execute("BEGIN")
    for table in TABLES:
        if f"rows/{table}.jsonl" in there:  # an older release packed fewer tables
            _lay(connection, packed, table)
    connection.execute("COMMIT")
    return connection


def _lay(connection: sqlite3.Connection, packed: zipfile.ZipFile, table: str) -> None:
    blobs = _BLOBS.get(table, ())
    with packed.open(f"rows/{table}.jsonl") as file:
        while line := file.readline(LONGEST_LINE):
            if not line.endswith(b"\n"):
                raise ValueError(f"{table}: a row of more than {LONGEST_LINE} bytes, or cut")
            row = json.loads(line)
            for column in blobs:
                row[column] = bytes.fromhex(row[column])
            marks = ",".join("?" * len(row))
            connection.execute(f"INSERT INTO {table} VALUES ({marks})", row)
