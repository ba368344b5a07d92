"""Events of the day, clock, labels and starts, as the watch grades them (AF-09, 14, 15, 18)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from agent import watch
from agent.store import pages, tending
from agent.store.events import Event
from agent.store.measurements import CHANGED
from agent.watch import Begun, Finding, Told
from agent.watched.courses import Read, thresholds
from agent.watched.look import Look, span_of

_LAST_LINES = "SELECT seq, at, who, what, detail FROM journal ORDER BY seq DESC"
REMOTE = ("remote session", "diagnosis")
"""Lines of a person's hand over ssh, and of an ops server's questions."""
_END_BEFORE = (
    "SELECT what FROM journal WHERE seq < ? AND what IN ('start', 'stop') ORDER BY seq DESC LIMIT 1"
)
_SHOWN = ("device", "parameter", "old", "new", "door", "camera", "input")
"""What of an event goes with its finding."""
_Line = tuple[int, float, str, str, str]
"""A line of the journal: number, time, who, what, detail as JSON."""


def of_acts(look: Look, read: Read) -> Iterator[Finding]:
    """Give what happened at an outlet beside its values."""
    settings = look.outlet.watch
    yield from watch.graded(
        _told(look, one, read) for one in look.told if look.new(one) and _matters(look, one)
    )
    steps = look.connection.execute(
        "SELECT at, step_s FROM clock_steps WHERE at >= ? ORDER BY epoch", (look.start,)
    ).fetchall()
    yield from watch.steps_of_clock(steps, most_s=settings.clock_step_s)
    yield from watch.labels(
        _labels(look), ahead_s=settings.label_ahead_s, old_s=settings.label_old_h * 3600
    )
    lines = _lines(look)
    yield from watch.restarts(_starts(look, lines))
    yield from watch.sessions(
        watch.Session(at, who, str(json.loads(detail).get("from", "")))
        for _, at, who, what, detail in lines
        if what in REMOTE
    )
    lost = [span_of(one) for one in look.told if one.kind == "power" and "input" in one.detail]
    ends = [one.at for one in look.told if one.kind == "power_battery" or _silent(one)]
    yield from watch.ups_too_short(lost, ends, least_h=settings.ups_h)


def _told(look: Look, one: Event, read: Read) -> Told:
    figures: dict[str, float | str] = {
        name: value
        for name in _SHOWN
        if isinstance(value := one.detail.get(name), float | int | str)
    }
    if one.kind == "parameter":
        figures["by"] = _by(look, one)
    if one.kind == "power":
        figures |= _before(read, one.at)
    tended = one.detail.get("maintenance") is not None or tending.tended(
        look.connection, look.outlet.id, one.factor, one.at
    )
    return Told(one.id, one.kind, one.at, one.factor, tended, figures, _silent(one))


def _matters(look: Look, one: Event) -> bool:
    """Say whether a result that was read otherwise later on is off by more than its share."""
    if one.kind != CHANGED:
        return True
    old, new = float(one.detail["old"]), float(one.detail["new"])
    return abs(new - old) > thresholds(look.outlet, one.factor).sent_differs * abs(old)


def _silent(one: Event) -> bool:
    return one.kind == "power" and "input" not in one.detail


def _by(look: Look, one: Event) -> str:
    """Say who set a parameter: the cause of the order that did, else the panel."""
    row = look.connection.execute(
        "SELECT cause FROM actions WHERE device = ? AND state IN ('done', 'unknown')"
        " AND json_extract(request, '$.parameter') = ? AND finished_at >= ? AND finished_at <= ?"
        " ORDER BY id DESC LIMIT 1",
        (
            one.detail.get("device"),
            one.detail.get("parameter"),
            one.detail.get("changed_after", one.at),
            one.at,
        ),
    ).fetchone()
    return "panel" if row is None else str(row[0])


def _before(read: Read, at: float) -> dict[str, float | str]:
    """Give the last valid minute of each factor before a moment."""
    found: dict[str, float | str] = {}
    for code, minutes in read.normal.items():
        earlier = [minute for minute in minutes if minute + 60 <= at]
        if earlier:
            found[f"last {code}"] = minutes[max(earlier)]
    return found


def _labels(look: Look) -> Iterator[tuple[str, float, float, float]]:
    """Give the results that were first seen in this day, whatever time they bear."""
    rows = look.connection.execute(
        "SELECT s.factor, m.completed_at, m.received_at, m.value FROM measurements AS m"
        " JOIN series AS s ON s.id = m.series WHERE m.id > (SELECT coalesce(max(id), 0) FROM"
        " measurements) - ? AND m.received_at >= ? AND s.outlet = ? AND m.value IS NOT NULL"
        " ORDER BY m.id",
        (pages.PAGE, look.start, look.outlet.id),
    )
    yield from rows


def _lines(look: Look) -> list[_Line]:
    """Give the day's lines of the journal that tell of starts and of hands from afar."""
    found: list[_Line] = []
    for line in look.connection.execute(_LAST_LINES):
        if line[1] < look.start:
            break
        if line[3] == "start" or line[3] in REMOTE:
            found.append(line)
    return found[::-1]


def _starts(look: Look, lines: Iterable[_Line]) -> Iterator[Begun]:
    """Give the starts of the daemon in this day."""
    for seq, at, _, what, _ in lines:
        if what != "start":
            continue
        row = look.connection.execute(_END_BEFORE, (seq,)).fetchone()
        if row is not None:  # the very first start ends nothing
            yield Begun(at, orderly=row[0] == "stop")
