"""Checks an evidence bundle offline: signature, files, the journal's chain, every seal in it.

The tables of the bundle are laid into a database in memory, so that the very functions that check a
store check the bundle.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from agent.store import identity, journal
from agent.store.seals import DAY_S
from agent.tools.evidence.pack import MANIFEST, Tail, tail
from agent.tools.verify import contents
from agent.tools.verify.bottles import bottle_faults
from agent.tools.verify.sealed import (
    Fault,
    Looked,
    SealedRange,
    late_faults,
    name_faults,
    range_faults,
    read,
    signature_faults,
)
from agent.tools.verify.told import told_faults

_CHUNK = 1 << 20


@dataclass(slots=True)
class Verdict:
    """What was found of a bundle. `own_key`: it was held against the key that it brings itself."""

    key: str = ""
    own_key: bool = True
    unit: str = ""
    begin: float | None = None
    end: float | None = None
    made_at: float | None = None
    files: int = 0
    looked: Looked = field(default_factory=Looked)
    faults: list[Fault] = field(default_factory=list)


def verify_bundle(path: Path, *, key: str | None = None, head: str | None = None) -> Verdict:
    """Check a bundle, against `key` (64 hex digits) and `head` where known. Raises OSError.

    `head` is a hash that was published: a line of the bundle's journal must have it.
    """
    verdict = Verdict(own_key=key is None)
    with path.open("rb") as file:
        found = tail(file)
        if found is None:
            verdict.faults.append(Fault("form", "no bundle, or its end was changed"))
            return verdict
        verdict.key = found.key
        verdict.faults += _signature(found, key)
        if not verdict.faults:
            verdict.faults += _content(file, verdict, head)
        elif any(one.what == "signature" for one in verdict.faults):
            verdict.faults += _touched(file)
    return verdict


def _signature(found: Tail, key: str | None) -> Iterator[Fault]:
    if key is not None and key.lower() != found.key:
        yield Fault("key", f"signed with {found.key}, not with {key}")
    elif not identity.signed_by(found.key, found.digest, found.signature):
        yield Fault("signature", "the file is not as it was signed")


def _touched(file: BinaryIO) -> Iterator[Fault]:
    """Name what was changed, as far as the manifest still tells; none of it is believed."""
    found: list[Fault] = []
    try:
        with zipfile.ZipFile(file) as packed:
            contents.bounded(packed)
            listed = contents.manifest(packed)
            found += _files(packed, listed, Verdict())
    except contents.UNFIT as error:
        found.append(Fault("form", f"cannot be read: {error}"))
    yield from found or (
        Fault("form", "each file is as the manifest says: a header, the directory or the end"),
    )


def _content(file: BinaryIO, verdict: Verdict, head: str | None) -> Iterator[Fault]:
    """Look inside; what is signed was made by the holder of the key, and must fit all the same."""
    try:
        with zipfile.ZipFile(file) as packed:
            contents.bounded(packed)
            manifest = contents.manifest(packed)
            verdict.unit, verdict.made_at = manifest["unit"], manifest["made_at"]
            verdict.begin, verdict.end = manifest["begin"], manifest["end"]
            yield from _files(packed, manifest, verdict)
            with contextlib.closing(contents.tables(packed)) as connection:
                yield from _chain(connection, manifest, verdict.looked)
                if head is not None and not journal.holds(connection, head):
                    yield Fault("head", f"no line of it has the published hash {head}")
                yield from _rows(connection, manifest, verdict.looked, set(packed.namelist()))
                yield from signature_faults(connection, verdict.looked)
    except contents.UNFIT as error:
        yield Fault("form", f"cannot be read: {error}")


def _files(packed: zipfile.ZipFile, manifest: dict[str, Any], verdict: Verdict) -> Iterator[Fault]:
    told = {one["name"]: one for one in manifest["files"]}
    there = {entry.filename for entry in packed.infolist()}
    for name in sorted({*told, *there} - {MANIFEST}):
        if name not in there or name not in told:
            yield Fault("files", f"{name}: {'missing' if name in told else 'not in the manifest'}")
            continue
        verdict.files += 1
        found = _unpacked(packed, name)
        if found is None:
            yield Fault("files", f"{name}: cannot be unpacked")
        elif found != told[name]["sha256"]:
            yield Fault("files", f"{name}: not what the manifest says")


def _unpacked(packed: zipfile.ZipFile, name: str) -> str | None:
    """Hash a file of a bundle; None when it cannot be unpacked."""
    found = hashlib.sha256()
    try:
        with packed.open(name) as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
    except contents.UNFIT:
        return None
    return found.hexdigest()


def _chain(
    connection: sqlite3.Connection, manifest: dict[str, Any], looked: Looked
) -> Iterator[Fault]:
    (looked.lines,) = connection.execute("SELECT count(*) FROM journal").fetchone()
    first, anchor = int(manifest["reach"]["line"]), str(manifest["anchor"])
    broken = journal.broken_at(connection, first=first, before=anchor)
    looked.head = journal.head(connection)
    if broken is not None:
        yield Fault("chain", f"line {broken} does not follow the one before", broken)
    elif looked.lines and looked.head != manifest["head"]:
        yield Fault("head", "the journal does not end with the line that the manifest names")


def _rows(
    connection: sqlite3.Connection, manifest: dict[str, Any], looked: Looked, there: set[str]
) -> Iterator[Fault]:
    """Hold the rows against every seal that lies in the bundle as a whole."""
    reach = {(table, scope): (low, high) for table, scope, low, high in manifest["reach"]["bounds"]}

    sealed = read(connection)

    def expected(one: SealedRange) -> bool:
        low, high = reach.get((one.table, one.scope), (0, 0))
        return bool(low <= one.begin and one.end <= high) and not sealed.lacks(one)

    yield from range_faults(connection, sealed, looked, expected=expected)
    yield from late_faults(connection, sealed, looked, expected=lambda _table, _row: False)
    yield from name_faults(connection, sealed)
    begin = manifest["begin"] // DAY_S * DAY_S
    end = -(-manifest["end"] // DAY_S) * DAY_S

    def told_here(table: str, first: float, last: float) -> bool:
        return f"rows/{table}.jsonl" in there and first < end and last >= begin

    whole = int(manifest["reach"]["line"]) == 1
    yield from told_faults(connection, sealed, looked, expected=told_here, whole=whole)
    yield from bottle_faults(connection, sealed, looked, whole=False)
