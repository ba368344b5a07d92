"""The good site file of the tests, and ways to spoil it line by line."""

from pathlib import Path

from agent.errors import ConfigError, Finding, Lang
from agent.settings import Site, parse_site

SITES = Path(__file__).parents[2] / "data" / "sites"
PROFILES = SITES / "profiles"
GOOD = (SITES / "good.yaml").read_text(encoding="utf-8")


# What the good file sets although this version does not use it yet; told in every reading of it.
NOT_YET = ("outlets[0].permit_totals",)


def with_lines(lines: dict[int, str]) -> str:
    """Replace lines of the good file by number; an empty text takes the line away."""
    kept = [lines.get(n, line) for n, line in enumerate(GOOD.splitlines(), start=1)]
    return "\n".join(line for line in kept if line) + "\n"


def look(text: str | bytes, lang: Lang = "en") -> tuple[Site | None, list[Finding]]:
    """Read a site file; gives no site when it is wrong. `NOT_YET` is left out."""
    site, findings = look_at_all(text, lang)
    return site, [one for one in findings if one.kind != "later" or one.key not in NOT_YET]


def look_at_all(text: str | bytes, lang: Lang = "en") -> tuple[Site | None, list[Finding]]:
    """Read a site file and give every finding."""
    data = text.encode() if isinstance(text, str) else text
    try:
        return parse_site(data, lang=lang, profile_directories=[PROFILES])
    except ConfigError as error:
        return None, list(error.findings)
