"""What waits for a person's answer, for `status`."""

from __future__ import annotations

import sqlite3
from typing import Any

from agent.store import supervision

MOST = 20


def waiting(connection: sqlite3.Connection) -> list[dict[str, Any]]:
    """Give the supervision orders that are not answered, the newest first."""
    return [
        {
            "id": one.id,
            "station": one.station,
            "number": one.number,
            "level": one.level,
            "outlet": one.outlet,
            "deadline_at": one.deadline_at,
        }
        for one in supervision.listed(connection, unanswered=True, most=MOST)
    ]
