"""What shows that an instrument did what it was told: its state, a record, its clock.

An acknowledgement is none. Every witness gives what it sees as one comparable thing.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from drivers.device import NoAnswer, Refused
from drivers.frame_device import FrameDevice
from drivers.modbus import ModbusDevice
from drivers.plan import Want, want_of
from drivers.profile_operations import ClockAt, Proof
from drivers.profile_states import StateWord
from protocols.registers import decode_number, decode_time, time_width

Operable = ModbusDevice | FrameDevice
CLOCK_S = 120.0
"""How far an instrument's clock may be off and count as set."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What was seen. `met`: it is what the proof wants, as far as one look can tell."""

    thing: Hashable
    met: bool
    text: str


async def see(device: Operable, proof: Proof) -> Sight:
    """Look once. Raises NoAnswer, BadAnswer or Refused."""
    if proof.causes:
        return await _cause(device, proof)
    if proof.renewed is not None:
        return await _record(device, proof.renewed)
    if not isinstance(device, ModbusDevice):
        raise Refused("this proof is for registers", code=0)
    if proof.clock is not None:
        return await _clock(device, proof.clock)
    if proof.state:
        return await _state(device, proof.state)
    start = proof.changed if proof.changed is not None else proof.cleared or 0
    width = proof.width if proof.changed is not None else 1
    seen = await device.registers(Want(proof.table, start, start + width), order=True)
    return Sight(
        seen, not any(seen), f"register {start} is {' '.join(f'{one:04X}' for one in seen)}"
    )


async def _cause(device: Operable, proof: Proof) -> Sight:
    look = await device.look(order=True)
    _ = look.came
    if look.state is None:
        raise NoAnswer("the instrument is busy")
    cause = look.state.cause
    return Sight(cause, cause in proof.causes, f"state {look.state.text or cause}")


async def _record(device: Operable, point: str) -> Sight:
    for reading in (await device.look(order=True)).came:
        if reading.point == point and reading.value is not None:
            return Sight((reading.value, reading.measured_at), False, f"{point} {reading.value:g}")
    raise NoAnswer(f"{point} did not come")


async def _state(device: ModbusDevice, wanted: tuple[int, ...]) -> Sight:
    word = device.profile.state
    if word is None:
        raise Refused("the profile has no state", code=0)
    number = state_number(word, await device.registers(want_of(word), order=True))
    return Sight(number, number in wanted, f"state {number}")


async def _clock(device: ModbusDevice, clock: ClockAt) -> Sight:
    end = clock.address + time_width(clock.format)
    told = decode_time(
        await device.registers(Want(clock.table, clock.address, end), order=True), clock.format
    )
    if told is None:
        return Sight(None, False, "the clock shows no time")
    off_s = told - device.clock.now()
    return Sight(round(told), abs(off_s) <= CLOCK_S, f"its clock is {off_s:+.0f} s off")


def state_number(word: StateWord, registers: tuple[int, ...]) -> int | None:
    """Give the number of a state word, as its profile lists it; None where it is no number."""
    if word.type == "bit":
        return registers[0]
    number = decode_number(registers, word.type, word.order)
    if number is None:
        return None
    if word.mask is None:
        return round(number)
    return (round(number) & word.mask) >> ((word.mask & -word.mask).bit_length() - 1)
