"""The table of docs/profiles.md. `python tests/drivers/profile_table.py` writes it anew."""

from __future__ import annotations

from pathlib import Path

from transcript_files import PROOFS

from drivers.profile import default_directories, load_profile, profile_names

DOCUMENT = Path(__file__).parents[2] / "docs" / "profiles.md"
FIRST, LAST = "<!-- table: ", "<!-- end of table -->"
WORDS = {"recorded": "recorded", "computed": "computed", "made": "*unproven*"}


def table() -> str:
    """Give one row per packaged profile."""
    places = default_directories()
    names = profile_names(places)
    rows = ["| Profile | Instrument | Driver | Map from | Transcript |", "|---|---|---|---|---|"]
    for name in names:
        one = load_profile(name, places)
        proof = WORDS[PROOFS[name]]
        rows.append(f"| `{name}` | {one.name} | `{one.driver}` | {one.confidence} | {proof} |")
    unproven = sum(PROOFS[name] == "made" for name in names)
    rows += ["", f"{len(names)} profiles, {unproven} of them unproven."]
    return "\n".join(rows) + "\n"


def parts(document: str) -> tuple[str, str, str]:
    """Give what stands before the table, the table, and what stands behind it."""
    head = document.index("\n", document.index(FIRST)) + 1
    tail = document.index(LAST)
    return document[:head], document[head:tail], document[tail:]


if __name__ == "__main__":
    before, _, behind = parts(DOCUMENT.read_text(encoding="utf-8"))
    DOCUMENT.write_text(before + table() + behind, encoding="utf-8")
