"""Reads a site file: YAML, models, cross checks; every finding at once."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path as FilePath

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from agent.errors import ConfigError, Finding, Lang
from agent.settings.checks import check_site
from agent.settings.findings import Findings, syntax_finding
from agent.settings.folding import fold, path_of
from agent.settings.messages import MESSAGES, language, worded
from agent.settings.site import Site
from agent.settings.source import Path, Source, SourceError, Value, parse_source

_PRUNINGS = 3
# Errors that a whole entry is lost by: references to it would seem to be wrong.
_WHOLE = frozenset({"missing", "union_tag_invalid", "union_tag_not_found", "model_type"})


def load_site(
    path: str | FilePath,
    *,
    lang: Lang | None = None,
    profile_directories: Sequence[FilePath] | None = None,
) -> tuple[Site, list[Finding]]:
    """Read and check a site file; gives it with its warnings.

    `lang` None means the language of the environment, `profile_directories` None the profiles we
    ship. Raises ConfigError with every finding when one of them is an error.
    """
    lang = lang or language()
    try:
        data = FilePath(path).read_bytes()
    except FileNotFoundError as error:
        raise ConfigError([_whole("no_file", path, lang)]) from error
    except (OSError, ValueError) as error:
        found = getattr(error, "strerror", None) or str(error)
        raise ConfigError([_whole("unreadable", path, lang, found=found)]) from error
    return parse_site(data, file=str(path), lang=lang, profile_directories=profile_directories)


def _whole(kind: str, path: str | FilePath, lang: Lang, *, found: str = "") -> Finding:
    """Give what is wrong with a file as a whole."""
    text = worded(MESSAGES[kind], lang)
    return Finding("error", 1, "", found, "", text, str(path), kind, lang)


def parse_site(
    data: bytes,
    *,
    file: str = "site.yaml",
    lang: Lang = "zh",
    profile_directories: Sequence[FilePath] | None = None,
) -> tuple[Site, list[Finding]]:
    """Read and check the bytes of a site file; `file` is what findings call it.

    Raises ConfigError with every finding when one of them is an error.
    """
    try:
        source = parse_source(data)
    except SourceError as error:
        raise ConfigError([syntax_finding(file, error, lang)]) from error
    findings = Findings(file, source, lang)
    site, errors = _read(source, findings)
    fold(errors, findings)
    for place in _endless(site):
        findings.error("not_finite", place, found=source.text(place))
    if site is not None:
        # Where a part is wrong its neighbours are checked all the same, for all errors at once;
        # mere warnings would rest on what is not there.
        others = Findings(file, source, lang)
        check_site(site, others, profile_directories)
        findings.add(others, errors_only=findings.wrong)
    if site is None or findings.wrong:
        raise ConfigError(findings.all())
    return site, findings.all()


def _read(source: Source, findings: Findings) -> tuple[Site | None, list[ErrorDetails]]:
    """Give the site, with pydantic's errors; then it is what is left without the wrong keys."""
    for place, line, first in source.twice:
        findings.error("key_twice", place, found=str(place[-1]), allowed=_once(first), line=line)
    if source.value is None:
        findings.error("empty", ())
        return None, []
    if not isinstance(source.value, dict):
        keys = ("若干键", "a mapping")
        findings.error("type", (), found=("不是“键: 值”", "no keys"), allowed=keys)
        return None, []
    value, site, errors = _validated(source)
    left: list[ErrorDetails] = errors
    for _ in range(_PRUNINGS):
        wrong = {_key(path_of(error, source)) for error in left}
        if site is not None or not _prunable(left, wrong):
            break
        value = _without(value, (), wrong)
        site, left = _validate(value)
    return site, errors


def _prunable(errors: Iterable[ErrorDetails], keys: set[Path]) -> bool:
    """Tell whether a site without these keys still says something about the rest."""
    whole = any(error["type"] in _WHOLE for error in errors)
    return not whole and all(len(key) > 1 for key in keys)


def _once(line: int) -> tuple[str, str]:
    return (f"一次（第 {line} 行已有）", f"once (already on line {line})")


def _validate(value: Value) -> tuple[Site | None, list[ErrorDetails]]:
    try:
        return Site.model_validate(value), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _validated(source: Source) -> tuple[Value, Site | None, list[ErrorDetails]]:
    """Validate; where a text is wanted and digits stand, take the digits as they were written."""
    site, errors = _validate(source.value)
    written = {
        path: source.text(path)
        for error in errors
        if error["type"] in ("string_type", "literal_error")
        and (path := path_of(error, source)) in source.texts
        and isinstance(error["input"], int | float)
    }
    value = _with_texts(source.value, (), written)
    return (value, *_validate(value)) if written else (value, site, errors)


def _with_texts(value: Value, path: Path, written: dict[Path, str]) -> Value:
    if isinstance(value, dict):
        return {key: _with_texts(inner, (*path, key), written) for key, inner in value.items()}
    if isinstance(value, list):
        return [_with_texts(inner, (*path, n), written) for n, inner in enumerate(value)]
    return written.get(path, value)


def _key(path: Path) -> Path:
    """Give the nearest key above a path: entries of a list keep their numbers."""
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path


def _without(value: Value, path: Path, wrong: set[Path]) -> Value:
    if isinstance(value, dict):
        return {
            key: _without(inner, (*path, key), wrong)
            for key, inner in value.items()
            if (*path, key) not in wrong
        }
    if isinstance(value, list):
        return [_without(inner, (*path, n), wrong) for n, inner in enumerate(value)]
    return value


def _endless(value: object, path: Path = ()) -> Iterator[Path]:
    """Give the paths of numbers that are infinite or none."""
    if isinstance(value, float) and not math.isfinite(value):
        yield path
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _endless(getattr(value, name), (*path, name))
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _endless(inner, (*path, key))
    elif isinstance(value, tuple):
        for number, inner in enumerate(value):
            yield from _endless(inner, (*path, number))
