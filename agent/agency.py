"""What an agency says of an outlet by the order topic: deductions, risk class, labels (§12)."""

from __future__ import annotations

import sqlite3
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.asked import Asked
from agent.health import PUBLISHED, Deduction, DeductionKind, Family, Risk
from agent.store import deductions, events, journal, labels

EVENT = "score_agency"
Text = Annotated[str, Field(max_length=200)]


class AgencyDeduction(BaseModel):
    """Points an agency takes. A 责令停产整治 without points costs what the site file says."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Literal["suspension", "agency"] = "agency"
    points: float | None = Field(default=None, gt=0, le=1000)
    at: float | None = Field(default=None, ge=0, description="UTC epoch seconds; when it was said")
    text: Text = ""


class AgencyOrder(BaseModel):
    """The body of an order `agency`. A family that is named replaces its labels, `[]` empties it.

    `withdraws` names earlier orders whose deductions are taken back.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    outlet: str = Field(min_length=1, max_length=32)
    by: Text = Field(default="", description="which agency")
    deductions: tuple[AgencyDeduction, ...] = Field(default=(), max_length=20)
    withdraws: tuple[Annotated[str, Field(min_length=1, max_length=64)], ...] = Field(
        default=(), max_length=20
    )
    risk: Risk | None = None
    labels: dict[Family, Annotated[tuple[Text, ...], Field(max_length=20)]] = Field(
        default_factory=dict
    )


def ordered(connection: sqlite3.Connection, body: AgencyOrder, asked: Asked, /) -> str | None:
    """Write down what an agency says, as `take`; a suspension costs what the site file says."""
    outlets = {one.id: one.health.suspension for one in asked.plan.site.outlets}
    return take(
        connection,
        body,
        ref=asked.ref,
        station=asked.station,
        now=asked.now,
        suspension=outlets.get(body.outlet, PUBLISHED),
    )


def take(
    connection: sqlite3.Connection,
    body: AgencyOrder,
    *,
    ref: str,
    station: str,
    now: float,
    suspension: float = PUBLISHED,
) -> str | None:
    """Write down what an agency says, journalled; the same order a second time changes nothing.

    Gives why it is refused, None when it is done. Call inside a write transaction.
    """
    refused = _refused(connection, body, station=station, now=now)
    if refused is not None:
        return refused
    told = body.model_dump(mode="json", exclude_defaults=True)
    event = events.add(
        connection,
        EVENT,
        {"order": ref, "station": station, **told},
        ref=f"{EVENT}:{station}:{ref}",
        at=now,
        outlet=body.outlet,
        ended_at=now,
    )
    if event is None:
        return None
    journal.add(connection, f"event {EVENT}", {"id": event, **told}, at=now, who=station)
    for number, one in enumerate(body.deductions):
        points = suspension if one.points is None else one.points
        if points <= 0:
            continue  # the site file says that a suspension costs nothing
        taken = Deduction(
            f"{station}:{ref}:{number}",
            body.outlet,
            DeductionKind(one.kind),
            now if one.at is None else one.at,
            points,
            (event,),
            station,
            one.text or body.by,
        )
        deductions.add(connection, taken, now=now, who=station)
    for earlier in body.withdraws:
        for row in _of_order(connection, station, earlier):
            deductions.void(connection, row, why=f"order {ref}", now=now, who=station)
    for family, values in body.labels.items():
        labels.put(connection, body.outlet, family, values, source=station, ref=ref, now=now)
    if body.risk is not None:
        risk = (body.risk,)
        labels.put(connection, body.outlet, labels.RISK, risk, source=station, ref=ref, now=now)
    return None


def _refused(
    connection: sqlite3.Connection, body: AgencyOrder, *, station: str, now: float
) -> str | None:
    known = "SELECT 1 FROM series WHERE outlet = ? LIMIT 1"
    if connection.execute(known, (body.outlet,)).fetchone() is None:
        return f"没有这个排放口 / no such outlet: {body.outlet}"
    if any(one.kind != "suspension" and one.points is None for one in body.deductions):
        return "扣分未写分值 / a deduction without points"
    if any(one.at is not None and one.at > now for one in body.deductions):
        return "扣分时间在未来 / a deduction of the future"
    for earlier in body.withdraws:
        if not _of_order(connection, station, earlier):
            return f"没有可撤销的扣分 / nothing to take back: {earlier}"
    return None


def _of_order(connection: sqlite3.Connection, station: str, order: str) -> list[str]:
    """Give the refs of the deductions that an earlier order of the same station made."""
    head = f"{station}:{order}:"
    rows = connection.execute(
        "SELECT ref FROM deductions WHERE source = ? AND substr(ref, 1, ?) = ?",
        (station, len(head), head),
    )
    return [ref for (ref,) in rows if ref[len(head) :].isdecimal()]
