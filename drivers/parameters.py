"""The settings an instrument keeps, and what its last checks of itself came to. Pure decoding.

Range, slope, intercept, detection limit and the like decide what a value means; they are read on a
slow schedule of their own so that a change does not go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from drivers.decode import Answer, find
from drivers.plan import plan_parameters, time_of_check, want_of
from drivers.profile_model import Check, Parameter, Profile
from protocols.registers import decode_number, decode_time


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """One setting as the instrument has it.

    `value` is in `unit`; a time is UTC epoch seconds, in unit `time`. None where it did not come or
    is no number. `text` is the meaning of a code.
    """

    id: str
    value: float | None
    unit: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check of the instrument came to, and when by its own clock.

    `nominal` and `passed` are what the instrument itself says of it, where it does; `point` is the
    value that was checked, '' where the instrument has one alone.
    """

    kind: str
    value: float | None
    unit: str
    at: float | None
    nominal: float | None = None
    passed: bool | None = None
    point: str = ""


def parameters_of(profile: Profile, answers: Sequence[Answer]) -> list[ParameterValue]:
    """Give every parameter of a profile from the answers to `plan_parameters(profile)`."""
    return [_parameter(parameter, answers) for parameter in profile.parameters]


def checks_of(profile: Profile, answers: Sequence[Answer]) -> list[CheckResult]:
    """Give the result of every check of a profile from the same answers.

    Leaves out a check that was never made: its time is no time.
    """
    return [result for check in profile.checks for result in _check(check, answers)]


def _parameter(parameter: Parameter, answers: Sequence[Answer]) -> ParameterValue:
    want = want_of(parameter)
    answer = find(answers, want)
    unit = parameter.unit if parameter.time is None else "time"
    if answer.error:
        return ParameterValue(parameter.id, None, unit)
    registers = answer.cut(want)
    if parameter.time is not None:
        return ParameterValue(parameter.id, decode_time(registers, parameter.time), unit)
    if parameter.type is None:
        raise ValueError(f"parameter {parameter.id}: neither type nor time")
    number = decode_number(registers, parameter.type, parameter.order)
    if number is None:
        return ParameterValue(parameter.id, None, unit)
    text = parameter.values.get(round(number), "")
    return ParameterValue(parameter.id, number * parameter.scale + parameter.offset, unit, text)


def _check(check: Check, answers: Sequence[Answer]) -> Iterator[CheckResult]:
    want = want_of(check)
    answer = find(answers, want)
    if answer.error:
        return
    number = decode_number(answer.cut(want), check.type, check.order)
    place = time_of_check(check)
    if place is None or check.time_format is None:
        yield CheckResult(check.kind, number, check.unit, None)
        return
    at = decode_time(answer.cut(place), check.time_format)
    if at is not None:
        yield CheckResult(check.kind, number, check.unit, at)


__all__ = ["CheckResult", "ParameterValue", "checks_of", "parameters_of", "plan_parameters"]
