"""Answers of an instrument to readings, by its profile. Pure.

What failed says so: no answer gives Cause.NO_LINK, an exception Cause.FAULT with its text, "busy"
gives no reading at all. A value whose state is not known is never called normal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import add, mul
from typing import cast

from drivers.device import Cause, DeviceError, Reading, Refused
from drivers.placing import hexed, number_of, placed, value_of
from drivers.plan import Span, Want, want_of
from drivers.profile_model import Point, Profile, StateWord
from drivers.rows import Rows, joined
from drivers.runs import Place, Run, runs_of
from protocols.registers import decode_numbers, decode_time

BUSY = (5, 6)
TARGET_SILENT = (10, 11)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of one request: its registers or bits, or the error in their place."""

    span: Span
    values: tuple[int, ...] = ()
    error: DeviceError | None = None

    @property
    def busy(self) -> bool:
        """Tell whether the instrument asked to be asked again later."""
        return isinstance(self.error, Refused) and self.error.code in BUSY

    def cut(self, want: Want) -> tuple[int, ...]:
        """Give the registers of one part."""
        first = want.first - self.span.start
        return self.values[first : first + want.last - want.first]


@dataclass(frozen=True, slots=True)
class State:
    """How the instrument says it is doing."""

    cause: Cause
    text: str


def trouble(error: DeviceError) -> State:
    """Give what a failed request means for the values it should have brought."""
    if isinstance(error, Refused) and error.code not in TARGET_SILENT:
        return State(Cause.FAULT, str(error))
    return State(Cause.NO_LINK, str(error))


def find(answers: Sequence[Answer], want: Want) -> Answer:
    """Give the answer that holds these registers."""
    return next(answer for answer in answers if answer.span.holds(want))


def state_of(profile: Profile, answers: Sequence[Answer]) -> State | None:
    """Give the state: the first alarm that is not normal, else the state word; None while busy."""
    unknown: State | None = None
    state = State(Cause.NORMAL, "")
    for word in (*profile.alarms, *((profile.state,) if profile.state else ())):
        answer = find(answers, want_of(word))
        if answer.busy:
            return None
        if answer.error:
            failed = trouble(answer.error)
            unknown = unknown or State(failed.cause, f"state not known: {failed.text}")
            continue
        state = _meaning(word, answer)
        if state.cause is not Cause.NORMAL:
            return state
    return unknown or state


def measured_at(profile: Profile, answers: Sequence[Answer]) -> float | None:
    """Give the instrument's time of its result; None where it has or tells none."""
    if profile.measured_at is None:
        return None
    want = want_of(profile.measured_at)
    answer = find(answers, want)
    return None if answer.error else decode_time(answer.cut(want), profile.measured_at.format)


def readings_of(
    profile: Profile,
    answers: Sequence[Answer],
    state: State,
    *,
    taken_at: float,
    runs: Sequence[Run] | None = None,
    without: frozenset[str] = frozenset(),
) -> Sequence[Reading]:
    """Give a reading for every point, but those in `without` and those the instrument is busy for.

    `runs` are those of the profile, where somebody keeps them. A time of the result that is no time
    gives `measured_at` None, not an error.
    """
    at = measured_at(profile, answers)
    parts: list[Sequence[Reading]] = []
    for run in runs_of(profile) if runs is None else runs:
        if run.plain and (found := _whole(answers, run.want)) is not None:
            parts.append(_together(run, found, state, taken_at=taken_at, measured_at=at))
            continue
        each = ((place, find(answers, place.want)) for place in run.places)
        parts.append(
            [
                _apart(place, answer, state, taken_at=taken_at, measured_at=at)
                for place, answer in each
                if not answer.busy
            ]
        )
    readings = joined(parts)
    return [one for one in readings if one.point not in without] if without else readings


def _whole(answers: Sequence[Answer], want: Want) -> Answer | None:
    """Give the answer that brought all of these registers; None where none did."""
    for answer in answers:
        if answer.span.holds(want):
            return None if answer.error else answer
    return None


def _together(
    run: Run, answer: Answer, state: State, *, taken_at: float, measured_at: float | None
) -> Sequence[Reading]:
    """Read points that came in one piece, column by column: most of what is read is of this kind.

    Each is what `_apart` makes of it, which makes those that hold no number.
    """
    of, columns, count = run.places[0].point, run.columns, len(run.places)
    assert of.type != "bit"
    registers = answer.cut(run.want)
    numbers = decode_numbers(registers, of.type, of.order, count=count)
    without = _without_number(run, numbers)
    for place in without:
        numbers[place] = 0.0
    products = map(mul, cast("list[float]", numbers), columns.scales)
    rows = Rows(
        Reading._make,
        (
            columns.ids,
            tuple(map(add, products, columns.offsets)),
            columns.units,
            (taken_at,) * count,
            (state.cause,) * count,
            ("" if state.cause is Cause.NORMAL else state.text,) * count,
            columns.times(measured_at),
            tuple(zip(*[iter(registers)] * of.width, strict=True)),
        ),
    )
    if not without:
        return rows
    readings = [*rows]
    for place in without:
        readings[place] = _apart(
            run.places[place], answer, state, taken_at=taken_at, measured_at=measured_at
        )
    return readings


def _without_number(run: Run, numbers: Sequence[float | None]) -> list[int]:
    """Give the places of a run whose registers hold no number, or one that means none."""
    if not run.columns.sentinels and None not in numbers:
        return []
    pairs = enumerate(zip(numbers, run.places, strict=True))
    return [n for n, (one, at) in pairs if one is None or one in at.point.unavailable]


def _apart(
    place: Place, answer: Answer, state: State, *, taken_at: float, measured_at: float | None
) -> Reading:
    at = measured_at if place.batch else None
    return _reading(place.point, answer, state, taken_at=taken_at, measured_at=at)


def _meaning(word: StateWord, answer: Answer) -> State:
    registers = answer.cut(want_of(word))
    number = number_of(registers, word)
    if number is None:
        return State(word.other, word.other_text or f"state {hexed(registers)}")
    return State(*word.meaning(round(number)))


def _reading(
    point: Point, answer: Answer, state: State, *, taken_at: float, measured_at: float | None
) -> Reading:
    unit = point.unit
    if answer.error:
        failed = trouble(answer.error)
        return Reading(point.id, None, unit, taken_at, failed.cause, failed.text, measured_at)
    raw, unit, unit_fault = placed(point, answer.cut)
    value, fault = (None, unit_fault) if unit_fault else value_of(point, raw)
    cause, reason = state.cause, state.text
    if cause is Cause.NORMAL:
        cause, reason = (Cause.FAULT, fault) if fault else (cause, "")
    elif fault:
        reason = f"{reason}; {fault}" if reason else fault
    return Reading(point.id, value, unit, taken_at, cause, reason, measured_at, raw)
