"""pydantic's errors in the words of the other findings."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic_core import ErrorDetails

from agent.settings.findings import Findings, choices, shown
from agent.settings.messages import Words
from agent.settings.schema import allowed_at, keys_at
from agent.settings.secrets import PW_FORM, SECRET_FORM
from agent.settings.source import Path, Source
from drivers.profile import profile_names

_BOUNDS = {"greater_than", "greater_than_equal", "less_than", "less_than_equal"}
_FORMS = {"string_pattern_mismatch", "string_too_short", "string_too_long"}
_CHOICES = {"literal_error", "union_tag_invalid"}
_COUNTS = {"too_short", "too_long"}
_SECRET_WORDS: dict[str, Words] = {
    SECRET_FORM: "{file: …}, {credential: …}",
    PW_FORM: "{file: …}, {credential: …}, default",
}


def fold(errors: Iterable[ErrorDetails], findings: Findings) -> None:
    """Note each pydantic error as a finding, one per key."""
    placed = [(_kind(error["type"]), path_of(error, findings.source), error) for error in errors]
    paths = {path for _, path, _ in placed}
    seen: set[tuple[str, Path]] = set()
    for kind, path, error in placed:
        # pydantic counts only entries that are right: a wrong entry is no wrong number of them
        miscounted = kind == "count" and any(_under(path, other) for other in paths)
        if (kind, path) not in seen and not miscounted:
            seen.add((kind, path))
            _note(kind, path, error, findings)


def path_of(error: ErrorDetails, source: Source) -> Path:
    """Give the key path an error is about: its place without the names of union branches."""
    path: Path = ()
    for part in error["loc"]:
        if (*path, part) in source.lines:
            path = (*path, part)
    if error["type"] == "missing":
        path = (*path, error["loc"][-1])
    return path


def _under(path: Path, other: Path) -> bool:
    return len(other) > len(path) and other[: len(path)] == path


def _kind(error_type: str) -> str:
    if error_type in _SECRET_WORDS:
        return "secret_form"
    if error_type in ("missing", "iso_date"):
        return error_type
    if error_type == "extra_forbidden":
        return "unknown_key"
    for kind, types in (
        ("bounds", _BOUNDS),
        ("form", _FORMS),
        ("choice", _CHOICES),
        ("count", _COUNTS),
    ):
        if error_type in types:
            return kind
    return "missing" if error_type == "union_tag_not_found" else "type"


def _note(kind: str, path: Path, error: ErrorDetails, findings: Findings) -> None:
    source = findings.source
    if kind == "unknown_key":
        known = keys_at(path[:-1], source.value)
        findings.unknown(kind, path, found=str(path[-1]), known=known)
    elif kind == "secret_form":
        findings.error(kind, path, found="***", allowed=_SECRET_WORDS[error["type"]])
    elif error["type"].startswith("union_tag"):
        _note_tag(path, error, findings)
    elif kind == "choice":
        _note_choice(path, error, findings)
    elif kind == "form" and path[-1] == "profile":
        found = str(source.at(path))
        findings.unknown("unknown_profile", path, found=found, known=profile_names())
    else:
        found_words = "" if kind == "missing" else shown(source, path)
        findings.error(kind, path, found=found_words, allowed=allowed_at(path, source.value))


def _note_choice(path: Path, error: ErrorDetails, findings: Findings) -> None:
    """Word an error about a value, or a key, that must be one of a few."""
    expected = str(error.get("ctx", {}).get("expected", ""))
    known = [name.strip("'") for name in expected.replace(" or ", ", ").split(", ")]
    found = str(path[-1]) if error["loc"][-1] == "[key]" else shown(findings.source, path)
    kind = "unknown_edition" if path[-1] == "edition" else "choice"
    near = found if isinstance(found, str) else ""
    findings.error(kind, path, found=found, allowed=choices(near, known))


def _note_tag(path: Path, error: ErrorDetails, findings: Findings) -> None:
    """Word an error about the key that tells alternatives apart (`kind`, `type`)."""
    context = error.get("ctx", {})
    key = str(context.get("discriminator", "")).strip("'")
    place = (*path, "type" if key.endswith("()") else key)
    if error["type"] == "union_tag_invalid":
        tags = str(context.get("expected_tags", "")).split(", ")
        known = [name.strip("'") for name in tags]
        findings.unknown("choice", place, found=str(context.get("tag", "")), known=known)
    else:
        findings.error("missing", place, allowed=allowed_at(place, None))
