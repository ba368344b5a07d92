"""Evidence bundles that come in parts: kept part by part, put together, checked as `verify` does.

Parts lie on disk before they are acknowledged, so a platform that is started again goes on. A
manifest with another hash begins the bundle anew: it was made once more.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.tools.verify.bundle import verify_bundle

MANIFEST = "manifest"
MOST_PARTS = 70_000
LARGEST = 4 << 30
_SAFE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:")


@dataclass(frozen=True, slots=True)
class Received:
    """A bundle that is whole, or of which none will come; `faults` is what does not fit of it."""

    mn: str
    ref: str
    state: str
    file: str = ""
    whole: bool = False
    faults: tuple[str, ...] = ()
    key: str = ""
    known_key: bool = False
    event: int | None = None
    begin: float | None = None
    end: float | None = None
    bytes: int = 0


@dataclass(slots=True)
class Bundles:
    """The bundles of a folder. `key_of` gives the key that a station told in its birth message."""

    directory: Path
    key_of: Callable[[str], str] = lambda _: ""
    _told: dict[tuple[str, str], str] = field(default_factory=dict)
    """The hash of what was put together already: parts may come twice."""
    _here: dict[Path, set[str]] = field(default_factory=dict)
    """The names of what lies in the places of bundles: to look each time would take too long."""

    def waiting(self) -> list[tuple[str, str]]:
        """Give the stations and refs of bundles whose parts are all there: a crash came between."""
        places = [one for one in self.directory.glob(".*.*") if one.is_dir()]
        named = [tuple(one.name[1:].split(".", 1)) for one in places]
        return [(mn, ref) for mn, ref in named if self._all_there(self._place(mn, ref))]

    def take(self, mn: str, ref: str, number: str, payload: bytes) -> bool:
        """Keep a part; says whether `finish` is due. What is no part is left alone.

        Raises OSError.
        """
        if not number.isdigit() or not _safe(mn) or not _safe(ref) or int(number) > MOST_PARTS:
            return False
        place = self._place(mn, ref)
        if int(number) == 0:
            manifest = _manifest(payload)
            if manifest is None or manifest["sha256"] == self._told.get((mn, ref)):
                return False
            self._begin(place, manifest)
        elif not place.is_dir():
            if (mn, ref) in self._told:
                return False  # a copy of one that is whole
            place.mkdir(parents=True)
        if int(number):
            self._keep(place, str(int(number)), payload)
        return self._all_there(place)

    def _begin(self, place: Path, manifest: dict[str, Any]) -> None:
        """Lay the manifest down; parts of another making go."""
        before = _read(place / MANIFEST)
        if before is not None and before["sha256"] != manifest["sha256"]:
            self._clear(place)
        place.mkdir(parents=True, exist_ok=True)
        self._keep(place, MANIFEST, json.dumps(manifest).encode())

    def _names(self, place: Path) -> set[str]:
        if place not in self._here:
            self._here[place] = {one.name for one in place.iterdir()} if place.is_dir() else set()
        return self._here[place]

    def _keep(self, place: Path, name: str, payload: bytes) -> None:
        _write(place / name, payload)
        self._names(place).add(name)

    def _clear(self, place: Path) -> None:
        shutil.rmtree(place)
        self._here.pop(place, None)

    def _place(self, mn: str, ref: str) -> Path:
        return self.directory / f".{mn}.{ref}"

    def _all_there(self, place: Path) -> bool:
        names = self._names(place)
        manifest = _read(place / MANIFEST) if MANIFEST in names else None
        if manifest is None or len(names) <= manifest["parts"]:
            return False
        return all(str(number) in names for number in range(1, manifest["parts"] + 1))

    def finish(self, mn: str, ref: str) -> Received | None:
        """Put a bundle together and check it; None when that was done. Raises OSError."""
        place = self._place(mn, ref)
        manifest = _read(place / MANIFEST)
        if manifest is None:
            return None
        if manifest["state"] == "failed":
            self._clear(place)
            return Received(mn, ref, "failed", faults=(str(manifest["reason"]),))
        parts = [place / str(number) for number in range(1, manifest["parts"] + 1)]
        out = self.directory / f"{mn}-{ref.replace(':', '_')}.zip"
        aside = out.with_suffix(".part")
        found, size = hashlib.sha256(), 0
        with aside.open("wb") as file:
            for one in parts:
                chunk = one.read_bytes()
                found.update(chunk)
                size += len(chunk)
                file.write(chunk)
        self._clear(place)
        if found.hexdigest() != manifest["sha256"] or size != manifest["bytes"]:
            aside.unlink()
            return Received(mn, ref, "broken", faults=("the parts are not what the manifest says",))
        aside.replace(out)
        self._told[mn, ref] = manifest["sha256"]
        return self._judged(out, mn, ref, manifest)

    def _judged(self, out: Path, mn: str, ref: str, manifest: dict[str, Any]) -> Received:
        known = self.key_of(mn)
        verdict = verify_bundle(out, key=known or None)
        return Received(
            mn,
            ref,
            "whole" if not verdict.faults else "not whole",
            out.name,
            not verdict.faults,
            tuple(f"{one.what}: {one.where}" for one in verdict.faults[:5]),
            verdict.key,
            bool(known),
            manifest["event"],
            manifest["begin"],
            manifest["end"],
            int(manifest["bytes"]),
        )


def _safe(level: str) -> bool:
    return bool(level) and set(level) <= _SAFE and level not in (".", "..")


def _manifest(payload: bytes) -> dict[str, Any] | None:
    """Read a manifest; None for what is none."""
    try:
        found = json.loads(payload)
        wanted = {"state": str, "sha256": str, "bytes": int, "parts": int}
        if not all(isinstance(found[name], kind) for name, kind in wanted.items()):
            return None
        bounded = 0 <= found["parts"] <= MOST_PARTS and 0 <= found["bytes"] <= LARGEST
        known = {"event", "begin", "end", "reason"} <= found.keys()
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return found if bounded and known else None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        return _manifest(path.read_bytes())
    except OSError:
        return None


def _write(path: Path, payload: bytes) -> None:
    """Write a part so that it is there as a whole or not at all."""
    aside = path.with_name(path.name + ".new")
    aside.write_bytes(payload)
    aside.replace(path)
