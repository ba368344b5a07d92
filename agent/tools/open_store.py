"""The store of a site, for commands that look into it or add rows beside the daemon."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator

from agent.errors import StoreError
from agent.settings import Site
from agent.settings.storage import state_directory
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect, schema_version


@contextlib.contextmanager
def open_store(site: Site, *, read_only: bool) -> Iterator[sqlite3.Connection]:
    """Open the store of a site. Raises StoreError when it is not there, or not to be had."""
    path = state_directory(site) / FILE_NAME
    try:
        found = schema_version(path)
        if not found:
            text = (
                "守护进程还没有运行过，没有数据 / the daemon never ran here: nothing is stored yet"
            )
            raise StoreError(f"{path}: {text}")
        if found != SCHEMA_VERSION:
            wanted = "启动守护进程，或 / start the daemon, or: paikou migrate"
            raise StoreError(
                f"{path}: 库版本 / schema version {found}, {SCHEMA_VERSION} expected; {wanted}"
            )
        connection = connect(path, read_only=read_only)
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from None
    with contextlib.closing(connection):
        yield connection
