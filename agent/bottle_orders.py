"""A platform's word on a kept bottle, as it comes by the order topic: it may let one go."""

from __future__ import annotations

import sqlite3

from pydantic import BaseModel, ConfigDict, Field

from agent.asked import Asked
from agent.releasing import release_by_platform
from agent.store import bottles


class BottleOrder(BaseModel):
    """Release of one bottle: its outlet, which is one of the station's, and the code it bears."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    outlet: str = Field(min_length=1, max_length=32)
    code: str = Field(min_length=1, max_length=64)


def release_ordered(
    connection: sqlite3.Connection, body: BottleOrder, asked: Asked, /
) -> str | None:
    """Release a bottle; None when it is, else why not. One of another outlet is not there."""
    found = bottles.find(connection, body.code)
    if found is None or found.outlet != body.outlet:
        return f"no bottle {body.code!r} at {body.outlet}"
    return release_by_platform(
        connection, asked.plan, body.code, ref=asked.ref, station=asked.station, now=asked.now
    )
