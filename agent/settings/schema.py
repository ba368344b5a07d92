"""The JSON schema of the site file, and what it says is allowed at a key path."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

from agent.settings.messages import Words
from agent.settings.site import Site
from agent.settings.source import Path, Value, child

SCHEMA_URL = "https://json-schema.org/draft/2020-12/schema"

# What the regular expressions of the models say, in words.
_PATTERNS: dict[str, tuple[str, str]] = {
    r"^[A-Za-z][A-Za-z0-9_-]{0,31}$": (
        "字母开头，字母、数字、-、_，至多 32 个",
        "of letters, digits, - and _, a letter first, at most 32",
    ),
    r"^[a-z-]+/[a-z0-9.-]+$": ("类别/型号", "kind/model"),
    r"^[0-9A-Za-z]{1,32}$": ("数字和字母，至多 32 个", "of digits and letters, at most 32"),
    r"^[A-Za-z0-9_.-]*$": ("数字和字母", "of digits and letters"),
    r"^([01]\d|2[0-3]):[0-5]\d$": ("时:分，如 09:00", "hh:mm, as 09:00"),
    r"^([0-9]{4}|[0-9]{3}x|[0-9]{2}xx|[0-9]xxx)$": (
        "命令编码，或 2xxx 这样的一组",
        "a command code, or a group as 2xxx",
    ),
    r"^[a-z][a-z0-9-]{0,31}$": ("地方扩展的名字", "the name of a dialect"),
    r"^[A-Za-z0-9_.-]{1,15}$": ("网卡名，如 eth0", "a network device, as eth0"),
    r"^rtsps?://": ("rtsp://…", "rtsp://…"),
    r"^3[0-9]{3}$": ("3 开头的四位命令编码", "a command code of four digits, 3 first"),
    r"^https://[^@\s]+$": ("https://…", "https://…"),
}


@functools.cache
def site_schema() -> dict[str, Any]:
    """Give the JSON schema of a site file, as editors read it."""
    return {"$schema": SCHEMA_URL, **Site.model_json_schema(), "title": "paikou site"}


def keys_at(path: Path, root: Value) -> list[str]:
    """Give the keys that the mapping at a path may hold. `root` is the parsed file."""
    return list(
        dict.fromkeys(key for part in _at(path, root) for key in part.get("properties", {}))
    )


def allowed_at(path: Path, root: Value) -> Words:
    """Say what may stand at a path; empty where the schema knows nothing."""
    said = [words for part in _at(path, root) if (words := _allowed(part))]
    chinese = [words if isinstance(words, str) else words[0] for words in said]
    english = [words if isinstance(words, str) else words[1] for words in said]
    return (" | ".join(dict.fromkeys(chinese)), " | ".join(dict.fromkeys(english)))


def _at(path: Path, root: Value) -> list[dict[str, Any]]:
    parts = list(_open(site_schema(), root))
    value = root
    for step in path:
        value = child(value, step)
        parts = [
            deep for part in parts for child in _step(part, step) for deep in _open(child, value)
        ]
    return parts


def _open(part: Mapping[str, Any], value: object) -> Iterator[dict[str, Any]]:
    """Follow references and alternatives to the plain schemas that could hold for a value."""
    described = {"description": part["description"]} if "description" in part else {}
    if "$ref" in part:
        name = part["$ref"].rpartition("/")[2]
        yield from _open({**site_schema()["$defs"][name], **described}, value)
        return
    branches = part.get("anyOf") or part.get("oneOf")
    if not branches:
        yield dict(part)
        return
    for branch in branches:
        for deep in _open({**branch, **described}, value):
            if deep.get("type") != "null" and _fits(deep, value):
                yield deep


def _fits(part: Mapping[str, Any], value: object) -> bool:
    """Tell alternatives apart by the keys that have one fixed value, such as `kind`."""
    if not isinstance(value, Mapping):
        return True
    return all(
        value.get(key, inner.get("default", inner["const"])) == inner["const"]
        for key, inner in part.get("properties", {}).items()
        if "const" in inner
    )


def _step(part: Mapping[str, Any], step: str | int) -> Iterator[Mapping[str, Any]]:
    if isinstance(step, int):
        places = part.get("prefixItems", [])
        inner = places[step] if step < len(places) else part.get("items")
    else:
        inner = part.get("properties", {}).get(step) or part.get("additionalProperties")
    if isinstance(inner, Mapping):
        yield inner


def _allowed(part: Mapping[str, Any]) -> Words:
    if "const" in part:
        return str(part["const"])
    if "enum" in part:
        return ", ".join(str(choice) for choice in part["enum"])
    kind = part.get("type")
    if kind in ("integer", "number"):
        return _numbers(part, whole=kind == "integer")
    if kind == "string":
        return _texts(part)
    if kind == "array":
        return _count(part)
    if kind == "boolean":
        return "true, false"
    keys = ", ".join(part.get("properties", {}))
    return (f"键 {keys}", f"keys {keys}") if keys else ("若干键", "a mapping")


def _numbers(part: Mapping[str, Any], *, whole: bool) -> Words:
    low, above = part.get("minimum"), part.get("exclusiveMinimum")
    high = part.get("maximum")
    span = f"{low if low is not None else ''}..{high if high is not None else ''}"
    if above is not None:
        span = f"> {above}" + (f", <= {high}" if high is not None else "")
    span = "" if span == ".." else f" {span}"
    return (f"整数{span}", f"an integer{span}") if whole else (f"数{span}", f"a number{span}")


def _count(part: Mapping[str, Any]) -> Words:
    low, high = part.get("minItems", 0), part.get("maxItems", "")
    span = f"{low}" if low == high else f"{low}..{high}"
    return (f"列表，{span} 项", f"a list of {span} entries")


def _texts(part: Mapping[str, Any]) -> Words:
    if part.get("format") == "date":
        return "2026-01-31"
    pattern = part.get("pattern", "")
    chinese, english = _PATTERNS.get(pattern, (pattern, pattern))
    said = f"（{part['description']}）" if "description" in part else ""
    return (f"文字 {chinese}".rstrip() + said, f"a text {english}".rstrip())
