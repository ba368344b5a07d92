"""Names to small numbers: the keys of packed samples and statistics."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Key = tuple[str, str, str]
"""Outlet, factor, quantity (`rtd`, `zs` or `total`)."""


@dataclass(frozen=True, slots=True)
class Names:
    """The numbers of every outlet, factor and device of the settings in force."""

    series: Mapping[Key, int]
    devices: Mapping[str, int]
    frames: dict[tuple[tuple[str, ...], tuple[str, ...]], int] = field(
        default_factory=dict, compare=False, repr=False
    )
    """What packs of samples begin from (`agent.store.samples`), by outlets and factors."""

    def key(self, series: int) -> Key | None:
        """Give the key of a series number, None for one that the settings no longer name."""
        return next((key for key, number in self.series.items() if number == series), None)


def register(
    connection: sqlite3.Connection, *, series: Iterable[Key], devices: Iterable[str]
) -> Names:
    """Give each name its number, making those that are new. Numbers never change or return."""
    connection.executemany(
        "INSERT OR IGNORE INTO series (outlet, factor, quantity) VALUES (?, ?, ?)", series
    )
    connection.executemany(
        "INSERT OR IGNORE INTO devices (name) VALUES (?)", ((name,) for name in devices)
    )
    return load(connection)


def load(connection: sqlite3.Connection) -> Names:
    """Read all numbers."""
    return Names(
        series={
            (outlet, factor, quantity): number
            for number, outlet, factor, quantity in connection.execute(
                "SELECT id, outlet, factor, quantity FROM series"
            )
        },
        devices={
            name: number for number, name in connection.execute("SELECT id, name FROM devices")
        },
    )
