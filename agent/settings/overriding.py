"""The settings in force: the file's, under what platforms set since (architecture §3.10). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.settings.destination import Destination, Station
from agent.settings.site import Site

Value = int | float | str | bool | None

NAMES = ("mn", "real_time_s", "minutes", "timeout_s", "resends", "real_time", "states")
"""What a platform may set of its stations: by 1002, 1062, 1064, 1000, 2011 (2012), 2021 (2022)."""


@dataclass(frozen=True, slots=True)
class Override:
    """One setting of one station. `file` is what the file said when the platform set it."""

    station: str
    name: str
    value: Value
    file: Value
    set_at: float
    source: str


def file_value(destination: Destination, station: Station, name: str) -> Value:
    """Give what the file says of a setting: the station's own word, else its platform's."""
    own: Value = getattr(station, name)
    if own is None:
        own = getattr(destination, name)
    return own


def outdated(site: Site, rows: Iterable[Override]) -> tuple[Override, ...]:
    """Give the rows over which the file won: it says another thing than it did then.

    Those of a station that is not in the file stay, as its outbox does.
    """
    said = _said(site)
    return tuple(row for row in rows if row.station in said and not _holds(said, row))


def overridden(site: Site, rows: Iterable[Override]) -> Site:
    """Give the site with what platforms set, where the file still says what it said then."""
    said = _said(site)
    changes: dict[str, dict[str, Value]] = {}
    for row in rows:
        if _holds(said, row):
            changes.setdefault(row.station, {})[row.name] = row.value
    if not changes:
        return site
    destinations = tuple(
        _changed(one, changes) if isinstance(one, Destination) else one for one in site.destinations
    )
    return site.model_copy(update={"destinations": destinations})


def _said(site: Site) -> Mapping[str, tuple[Destination, Station]]:
    return {station.id: (destination, station) for destination, station in site.stations()}


def _holds(said: Mapping[str, tuple[Destination, Station]], row: Override) -> bool:
    known = said.get(row.station)
    return known is not None and row.name in NAMES and file_value(*known, row.name) == row.file


def _changed(destination: Destination, changes: Mapping[str, Mapping[str, Value]]) -> Destination:
    stations = tuple(
        station.model_copy(update=dict(changes.get(station.id, {})))
        for station in destination.stations
    )
    return destination.model_copy(update={"stations": stations})
