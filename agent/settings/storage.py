"""How long things are kept, and where the store and the local socket are."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from drivers.settings import Model

if TYPE_CHECKING:
    from agent.settings.site import Site

SOCKET_NAME = "agent.sock"
SYSTEM_SOCKET = Path("/run/paikou") / SOCKET_NAME


class Storage(Model):
    """Days and megabytes of the store (architecture §3.12)."""

    directory: str | None = Field(
        default=None,
        min_length=1,
        description="数据目录；不写即 $STATE_DIRECTORY，否则 ~/.local/state/paikou/单位编码",
    )
    samples_days: int = Field(default=35, ge=2, le=366, description="原始数据保留天数")
    minutes_days: int = Field(default=366, ge=32, le=3660, description="分钟数据保留天数")
    frames_days: int = Field(default=35, ge=30, le=366, description="报文日志保留天数")
    frames_mb: int = Field(
        default=1000, ge=16, le=100_000, description="报文日志上限（MB），超出时最早的先删"
    )
    years: int = Field(default=5, ge=1, le=20, description="小时、日数据和事件保留年数")
    ballast_mb: int = Field(default=16, ge=4, le=256, description="磁盘写满时释放的预留文件（MB）")
    clips_mb: int = Field(default=2048, ge=64, description="录像占用上限（MB），满后先删最旧的录像")
    max_mb: int | None = Field(default=None, ge=64, description="数据库上限（MB）；不写即不限")


def state_directory(site: Site, environ: Mapping[str, str] = os.environ) -> Path:
    """Give the directory of the store: the file's own, systemd's, else one below the home.

    systemd may name several directories, joined by colons; the first is meant.
    """
    if site.storage.directory is not None:
        return Path(site.storage.directory)
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    home = environ.get("HOME") or str(Path.home())
    return Path(home) / ".local" / "state" / "paikou" / site.unit.code


def stills_directory(site: Site, environ: Mapping[str, str] = os.environ) -> Path:
    """Give where the cameras' current stills lie: in memory where systemd gives such a place."""
    runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    return (Path(runtime) if runtime else state_directory(site, environ)) / "stills"


def lines_directory(site: Site, environ: Mapping[str, str] = os.environ) -> Path:
    """Give where the raw frames of the lines are recorded, a file for each bus that wants it."""
    return state_directory(site, environ) / "frames"


def socket_paths(site: Site, environ: Mapping[str, str] = os.environ) -> tuple[Path, ...]:
    """Give the places of the local socket: the daemon takes the first it can, others try all."""
    runtime = environ.get("RUNTIME_DIRECTORY", "").split(":")[0]
    first = [Path(runtime) / SOCKET_NAME] if runtime else []
    places = [*first, state_directory(site, environ) / SOCKET_NAME, SYSTEM_SOCKET]
    return tuple(dict.fromkeys(places))
