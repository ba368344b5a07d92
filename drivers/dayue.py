"""Registers of the Dayue water sampler, protocol V1.05, to words; pure.

Status, read from 0x0000:
    1 vessel (0 A, 1 B, 0xFFFF none)   3 run state   4, 5 step of vessel A, B   8 sampling failed
    9 supply failed   10 retention failed   11 fault (7 no free bottle)   12 bottles used
    13..36 mL in bottle 1..24
    37-38 temperature, float   51 door alarm   52 door (1 open)   53..58 its last time, one BCD
    number each   59-60 card of the last opening
Record of the last retention, read from 0x0051:
    0..5 time, one BCD number each, the first 20YY   6 result   7 fail reason   8 bottles asked
    9 number of factors   10..51 factors   52.. per bottle: number, result, volume, fail, nth, time
Command, written to 0x0219 as exactly three registers: first bottle, number of bottles, kind. Read
back, its first register is the command word; some firmware reads back 0 throughout.
Source: the sampler's firmware and the mapping document of its protocol V1.05
"""

from __future__ import annotations

import enum
from collections.abc import Sequence

from drivers.device import Filled, RetentionRecord, SamplerStatus
from drivers.profile_model import StateWord
from protocols.registers import decode_number, decode_time

STATUS = 0x0000
STATUS_SIZE = 0x003D
RECORD = 0x0051
RECORD_SIZE = 63
COMMAND = 0x0219
KIND_AUTOMATIC = 3
KINDS = {"A": 1, "B": 2, None: KIND_AUTOMATIC}
BOTTLES = 24
MOST_AT_ONCE = 6
FILLED = 0x0085
"""Where the bottles of the last retention stand, FILLED_SIZE registers each."""
FILLED_SIZE = 11
ASKED = 8
"""Where a record says how many bottles were asked for."""

_VESSELS = {0: "A", 1: "B"}
_NO_FREE_BOTTLE = 7
_RETAINING = frozenset({8, 9, 10, 11})
"""Steps of a vessel that a bottle is filled from: pipe, filling, positioning, draining the pipe."""


class CommandWord(enum.IntEnum):
    """What the command register reads back while and after a command."""

    IDLE = 0x0000
    FAILED = 0x2000
    DONE = 0x4000
    RECEIVED = 0x8000
    EXECUTING = 0xC000


def read_status(registers: Sequence[int], state: StateWord) -> SamplerStatus:
    """Give the status from STATUS_SIZE registers. A door register above 1 is not known."""
    cause, text = state.meaning(registers[3])
    return SamplerStatus(
        state=cause,
        text=text,
        vessel=_VESSELS.get(registers[1]),
        bottles_ml=tuple(registers[13 : 13 + BOTTLES]),
        door_open={0: False, 1: True}.get(registers[52]),
        fault=_fault(registers),
        temperature_c=decode_number(registers[37:39], "float32"),
        door_at=decode_time(registers[53:59], "bcd-words6"),
        card=registers[59] << 16 | registers[60] or None,
        retaining=any(step in _RETAINING for step in registers[4:6]),
    )


def read_record(registers: Sequence[int]) -> RetentionRecord | None:
    """Give the last retention from RECORD_SIZE registers; None when there was none.

    Not ok and without reason: begun, but bottle and volume are not there yet.
    """
    at = decode_time(registers[0:6], "bcd-words6")
    if at is None:
        return None
    result, fail = registers[6], registers[7]
    bottle, volume_ml = registers[52], registers[54]
    ok = 1 <= bottle <= BOTTLES and volume_ml > 0 and not fail
    reason = f"result {result}, fail reason {fail}" if fail else ""
    return RetentionRecord(at, bottle, float(volume_ml), ok, reason)


def read_filled(registers: Sequence[int]) -> tuple[Filled, ...]:
    """Give the bottles of the last retention that were filled, from FILLED on."""
    found = []
    for start in range(0, len(registers) - FILLED_SIZE + 1, FILLED_SIZE):
        bottle, _, volume_ml, fail = registers[start : start + 4]
        if 1 <= bottle <= BOTTLES and volume_ml > 0 and not fail:
            found.append(Filled(bottle, float(volume_ml)))
    return tuple(found)


def free_run(status: SamplerStatus, wanted: int) -> tuple[int, int] | None:
    """Give where empty bottles stand side by side: the first and how many, at most `wanted`.

    Fewer where there is no such row: one bottle is better than none. None when all are in use.
    """
    best: tuple[int, int] | None = None
    first, length = 1, 0
    for number, content in enumerate(status.bottles_ml, start=1):
        if content != 0:
            length = 0
            continue
        first = number if length == 0 else first
        length += 1
        if best is None or length > best[1]:
            best = first, length
        if length >= min(wanted, MOST_AT_ONCE):
            break
    return best


def _fault(registers: Sequence[int]) -> str:
    faults = [
        text
        for address, text in (
            (8, "sampling failed"),
            (9, "supply failed"),
            (10, "retention failed"),
        )
        if registers[address]
    ]
    if registers[11] == _NO_FREE_BOTTLE:
        faults.append("no free bottle")
    elif registers[11]:
        faults.append(f"fault {registers[11]}")
    return ", ".join(faults)
