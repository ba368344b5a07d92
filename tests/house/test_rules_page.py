"""docs/rules.md: every rule has a mark and a test that is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MODULES = {path.stem.removeprefix("test_") for path in (ROOT / "tests").rglob("test_*.py")}
MARKS = re.compile(r"\b[SPKI]\b|published|2\+")
NO_RULES = {"mark"}
"""The table that says what the marks mean."""


def rows() -> Iterator[tuple[int, dict[str, str]]]:
    """Give the rows of the tables of rules by their headings, with their lines."""
    header: list[str] = []
    for number, line in enumerate((ROOT / "docs/rules.md").read_text("utf-8").splitlines(), 1):
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            header = []
        elif not header:
            header = cells
        elif header[0] not in NO_RULES and set(line) - set("|-"):
            assert len(cells) == len(header), f"line {number}"
            yield number, dict(zip(header, cells, strict=True))


def test_every_rule_has_its_mark_default_and_setting() -> None:
    found = list(rows())
    assert len(found) > 150
    for number, row in found:
        assert {"mark", "default", "setting", "test"} <= row.keys(), f"line {number}"
        assert MARKS.search(row["mark"]), f"line {number}"


def test_every_rule_names_tests_that_are_there() -> None:
    before: set[str] = set()
    for number, row in rows():
        named = set(re.findall(r"[a-z][a-z0-9_]+", re.sub(r"\(.*?\)", "", row["test"])))
        if "same" in named:
            named = (named - {"same"}) | before
        assert named, f"line {number}: no test"
        assert named <= MODULES, f"line {number}: {named - MODULES}"
        before = named
