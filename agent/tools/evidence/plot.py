"""A course of values as an inline SVG: limit line, gaps where nothing was, marks for causes."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence

from agent.model import Cause
from agent.tools.evidence.facts import Course
from agent.tools.words import local_time

WIDTH, NARROW, HEIGHT = 720, 300, 150
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 10, 22
MOST_TICKS = 3
_MOST = 700
"""Points drawn: about one a pixel."""


def plot(
    course: Course,
    begin: float,
    end: float,
    *,
    width: int = WIDTH,
    moments: Sequence[tuple[float, str]] = (),
) -> str:
    """Draw one factor; empty where there is nothing to draw. `moments` are marked and named."""
    points = _thinned([one for one in course.points if begin <= one[0] < end])
    dots = [(at, value) for at, value, _ in course.results if value is not None]
    values = [value for _, value, _ in points if value is not None] + [one for _, one in dots]
    if not values or end <= begin:
        return ""
    begin, end = _stretch([at for at, _, _ in points] + [at for at, _ in dots], begin, end)
    ticks = round_ticks(min([*values, 0.0]), max([*values, course.limit or values[0]]))
    low, high = ticks[0], ticks[-1]
    span = high - low

    def x(at: float) -> float:
        return LEFT + (at - begin) / (end - begin) * (width - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (high - value) / span * (HEIGHT - TOP - BOTTOM)

    parts = [*_axes(begin, end, {tick: y(tick) for tick in ticks}, width)]
    if course.limit is not None:
        at = y(course.limit)
        parts.append(f'<line class="limit" x1="{LEFT}" x2="{width - RIGHT}" y1="{at:.1f}"'
                     f' y2="{at:.1f}"/><text class="limit" x="{width - RIGHT}" y="{at - 3:.1f}"'
                     f' text-anchor="end">限值 {course.limit:g}</text>')  # fmt: skip
    for place, (at, what) in enumerate(moments):
        if begin <= at < end:
            parts.append(_moment(x(at), what, place, width))
    for run in _runs(points):
        path = " ".join(f"{x(at):.1f},{y(value):.1f}" for at, value in run)
        parts.append(f'<polyline class="value" points="{path}"/>')
    for at, value in dots:
        parts.append(f'<circle class="dot" cx="{x(at):.1f}" cy="{y(value):.1f}" r="3"/>')
    for at, _, cause in points:
        if cause is not Cause.NORMAL:
            parts.append(f'<rect class="mark" x="{x(at):.1f}" y="{HEIGHT - BOTTOM}" width="1.5"'
                         ' height="5"/>')  # fmt: skip
    return f'<svg viewBox="0 0 {width} {HEIGHT}" role="img">{"".join(parts)}</svg>'


def _moment(x: float, what: str, place: int, width: int) -> str:
    """Mark a moment; names stand above each other, so that none covers another."""
    side, shift = ("end", -3) if x > width * 0.8 else ("start", 3)
    y = HEIGHT - BOTTOM - 6 - place % 4 * 14
    return (f'<line class="when" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>'
            f'<text x="{x + shift:.1f}" y="{y}" text-anchor="{side}">'
            f'{html.escape(what)}</text>')  # fmt: skip


def _stretch(times: Sequence[float], begin: float, end: float) -> tuple[float, float]:
    """Draw the whole interval, unless all that is known lies in a small part of it."""
    first, last = min(times), max(times)
    if last - first > (end - begin) / 5:
        return begin, end
    margin = max(30.0, (last - first) / 10)
    return max(min(begin, first), first - margin), min(max(end, last), last + margin)


def round_ticks(low: float, high: float) -> list[float]:
    """Give round numbers from below the lowest value to above the highest."""
    rough = (high - low or abs(high) or 1.0) / MOST_TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * one for one in (1, 2, 5, 10) if power * one >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * one for one in range(first, max(last, first + 1) + 1)]


def _axes(begin: float, end: float, ticks: Mapping[float, float], width: int) -> Iterator[str]:
    """Draw a line for each tick, given with its height, and name the ends of the time."""
    for value, at in ticks.items():
        kind = "axis" if value == min(ticks) else "grid"
        yield (f'<line class="{kind}" x1="{LEFT}" x2="{width - RIGHT}" y1="{at:.1f}"'
               f' y2="{at:.1f}"/><text x="{LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">'
               f'{value:.4g}</text>')  # fmt: skip
    for moment, where, side in ((begin, LEFT, "start"), (end, width - RIGHT, "end")):
        label = local_time(moment, "%m-%d %H:%M:%S")
        yield f'<text x="{where}" y="{HEIGHT - 4}" text-anchor="{side}">{label}</text>'


def _thinned(
    points: Sequence[tuple[float, float | None, Cause]],
) -> Sequence[tuple[float, float | None, Cause]]:
    """Keep the highest value of each stretch: a peak must not be thinned away."""
    size = -(-len(points) // _MOST)
    if size <= 1:
        return points
    stretches = (points[start : start + size] for start in range(0, len(points), size))
    return [max(one, key=lambda point: (point[1] is not None, point[1] or 0)) for one in stretches]


def _runs(
    points: Sequence[tuple[float, float | None, Cause]],
) -> Iterator[list[tuple[float, float]]]:
    run: list[tuple[float, float]] = []
    for at, value, _ in points:
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((at, value))
    if run:
        yield run
