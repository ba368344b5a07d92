"""What an instrument says, as the registers of its profile. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from agent.tools.simulate.slow_registers import slow_registers
from drivers.device import Cause
from drivers.plan import time_of_check
from drivers.profile import Point, Profile, StateWord, UnitFrom
from drivers.profile_states import lowest_bit
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
    state: int | None = None
    """The number of the state word, where it is none that the cause alone gives."""
    gas: str = ""
    """What a calibration that is under way measures: zero or span; '' else."""


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
    for address, register in slow_registers(profile, table):
        registers[address] = register
    slots = [point for point in points if point.among is not None]
    for point in points:
        if point.table == table:
            slot = slots.index(point) if point.among is not None else 0
            for address, register in _point(point, said, slot):
                registers[address] = _merged(point, registers[address], register)
    for word in _words(profile):
        number = number_for(word, said)
        if word is profile.state and said.state is not None:
            number = _placed(word, said.state)
        elif said.state is not None:
            number = number_for(word, replace(said, cause=Cause.NORMAL))
        if number is None:
            number = number_for(word, replace(said, cause=Cause.NORMAL))
        if word.table == table and number is not None:
            registers.update(_word(word, number))
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
        return _placed(word, rows[0].first)
    bits = [bit for bit in word.bits if bit.cause is said.cause]
    if bits:
        return _placed(word, 1 << bits[0].bit)
    return _unlisted(word) if word.other is said.cause else None


def causes(profile: Profile) -> frozenset[Cause]:
    """Name the causes this model has a number for."""
    return frozenset(
        cause
        for cause in Cause
        if any(number_for(word, Said({}, {}, cause)) is not None for word in _words(profile))
    )


def _point(point: Point, said: Said, slot: int) -> Iterator[tuple[int, int]]:
    number = (said.numbers.get(point.id, 0.0) - point.offset) / point.scale
    if point.type == "bit":
        yield point.address, int(bool(number))
        return
    among = point.among
    address = point.address + (slot * among.step if among else 0)
    yield from enumerate(encode_number(number, point.type, point.order), address)
    if among is not None:
        unit = next((raw for raw, name in among.units.items() if name == said.units[point.id]), 0)
        yield address + among.code_at, among.code | unit
    if point.unit_from is not None:
        raw = _unit_code(point.unit_from, said.units[point.id])
        yield from enumerate(encode_number(raw, point.unit_from.type), point.unit_from.address)


def _unit_code(source: UnitFrom, unit: str) -> int:
    codes = [raw for raw, name in source.values.items() if name == unit]
    return codes[0] if codes else next(raw for raw in range(0x100) if raw not in source.values)


def _merged(point: Point, before: int, register: int) -> int:
    """Put one byte into a register that another point may share."""
    if point.type == "uint8-hi":
        return before & 0x00FF | register
    if point.type == "uint8-lo":
        return before & 0xFF00 | register
    return register


def _word(word: StateWord, number: int) -> Iterator[tuple[int, int]]:
    if word.type == "bit":
        yield word.address, number
        return
    yield from enumerate(encode_number(number, word.type, word.order), word.address)


def _placed(word: StateWord, number: int) -> int:
    return number if word.mask is None else number << lowest_bit(word.mask)


def _unlisted(word: StateWord) -> int:
    """Give a number that no row and no bit of the word speaks of."""
    begin = 0 if word.bits or word.type == "bit" else 1
    return next(
        _placed(word, number)
        for number in range(begin, 0x10000)
        if not any(row.holds(number) for row in word.values)
        and not any(number >> bit.bit & 1 for bit in word.bits)
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
    for parameter in profile.parameters:
        yield parameter.table, parameter.address, parameter.width
    for check in profile.checks:
        yield check.table, check.address, check.width
        if (time := time_of_check(check)) is not None:
            yield time.table, time.first, time.last - time.first
    for block in profile.blocks:
        yield block.table, block.start, block.count
