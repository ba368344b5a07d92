"""The label of a kept bottle as SVG, 80 × 50 mm: what stands on the paper seal (SMP-09)."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from agent.settings import Site
from agent.store.bottles import Bottle
from agent.tools.bottle_lines import factor_words, mode_word
from agent.tools.words import local_time

_WIDTH, _HEIGHT = 80, 50
_LINE_MM = 4.6
_MOST_FACTORS = 3


def label_svg(one: Bottle, site: Site) -> str:
    """Give the label: code large on top, then whose water of when and why; Chinese."""
    rows = list(_rows(one, site))
    texts = [
        f'<text x="4" y="{14 + number * _LINE_MM:.1f}" font-size="3.2">{escape(row)}</text>'
        for number, row in enumerate(rows)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}mm" height="{_HEIGHT}mm"'
        f' viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif">\n'
        f'<rect x="0.5" y="0.5" width="{_WIDTH - 1}" height="{_HEIGHT - 1}" fill="white"'
        ' stroke="black" stroke-width="0.4"/>\n'
        f'<text x="4" y="8" font-size="4.6" font-weight="bold" font-family="monospace">'
        f"{escape(one.code)}</text>\n" + "\n".join(texts) + "\n</svg>\n"
    )


def _rows(one: Bottle, site: Site) -> Iterator[str]:
    yield f"{site.unit.name}  {one.outlet}"
    vessel = f"（{one.vessel} 桶）" if one.vessel else ""
    if one.sampled_at is not None:
        yield f"水样时段 {local_time(one.sampled_at, '%Y-%m-%d %H:00')} 起一小时{vessel}"
    yield f"留样时间 {local_time(one.kept_at)}  {one.bottle} 号瓶  {one.volume_ml:.0f} mL"
    yield f"原因 {mode_word(one.mode, 'zh')}"
    for factor in one.factors[:_MOST_FACTORS]:
        yield f"  {factor_words(factor, 'zh')}"
    yield f"保存至 {local_time(one.keep_until, '%Y-%m-%d %H:%M')}"
    yield "封签 ____________  交接 ____________"
