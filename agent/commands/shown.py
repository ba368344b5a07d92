"""What platforms set, for `status` and the page: both values, and whose each is."""

from __future__ import annotations

import sqlite3
from typing import Any

from agent.store import credentials, overrides

HIDDEN = "***"


def shown(connection: sqlite3.Connection, station: str) -> list[dict[str, Any]]:
    """Give what is set of a station beside the file's value; of secrets only that they are set."""
    settings = [
        {
            "name": one.name,
            "value": one.value,
            "file": one.file,
            "source": one.source,
            "set_at": one.set_at,
        }
        for one in overrides.load(connection)
        if one.station == station
    ]
    secrets = [
        {"name": name, "value": HIDDEN, "file": HIDDEN, "source": source, "set_at": set_at}
        for owner, name, set_at, source in credentials.sources(connection)
        if owner == station
    ]
    return settings + secrets
