"""What an instrument says, as the registers of its profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drivers.device import Cause
from drivers.profile import Point, Profile, StateWord
from protocols.registers import encode_number, encode_time, number_width

Image = dict[int, int]
_IDLE_WORDS = ("空闲", "idle")
_BUSY_WORDS = ("测量", "measuring")


@dataclass(frozen=True, slots=True)
class Said:
    """An instrument at one moment: numbers by point in the unit played, state, time of result."""

    numbers: Mapping[str, float]
    units: Mapping[str, str]
    cause: Cause = Cause.NORMAL
    measuring: bool = False
    measured_at: float | None = None


def tables(profile: Profile) -> frozenset[str]:
    """Name the tables this model serves at all."""
    return frozenset(table for table, _, _ in _spans(profile))


def readable(profile: Profile, table: str) -> frozenset[int]:
    """Give the addresses of a table that can be read; every other one is exception 2.

    Points, state, times and the blocks of the profile; all between first and last where the
    profile says that holes are readable.
    """
    addresses: set[int] = set()
    for name, start, count in _spans(profile):
        if name == table:
            addresses.update(range(start, start + count))
    if profile.holes == "readable" and addresses:
        addresses = set(range(min(addresses), max(addresses) + 1))
    return frozenset(addresses)


def image(profile: Profile, points: tuple[Point, ...], said: Said, *, table: str) -> Image:
    """Print what was said as the registers (or bits) of one table; holes are 0.

    `points` are those of the profile with the site's overrides. Raises ValueError when a number
    does not fit its register.
    """
    registers: Image = dict.fromkeys(readable(profile, table), 0)
    for point in points:
        if point.table == table:
            registers.update(_point(point, said))
    for word in _words(profile):
        number = number_for(word, said)
        if word.table == table and number is not None:
            registers.update(enumerate(encode_number(number, word.type, word.order), word.address))
    time = profile.measured_at
    if time is not None and time.table == table and said.measured_at is not None:
        registers.update(enumerate(encode_time(said.measured_at, time.format), time.address))
    return registers


def number_for(word: StateWord, said: Said) -> int | None:
    """Give the number by which this register says the cause; None when it has none for it.

    For a normal state the row is taken whose text says idle or measuring, where there is one.
    """
    rows = [row for row in word.values if row.cause is said.cause]
    if said.cause is Cause.NORMAL:
        wanted = _BUSY_WORDS if said.measuring else _IDLE_WORDS
        told = [row for row in rows if any(text in row.text for text in wanted)]
        if not told and any(text in word.other_text for text in wanted):
            return _unlisted(word)
        rows = told or rows
    if rows:
        return rows[0].first
    return _unlisted(word) if word.other is said.cause else None


def unit_played(point: Point, wanted: str) -> str:
    """Give the unit a point is played in: its own, or of those it can switch to the one wanted."""
    if point.unit_from is None:
        return point.unit
    units = tuple(point.unit_from.values.values())
    return wanted if wanted in units else units[0]


def causes(profile: Profile) -> frozenset[Cause]:
    """Name the causes this model has a number for."""
    return frozenset(
        cause
        for cause in Cause
        if any(number_for(word, Said({}, {}, cause)) is not None for word in _words(profile))
    )


def _point(point: Point, said: Said) -> Iterator[tuple[int, int]]:
    number = (said.numbers.get(point.id, 0.0) - point.offset) / point.scale
    if point.type == "bit":
        yield point.address, int(bool(number))
        return
    yield from enumerate(encode_number(number, point.type, point.order), point.address)
    if point.unit_from is not None:
        unit = said.units[point.id]
        raw = next(raw for raw, name in point.unit_from.values.items() if name == unit)
        yield from enumerate(encode_number(raw, point.unit_from.type), point.unit_from.address)


def _unlisted(word: StateWord) -> int:
    return next(
        number for number in range(1, 0x10000) if not any(r.holds(number) for r in word.values)
    )


def _words(profile: Profile) -> tuple[StateWord, ...]:
    return (*profile.alarms, *([profile.state] if profile.state else []))


def _spans(profile: Profile) -> Iterator[tuple[str, int, int]]:
    """Give table, start and count of everything the profile names."""
    for point in profile.points:
        yield point.table, point.address, point.width
        if point.unit_from is not None:
            yield point.table, point.unit_from.address, number_width(point.unit_from.type)
    for word in _words(profile):
        yield word.table, word.address, word.width
    if profile.measured_at is not None:
        yield profile.measured_at.table, profile.measured_at.address, profile.measured_at.width
    for block in profile.blocks:
        yield block.table, block.start, block.count
