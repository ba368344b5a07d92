"""Which password and key a station has now: the platform's, or the file's where that changed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

from agent.clock import Clock
from agent.errors import StoreError, Unreachable
from agent.store import credentials, journal
from agent.store.credentials import StationCredentials
from agent.store.db import Store


@dataclass(frozen=True, slots=True)
class Keeper:
    """Reads credentials for a connection; those over which the file won are dropped for good."""

    store: Store
    clock: Clock

    async def in_force(self, station: str, given: StationCredentials) -> StationCredentials:
        """Give what is in force. `given` is what the file says now.

        Raises Unreachable where they do not open: the other stations go on.
        """
        now, directory = self.clock.now(), self.store.path.parent
        try:
            gone = await self.store.read(
                lambda connection: credentials.stale(connection, directory, station, given)
            )
            if gone:
                await self.store.write(
                    lambda connection: _forget(connection, station, gone, now=now)
                )
            return await self.store.read(
                lambda connection: credentials.read(connection, directory, station, given, now=now)
            )
        except StoreError as error:
            raise Unreachable(f"{_where(directory)}: {error}") from None


def _forget(
    connection: sqlite3.Connection, station: str, names: tuple[str, ...], *, now: float
) -> None:
    credentials.forget(connection, station, names)
    detail = {"station": station, "names": list(names)}
    journal.add(connection, "credentials of the file again", detail, at=now)


def _where(directory: Path) -> str:
    return f"credentials in {directory}"
