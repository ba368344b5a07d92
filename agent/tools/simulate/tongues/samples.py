"""Bytes that a regular expression takes, with given bytes in its named groups. Pure.

What the declarative driver reads is written down as an expression alone; the other side of the
conversation is made from it. The parsed form of `re` is the one place where its parts can be had.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

FILL = ord("0")
FILLS = (b" ", b"0")
LONGEST = 256
_parser: Any = importlib.import_module("re._parser")
_parts: Any = importlib.import_module("re._constants")


def sample(pattern: re.Pattern[bytes], groups: Mapping[str, bytes]) -> bytes:
    """Give an answer that the pattern takes and whose named groups are these.

    Raises ValueError where none is found: the pattern says too much of what it takes, or a group
    does not take its bytes.
    """
    parsed = _parser.parse(pattern.pattern, pattern.flags)
    names = {number: name for name, number in parsed.state.groupdict.items()}
    given = {number: groups[name] for number, name in names.items() if name in groups}
    made = _all(parsed, given)
    # What looks ahead may want more than there is; a blank does not go on with a number.
    texts = (made.ljust(size, fill) for fill in FILLS for size in range(len(made), LONGEST))
    for text in texts:
        found = pattern.search(text)
        if found is not None and all(found[name] == told for name, told in groups.items()):
            return text
    raise ValueError(f"no answer was found that {pattern.pattern!r} takes")


def _all(parsed: Any, given: Mapping[int, bytes]) -> bytes:
    return b"".join(_one(kind, what, given) for kind, what in parsed)


def _one(kind: Any, what: Any, given: Mapping[int, bytes]) -> bytes:
    if kind is _parts.LITERAL:
        return bytes((what,))
    if kind is _parts.IN:
        return bytes((_of_set(what),))
    if kind is _parts.ANY:
        return bytes((FILL,))
    if kind is _parts.SUBPATTERN:
        number, _, _, inside = what
        return given[number] if number in given else _all(inside, given)
    if kind in (_parts.MAX_REPEAT, _parts.MIN_REPEAT):
        least, _, inside = what
        return _all(inside, given) * int(least)
    if kind is _parts.BRANCH:
        return _all(what[1][0], given)
    return b""  # looks around and takes nothing


def _of_set(members: Any) -> int:
    """Give a byte of a set: the first one of it that is named."""
    kind, what = members[0]
    if kind is _parts.NEGATE:
        out = {value for one, value in members[1:] if one is _parts.LITERAL}
        return next(byte for byte in range(FILL, 0x100) if byte not in out)
    if kind is _parts.RANGE:
        return int(what[0])
    if kind is _parts.LITERAL:
        return int(what)
    return FILL if kind is _parts.CATEGORY and "SPACE" not in str(what) else 0x20
