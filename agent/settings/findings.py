"""Collects what is wrong with a file, each with its line and key."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from agent.errors import Finding, Lang, Level
from agent.settings.messages import MESSAGES, Words, worded
from agent.settings.source import Path, Source, SourceError

_SECRETS = frozenset({"pw", "password", "key", "pin"})
_SHOWN = 60


class Findings:
    """A growing list of findings about one file, in one language."""

    def __init__(self, file: str, source: Source, lang: Lang) -> None:
        self.file = file
        self.source = source
        self.lang: Lang = lang
        self._all: list[Finding] = []

    def error(
        self, kind: str, path: Path, *, found: Words = "", allowed: Words = "", line: int = 0
    ) -> None:
        """Note an error at a key path; `line` where it is another than the key's."""
        self._add("error", kind, path, found=found, allowed=allowed, line=line)

    def warning(self, kind: str, path: Path, *, found: Words = "", allowed: Words = "") -> None:
        """Note something that works but should not stay."""
        self._add("warning", kind, path, found=found, allowed=allowed)

    def unknown(self, kind: str, path: Path, *, found: str, known: Iterable[str]) -> None:
        """Note a name that nothing bears, with the nearest one that something does."""
        self.error(kind, path, found=found, allowed=choices(found, list(known)))

    def all(self) -> list[Finding]:
        """Give the findings in the order of the file."""
        return sorted(self._all, key=lambda finding: finding.line)

    def add(self, other: Findings, *, errors_only: bool) -> None:
        """Take over another list: all of it, or the errors about keys that have none here yet."""
        keys = {finding.key for finding in self._all}
        self._all += [
            finding
            for finding in other.all()
            if not errors_only or (finding.level == "error" and finding.key not in keys)
        ]

    @property
    def wrong(self) -> bool:
        """Whether there is an error among them."""
        return any(finding.level == "error" for finding in self._all)

    def _add(
        self, level: Level, kind: str, path: Path, *, found: Words, allowed: Words, line: int = 0
    ) -> None:
        self._all.append(
            Finding(
                level=level,
                line=line or self.source.line(path),
                key=key_text(path),
                found=worded(found, self.lang),
                allowed=worded(allowed, self.lang),
                text=worded(MESSAGES[kind], self.lang),
                file=self.file,
                kind=kind,
                lang=self.lang,
            )
        )


def syntax_finding(file: str, error: SourceError, lang: Lang) -> Finding:
    """Give the finding for a file that is not YAML."""
    text = worded(MESSAGES[error.kind], lang)
    return Finding("error", error.line, "", error.found, "", text, file, error.kind, lang)


def key_text(path: Path) -> str:
    """Print a key path: `outlets[0].factors.w01018.limits[1].high`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def shown(source: Source, path: Path) -> Words:
    """Print what stands at a path: never a secret, never more than a line."""
    if any(part in _SECRETS for part in path):
        return "***"
    text = source.text(path)
    if text:
        return text[:_SHOWN]
    value = source.at(path)
    if isinstance(value, str):
        return value[:_SHOWN] if value else '""'
    if isinstance(value, dict):
        return (f"{len(value)} 个键", f"{len(value)} keys")
    if isinstance(value, list):
        return (f"{len(value)} 项", f"{len(value)} entries")
    return ("空", "nothing")


def choices(found: str, known: Sequence[str]) -> Words:
    """Print what is allowed in place of a name, the nearest first when one is near."""
    known = list(dict.fromkeys(known))
    folded = {name.casefold(): name for name in known}
    near = difflib.get_close_matches(found.casefold(), folded, n=1, cutoff=0.6)
    listed = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
    if not known:
        return ("（一个也没有）", "(there is none)")
    if near:
        return (
            f"{listed}（是不是 {folded[near[0]]}？）",
            f"{listed} (did you mean {folded[near[0]]}?)",
        )
    return listed
