"""What a profile says of a line, and of the numbers that stand in registers."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.settings import Model
from protocols.registers import ByteOrder, NumberType, TimeFormat, number_width, time_width

PointId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
PointType = Literal[NumberType, "bit"]
Table = Literal["holding", "input", "coil", "discrete"]
Basis = Literal["actual", "standard", "standard_dry", "converted"]
Address = Annotated[int, Field(ge=0, le=0xFFFF)]

MAX_REGISTERS = 125
"""What one Modbus request may ask for (function 3 and 4)."""


class Line(Model):
    """How the model talks as it leaves the factory, and how fast it may be asked."""

    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    timeout_ms: int = Field(default=1000, ge=50, le=120_000)
    gap_ms: int = Field(default=20, ge=0, le=60_000, description="silence after its last answer")
    min_period_s: float = Field(default=0.0, ge=0, le=3600, description="asked no more often")
    max_registers: int = Field(default=MAX_REGISTERS, ge=1, le=MAX_REGISTERS)


class Quantity(Model):
    """One number of the instrument. value = number * scale + offset, in `unit`."""

    id: PointId
    name: str = ""
    unit: str = Field(default="", description="'' for a number without unit")
    basis: Basis = "actual"
    scale: float = 1.0
    offset: float = 0.0
    unavailable: tuple[float, ...] = Field(
        default=(), description="numbers before scale and offset that mean: nothing to say"
    )

    @property
    def units_said(self) -> tuple[str, ...]:
        """Every unit its value can come in."""
        return (self.unit,)


class UnitFrom(Model):
    """A register beside the value that tells its unit; read in the same request."""

    address: Address
    type: NumberType = "uint16"
    values: dict[int, str] = Field(min_length=1)
    other: str | None = Field(default=None, description="the unit of every code not listed")

    @property
    def width(self) -> int:
        """How many registers it takes."""
        return number_width(self.type)


class Among(Model):
    """One of several equal slots: the value is in the slot whose code register says so.

    Slot i has its value at address + i * step and its code at address + i * step + code_at. The
    code is compared under `mask`; under the rest of the bits it names the unit.
    """

    slots: int = Field(ge=1, le=32)
    step: int = Field(ge=2, le=16)
    code_at: int = Field(ge=1, le=15)
    mask: int = Field(default=0xFFFF, ge=1, le=0xFFFF)
    code: int = Field(ge=0, le=0xFFFF)
    units: dict[int, str] = Field(
        default_factory=dict, description="unit by the code under the bits outside the mask"
    )


class Point(Quantity):
    """A number in registers."""

    table: Table = Field(alias="register")
    address: Address
    type: PointType
    order: ByteOrder = "ABCD"
    unit_from: UnitFrom | None = None
    among: Among | None = None
    together: str | None = Field(
        default=None, description="points of one name come in one request, gaps between them too"
    )

    @property
    def number_width(self) -> int:
        """How many registers, or bits, the number takes."""
        return 1 if self.type == "bit" else number_width(self.type)

    @property
    def width(self) -> int:
        """How many registers, or bits, have to be read for it."""
        if self.among is None:
            return self.number_width
        slot = max(self.number_width, self.among.code_at + 1)
        return (self.among.slots - 1) * self.among.step + slot

    @property
    def units_said(self) -> tuple[str, ...]:
        """Every unit its value can come in."""
        if self.unit_from:
            other = (self.unit_from.other,) if self.unit_from.other is not None else ()
            return (*self.unit_from.values.values(), *other)
        if self.among and self.among.units:
            return tuple(self.among.units.values())
        return (self.unit,)

    @model_validator(mode="after")
    def _check(self) -> Self:
        bits = self.table in ("coil", "discrete")
        if bits != (self.type == "bit"):
            raise ValueError(f"point {self.id}: a {self.table} cannot hold a {self.type}")
        told = bool(self.unit) + bool(self.unit_from) + bool(self.among and self.among.units)
        if told > 1:
            raise ValueError(f"point {self.id}: give unit or unit_from, not both")
        return self


class Parameter(Model):
    """A setting of the instrument that is read now and then: range, slope, detection limit."""

    id: PointId
    name: str = ""
    table: Literal["holding", "input"] = Field(alias="register")
    address: Address
    type: NumberType | None = None
    time: TimeFormat | None = Field(default=None, description="in place of type: a local time")
    order: ByteOrder = "ABCD"
    unit: str = ""
    scale: float = 1.0
    offset: float = 0.0
    values: dict[int, str] = Field(
        default_factory=dict, description="what its numbers mean, where they are only codes"
    )
    writable: bool = False

    @property
    def width(self) -> int:
        """How many registers it takes."""
        if self.time is not None:
            return time_width(self.time)
        return number_width(self.type) if self.type else 0

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.type is None) == (self.time is None):
            raise ValueError(f"parameter {self.id}: give type or time")
        return self


class Check(Model):
    """The result of the instrument's last check of itself, with its own time where it has one."""

    kind: Literal["standard", "blank", "zero", "span", "spike", "parallel"]
    table: Literal["holding", "input"] = Field(alias="register")
    address: Address
    type: NumberType = "float32"
    order: ByteOrder = "ABCD"
    unit: str = ""
    time_address: Address | None = None
    time_format: TimeFormat | None = None

    @property
    def width(self) -> int:
        """How many registers its value takes."""
        return number_width(self.type)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.time_address is None) != (self.time_format is None):
            raise ValueError(f"check {self.kind}: time_address and time_format go together")
        return self
