"""What can be wrong with the settings, and the error that carries it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Lang = Literal["zh", "en"]
Level = Literal["error", "warning"]

_FORM: dict[Lang, tuple[dict[Level, str], str, str, str]] = {
    "zh": ({"error": "错误", "warning": "提醒"}, "：", "；现为 ", "；应为 "),
    "en": ({"error": "error", "warning": "warning"}, ": ", "; found ", "; allowed "),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing about a site file: where, what was found, what is allowed.

    `line` counts from 1; `key` is the path of the key, e.g. `outlets[0].factors.w01018.range`;
    `found` and `allowed` may be empty; `kind` is the id of the message, the same in any language.
    """

    level: Level
    line: int
    key: str
    found: str
    allowed: str
    text: str
    file: str = ""
    kind: str = ""
    lang: Lang = "zh"

    def __str__(self) -> str:
        """Print as one line: `site.yaml:12: error: key: text; found …; allowed …`."""
        levels, colon, found, allowed = _FORM[self.lang]
        parts = [f"{self.file}:{self.line}: {levels[self.level]}{colon}"]
        parts.append(f"{self.key}{colon}{self.text}" if self.key else self.text)
        if self.found:
            parts.append(found + self.found)
        if self.allowed:
            parts.append(allowed + self.allowed)
        return "".join(parts)


class PaikouError(Exception):
    """Root of the agent's own errors; `exit_code` is what a command ends with."""

    exit_code: ClassVar[int] = 1


class ConfigError(PaikouError):
    """The settings are wrong. Carries every finding; its text is all of them, one a line."""

    exit_code: ClassVar[int] = 78

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = tuple(findings)


class StoreError(PaikouError):
    """The store cannot be used as it is."""


class LinkError(PaikouError):
    """The link to a platform does not carry."""


class Unreachable(LinkError):
    """Nobody there, or gone: what was not acknowledged is kept."""


class Rejected(LinkError):
    """The platform said no to us (login, protocol, session taken over)."""
