"""What a profile says of the instrument's own state, and of the time of its results."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from drivers.device import Cause
from drivers.profile_points import Address, PointId, PointType, Table
from drivers.settings import Model
from protocols.registers import ByteOrder, TimeFormat, number_width, time_width


class StateRange(Model):
    """Numbers from..to (both included) of a state register, and what they mean."""

    first: int = Field(alias="from")
    last: int | None = Field(default=None, alias="to", description="default: the same as from")
    cause: Cause
    text: str = ""

    def holds(self, number: int) -> bool:
        """Tell whether the number belongs here."""
        return self.first <= number <= (self.first if self.last is None else self.last)


class StateBit(Model):
    """One bit of a state word, 0 the least, and what it means while it is 1."""

    bit: int = Field(ge=0, le=31)
    cause: Cause
    text: str = ""


class StateWord(Model):
    """A register that says how the instrument is doing. A float is rounded to a whole number.

    `bits` are looked at first, in their order; the first that is 1 decides. Then `values`.
    """

    table: Table = Field(alias="register")
    address: Address
    type: PointType = "uint16"
    order: ByteOrder = "ABCD"
    mask: int | None = Field(
        default=None, ge=1, le=0xFFFFFFFF, description="the bits that count, moved down to bit 0"
    )
    bits: tuple[StateBit, ...] = ()
    values: tuple[StateRange, ...] = ()
    other: Cause
    other_text: str = ""

    @property
    def width(self) -> int:
        """How many registers, or bits, it takes."""
        return 1 if self.type == "bit" else number_width(self.type)

    def meaning(self, number: int) -> tuple[Cause, str]:
        """Give cause and text of a number; the first bit or range that holds it decides."""
        if self.mask is not None:
            number = (number & self.mask) >> lowest_bit(self.mask)
        for bit in self.bits:
            if number >> bit.bit & 1:
                return bit.cause, bit.text
        for row in self.values:
            if row.holds(number):
                return row.cause, row.text
        return self.other, self.other_text or f"state {number}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not self.bits and not self.values:
            raise ValueError("a state word needs values or bits")
        if (self.table in ("coil", "discrete")) != (self.type == "bit"):
            raise ValueError(f"a {self.table} cannot hold a {self.type}")
        return self


class MeasuredAt(Model):
    """Where a batch analyzer keeps the time of its result, in its own local time."""

    table: Table = Field(alias="register")
    address: Address
    format: TimeFormat
    points: tuple[PointId, ...] = Field(
        default=(), description="the results it belongs to; default: every point"
    )

    @property
    def width(self) -> int:
        """How many registers it takes."""
        return time_width(self.format)


class Batch(Model):
    """How often the analyzer measures, and how long before its result the water was taken."""

    cycle_min: int = Field(default=60, ge=1, le=1440)
    lag_min: int = Field(default=60, ge=0, le=1440)


def lowest_bit(mask: int) -> int:
    """Give the number of the lowest bit that is 1."""
    return (mask & -mask).bit_length() - 1
