"""Supervision orders (电子督办, SUP-01 to SUP-05) as they come down, and what is done on arrival.

The interval is frozen in the commit that takes the order: nobody prunes what an answer needs.
"""

from __future__ import annotations

import sqlite3
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from agent.asked import Asked
from agent.ordering import notices
from agent.ordering.envelope import Body, Ref, Seconds, Words
from agent.store import holds, supervision
from agent.store.holds import Hold
from agent.store.supervision import Supervised

KIND = "supervision"
DAY_S, HOUR_S = 86_400, 3600
Short = Annotated[str, Field(max_length=200)]
Penalty = Literal[
    "correction", "fine", "limited_production", "suspension", "closure", "exempt", "other"
]


class Detail(Body):
    """What one value did wrong (SUP-04)."""

    factor: Short = ""
    value: float | None = None
    standard: float | None = None
    multiple: float | None = None
    """How many times over the standard, as the platform has it."""
    unit: Short = ""
    missing: int | None = Field(default=None, ge=0)
    at: Seconds | None = None
    point: Short = ""
    text: Words = ""


class SupervisionOrder(Body):
    """One supervision order (SUP-01). Without an interval it is the day before it was sent (I)."""

    number: Annotated[str, Field(min_length=1, max_length=64)]
    level: Literal["warning", "dispatch", "handling"]
    """事前预警 (no answer needed), 事中调度, 事后督办."""
    item: Short = ""
    """The type code, `itemId`."""
    first_class: Short = ""
    second_class: Short = ""
    outlet: Annotated[str, Field(max_length=32)] = ""
    title: Short = ""
    salutation: Short = ""
    content: Words
    signature: Short = ""
    sent_at: Seconds | None = None
    start: Seconds | None = None
    end: Seconds | None = None
    """Exclusive; null: it goes on."""
    deadline_at: Seconds | None = None
    """Goes before the deadline of the settings."""
    details: tuple[Detail, ...] = Field(default=(), max_length=500)

    @model_validator(mode="after")
    def _in_order(self) -> SupervisionOrder:
        if self.start is not None and self.end is not None and self.end <= self.start:
            raise ValueError("end must be after start")
        return self


class Punishment(Body):
    """One penalty of an order (SUP-02)."""

    kind: Penalty
    text: Words = ""
    at: Seconds | None = None


class StateOrder(Body):
    """What the agency says of an order and its answer (SUP-02, SUP-03)."""

    order: Ref
    """The `ref` of the supervision order."""
    verification: Literal[0, 1, 2]
    """0 not verified, 1 done, 2 in process."""
    checked_at: Seconds | None = None
    check_text: Words = ""
    check_true: bool | None = None
    """Whether the agency found the answer true."""
    stage: Literal["", "deal", "case", "ended"] = ""
    penalties: tuple[Punishment, ...] = Field(default=(), max_length=20)


def supervise(
    connection: sqlite3.Connection, body: SupervisionOrder, asked: Asked, /
) -> str | None:
    """Keep a supervision order, freeze its interval, set its deadline, tell of it."""
    if supervision.find(connection, asked.station, asked.ref) is not None:
        return None
    start, end = interval(body, asked.now)
    deadline_at = _deadline(body, asked)
    number = supervision.add(
        connection,
        Supervised(
            id=0,
            station=asked.station,
            ref=asked.ref,
            number=body.number,
            level=body.level,
            outlet=body.outlet,
            body=body.model_dump(mode="json"),
            start=start,
            end=end,
            received_at=asked.now,
            deadline_at=deadline_at,
            reminded=0,
            answered_at=None,
            verification=0,
            stage="",
            verdict={},
        ),
    )
    _freeze(connection, body, asked, start=start, end=end)
    detail = {
        "step": "received",
        "ref": asked.ref,
        "supervision": number,
        "number": body.number,
        "level": body.level,
        "content": body.content[:500],
        "start": start,
        "end": end,
        "deadline_at": deadline_at,
    }
    ref = f"{KIND}:{asked.station}:{asked.ref}:received"
    event = notices.note(connection, KIND, detail, ref=ref, now=asked.now, outlet=body.outlet)
    if event is not None:
        notices.alarm(connection, asked.plan, event, KIND, now=asked.now, outlet=body.outlet)
    return None


def take_state(connection: sqlite3.Connection, body: StateOrder, asked: Asked, /) -> str | None:
    """Keep what the agency says of an order."""
    one = supervision.find(connection, asked.station, body.order)
    if one is None:
        return f"没有督办 / no supervision order {body.order}"
    verdict: dict[str, Any] = body.model_dump(
        mode="json", exclude={"order", "verification", "stage"}, exclude_none=True
    )
    supervision.judged(
        connection,
        one,
        verification=body.verification,
        stage=body.stage or one.stage,
        verdict=verdict,
        now=asked.now,
    )
    detail = {
        "step": "judged",
        "ref": one.ref,
        "supervision": one.id,
        "number": one.number,
        "verification": body.verification,
        "stage": body.stage or one.stage,
    }
    ref = f"{KIND}:{asked.station}:{asked.ref}:judged"
    notices.note(connection, KIND, detail, ref=ref, now=asked.now, outlet=one.outlet)
    return None


def interval(body: SupervisionOrder, now: float) -> tuple[int, int | None]:
    """Give the interval an order is of, whole seconds; `end` is exclusive, None: it goes on.

    Without one: the hours of its details, else the day before it was sent.
    """
    if body.start is not None:
        return int(body.start), None if body.end is None else int(-(-body.end // 1))
    times = [one.at for one in body.details if one.at is not None]
    if times:
        first, last = min(times) // HOUR_S * HOUR_S, max(times) // HOUR_S * HOUR_S
        return int(first), int(last) + HOUR_S
    until = int(-(-(body.sent_at or now) // 1)) if body.end is None else int(-(-body.end // 1))
    return until - DAY_S, until


def _deadline(body: SupervisionOrder, asked: Asked) -> float | None:
    if body.level == "warning":
        return body.deadline_at
    hours = asked.plan.stations[asked.station].destination.supervision.deadline_h
    return body.deadline_at or asked.now + hours * HOUR_S


def _freeze(
    connection: sqlite3.Connection,
    body: SupervisionOrder,
    asked: Asked,
    *,
    start: int,
    end: int | None,
) -> None:
    hold = Hold(
        id=0,
        ref=f"{KIND}:{asked.station}:{asked.ref}",
        outlet=body.outlet,
        start=start,
        end=end,
        why=f"督办 {body.number}",
        source=f"order:{asked.station}",
        made_by=f"platform:{asked.station}",
        made_at=asked.now,
    )
    if holds.add(connection, hold):
        # frozen is what must stay: the journal says so as of any other change
        notices.frozen(connection, hold, now=asked.now)
