"""A data segment without loss: what it says, and every byte back.

`segment` reads for meaning and forgives; here nothing is trimmed, put in order or thrown away.
The text is `name=value` parts joined by `;`, then `CP=&&`, items joined by `;` whose fields are
joined by `,`, then `&&`. Whatever a peer has in other places is kept in `opening` and `closing`,
the text on either side of the data area.

Source: HJ 212-2017 §6.3.2 and §6.3.3, HJ 212-2025 §6.3.2 and §6.3.4
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from protocols.hj212.cp import split_around_logs
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.header import find_area

Field = tuple[str, str | None]
"""Name and value; the value is None where there is no `=`."""

CLOSING = "&&"
CHARSETS = ("utf-8", "gbk", "latin-1")


@dataclass(frozen=True, slots=True)
class Verbatim:
    """The parts of a segment in their order; `items` is None where there is no `CP=`.

    `charset` is the first of CHARSETS that gives the same bytes back.
    """

    head: tuple[Field, ...]
    items: tuple[tuple[Field, ...], ...] | None
    opening: str
    closing: str = CLOSING
    charset: str = "utf-8"


def usual_opening(head: Iterable[Field]) -> str:
    """Give the text that belongs between header and data area."""
    return ";CP=&&" if tuple(head) else "CP=&&"


def parse_verbatim(data: bytes) -> Verbatim:
    """Take a segment apart. Never fails."""
    charset, text = _decode(data)
    found = find_area(text)
    if found is None:
        return Verbatim(_fields(text.split(";")) if text else (), None, "", "", charset)
    start, at, end = found
    head = _fields(text[:start].split(";")) if start else ()
    area = text[at:end]
    items = tuple(_fields(item) for item in split_around_logs(area)) if area else ()
    # a part with nothing in it is a field, but an item with nothing in it has none
    items = tuple(() if item == (("", None),) else item for item in items)
    return Verbatim(head, items, text[start:at], text[end:], charset)


def print_verbatim(said: Verbatim) -> bytes:
    """Write the segment: the bytes that `parse_verbatim` read.

    Raises LocalFrameError on text that the charset does not have.
    """
    text = ";".join(map(_print, said.head))
    if said.items is not None:
        area = ";".join(",".join(map(_print, item)) for item in said.items)
        text = f"{text}{said.opening}{area}{said.closing}"
    try:
        return text.encode(said.charset)
    except UnicodeEncodeError as error:
        wrong = error.object[error.start : error.end]
        raise LocalFrameError(f"{wrong!r} cannot be written in {said.charset}") from None


def _decode(data: bytes) -> tuple[str, str]:
    for charset in CHARSETS[:-1]:
        try:
            text = data.decode(charset)
        except UnicodeDecodeError:
            continue
        if text.encode(charset) == data:
            return charset, text
    return "latin-1", data.decode("latin-1")


def _fields(parts: Iterable[str]) -> tuple[Field, ...]:
    return tuple(
        (name, value if equals else None)
        for name, equals, value in (part.partition("=") for part in parts)
    )


def _print(field: Field) -> str:
    name, value = field
    return name if value is None else f"{name}={value}"
