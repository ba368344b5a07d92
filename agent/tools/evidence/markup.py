"""The report's HTML: sections, tables, and how all of it looks on paper, a desk and a phone."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

SHORT = 20
STYLE = """
:root{color-scheme:light}
*{box-sizing:border-box}
body{font:16px/1.55 "PingFang SC","Microsoft YaHei","Noto Sans SC",system-ui,sans-serif;
 margin:0 auto;max-width:58rem;padding:1.2rem;color:#1a1a1a;background:#fff}
h1{font-size:1.6rem;margin:0 0 .3rem}
h2{font-size:1.15rem;margin:2rem 0 .5rem;padding-bottom:.2rem;border-bottom:2px solid #1a1a1a}
h3{font-size:.95rem;margin:.8rem 0 .1rem;font-weight:600}
.answer{border:1px solid #b3261e;border-top-width:5px;padding:.4rem 1rem .7rem;margin:1rem 0}
.answer>b{display:block;font-size:1.35rem;line-height:1.35;margin:.3rem 0 .5rem}
.calm{border-color:#777}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.25rem 1rem;margin:0}
dt{color:#666}dd{margin:0}
dd strong{color:#b3261e}
table{border-collapse:collapse;width:100%;font-size:.875rem}
th,td{border-bottom:1px solid #ddd;padding:.3rem .5rem .3rem 0;text-align:left;vertical-align:top}
th{border-bottom:1px solid #888;color:#555;font-weight:600;white-space:nowrap}
td.s{white-space:nowrap}
td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td:last-child{min-width:12rem}
tr.hand td{background:#fff6e0}
.wide{overflow-x:auto}
code{word-break:break-all;font-size:.85rem}
.others{display:grid;grid-template-columns:repeat(auto-fill,minmax(17rem,1fr));gap:0 1.2rem}
.films{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1rem}
figure{margin:.4rem 0}
figure img{width:100%;border:1px solid #999;display:block}
figcaption{font-size:.85rem;color:#333;padding-top:.3rem}
svg{width:100%;height:auto;font-size:11px;display:block}
svg text{fill:#444;paint-order:stroke;stroke:#fff;stroke-width:3px}
.axis{stroke:#999}.grid{stroke:#e4e4e4}.dot{fill:#245a8d}
.value{fill:none;stroke:#245a8d;stroke-width:1.4}
.limit{stroke:#b3261e;stroke-dasharray:5 3}
text.limit{stroke:#fff;stroke-dasharray:none;fill:#b3261e}.mark{fill:#b07d00}
.when{stroke:#777;stroke-dasharray:2 2}
small,.quiet{color:#666}
.quiet{font-size:.875rem}
@media (max-width:40rem){
 body{padding:.8rem}
 .answer>b{font-size:1.2rem}
 svg{font-size:15px}.large{overflow-x:auto}.large svg{min-width:34rem}
 .others{grid-template-columns:1fr 1fr;gap:0 .6rem}
 dl{grid-template-columns:1fr}dt{margin-top:.35rem;font-size:.85rem}
 tr{display:block;border-bottom:1px solid #bbb;padding:.4rem 0}
 tr:has(th){display:none}
 td,td.n{display:block;border:0;padding:.05rem 0;text-align:left;white-space:normal}
 td:empty{display:none}
 td[data-head]::before{content:attr(data-head) " ";color:#666;font-size:.8rem}
}
@media print{body{max-width:none;padding:0;font-size:11pt}h2{break-after:avoid}
 tr,figure,svg{break-inside:avoid}}
"""


def text(value: object) -> str:
    """Escape what comes from elsewhere."""
    return html.escape(str(value))


def section(title: str, body: str) -> str:
    """Give a section; one without content says so."""
    return f"<section><h2>{title}</h2>{body or '<p>该时段内没有。</p>'}</section>"


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """Give a list of names and what they are; the latter is HTML already."""
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{said}</dd>' for name, said in pairs)}</dl>"


def table(
    heads: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    numbers: Sequence[int] = (),
    marked: Iterable[bool] = (),
) -> str:
    """Give a table, nothing without rows; `marked` rows stand out.

    On a phone each row is a small list under the names of its columns.
    """
    marks = list(marked)
    body = "".join(
        _row(heads, row, numbers, marked=place < len(marks) and marks[place])
        for place, row in enumerate(rows)
    )
    if not body:
        return ""
    head = "".join(f"<th>{text(one)}</th>" for one in heads)
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'


def _row(
    heads: Sequence[str], cells: Sequence[str], numbers: Sequence[int], *, marked: bool
) -> str:
    parts = (
        f'<td{_class(cell, place in numbers)} data-head="{text(head)}">{text(cell)}</td>'
        if cell
        else "<td></td>"
        for place, (head, cell) in enumerate(zip(heads, cells, strict=True))
    )
    return f"<tr{' class=hand' if marked else ''}>{''.join(parts)}</tr>"


def _class(cell: str, is_number: bool) -> str:
    """Numbers stand to the right; what is short is not broken."""
    return " class=n" if is_number else " class=s" if len(cell) <= SHORT else ""
