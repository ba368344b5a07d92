"""Recorded acts from the command line: asked of the daemon, else written down here.

Beside a running daemon the act is its own, so it takes hold at once; without one the row is written
under the lock, and the next start finds it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from agent.errors import Lang, PaikouError, StoreError
from agent.local import LINE_LIMIT, ask
from agent.lock import held, hold
from agent.maintaining import Act
from agent.plan import make_plan
from agent.settings import load_site
from agent.settings.storage import socket_paths, state_directory
from agent.store.db import FILE_NAME, SCHEMA_VERSION, connect, schema_version, transaction
from agent.tools.words import pick

LONGEST = LINE_LIMIT - 96
"""Of a question as JSON: the daemon reads one line."""
_FAILED = ("未执行：{error}", "not done: {error}")


def do(site_file: Path, question: Mapping[str, Any], act: Act) -> Mapping[str, Any]:
    """Have an act done; gives what was done, or `error`. Raises PaikouError, ConfigError."""
    if len(json.dumps(question)) > LONGEST:
        return {"error": "原因太长 / the reason is too long"}
    site, _ = load_site(site_file)
    directory = state_directory(site)
    if held(directory):
        try:
            answer = asyncio.run(ask(socket_paths(site), question))
        except TimeoutError:
            answer = None
        return answer or {"error": "守护进程在运行但没有应答 / a daemon runs but does not answer"}
    path = directory / FILE_NAME
    if schema_version(path) != SCHEMA_VERSION:
        raise PaikouError(
            f"{path}: 没有这个库，或版本不同 / not there, or of another release: `paikou migrate`"
        )
    try:
        with (
            hold(directory),
            contextlib.closing(connect(path)) as connection,
            transaction(connection),
        ):
            return act(connection, make_plan(site), question, now=time.time())
    except sqlite3.Error as error:
        raise StoreError(f"{path}: {error}") from error


def finish(done: Mapping[str, Any], text: str, *, as_json: bool, lang: Lang) -> None:
    """Show what became of an act; exit 1 when it was not done."""
    error = done.get("error")
    if as_json:
        click.echo(json.dumps(done, ensure_ascii=False))
    elif error:
        click.echo(pick(_FAILED, lang).format(error=error), err=True)
    else:
        click.echo(text)
    sys.exit(1 if error else 0)
