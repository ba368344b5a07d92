"""What a person's commands share: the store beside the daemon, who and why, times as one says them.

A command writes rows in one transaction of its own; the daemon may run or not.
"""

from __future__ import annotations

import contextlib
import datetime
import getpass
import hashlib
import math
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from agent.clock import Clock
from agent.desk import Desk
from agent.errors import StoreError
from agent.plan import Plan, make_plan
from agent.settings import load_site
from agent.settings.storage import state_directory
from agent.store import journal, series
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect, schema_version, transaction
from protocols.hj212.times import BEIJING_OFFSET_S

F = TypeVar("F", bound=Callable[..., Any])
SITE = click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
"""The site file; one that is not there is a wrong one, not wrong usage."""
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))


def site_group(name: str, said: str) -> click.Group:
    """Make a group of commands about one site: `paikou NAME SITE COMMAND`. `said` is its help."""

    @click.group(name, help=said)
    @SITE
    @click.pass_context
    def group(context: click.Context, site: Path) -> None:
        context.obj = site

    return group


def signed(command: F) -> F:
    """Add `--by` and `--why`, without which nobody's hand changes anything."""
    command = click.option("--why", required=True, type=Said(), help="原因 / why.")(command)
    return click.option("--by", required=True, type=Said(), help="经办人 / who.")(command)


class Said(click.ParamType[str]):
    """Words that say something: an empty reason is none (MARK-04)."""

    name = "TEXT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Take it without the blanks around it."""
        return str(value).strip() or self.fail("不能为空 / must not be empty", param, ctx)


class Number(click.ParamType[float]):
    """A number that was measured: never NaN, never infinite."""

    name = "FLOAT"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it."""
        try:
            number = float(str(value))
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            self.fail(f"{value!r}：应为一个有限的数 / a finite number is allowed", param, ctx)
        return number


class Instant(click.ParamType[float]):
    """A local ISO date or time, as UTC epoch seconds."""

    name = "时间 / time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it; a time without zone is that of the outlet (UTC+8)."""
        try:
            moment = datetime.datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r}：应为 / allowed 2026-03-05, 2026-03-05T08:00", param, ctx)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_ZONE)
        return moment.timestamp()


def span_options(*, needed: bool) -> Callable[[F], F]:
    """Add `--from` and `--to`; `--to` is the last marked minute where a mark is meant."""

    def add(command: F) -> F:
        to = click.option("--to", "until", type=Instant(), required=needed, help="止 / to.")
        since = click.option("--from", "since", type=Instant(), required=needed, help="起 / from.")
        return since(to(command))

    return add


@contextlib.contextmanager
def desk(site: Path, *, write: bool) -> Iterator[Desk]:
    """Open the store of a site; with `write` everything inside is one transaction.

    Raises ConfigError, and StoreError when there is no store or its schema is not ours.
    """
    plan: Plan = make_plan(load_site(site)[0])
    path = state_directory(plan.site) / FILE_NAME
    found = schema_version(path)
    if found == 0:
        raise StoreError(f"{path}: 没有这个库 / no such store")
    if found != SCHEMA_VERSION:
        raise StoreError(
            f"{path}: 数据库版本 {found}，应为 {SCHEMA_VERSION} / schema version: `paikou migrate`"
        )
    with contextlib.closing(connect(path, read_only=not write)) as connection:
        block = transaction(connection) if write else contextlib.nullcontext(connection)
        with block:
            if write:
                names = series.register(connection, series=plan.series(), devices=plan.devices())
                _note_remote(connection, Clock().now())
            else:
                names = series.load(connection)
            yield Desk(connection, plan, names, Clock().now())


def _note_remote(connection: sqlite3.Connection, now: float) -> None:
    """Note a hand from afar beside what it changes (AF-15): sshd tells where a session is from."""
    came_from = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    if came_from:
        journal.add(connection, "remote session", {"from": came_from}, at=now, who=person())


def person() -> str:
    """Give the name of the system's user; `?` for one without, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "?"


def attachment(path: Path | None) -> str:
    """Give how an attachment is kept: its name and SHA-256; the file stays where it is."""
    if path is None:
        return ""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return f"{path.name} sha256:{digest}"
