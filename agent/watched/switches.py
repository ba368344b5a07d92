"""When contacts were on, and when they are known to have been off."""

from __future__ import annotations

from agent.store.events import Event
from agent.watch import MINUTE_S, Span
from agent.watched.look import Look, span_of


def on_spans(look: Look, given: str) -> list[Span]:
    """Give the times a contact was on, of those that touch the day."""
    return [span_of(one) for one in _told(look, given)]


def on_minutes(look: Look, given: str) -> dict[float, float]:
    """Give the minutes in which a contact was on, each with 1."""
    return _minutes(look, on_spans(look, given), 1.0)


def off_minutes(look: Look, given: str) -> dict[float, float]:
    """Give the minutes in which a contact is known to have been off, each with 0.

    Known is the time between two of its events and behind the last. Of a contact that was never
    on nobody knows whether it is wired.
    """
    ended = [one.ended_at for one in _told(look, given)]
    before = look.connection.execute(
        "SELECT max(ended_at) FROM events WHERE ended_at < ? AND at < ?"
        " AND json_extract(detail, '$.input') = ?",
        (look.start, look.start, given),
    ).fetchone()[0]
    known = [at for at in (before, *ended) if at is not None]
    if not known:
        return {}
    on = sorted(on_spans(look, given), key=lambda one: one.start)
    spans, since = [], min(known)
    for one in on:
        spans.append(Span(since, max(since, one.start)))
        since = max(since, one.end)
    spans.append(Span(since, look.until))
    return _minutes(look, spans, 0.0)


def _told(look: Look, given: str) -> list[Event]:
    return [one for one in look.told if one.detail.get("input") == given]


def _minutes(look: Look, spans: list[Span], value: float) -> dict[float, float]:
    """Give the whole minutes of the day that lie in one of the spans."""
    found = {}
    for one in spans:
        first = -(-max(one.start, look.start) // MINUTE_S) * MINUTE_S
        end = min(one.end, look.until)
        at = first
        while at + MINUTE_S <= end:
            found[at] = value
            at += MINUTE_S
    return found
