"""The shape of a profile file: what a model of instrument says where, and how it wants to be asked.

Addresses are those on the wire, 0-based. Units are those of the instrument.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.profile_dialogue import Framing, Question, ResultAt, Status, Value
from drivers.profile_operations import Operation, OperationName, RecordAt
from drivers.profile_points import (
    MAX_REGISTERS,
    Address,
    Among,
    Basis,
    Check,
    Line,
    Parameter,
    Point,
    PointId,
    PointType,
    Quantity,
    Table,
    UnitFrom,
)
from drivers.profile_states import Batch, MeasuredAt, StateBit, StateRange, StateWord
from drivers.settings import Model

__all__ = [
    "MAX_REGISTERS", "MODBUS", "Address", "Among", "Basis", "Batch", "Block", "Check", "Driver",
    "Line", "MeasuredAt", "Parameter", "Point", "PointId", "PointType", "Profile", "ProfileName",
    "Quantity", "StateBit", "StateRange", "StateWord", "Table", "UnitFrom", "Value",
]  # fmt: skip

ProfileName = Annotated[str, Field(pattern=r"^[a-z-]+/[a-z0-9.-]+$")]
Driver = Literal[
    "modbus", "dayue-sampler", "thermo-clink", "siemens-elan", "mewtocol", "dcon", "megatec",
    "isco", "dlt645", "hj212-serial", "ascii", "kesheng-sampler", "shijiazhuang-sampler",
]  # fmt: skip
MODBUS: tuple[Driver, ...] = ("modbus", "dayue-sampler")
"""Drivers whose instruments are lists of registers."""


class Block(Model):
    """Registers known to be readable in one request, gaps between points included."""

    table: Table = Field(alias="register")
    start: Address
    count: int = Field(ge=1, le=MAX_REGISTERS)


class Profile(Model):
    """One model of instrument: `points` of registers, or `questions` and `values`."""

    profile: ProfileName
    name: str
    source: str = Field(min_length=1, description="where the map comes from, in words")
    confidence: Literal["manual", "device_source", "field", "convention"]
    driver: Driver
    line: Line = Line()
    points: tuple[Point, ...] = ()
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
    parameters: tuple[Parameter, ...] = Field(
        default=(), description="settings of the instrument, read every parameters_min"
    )
    parameters_min: int = Field(default=60, ge=1, le=1440)
    checks: tuple[Check, ...] = Field(
        default=(), description="results of its checks of itself, read with the parameters"
    )
    operations: dict[OperationName, Operation] = Field(default_factory=dict)
    record: RecordAt | None = Field(
        default=None, description="where a sampler writes down its last bottle"
    )
    frame: Framing | None = None
    questions: tuple[Question, ...] = ()
    values: tuple[Value, ...] = ()
    status: tuple[Status, ...] = Field(
        default=(), description="looked at in this order: the first that is not normal decides"
    )
    result_at: ResultAt | None = None
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """Give the folder of the profile: water, gas, metals, flow, sampler, power, modules."""
        return self.profile.partition("/")[0]

    @property
    def modbus(self) -> bool:
        """Tell whether its points are registers."""
        return self.driver in MODBUS

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every number it gives, of registers or of answers."""
        return (*self.points, *self.values)

    @property
    def batch_points(self) -> frozenset[str]:
        """Ids of the points that change only with a new result of the analyzer."""
        if self.batch is None:
            return frozenset()
        own_time = self.measured_at or self.result_at
        timed = own_time.points if own_time else ()
        return frozenset(timed or (point.id for point in self.quantities))

    def point(self, point_id: str) -> Point | None:
        """Give the point of that id."""
        return next((point for point in self.points if point.id == point_id), None)

    def quantity(self, point_id: str) -> Quantity | None:
        """Give the point or value of that id."""
        return next((one for one in self.quantities if one.id == point_id), None)

    @model_validator(mode="after")
    def _check(self) -> Self:
        faults = (self._repeated(), self._unknown(), self._too_long(), self._other_protocol())
        for fault in itertools.chain(*faults):
            raise ValueError(fault)
        return self

    def _repeated(self) -> Iterator[str]:
        yield from _twice("point", (one.id for one in self.quantities))
        yield from _twice("parameter", (one.id for one in self.parameters))
        yield from _twice("question", (one.id for one in self.questions))

    def _unknown(self) -> Iterator[str]:
        if self.driver == "dayue-sampler" and self.state is None:
            yield "state: the sampler driver needs it"
        own_time = self.measured_at or self.result_at
        if own_time and self.batch is None:
            yield "measured_at: a result with a time of its own needs batch with its cycle_min"
        for point_id in own_time.points if own_time else ():
            if self.quantity(point_id) is None:
                yield f"measured_at.points: no point {point_id}"
        asked = {question.id for question in self.questions}
        told = [*(one.question for one in self.values), *(one.question for one in self.status)]
        if self.result_at:
            told.append(self.result_at.question)
        for question in told:
            if question not in asked:
                yield f"no question {question}"
        yield from self._unknown_in_operations()

    def _unknown_in_operations(self) -> Iterator[str]:
        for name, operation in self.operations.items():
            if operation.proof and operation.proof.state and self.state is None:
                yield f"operations.{name}: proof by state, but there is no state"
            renewed = operation.proof.renewed if operation.proof else None
            if renewed is not None and self.quantity(renewed) is None:
                yield f"operations.{name}: no point {renewed}"
            if operation.then is not None and operation.then not in self.operations:
                yield f"operations.{name}: no operation {operation.then}"
            if name == "retain" and self.record is not None:
                yield from self._record_outside(self.record, operation)
            if bool(operation.sends) == self.modbus:
                wanted = "writes" if self.modbus else "sends"
                yield f"operations.{name}: {self.driver} takes {wanted}"

    def _record_outside(self, record: RecordAt, retain: Operation) -> Iterator[str]:
        if not self.modbus:
            yield from self._record_elsewhere(record)
            return
        proof = retain.proof
        if proof is None or proof.changed is None:
            yield "record: operations.retain.proof.changed says which registers it is in"
            return
        end = proof.changed + proof.width
        parts = [one for one in self.parameters if one.id == record.time and one.time]
        points = [one for one in self.points if one.id in (record.bottle, record.volume)]
        if len(parts) != 1 or len(points) != len({record.bottle, record.volume}):
            yield "record: a parameter with a time, and points for bottle and volume"
        named: tuple[Parameter | Point, ...] = (*parts, *points)
        for one in named:
            inside = proof.changed <= one.address and one.address + one.width <= end
            if one.table != proof.table or not inside:
                yield f"record: {one.id} is not within the registers of the proof"

    def _record_elsewhere(self, record: RecordAt) -> Iterator[str]:
        ids = {record.time, record.bottle, record.volume, record.result} - {None}
        parts = [one for one in self.values if one.id in ids]
        if len(parts) != len(ids) or len({one.question for one in parts}) != 1:
            yield "record: values of one answer for time, bottle and volume"

    def _other_protocol(self) -> Iterator[str]:
        if not self.quantities:
            yield "points: there are none"
        if self.modbus and (self.questions or self.values or self.status or self.frame):
            yield f"{self.driver} reads points, not questions and values"
        if not self.modbus and (self.points or self.state or self.alarms or self.parameters):
            yield f"{self.driver} reads questions and values, not points"
        if (self.driver == "ascii") != (self.frame is not None):
            yield "frame: the ascii driver needs it, no other takes it"

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


def _twice(what: str, ids: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for one in ids:
        if one in seen:
            yield f"{what} {one}: twice"
        seen.add(one)
