"""The register map of the Dayue sampler around its behaviour.

Wire addresses; holding registers 0x0000 to 0x0258 can be read throughout, what has no meaning
is 0. Times are one BCD number per register, the year as 0x20YY.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from agent.tools.simulate.dayue import (
    AUTOMATIC,
    BOTTLES,
    BUCKET_A,
    BUCKET_B,
    INSTANT,
    RUNNING,
    STOPPED,
    Dayue,
    Filled,
    Record,
)
from agent.tools.simulate.dayue_vessels import SERIAL_CONTROL
from agent.tools.simulate.pdu import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, ILLEGAL_VALUE, Refusal
from protocols.hj212.times import BEIJING_OFFSET_S, parse_wire_time
from protocols.registers import encode_number, encode_time

LAST = 0x0258
READY_S = 60.0
"""How long the sampler says that a new sample is ready."""

RESULT_OK, RESULT_FAILED = 1, 2
_PARAMETERS = range(0x0130, 0x019B)
_VOLUME, _PARALLEL = 0x0199, 0x019A
_CONTROL, _MARK_EMPTY, _FACTORS, _CLOCK = 0x01AD, 0x01AE, range(0x01B0, 0x01C2), 0x01DA
_RETAIN, _NEXT_FREE, _TRIGGER, _FLOW = 0x0219, 0x021C, 0x021E, 0x021F
_MODE, _BUCKETS = 0x0180, range(0x0216, 0x0219)
_IGNORED = (*range(0x0216, 0x021C), 0x0220)  # buckets: serial-control mode only; retain: not singly
_CLEAN_SLATE = {0x0181: 500, 0x0182: 60, _PARALLEL: 1}


class DayueUnit:
    """The sampler behind an address of a line."""

    def __init__(self, sampler: Dayue) -> None:
        self.sampler = sampler
        self._parameters = dict(_CLEAN_SLATE)
        if sampler.led:
            self._parameters[_MODE] = SERIAL_CONTROL
        self._ordered = (0, 0)

    def read(self, function: int, start: int, count: int) -> Sequence[int]:
        """Give holding registers; the sampler serves no other table. Raises `Refusal`."""
        if function != 3:
            raise Refusal(ILLEGAL_FUNCTION)
        if start + count - 1 > LAST:
            raise Refusal(ILLEGAL_ADDRESS)
        self.sampler.advance()
        image = self._image()
        return [image.get(address, 0) for address in range(start, start + count)]

    def write(self, function: int, start: int, values: Sequence[int]) -> None:
        """Obey a command, or keep a parameter. Raises `Refusal`."""
        if function not in (6, 16):
            raise Refusal(ILLEGAL_FUNCTION)
        if start + len(values) - 1 > LAST:
            raise Refusal(ILLEGAL_ADDRESS)
        self.sampler.advance()
        if start == _RETAIN and len(values) == 3:
            self._retain(*values)
        elif start == _CLOCK and len(values) == 7:
            self._set_clock(values)
        elif len(values) == 1 and start in (_CONTROL, _MARK_EMPTY, _NEXT_FREE, _TRIGGER):
            self._command(start, values[0])
        elif start in _PARAMETERS and start + len(values) - 1 in _PARAMETERS:
            self._parameters.update(zip(range(start, LAST), values, strict=False))
            self.sampler.volume_ml = self._parameters.get(_VOLUME, self.sampler.volume_ml)
            self.sampler.led = self._parameters.get(_MODE) == SERIAL_CONTROL
        elif start in _BUCKETS and len(values) == 1 and self.sampler.led:
            self._vessel(start, values[0])
        elif start not in (*_FACTORS, *_IGNORED, _FLOW):
            raise Refusal(ILLEGAL_ADDRESS)

    def _retain(self, start: int, count: int, kind: int) -> None:
        self.sampler.retain(start, count, kind=kind)
        self._ordered = (count, kind)

    def _command(self, address: int, value: int) -> None:
        if address == _CONTROL:
            if not 1 <= value <= 4:
                raise Refusal(ILLEGAL_VALUE)
            self.sampler.state = STOPPED if value == 3 else RUNNING
        elif address == _MARK_EMPTY:
            if value != 0xFF and not 1 <= value <= BOTTLES:
                raise Refusal(ILLEGAL_VALUE)
            self.sampler.empty(range(1, BOTTLES + 1) if value == 0xFF else [value])
        elif address == _NEXT_FREE:
            self.sampler.retain(1, value, kind=INSTANT)
        elif value == 1:
            self.sampler.retain(1, self._parameters[_PARALLEL], kind=AUTOMATIC)

    def _vessel(self, address: int, what: int) -> None:
        """Obey an order to a vessel; that to 0x0218 leaves the choice to the sampler."""
        number = address - _BUCKETS.start
        if number > 1:
            number = self.sampler.supplied if self.sampler.supplied in (0, 1) else 0
        self.sampler.vessels.order(number, what)

    def _set_clock(self, values: Sequence[int]) -> None:
        year, month, day, hour, minute, second, command = values
        if command != 1:
            return
        text = f"{2000 + year % 100:04d}{month:02d}{day:02d}{hour:02d}{minute:02d}{second:02d}"
        try:
            wanted = parse_wire_time(text)
        except ValueError:
            raise Refusal(ILLEGAL_VALUE) from None
        self.sampler.clock_off_s = wanted - self.sampler.clock.now()

    def _image(self) -> dict[int, int]:
        sampler = self.sampler
        image = dict(self._parameters)
        image[0x0001] = sampler.supplied
        image[0x0002] = int(sampler.now % sampler.habits.hold_s < READY_S)
        image[0x0003] = sampler.state
        image[0x0004] = sampler.step(BUCKET_A)
        image[0x0005] = sampler.step(BUCKET_B)
        image[0x000A] = int(sampler.retain_failed)
        image[0x000B] = sampler.fault
        image[0x000C] = sampler.used
        _put(image, 0x000D, sampler.bottles)
        _put(image, 0x0025, encode_number(_fridge(sampler.now), "float32", "ABCD"))
        image[0x0033] = sampler.door_alarm
        image[0x0034] = int(sampler.door_open)
        if sampler.door_at is not None:
            _put(image, 0x0035, encode_time(sampler.door_at, "bcd-words6"))
        _put(image, 0x003B, encode_number(sampler.card, "uint32", "ABCD"))
        _put(image, 0x003E, struct.unpack(">4H", int(sampler.now // 3600).to_bytes(8, "big")))
        if sampler.record is not None:
            _put(image, 0x0051, _record(sampler.record))
            for index, filled in enumerate(sampler.record.bottles):
                _put(image, 0x0085 + 11 * index, _bottle(filled, index + 1))
        image[_VOLUME] = sampler.volume_ml
        _put(image, 0x01FB, encode_number(_password(sampler.now), "uint32", "ABCD"))
        image[_RETAIN] = sampler.word if sampler.habits.word_reads_back else 0
        _put(image, _RETAIN + 1, self._ordered)
        return image


def _record(record: Record) -> list[int]:
    """Registers 0x51 to 0x59: time, result, fail reason, bottles asked."""
    result = RESULT_OK if record.ok else RESULT_FAILED
    return [*encode_time(record.at, "bcd-words6"), result, int(not record.ok), record.asked]


def _bottle(filled: Filled, nth: int) -> list[int]:
    """Eleven registers: bottle, result, volume, fail reason, nth, time."""
    result = RESULT_OK if filled.ok else RESULT_FAILED
    time = encode_time(filled.at, "bcd-words6")
    return [filled.bottle, result, filled.volume_ml, int(not filled.ok), nth, *time]


def _fridge(now: float) -> float:
    """A fridge between 3.8 and 4.4 °C that switches every few minutes."""
    return 3.8 + 0.6 * abs(now % 600 / 300 - 1)


def _password(now: float) -> int:
    """The door password of this minute: 999999 less DDHHMM of local time."""
    local = int(now) + BEIJING_OFFSET_S
    day = int(encode_time(now, "words6")[2])
    return 999_999 - (day * 10_000 + local // 3600 % 24 * 100 + local // 60 % 60)


def _put(image: dict[int, int], address: int, values: Sequence[int]) -> None:
    image.update(enumerate(values, address))
