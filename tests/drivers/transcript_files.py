"""The transcripts: what is in each file of tests/transcripts.

Heads of a file: `# profile:`, `# proof:` (recorded, computed, made), `# origin:`, and `# address:`
where the instrument's is not 1. Then cases: `# case: title`, `# expect: id = value unit`, frames
`> asked` and `< answered`.

recorded: bytes of an instrument, or printed in its manual. computed: from the map, by somebody who
did not have our code. made: for these tests, which proves nothing of the instrument.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
KINDS_OF_PROOF = ("recorded", "computed", "made")


@dataclass(frozen=True, slots=True)
class Case:
    """One conversation and what it means."""

    profile: str
    title: str
    address: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.profile}: {self.title}"

    @property
    def expected(self) -> list[str]:
        return [line[10:] for line in self.lines if line.startswith("# expect: ")]

    @property
    def frames(self) -> list[tuple[str, bytes]]:
        return [(line[0], bytes.fromhex(line[1:])) for line in self.lines if line[:1] in "<>"]

    @property
    def operation(self) -> tuple[str, dict[str, int]] | None:
        """Give name and arguments of the operation this case is about."""
        word, _, rest = self.title.partition(" ")
        if word != "operation":
            return None
        name, *arguments = rest.split()
        pairs = (argument.partition("=") for argument in arguments)
        return name, {key: int(value) for key, _, value in pairs}


def _heads(text: str) -> dict[str, str]:
    found = (re.fullmatch(r"# ([\w-]+): *(.*)", line) for line in text.splitlines())
    return {match[1]: match[2] for match in found if match}


def cases_of(path: Path) -> Iterator[Case]:
    """Give the cases of one file."""
    heads, *parts = re.split(r"^# case: ", path.read_text(encoding="utf-8"), flags=re.M)
    named = _heads(heads)
    for part in parts:
        title, *lines = part.splitlines()
        frames = tuple(line for line in lines if line)
        yield Case(named["profile"], title, int(named.get("address", "1")), frames)


FILES = sorted(TRANSCRIPTS.glob("*.txt"))
HEADS = [_heads(path.read_text(encoding="utf-8").partition("# case:")[0]) for path in FILES]
PROOFS = {heads["profile"]: heads["proof"] for heads in HEADS}
CASES = [case for path in FILES for case in cases_of(path)]
