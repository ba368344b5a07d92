"""A data segment as peers send it, with a warning for each liberty taken.

Source: HJ 212-2017 §6.3.2 table 3, HJ 212-2025 §6.3.2 table 3
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from protocols.hj212.cp import Pair
from protocols.hj212.editions import Edition

_AREA_START = re.compile(r"(?:\A|;)\s*(?=CP=)")
_SHAPES = {
    "QN": (re.compile(r"[0-9]{17}"), "17 digits"),
    "ST": (re.compile(r"[0-9A-Z]{2}"), "2 digits or capitals"),
    "CN": (re.compile(r"[0-9]{4}"), "4 digits"),
    "PW": (re.compile(r"[0-9A-Za-z]{6}"), "6 digits or letters"),
    "MN": (re.compile(r"[0-9A-F]{24}"), "24 of 0-9 and A-F"),
}
_ORDER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_ALWAYS = _ORDER[:6]
_NUMBERS = {"Flag": 255, "PNUM": 9999, "PNO": 9999, "RF": 1}
_PROPER = {name.upper(): name for name in _ORDER}


def read_text(data: bytes, encoding: str = "auto") -> tuple[str, tuple[str, ...]]:
    """Decode a segment, what cannot be read with escapes; and the warning.

    `auto` is UTF-8, else GBK as old stations send it. Some texts are both: who knows that a peer
    writes GBK says so.
    """
    if encoding == "auto":
        try:
            return data.decode(), ()
        except UnicodeDecodeError:
            pass
        try:
            return data.decode("gbk"), ("text is GBK, not UTF-8",)
        except UnicodeDecodeError:
            return data.decode("utf-8", "backslashreplace"), ("text is neither UTF-8 nor GBK",)
    try:
        return data.decode(encoding), ()
    except UnicodeDecodeError:
        return data.decode(encoding, "backslashreplace"), (f"text is not {encoding.upper()}",)


def find_area(text: str) -> tuple[int, int, int] | None:
    """Find the data area; None without `CP=`.

    Gives the offset at which the header's last field ends, and those between which the area lies.
    """
    found = _AREA_START.search(text)
    at = found.end() if found else text.find("CP=")
    if at < 0:
        return None
    start = found.start() if found else at
    at += len("CP=")
    marks = len(text[at:]) - len(text[at:].lstrip())
    if text.startswith("&&", at + marks):
        at += marks + len("&&")
    end = text.rfind("&&", at)
    return start, at, len(text) if end < 0 else end


def part_segment(text: str) -> tuple[str, str | None, list[str]]:
    """Part a segment into header, data area (None without `CP=`) and warnings."""
    start = _AREA_START.search(text)
    at = start.end() if start else text.find("CP=")
    if at < 0:
        return text, None, ["no CP"]
    area, warnings = text[at + 3 :].lstrip(), []
    if area.startswith("&&"):
        area = area[2:]
    else:
        warnings.append("no && before the data area")
    end = area.rfind("&&")
    if end < 0:
        return text[:at], area, [*warnings, "no && behind the data area"]
    if behind := area[end + 2 :]:
        warnings.append(f"{behind!r} behind the data area")
    return text[:at], area[:end], warnings


@dataclass(slots=True)
class Header:
    """Known fields by their proper names, some as `numbers` too; the rest goes to `other`."""

    fields: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    other: list[Pair] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_header(text: str, edition: Edition | None = None) -> Header:
    """Read everything before `CP=`, by the order of 2017 unless told. Never fails."""
    order = _ORDER if edition is None else tuple(edition.header)
    always: tuple[str, ...] = _ALWAYS
    shapes = _SHAPES
    if edition is not None:
        always = tuple(name for name in _ALWAYS if name not in edition.optional)
        shapes = _SHAPES | {"MN": (re.compile(edition.mn_shape), edition.mn_shape)}
    header = Header()
    if "," in text:
        header.warnings.append("comma between header fields")
    if text and not text.endswith(";"):
        header.warnings.append("header does not end in ;")
    for part in re.split("[;,]", text):
        if part.strip():
            _take(part, header)
    found = [name for name in header.fields if name in order]
    if found != sorted(found, key=order.index):
        header.warnings.append(f"fields out of order: {' '.join(found)}")
    if missing := [name for name in always if name not in header.fields]:
        header.warnings.append(f"missing: {' '.join(missing)}")
    for name, (shape, words) in shapes.items():
        value = header.fields.get(name)
        if value is not None and not shape.fullmatch(value):
            header.warnings.append(f"{name}={value!r} is not {words}")
    for name, limit in _NUMBERS.items():
        _count(name, limit, header)
    return header


def _take(part: str, header: Header) -> None:
    name, equals, value = part.partition("=")
    if (name, value) != (name.strip(), value.strip()):
        header.warnings.append(f"blanks in {part!r}")
    name, value = name.strip(), value.strip()
    proper = _PROPER.get(name.upper(), "") if equals else ""
    if not proper:
        header.warnings.append(f"unknown field {part.strip()!r}")
    elif proper in header.fields:
        header.warnings.append(f"{proper} twice")
    else:
        if proper != name:
            header.warnings.append(f"{name} for {proper}")
        header.fields[proper] = value
        return
    header.other.append((name, value))


def _count(name: str, limit: int, header: Header) -> None:
    text = header.fields.get(name)
    if text is None:
        return
    if text.isascii() and text.isdigit() and len(text) <= 4 and int(text) <= limit:
        header.numbers[name] = int(text)
    else:
        header.warnings.append(f"{name}={text!r} is not a number up to {limit}")
        header.other.append((name, text))
