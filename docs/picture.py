"""Draws docs/demo.svg out of what a demo printed: `paikou demo | python docs/picture.py`.

Takes the scene with the longest outage, and the summary below it.
"""

from __future__ import annotations

import html
import sys
from pathlib import Path

CELL, LINE, MARGIN = 8.4, 20, 18
COLOURS = {"■": "#b42318", "▲": "#b54708", "✓": "#3f3f46"}


def scenes(text: str) -> list[list[str]]:
    """Cut the output into scenes; the summary is the last."""
    parts = text.split("paikou demo  ")[1:]
    last, _, summary = parts[-1].partition("\n\n")
    return [f"paikou demo  {one}".rstrip().splitlines() for one in (*parts[:-1], last)] + [
        summary.rstrip().splitlines()
    ]


def width(line: str) -> int:
    """Cells of a terminal: a Chinese character takes two."""
    return sum(2 if ord(one) > 0x2E7F else 1 for one in line)


def spans(line: str, y: int) -> str:
    """Place every character on its cell, so that columns stand whatever fonts there are."""
    cell, out = 0, []
    colour = next((COLOURS[mark] for mark in COLOURS if mark in line), "#18181b")
    for one in line:
        if one != " ":
            x = MARGIN + cell * CELL
            out.append(f'<tspan x="{x:.1f}" y="{y}">{html.escape(one)}</tspan>')
        cell += width(one)
    return f'<text fill="{colour}">{"".join(out)}</text>'


def main() -> None:
    """Draw the picture."""
    found = scenes(sys.stdin.read())
    cut = [one for one in found[:-1] if any(line.startswith("■") for line in one)]
    lines = [*cut[-1], "", *found[-1]]
    wide = max(map(width, lines)) * CELL + 2 * MARGIN
    high = len(lines) * LINE + 2 * MARGIN
    rows = [spans(line, MARGIN + LINE * number + 14) for number, line in enumerate(lines)]
    Path(__file__).with_name("demo.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide:.0f}" height="{high}" '
        'font-family="Menlo, Consolas, \'Noto Sans Mono CJK SC\', monospace" font-size="14">\n'
        f'<rect width="100%" height="100%" rx="8" fill="#fafafa" stroke="#d4d4d8"/>\n'
        + "\n".join(rows)
        + "\n</svg>\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
