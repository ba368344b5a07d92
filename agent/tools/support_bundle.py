"""`paikou support-bundle SITE`: everything somebody far away needs to help, in one file.

Site file, findings, status, counters, the newest rows of the store, raw frames, the log of the
service, facts of the machine. Secrets are masked: what the site file refers to, passwords of
HJ 212 frames, and keys that look like one.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import platform
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from agent import __version__
from agent.errors import ConfigError, Lang, StoreError
from agent.local import ask
from agent.settings import Site, load_site
from agent.settings.masking import masking
from agent.settings.storage import socket_paths, state_directory
from agent.store.db import FILE_NAME, connect, schema_version
from agent.tools.frames import newest_lines
from agent.tools.words import cannot_write, lang_option, local_time, pick

UNIT = "paikou"
LOG_S = 30.0
FRAMES = 5_000
"""Frames of the message log that go along, the newest."""
_QUERIES = {
    "journal": "SELECT * FROM journal ORDER BY seq DESC LIMIT 500",
    "events": "SELECT * FROM events ORDER BY id DESC LIMIT 300",
    "actions": "SELECT * FROM actions ORDER BY id DESC LIMIT 100",
    "parameters": "SELECT * FROM parameters ORDER BY device, name LIMIT 2000",
    "device_checks": "SELECT * FROM device_checks ORDER BY seen_at DESC LIMIT 200",
    "exchanges": "SELECT * FROM exchanges ORDER BY id DESC LIMIT 200",
    "maintenance": "SELECT * FROM maintenance ORDER BY id DESC LIMIT 100",
    "clock_steps": "SELECT * FROM clock_steps ORDER BY epoch DESC LIMIT 100",
    "orders": "SELECT id, station, ref, kind, received_at, state, text, done_at, tries, repeats"
    " FROM orders ORDER BY id DESC LIMIT 200",
    "supervision": "SELECT id, station, ref, number, level, outlet, start, end, received_at,"
    " deadline_at, reminded, answered_at, verification, stage FROM supervision"
    " ORDER BY id DESC LIMIT 200",
    "cursors": "SELECT * FROM cursors ORDER BY name",
    "outbox": "SELECT station, cn, state, count(*), min(at), max(at), max(outcome) FROM outbox"
    " GROUP BY station, cn, state",
    "deliveries": "SELECT station, cn, state, count(*), min(start), max(start) FROM deliveries"
    " GROUP BY station, cn, state",
}
_DONE = ("已写入 {file}（{size} kB，{count} 个文件）；发出前可先看一遍", "wrote {file} ({size} kB, "
         "{count} files); have a look before you send it")  # fmt: skip


@click.command("support-bundle")
@click.argument("site", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--output", "out", type=click.Path(path_type=Path), help="写入的文件，.tar.gz / file to write."
)
@lang_option
def command(site: Path, out: Path | None, lang: Lang) -> None:
    """收集站点文件、状态、日志、报文，密钥已隐去 / gather everything for who helps from afar.

    Site file, states, journal, message log, raw frames and the service's log in one file, with
    secrets masked.
    """
    out = out or Path(f"paikou-support-{local_time(time.time(), '%Y%m%d-%H%M%S')}.tar.gz")
    if not site.is_file():
        load_site(site, lang=lang)  # says that there is none
    parts = dict(gather(site))
    try:
        write(out, parts)
    except OSError as error:
        raise cannot_write(out, error, lang) from error
    size = out.stat().st_size // 1000
    click.echo(pick(_DONE, lang).format(file=out, size=size, count=len(parts)))


def gather(site_file: Path) -> Iterator[tuple[str, str]]:
    """Give the parts as (name, text), masked. A wrong site file still gives what it can."""
    try:
        site, findings = load_site(site_file)
    except ConfigError as error:
        site, findings = None, list(error.findings)
    hide = masking(site)
    yield "manifest.json", _json(_manifest())
    yield "site.yaml", hide(_text(site_file))
    yield "check.txt", hide("\n".join(map(str, findings)))
    yield "machine.txt", _machine(site)
    yield "service.log", hide(_log())
    if site is None:
        return
    for name, question in (("status.json", "status"), ("metrics.txt", "metrics")):
        yield name, hide(_asked(site, question))
    directory = state_directory(site)
    yield "store.json", hide(_json(_rows(directory / FILE_NAME)))
    yield "messages.jsonl", hide(_messages(site))
    for path in sorted((directory / "frames").glob("*.txt*")):
        yield f"frames/{path.name}", hide(_text(path))


def write(out: Path, parts: Mapping[str, str]) -> None:
    """Write the bundle for its owner alone."""
    with (
        os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
        tarfile.open(fileobj=file, mode="w:gz") as tar,
    ):
        for name, text in parts.items():
            data = text.encode("utf-8", errors="replace")
            member = tarfile.TarInfo(f"paikou-support/{name}")
            member.size, member.mtime, member.mode = len(data), int(time.time()), 0o600
            tar.addfile(member, io.BytesIO(data))


def _manifest() -> dict[str, Any]:
    return {"paikou": __version__, "made_at": local_time(time.time()), "python": sys.version}


def _machine(site: Site | None) -> str:
    lines = [platform.platform(), f"uptime {_text(Path('/proc/uptime')).split(' ')[0]} s"]
    lines += _text(Path("/proc/meminfo")).splitlines()[:3]
    places = {"/"} | ({str(state_directory(site))} if site else set())
    for place in sorted(place for place in places if Path(place).exists()):
        usage = shutil.disk_usage(place)
        lines.append(f"{place}: {usage.free // 1_000_000} MB free of {usage.total // 1_000_000}")
    ports = Path("/dev/serial/by-path")
    lines += [f"{port} -> {port.resolve()}" for port in sorted(ports.glob("*"))]
    return "\n".join(lines) + "\n"


def _log() -> str:
    """Give the newest lines of the service's log; why not, where there is none."""
    command = ["journalctl", "-u", UNIT, "-n", "5000", "--no-pager", "-o", "short-iso"]
    try:
        done = subprocess.run(
            command, capture_output=True, timeout=LOG_S, stdin=subprocess.DEVNULL, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"no log: {error}\n"
    return (done.stdout or done.stderr).decode(errors="replace")


def _asked(site: Site, question: str) -> str:
    try:
        answer = asyncio.run(ask(socket_paths(site), {"ask": question}))
    except TimeoutError:
        return "a daemon runs but does not answer\n"
    if answer is None:
        return "no daemon runs\n"
    return str(answer["text"]) if question == "metrics" else _json(answer)


def _rows(path: Path) -> dict[str, Any]:
    """Give the newest rows of the tables that tell what happened; a damaged store says so."""
    found: dict[str, Any] = {"path": str(path)}
    if not path.exists():
        return found
    found["bytes"] = path.stat().st_size
    try:
        found["schema"] = schema_version(path)
        with contextlib.closing(connect(path, read_only=True)) as connection:
            for name, query in _QUERIES.items():
                found[name] = _query(connection, query)
    except sqlite3.Error as error:
        found["error"] = str(error)
    return found


def _query(connection: sqlite3.Connection, query: str) -> list[dict[str, Any]] | str:
    try:
        rows = connection.execute(query)
        columns = [column[0] for column in rows.description]
        return [dict(zip(columns, row, strict=True)) for row in rows]
    except sqlite3.OperationalError as error:
        return str(error)


def _messages(site: Site) -> str:
    """Give the newest of the message log, a line a frame; why not, where it is not to be had."""
    try:
        return "\n".join(newest_lines(site, FRAMES))
    except (StoreError, sqlite3.Error) as error:
        return f"no message log: {error}\n"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        return f"{path}: {error.strerror}\n"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"
