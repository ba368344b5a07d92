"""Documents that name things of the tree: what they name is there, and nothing is left out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

TREE = Path(__file__).parents[2]
DOCS = TREE / "docs"
DECISIONS = DOCS / "decisions"
LINK = re.compile(r"\]\(([^)#:]+?)(?:#[^)]*)?\)")


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def project() -> dict[str, Any]:
    loaded: dict[str, Any] = tomllib.loads(text(TREE / "pyproject.toml"))["project"]
    return loaded


def pins(requirements: list[str]) -> dict[str, str]:
    """Split `name==version`; anything else has no version."""
    parts = (one.partition("==") for one in requirements)
    return {name: version for name, _, version in parts}


def documents() -> list[Path]:
    return [*TREE.glob("*.md"), *DOCS.rglob("*.md"), *(TREE / "bench").glob("*.md")]


def test_every_link_of_a_document_leads_somewhere() -> None:
    broken = [
        f"{page.relative_to(TREE)}: {target}"
        for page in documents()
        for target in LINK.findall(text(page))
        if not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_rule_the_code_refers_to_is_in_the_architecture() -> None:
    rules = set(re.findall(r"^\*\*(\d+\.\d+) ", text(DOCS / "architecture.md"), re.MULTILINE))
    meant = {
        number
        for package in ("agent", "drivers", "protocols")
        for path in (TREE / package).rglob("*.py")
        for number in re.findall(r"architecture §(\d+\.\d+)", text(path))
    }
    assert meant
    assert meant - rules == set()


def test_every_module_of_the_agent_has_its_place_in_the_architecture() -> None:
    page = text(DOCS / "architecture.md")
    modules = {path.stem for path in (TREE / "agent").glob("[!_]*.py")}
    packages = {path.parent.name for path in (TREE / "agent").glob("*/__init__.py")}
    assert {name for name in modules | packages if f"`{name}`" not in page} == set()


def test_every_decision_is_dated_complete_and_listed() -> None:
    listed = text(DECISIONS / "README.md")
    pages = sorted(DECISIONS.glob("0*.md"))
    assert pages
    for page in pages:
        assert page.name in listed
        said = text(page)
        assert re.search(r"^Date: \d{4}-\d\d-\d\d", said, re.MULTILINE), page.name
        for part in ("Context", "Options", "Decision", "Consequences"):
            assert f"\n## {part}\n" in said, f"{page.name}: {part}"


def test_every_dependency_is_pinned_and_explained() -> None:
    page = text(DOCS / "dependencies.md")
    extras = project()["optional-dependencies"]
    for requirements in (project()["dependencies"], *extras.values()):
        for name, version in pins(requirements).items():
            assert version, f"{name} is not pinned"
            assert re.search(rf"\| {re.escape(name)} \|.*\b{re.escape(version)}\b", page), name


def test_changelog_knows_the_version() -> None:
    assert f"## [{project()['version']}]" in text(TREE / "CHANGELOG.md")
