"""Bring a store's schema up to date, in a process of its own.

The only place that loads sqlite-utils; the daemon runs it as a child (`python -m
agent.tools.migrate DIRECTORY`) so that its memory stays its own. Each schema version is one SQL
file beside the store's code; a version is applied whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import click
import sqlite_utils
from sqlite_utils.migrations import Migrations

from agent.errors import StoreError
from agent.lock import hold
from agent.settings import load_site
from agent.settings.storage import state_directory
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect, schema_version

migrations = Migrations("paikou")


def _version(number: int) -> Callable[[sqlite_utils.Database], None]:
    """Give the step to one schema version, from its SQL file."""
    script = resources.files("agent.store") / "schema" / f"v{number}.sql"

    def apply(db: sqlite_utils.Database) -> None:
        for statement in _statements(script.read_text(encoding="utf-8")):
            db.execute(statement)
        db.execute(f"PRAGMA user_version = {number}")

    return apply


for _number in range(1, SCHEMA_VERSION + 1):
    migrations(name=f"v{_number}")(_version(_number))


def migrate(directory: Path) -> tuple[int, int]:
    """Bring the store in `directory` up to date; gives the versions before and after.

    A file from a newer release is left untouched (StoreError). An older one is copied first, so
    that going back a release stays possible.
    """
    directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    path = directory / FILE_NAME
    before = schema_version(path)
    if before > SCHEMA_VERSION:
        raise StoreError(
            f"{path}: 数据库比本版本新 / "
            f"schema version {before} is newer than this release knows ({SCHEMA_VERSION})"
        )
    if 0 < before < SCHEMA_VERSION:
        _copy(path, path.with_suffix(f".v{before}.bak"))
    if before < SCHEMA_VERSION:
        connection = connect(path)
        try:
            migrations.apply(sqlite_utils.Database(connection))
        finally:
            connection.close()
    return before, SCHEMA_VERSION


def _copy(path: Path, to: Path) -> None:
    """Copy a store that may have a write-ahead log beside it."""
    with (
        contextlib.closing(connect(path, read_only=True)) as source,
        contextlib.closing(sqlite3.connect(to)) as target,
    ):
        source.backup(target)


def _statements(script: str) -> list[str]:
    """Cut a script into statements; a transaction needs them one at a time."""
    found, text = [], ""
    for line in script.splitlines():
        text += line + "\n"
        if sqlite3.complete_statement(text):
            found.append(text)
            text = ""
    return found


@click.command("migrate")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="输出 JSON / as JSON.")
def command(site: Path, as_json: bool) -> None:
    """把数据库升到本版本；守护进程启动时自己会做 / bring the store of a site up to date."""
    directory = state_directory(load_site(site)[0])
    directory.mkdir(parents=True, exist_ok=True, mode=0o750)
    with hold(directory):
        before, after = migrate(directory)
    if as_json:
        click.echo(json.dumps({"store": str(directory), "before": before, "after": after}))
    elif before == after:
        click.echo(f"{directory}: schema version {after}, up to date")
    else:
        click.echo(f"{directory}: schema version {before} -> {after}")


if __name__ == "__main__":
    migrate(Path(sys.argv[1]))
