"""The shape of a profile file: what a model of instrument says where, and how it wants to be asked.

Addresses are those on the wire, 0-based. Units are those of the instrument.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.device import Cause
from drivers.settings import Model
from protocols.registers import ByteOrder, NumberType, TimeFormat, number_width, time_width

ProfileName = Annotated[str, Field(pattern=r"^[a-z-]+/[a-z0-9.-]+$")]
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
    max_registers: int = Field(default=MAX_REGISTERS, ge=1, le=MAX_REGISTERS)


class UnitFrom(Model):
    """A register beside the value that tells its unit; read in the same request."""

    address: Address
    type: NumberType = "uint16"
    values: dict[int, str] = Field(min_length=1)

    @property
    def width(self) -> int:
        """How many registers it takes."""
        return number_width(self.type)


class Point(Model):
    """One number of the instrument. value = number * scale + offset, in `unit`."""

    id: PointId
    name: str = ""
    table: Table = Field(alias="register")
    address: Address
    type: PointType
    order: ByteOrder = "ABCD"
    unit: str = Field(default="", description="'' for a number without unit")
    basis: Basis = "actual"
    scale: float = 1.0
    offset: float = 0.0
    unavailable: tuple[float, ...] = Field(
        default=(), description="numbers before scale and offset that mean: nothing to say"
    )
    unit_from: UnitFrom | None = None
    together: str | None = Field(
        default=None, description="points of one name come in one request, gaps between them too"
    )

    @property
    def width(self) -> int:
        """How many registers, or bits, it takes."""
        return 1 if self.type == "bit" else number_width(self.type)

    @model_validator(mode="after")
    def _check(self) -> Self:
        bits = self.table in ("coil", "discrete")
        if bits != (self.type == "bit"):
            raise ValueError(f"point {self.id}: a {self.table} cannot hold a {self.type}")
        if self.unit_from and self.unit:
            raise ValueError(f"point {self.id}: give unit or unit_from, not both")
        return self


class StateRange(Model):
    """Numbers from..to (both included) of a state register, and what they mean."""

    first: int = Field(alias="from")
    last: int | None = Field(default=None, alias="to", description="default: the same as from")
    cause: Cause
    text: str = ""

    def holds(self, number: int) -> bool:
        """Tell whether the number belongs here."""
        return self.first <= number <= (self.first if self.last is None else self.last)


class StateWord(Model):
    """A register that says how the instrument is doing. A float is rounded to a whole number."""

    table: Table = Field(alias="register")
    address: Address
    type: NumberType = "uint16"
    order: ByteOrder = "ABCD"
    values: tuple[StateRange, ...] = Field(min_length=1)
    other: Cause
    other_text: str = ""

    @property
    def width(self) -> int:
        """How many registers it takes."""
        return number_width(self.type)

    def meaning(self, number: int) -> tuple[Cause, str]:
        """Give cause and text of a number; the first range that holds it decides."""
        for row in self.values:
            if row.holds(number):
                return row.cause, row.text
        return self.other, self.other_text or f"state {number}"


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


class Block(Model):
    """Registers known to be readable in one request, gaps between points included."""

    table: Table = Field(alias="register")
    start: Address
    count: int = Field(ge=1, le=MAX_REGISTERS)


class Profile(Model):
    """One model of instrument."""

    profile: ProfileName
    name: str
    source: str = Field(min_length=1, description="where the map comes from, in words")
    confidence: Literal["manual", "device_source", "field"]
    driver: Literal["modbus", "dayue-sampler"]
    line: Line = Line()
    points: tuple[Point, ...] = Field(min_length=1)
    state: StateWord | None = None
    alarms: tuple[StateWord, ...] = Field(
        default=(), description="looked at before the state: the first that is not normal decides"
    )
    measured_at: MeasuredAt | None = None
    batch: Batch | None = None
    holes: Literal["readable", "forbidden"] = Field(
        default="forbidden", description="may registers between two points be read over?"
    )
    blocks: tuple[Block, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Give the folder of the profile: water, gas, metals, flow, sampler."""
        return self.profile.partition("/")[0]

    @property
    def batch_points(self) -> frozenset[str]:
        """Ids of the points that change only with a new result of the analyzer."""
        if self.batch is None:
            return frozenset()
        timed = self.measured_at.points if self.measured_at else ()
        return frozenset(timed or (point.id for point in self.points))

    def point(self, point_id: str) -> Point | None:
        """Give the point of that id."""
        return next((point for point in self.points if point.id == point_id), None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        for fault in itertools.chain(self._repeated(), self._unknown(), self._too_long()):
            raise ValueError(fault)
        return self

    def _repeated(self) -> Iterator[str]:
        seen: set[str] = set()
        for point in self.points:
            if point.id in seen:
                yield f"point {point.id}: twice"
            seen.add(point.id)

    def _unknown(self) -> Iterator[str]:
        if self.driver == "dayue-sampler" and self.state is None:
            yield "state: the sampler driver needs it"
        if self.measured_at and self.batch is None:
            yield "measured_at: a result with a time of its own needs batch with its cycle_min"
        for point_id in self.measured_at.points if self.measured_at else ():
            if self.point(point_id) is None:
                yield f"measured_at.points: no point {point_id}"

    def _too_long(self) -> Iterator[str]:
        limit = self.line.max_registers
        for name, group in self.together().items():
            first = min(point.address for point in group)
            last = max(point.address + point.width for point in group)
            if last - first > limit:
                yield f"together {name}: {last - first} registers, max_registers is {limit}"
            if len({point.table for point in group}) > 1:
                yield f"together {name}: points of more than one table"

    def together(self) -> dict[str, list[Point]]:
        """Give the points that must come in one request, by the name of their group."""
        groups: dict[str, list[Point]] = {}
        for point in self.points:
            if point.together:
                groups.setdefault(point.together, []).append(point)
        return groups
