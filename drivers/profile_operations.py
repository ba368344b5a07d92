"""What a profile says an instrument can be told to do, and what proves that it did.

An acknowledged write is no proof: many analyzers acknowledge and drop a command while they are in
manual mode or a run is under way.
"""

from __future__ import annotations

import re
from typing import Literal, Self

from pydantic import Field, model_validator

from drivers.device import Cause
from drivers.profile_points import Address, PointId, Table
from drivers.settings import Model
from protocols.registers import ByteOrder, NumberType, TimeFormat

OperationName = Literal[
    "measure", "stop", "calibrate", "zero", "span", "blank", "standard", "initialise", "clean",
    "check_zero", "check_span", "check_standard", "check_blank", "parallel", "spike",
    "set_time", "set_mode", "set_interval", "set_range", "restart", "pump_on", "pump_off",
    "start", "pause", "resume", "reset", "sample", "drain", "supply", "retain", "retain_now",
    "sample_a", "sample_b", "supply_a", "supply_b", "drain_a", "drain_b",
    "empty_bottle", "trigger", "remote", "save", "output_on", "output_off",
]  # fmt: skip
Argument = Literal["bottle", "bottles", "volume_ml", "minutes", "mode", "code"]
"""What the one who orders has to name, in the place of a number."""


TOKEN = re.compile(r"\{([^{}]+)\}")
"""What is put into a command when it is sent."""
TIME_TOKENS = frozenset({"day1900", "mm-dd-yy", "HH:MM", "HH:MM:SS"})
"""Tokens that stand for the moment: nobody has to name them."""


class Number(Model):
    """A number the one who orders has to name, as registers behind those of the write."""

    type: NumberType
    order: ByteOrder = "ABCD"
    unit: str = ""


class Write(Model):
    """One write. Registers in this order: `values`, `time` (now), `number`, `then`."""

    table: Literal["holding", "coil"] = Field(default="holding", alias="register")
    address: Address
    values: tuple[int | Argument, ...] = ()
    time: TimeFormat | None = Field(default=None, description="local time of the moment, UTC+8")
    number: Number | None = None
    then: tuple[int, ...] = ()
    single: bool = Field(default=False, description="function 6 (or 5) and not 16 (or 15)")
    pause_ms: int = Field(default=0, ge=0, le=10_000, description="wait before the next write")

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.values or self.time or self.number):
            raise ValueError(f"write to {self.address}: nothing to write")
        if self.single and (len(self.values) != 1 or self.time or self.number or self.then):
            raise ValueError(f"write to {self.address}: a single write has one value")
        return self


class ClockAt(Model):
    """Registers of the instrument's own clock."""

    table: Table = Field(default="holding", alias="register")
    address: Address
    format: TimeFormat


class Proof(Model):
    """What shows that an operation is under way or done; one of them is given.

    `state`: the state word says one of these numbers. `causes`: the instrument's own state comes to
    mean one of these. `cleared`: this register went back to 0. `changed`: these registers are not
    what they were before. `renewed`: this point is not what it was before. `clock`: the
    instrument's clock is within two minutes of ours.
    """

    state: tuple[int, ...] = ()
    causes: tuple[Cause, ...] = ()
    table: Table = Field(default="holding", alias="register")
    cleared: Address | None = None
    changed: Address | None = None
    width: int = Field(default=1, ge=1, le=16, description="registers at `changed`")
    renewed: PointId | None = None
    clock: ClockAt | None = None
    within_s: float = Field(default=60.0, gt=0, le=7200)

    @model_validator(mode="after")
    def _check(self) -> Self:
        given = (self.cleared, self.changed, self.renewed, self.clock)
        if bool(self.state) + bool(self.causes) + sum(one is not None for one in given) != 1:
            raise ValueError("a proof is one of state, causes, cleared, changed, renewed, clock")
        return self


class RecordAt(Model):
    """Where a sampler's own record of its last bottle stands, inside what proves `retain`.

    They are a parameter with a time and points of the profile, all within the registers that
    `operations.retain.proof.changed` names, so that one request brings them together. Of a protocol
    other than Modbus they are values of one answer, the time too.

    A sampler that has to be told bottle and volume gets the next one up to `bottles`, and
    `volume_ml`. With `result`, a bottle counts when that is one of `kept`.
    """

    time: PointId
    bottle: PointId
    volume: PointId
    result: PointId | None = None
    kept: tuple[int, ...] = Field(default=(0,), min_length=1)
    failures: dict[int, str] = Field(default_factory=dict, description="results, and what they say")
    bottles: int | None = Field(default=None, ge=1, le=64, description="how many it has")
    volume_ml: float | None = Field(default=None, gt=0, description="what is asked of it")
    waiting: tuple[int, ...] = Field(
        default=(), description="numbers of the status in which it takes an order"
    )


class Operation(Model):
    """Something the instrument does when told. Without proof its acknowledgement is all there is.

    Modbus instruments are written to, the others are sent a command of their own protocol.
    """

    writes: tuple[Write, ...] = ()
    sends: tuple[str, ...] = Field(default=(), description="commands, in the driver's words")
    proof: Proof | None = None
    not_in: tuple[Cause, ...] = Field(
        default=(), description="own states in which it would be dropped: refused, nothing is sent"
    )
    then: OperationName | None = Field(
        default=None, description="what ends it: ordered `hold_s` after it shows, and by itself"
    )
    hold_s: float = Field(default=300.0, ge=0, le=3600, description="only with `then`")
    confirmed: bool = Field(default=True, description="false: a guess of the source, ask first")
    note: str = ""

    @property
    def wants(self) -> tuple[str, ...]:
        """Name what the one who orders has to say."""
        wanted: list[str] = []
        for write in self.writes:
            wanted += [one for one in write.values if isinstance(one, str)]
            wanted += ["number"] if write.number else []
        for text in self.sends:
            wanted += [one for one in TOKEN.findall(text) if one not in TIME_TOKENS]
        return tuple(dict.fromkeys(wanted))

    @model_validator(mode="after")
    def _check(self) -> Self:
        if bool(self.writes) == bool(self.sends):
            raise ValueError("an operation has writes (Modbus) or sends (other protocols)")
        if self.then is not None and self.proof is None:
            raise ValueError(f"then {self.then}: only where a proof shows that it has begun")
        return self
