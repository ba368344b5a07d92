"""A changed site file while running: read, check, tell what is different, or change nothing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path

from agent.errors import ConfigError
from agent.plan import Plan, make_plan
from agent.settings import Site, load_site
from agent.settings.overriding import Override, outdated, overridden
from agent.settings.storage import state_directory
from agent.store import journal, overrides
from agent.store.db import Store

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """A plan and the hash of the file it was made of.

    `file` is the site as the file says it, where platforms set something else since.
    """

    plan: Plan
    file_hash: str
    file: Site | None = None

    @property
    def said(self) -> Site:
        """The site as the file says it."""
        return self.plan.site if self.file is None else self.file


def read(path: Path) -> InForce:
    """Read the site file. Raises ConfigError."""
    site, warnings = load_site(path)
    for warning in warnings:
        log.warning("%s", warning)
    return InForce(make_plan(site), hashlib.sha256(path.read_bytes()).hexdigest())


def read_again(path: Path, before: InForce) -> InForce | None:
    """Read a changed file; None, with the reason logged, when it cannot take effect.

    Another state directory would be another store: that takes a restart.
    """
    try:
        after = read(path)
    except (ConfigError, OSError) as error:
        log.error("reload: the file is wrong, nothing is changed:\n%s", error)
        return None
    if state_directory(after.plan.site) != state_directory(before.plan.site):
        log.error("reload: another storage directory takes a restart; nothing is changed")
        return None
    if after.file_hash == before.file_hash:
        log.info("reload: the file has not changed")
    return after


async def under_overrides(found: InForce, store: Store, *, now: float) -> InForce:
    """Put what platforms set over what the file says (architecture §3.10).

    Where the file says something else than it did then, it is right again, for good.
    """
    file = found.said
    rows = await store.read(overrides.load)
    gone = outdated(file, rows)
    if gone:
        await store.write(lambda connection: _forget(connection, gone, now))
        rows = tuple(row for row in rows if row not in gone)
    site = overridden(file, rows)
    if site is file and found.file is None:
        return found
    return replace(found, plan=await asyncio.to_thread(make_plan, site), file=file)


def _forget(connection: sqlite3.Connection, gone: tuple[Override, ...], now: float) -> None:
    overrides.forget(connection, gone)
    for one in gone:
        detail = {"station": one.station, "name": one.name, "was": one.value}
        journal.add(connection, "setting of the file again", detail, at=now)
