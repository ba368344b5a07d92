"""The start of the daemon, as it is written down and told to platforms."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from agent import __version__, report
from agent.clock import Clock
from agent.reloading import InForce
from agent.store import actions, journal, outbox, states


def note_start(
    connection: sqlite3.Connection,
    in_force: InForce,
    aside: Path | None,
    *,
    clock: Clock,
    boot: str,
) -> None:
    """Write the start down; what was running when we died is in doubt now."""
    now = clock.now()
    detail = {
        "version": __version__,
        "site": in_force.file_hash,
        "boot": boot,
        "in_doubt": actions.doubt_running(connection),
        "damaged_store": str(aside) if aside else "",
        "states_broken_off": states.break_off(connection),
    }
    journal.add(connection, "start", detail, at=now)
    if not clock.sane():
        return
    for station in in_force.plan.stations.values():
        if station.destination.wire.restart_upload and now >= (station.since or 0.0):
            for st in station.by_st():
                upload = report.started(station.wording, st=st, at=now)
                if upload is not None:
                    outbox.add(connection, station.id, upload, now=now)
