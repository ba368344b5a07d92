"""What is ordered from an instrument over its line: which operation a write is, its effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from agent.tools.simulate.pdu import ILLEGAL_ADDRESS, ILLEGAL_FUNCTION, Refusal
from drivers.profile import Profile
from drivers.profile_operations import Operation, OperationName, Write
from protocols.registers import number_width, time_width

COIL_WRITES = (5, 15)
RUN_S = 60.0
"""How long a measurement takes that was ordered over the line."""
CALIBRATION_S = 60.0
CALIBRATIONS = frozenset({
    "calibrate", "zero", "span", "blank", "standard", "parallel", "spike",
    "check_zero", "check_span", "check_standard", "check_blank",
})  # fmt: skip


@dataclass(slots=True)
class Ordered:
    """Until when an instrument runs or calibrates because it was told to."""

    running_until: float = -math.inf
    calibrating_until: float = -math.inf

    def take(
        self, profile: Profile, function: int, start: int, values: Sequence[int], *, now: float
    ) -> None:
        """Carry out what is written. Raises `Refusal` on what is no operation of the profile."""
        if not profile.operations:
            raise Refusal(ILLEGAL_FUNCTION)
        name = operation_of(profile, function, start, values)
        if name is None and not begins(profile, function, start, values):
            raise Refusal(ILLEGAL_ADDRESS)
        if name == "measure":
            self.running_until = now + RUN_S
        elif name in CALIBRATIONS:
            self.calibrating_until = now + CALIBRATION_S

    def result_at(self, now: float) -> float:
        """Give when the run that was ordered ended, in whole seconds; -inf before."""
        return math.floor(self.running_until) if 0 < self.running_until <= now else -math.inf


def operation_of(
    profile: Profile, function: int, start: int, values: Sequence[int]
) -> OperationName | None:
    """Give the operation whose last write this is; None where the profile has none such.

    What has to be named by the one who orders (a bottle, a time) may be any number.
    """
    found = [
        name
        for name, operation in profile.operations.items()
        if _same(operation.writes[-1], function, start, values)
    ]
    return found[0] if found else None


def begins(profile: Profile, function: int, start: int, values: Sequence[int]) -> bool:
    """Say whether this is an earlier one of the writes of some operation."""
    earlier = (write for one in profile.operations.values() for write in _earlier(one))
    return any(_same(write, function, start, values) for write in earlier)


def _earlier(operation: Operation) -> tuple[Write, ...]:
    return operation.writes[:-1]


def _same(write: Write, function: int, start: int, values: Sequence[int]) -> bool:
    if (write.table == "coil") != (function in COIL_WRITES) or write.address != start:
        return False
    time = time_width(write.time) if write.time else 0
    number = number_width(write.number.type) if write.number else 0
    wanted = (*write.values, *[None] * (time + number), *write.then)
    return len(wanted) == len(values) and all(
        not isinstance(one, int) or one == value for one, value in zip(wanted, values, strict=True)
    )
