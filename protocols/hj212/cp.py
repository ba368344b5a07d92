"""The data area between the `&&` marks of a CP.

`item;item;…`, each item `key=value,key=value,…`. A comma joins what is said of one subject, a
semicolon parts subjects; the examples of the standard mix them where a range is asked for, so
`find` looks through both. A log text stands between double slashes and may hold anything but a
closing `//`. Whatever is there is kept as text: unknown keys, keys that come twice, empty values.

Source: HJ 212-2017 §6.3.3, HJ 212-2025 §6.3.4
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from protocols.hj212.errors import LocalFrameError

Pair = tuple[str, str]
Item = tuple[Pair, ...]

_MARK = re.compile(r"[;,]|=//")
_LOG_END = re.compile(r"//(?=[;,]|\Z)")
_LOG = re.compile(r"//.*//", re.DOTALL)
_CLOSED_EARLY = re.compile(r"//[;,]")


def parse_cp(text: str) -> tuple[Item, ...]:
    """Read a data area. Never fails: a pair without `=` becomes a key with an empty value."""
    if "//" in text or " " in text:
        parts = [[_trim(pair) for pair in item] for item in split_around_logs(text)]
    else:
        parts = [item.split(",") for item in text.split(";")]
    items = [tuple([pair.partition("=")[::2] for pair in item if pair]) for item in parts]
    return tuple(filter(None, items))


def print_cp(items: Iterable[Item]) -> str:
    """Write a data area. Raises LocalFrameError where a reader would see other pairs."""
    return ";".join(",".join(map(_print_pair, item)) for item in items)


def find(items: Iterable[Item], key: str) -> str | None:
    """Give the first value of `key`, in whatever item it stands."""
    return next((value for item in items for name, value in item if name == key), None)


def split_around_logs(text: str) -> list[list[str]]:
    """Split a data area into items and those into pairs, but not inside a log; lose nothing."""
    items: list[list[str]] = [[]]
    start = at = 0
    closable = True
    while (mark := _MARK.search(text, at)) is not None:
        at = mark.end()
        if mark[0] != "=//":
            items[-1].append(text[start : mark.start()])
            start = at
            if mark[0] == ";":
                items.append([])
        elif closable:
            end = _LOG_END.search(text, at)
            closable = end is not None  # none from here is none from further on: stay linear
            at = end.end() if end else at
    items[-1].append(text[start:])
    return items


def _trim(pair: str) -> str:
    return "=".join(part.strip(" ") for part in pair.split("=", 1))


def _print_pair(pair: Pair) -> str:
    key, value = pair
    if not key or any(mark in key for mark in "=;,&") or key != key.strip(" "):
        raise LocalFrameError(f"key {key!r}: no name for a field")
    if _LOG.fullmatch(value):
        broken = _CLOSED_EARLY.search(value, 2) or "&&" in value
    else:
        broken = any(mark in value for mark in ";,&") or "//" in value or value != value.strip(" ")
    if broken:
        raise LocalFrameError(f"{key}={value!r}: a reader would see something else")
    return f"{key}={value}"
