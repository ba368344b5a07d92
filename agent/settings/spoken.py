"""The edition, or dialect, that each platform speaks; a dialect's file is read once a state."""

from __future__ import annotations

import dataclasses
import functools

from agent.errors import ConfigError
from agent.settings.config import config_directory
from agent.settings.destination import Destination
from agent.settings.dialect import named_edition
from protocols.hj212.editions import Edition, edition, edition_names

KEPT = 32


def spoken(destination: Destination) -> Edition:
    """Give what a platform speaks. Raises ConfigError for a dialect that is not there."""
    name, retained_cn = destination.speaks, destination.wire.retained_cn
    if retained_cn is None:
        return _named(name, _stamp(name))
    return _told_bottles(name, _stamp(name), retained_cn)


def spoken_or_edition(destination: Destination) -> Edition:
    """Give what a platform speaks; the edition alone where its dialect is wrong."""
    try:
        return spoken(destination)
    except ConfigError:
        return edition(destination.edition)


@functools.lru_cache(maxsize=KEPT)
def _named(name: str, _: int) -> Edition:
    return named_edition(name)


@functools.lru_cache(maxsize=KEPT)
def _told_bottles(name: str, stamp: int, retained_cn: str) -> Edition:
    """Give an edition that reports kept bottles by a command the platform named."""
    return dataclasses.replace(_named(name, stamp), retained_cn=retained_cn)


def _stamp(name: str) -> int:
    """Tell states of a dialect's file apart."""
    if name in edition_names():
        return 0
    try:
        return (config_directory() / "dialects" / f"{name}.yaml").stat().st_mtime_ns
    except OSError:
        return 0
