"""docs/hj212.md: every command has its row, every row its test or its reason."""

from __future__ import annotations

import re
from pathlib import Path

from protocols.hj212.commands import COMMANDS

TREE = Path(__file__).parents[2]
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (TREE / "docs" / "hj212.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|")
]


def test_every_command_has_its_row() -> None:
    rows = [row for row in ROWS if re.fullmatch("[0-9]{4}", row[0])]
    assert rows == [
        [
            each.cn,
            each.direction,
            each.kind,
            each.name_zh,
            *("yes" if f"hj212-{year}" in each.editions else "–" for year in (2005, 2017, 2025)),
            f"`{', '.join(kind.__name__ for kind in each.messages)}`",
            each.effect,
            {"text": "Q / 17", "two": "2+", "one": "1"}[each.confidence],
        ]
        for each in COMMANDS
    ]


def test_every_clause_has_a_test_that_is_there_or_is_said_to_be_missing() -> None:
    clauses = [row for row in ROWS if len(row) == 8 and row[0] != "clause" and "---" not in row[0]]
    assert len(clauses) > 30
    for row in clauses:
        names = [name for name in row[5].split(", ") if name]
        assert names or any(word in " ".join(row) for word in ("no: ", "pass through")), row
        for name in names:
            place = TREE / "tests" / "protocols"
            file = f"{name}.py" if "/" in name else f"test_hj212_{name}.py"
            assert (place / file).is_file(), row


def test_every_dialect_is_named() -> None:
    named = {row[0] for row in ROWS if len(row) == 3}
    assert {path.stem for path in (TREE / "config" / "dialects").glob("*.yaml")} <= named
