"""What the site file says of a station's secrets, read just when they are needed."""

from __future__ import annotations

from pathlib import Path

from agent.settings.destination import Station
from agent.settings.secrets import CredentialSecret, FileSecret, read_secret, secret_path
from agent.store.credentials import StationCredentials


def given(station: Station) -> StationCredentials:
    """Read password and key where the file says they are.

    The age of a key is that of its file. Raises SecretError.
    """
    if station.key is None:
        return StationCredentials(pw=read_secret(station.pw))
    return StationCredentials(
        pw=read_secret(station.pw),
        key=read_secret(station.key),
        key_set_at=_age(station.key),
    )


def _age(secret: FileSecret | CredentialSecret) -> float | None:
    path: Path = secret_path(secret)
    try:
        return path.stat().st_mtime
    except OSError:
        return None
