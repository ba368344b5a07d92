"""What `paikou probe` shows: of one instrument, its bytes, registers, values, state and time.

The facts come from `agent.probing.probe_facts`, whether this process asked or the daemon did.
"""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from drivers.bus import Bus
from drivers.device import Clock
from drivers.probe import UNITS, FoundUnit, ProbeResult, probe_device, scan
from drivers.profile import Profile
from drivers.settings import BusSettings, DeviceSettings
from protocols.hj212.editions import edition
from protocols.hj212.times import BEIJING_OFFSET_S
from protocols.registers import ByteOrder, decode_number

_ORDERS: tuple[ByteOrder, ...] = ("ABCD", "CDAB", "BADC", "DCBA")
_WIDE = 2
_SMALLEST, _LARGEST = 1e-4, 1e7
_ZONE = datetime.timezone(datetime.timedelta(seconds=BEIJING_OFFSET_S))


async def probe_alone(
    bus_settings: BusSettings, settings: DeviceSettings, *, profile: Profile, clock: Clock
) -> ProbeResult:
    """Open the line, ask one instrument once, close the line. For when no daemon holds it."""
    async with Bus(bus_settings) as bus:
        return await probe_device(settings, profile, bus=bus, clock=clock)


async def scan_alone(
    bus_settings: BusSettings, units: Iterable[int] = UNITS, *, timeout_s: float = 0.3
) -> AsyncIterator[FoundUnit]:
    """Open the line and look for units on it. Raises NoLine when the port is not there."""
    async with Bus(bus_settings) as bus:
        async for found in scan(bus, units, timeout_s=timeout_s):
            yield found


def probe_text(facts: Mapping[str, Any], *, edition_name: str = "hj212-2017") -> str:
    """Print the facts of one instrument for a terminal.

    The letter before a cause is that of the edition. A pair of registers is shown in all four byte
    orders where it gave no number or one of unlikely size: what one looks for at commissioning.
    """
    return "\n".join(_lines(facts, edition(edition_name).letters))


def _lines(facts: Mapping[str, Any], letters: Mapping[str, str]) -> Iterator[str]:
    where = f"{facts['bus']}:{facts['address']}"
    state = " ".join(part for part in (facts["cause"], facts["state"]) if part)
    yield f"{facts['device']}  {facts['profile']}  {where}  {state}  {facts['taken_ms']:.0f} ms"
    if facts["error"]:
        yield f"  {facts['error']}"
    for direction, data in facts["frames"]:
        yield f"  {direction} {data}"
    for span in facts["spans"]:
        answer = span["error"] or _hex(span["registers"])
        yield f"  {span['table']} 0x{span['start']:04X} x{span['count']}: {answer}"
    for reading in facts["readings"]:
        yield f"  {_reading(reading, letters)}"
        if len(reading["raw"]) == _WIDE and _unlikely(reading["value"]):
            yield f"    as float32: {_four_orders(reading['raw'])}"


def _reading(reading: Mapping[str, Any], letters: Mapping[str, str]) -> str:
    value = "—" if reading["value"] is None else f"{reading['value']:.6g}"
    cause = f"{letters.get(reading['cause'], '?')} {reading['cause']}"
    parts = [f"{reading['point']:<16}", f"{value:>12} {reading['unit']:<7}", f"{cause:<13}"]
    if reading["measured_at"] is not None:
        moment = datetime.datetime.fromtimestamp(reading["measured_at"], _ZONE)
        parts.append(moment.strftime("%Y-%m-%d %H:%M:%S"))
    parts += [_hex(reading["raw"]), reading["reason"]]
    return "  ".join(part for part in parts if part).rstrip()


def _unlikely(value: float | None) -> bool:
    return value is None or (value != 0 and not _SMALLEST <= abs(value) < _LARGEST)


def _four_orders(raw: Sequence[int]) -> str:
    words = []
    for order in _ORDERS:
        number = decode_number(raw, "float32", order)
        words.append(f"{order} {'—' if number is None else f'{number:.6g}'}")
    return ", ".join(words)


def _hex(registers: Sequence[int]) -> str:
    return " ".join(f"{register:04X}" for register in registers)
