"""What is ordered from an instrument over its line: which operation a write is, its effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

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
ZERO, SPAN = "zero", "span"
_GASES = {
    **dict.fromkeys(("zero", "blank", "check_zero", "check_blank"), ZERO),
    **dict.fromkeys(("span", "standard", "check_span", "check_standard"), SPAN),
}
"""What is measured while one of these is under way; of the others it is not known."""


@dataclass(slots=True)
class Ordered:
    """Until when an instrument runs or calibrates because it was told to."""

    running_until: float = -math.inf
    calibrating_until: float = -math.inf
    gas: str = ""
    """What a calibration under way measures; '' where it measures on."""
    number: int | None = None
    """The state word of what was ordered, where the profile names it as the proof."""
    number_until: float = -math.inf
    parameters: dict[int, int] = field(default_factory=dict)
    """Registers of the parameters that were set."""

    def take(
        self, profile: Profile, function: int, start: int, values: Sequence[int], *, now: float
    ) -> OperationName | None:
        """Carry out what is written; give the operation it was.

        Raises `Refusal` on what is no operation of the profile.
        """
        if function not in COIL_WRITES and is_parameter(profile, start, len(values)):
            self.parameters.update(enumerate(values, start))
            return None
        if not profile.operations:
            raise Refusal(ILLEGAL_FUNCTION)
        name = operation_of(profile, function, start, values)
        if name is None and not begins(profile, function, start, values):
            raise Refusal(ILLEGAL_ADDRESS)
        if name is not None:
            self.do(profile, name, now=now)
        return name

    def do(self, profile: Profile, name: OperationName, *, now: float) -> None:
        """Carry out an operation. One that wants another to end it lasts until that comes."""
        operation = profile.operations[name]
        if name == "measure":
            self.running_until = now + RUN_S
            self.calibrating_until = min(self.calibrating_until, now)
        elif name in CALIBRATIONS:
            self.calibrating_until = math.inf if operation.then else now + CALIBRATION_S
            self.gas = _GASES.get(name, "")
        elif name == "stop":
            self.running_until = min(self.running_until, now)
            self.calibrating_until = min(self.calibrating_until, now)
        proof = operation.proof
        if proof is not None and proof.state:
            self.number, self.number_until = proof.state[0], now + RUN_S

    def shown(self, now: float) -> int | None:
        """Give the state word of what was ordered, while it is under way."""
        return self.number if now < self.number_until else None

    def result_at(self, now: float) -> float:
        """Give when the run that was ordered ended, in whole seconds; -inf before."""
        return math.floor(self.running_until) if 0 < self.running_until <= now else -math.inf


def is_parameter(profile: Profile, start: int, count: int) -> bool:
    """Say whether these are the registers of a parameter that can be set."""
    return any(
        one.writable and (one.address, one.width) == (start, count) for one in profile.parameters
    )


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
