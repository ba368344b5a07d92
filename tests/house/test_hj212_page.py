"""docs/hj212.md and its Chinese twin: every command has a row, every row a test or a reason."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.commands import TABLE
from protocols.hj212.commands import COMMANDS

TREE = Path(__file__).parents[2]
PAGES = ("hj212.md", "hj212.zh-CN.md")
EXCHANGES = {
    "exchange": "test_exchange_commands",
    "notices": "test_exchange_notices",
    "records": "test_exchange_records",
}
COMMAND_CELLS, CLAUSE_CELLS = 14, 8


def rows(page: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in (TREE / "docs" / page).read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and "---" not in line
    ]


def of_commands(page: str) -> list[list[str]]:
    return [row for row in rows(page) if re.fullmatch("[0-9]{4}", row[0])]


def clauses(page: str) -> list[list[str]]:
    found = [row for row in rows(page) if len(row) == CLAUSE_CELLS]
    return [row for row in found if row[0] not in ("clause", "条款")]


def files_of(cell: str) -> list[Path]:
    """Give the files that a cell names."""
    place = TREE / "tests" / "protocols"
    short = {name: f"../system/{file}" for name, file in EXCHANGES.items()}
    names = [short.get(name, name) for name in cell.split(", ") if name]
    return [
        place / f"{name}.py" if "/" in name else place / f"test_hj212_{name}.py" for name in names
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_has_its_row(page: str) -> None:
    assert [row[:10] for row in of_commands(page)] == [
        [
            each.cn,
            each.direction,
            each.kind,
            each.name_zh,
            *("yes" if f"hj212-{year}" in each.editions else "–" for year in (2005, 2017, 2025)),
            f"`{', '.join(kind.__name__ for kind in each.messages)}`",
            each.effect,
            {"text": "Q / 17", "two": "2+", "one": "1", "guess": "G"}[each.confidence],
        ]
        for each in COMMANDS
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_is_served_by_what_its_row_names(page: str) -> None:
    for row in of_commands(page):
        cn, way, kind, served = row[0], row[1], row[2], row[10].strip("`")
        if way == "down" and kind != "interaction":
            handler = TABLE[cn].handler
            module = handler.__module__.removeprefix("agent.")
            assert served == f"{module}.{handler.__name__}", row
        elif served != "–":
            path = TREE / "agent" / Path(*served.split("."))
            assert path.with_suffix(".py").is_file() or path.parent.with_suffix(".py").is_file()


@pytest.mark.parametrize("page", PAGES)
def test_no_row_of_a_command_lacks_a_test_or_a_reason(page: str) -> None:
    for row in of_commands(page):
        assert len(row) == COMMAND_CELLS, row
        _, _, _, _, *_, served, how, tests, _ = row
        assert tests and all(path.is_file() for path in files_of(tests)), row
        assert served != "–" or how.startswith("no: "), row
        # some uploads need a plant that the exchange has not; they name who sends them there
        beyond = "../agent/" in tests or "../system/" in tests or how.startswith("no: ")
        assert EXCHANGES.keys() & set(tests.split(", ")) or beyond, row


@pytest.mark.parametrize("page", PAGES)
def test_every_clause_has_a_test_that_is_there_or_is_said_to_be_missing(page: str) -> None:
    found = clauses(page)
    assert len(found) > 40
    for row in found:
        files = files_of(row[5])
        assert files or any(word in " ".join(row) for word in ("no: ", "pass through")), row
        assert all(path.is_file() for path in files), row


def test_both_languages_say_the_same() -> None:
    for of in (of_commands, clauses):
        english, chinese = (of(page) for page in PAGES)
        assert len(english) == len(chinese)
    # the columns that are names, not words
    assert [(row[4], row[5]) for row in clauses(PAGES[0])] == [
        (row[4], row[5]) for row in clauses(PAGES[1])
    ]
    assert [[*row[:11], *row[12:]] for row in of_commands(PAGES[0])] == [
        [*row[:11], *row[12:]] for row in of_commands(PAGES[1])
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_dialect_is_named(page: str) -> None:
    named = {row[0] for row in rows(page) if len(row) == 3}
    assert {path.stem for path in (TREE / "config" / "dialects").glob("*.yaml")} <= named
