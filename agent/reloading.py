"""A changed site file while running: read, check, tell what is different, or change nothing."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path

from agent.errors import ConfigError
from agent.plan import Plan, make_plan
from agent.settings import load_site
from agent.settings.storage import state_directory

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class InForce:
    """A plan and the hash of the file it was made of."""

    plan: Plan
    file_hash: str


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
