"""The edition, or dialect, that each platform speaks; a dialect's file is read once a state."""

from __future__ import annotations

import functools

from agent.errors import ConfigError
from agent.settings.config import config_directory
from agent.settings.destination import Destination
from agent.settings.dialect import named_edition
from protocols.hj212.editions import Edition, edition, edition_names

KEPT = 32


def spoken(destination: Destination) -> Edition:
    """Give what a platform speaks. Raises ConfigError for a dialect that is not there."""
    return _named(destination.speaks, _stamp(destination.speaks))


def spoken_or_edition(destination: Destination) -> Edition:
    """Give what a platform speaks; the edition alone where its dialect is wrong."""
    try:
        return spoken(destination)
    except ConfigError:
        return edition(destination.edition)


@functools.lru_cache(maxsize=KEPT)
def _named(name: str, _: int) -> Edition:
    return named_edition(name)


def _stamp(name: str) -> int:
    """Tell states of a dialect's file apart."""
    if name in edition_names():
        return 0
    try:
        return (config_directory() / "dialects" / f"{name}.yaml").stat().st_mtime_ns
    except OSError:
        return 0
