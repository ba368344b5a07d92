"""Brings an old store up to date before the daemon opens it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from agent.errors import StoreError
from agent.store.db import SCHEMA_VERSION, schema_version

MIGRATION_TIMEOUT_S = 600.0


def migrate_if_old(directory: Path) -> None:
    """Bring the schema up to date in a child process: its libraries stay out of the daemon.

    Raises StoreError when it could not.
    """
    if schema_version(directory / "store.db") == SCHEMA_VERSION:
        return
    try:
        subprocess.run(
            [sys.executable, "-m", "agent.tools.migrate", str(directory)],
            check=True,
            timeout=MIGRATION_TIMEOUT_S,
            stdin=subprocess.DEVNULL,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise StoreError(
            f"{directory}: the store could not be brought up to date: {error}"
        ) from None
