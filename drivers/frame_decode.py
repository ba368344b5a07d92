"""Answers in frames to readings, by the profile of the instrument. Pure.

The rules are those of `drivers.decode`: what failed says so, a value whose state is not known is
never called normal. And one of its own: an answer that names another unit than the profile gives no
value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from drivers.decode import State, trouble
from drivers.device import Cause, DeviceError, Reading, Refused
from drivers.language import Language
from drivers.profile_dialogue import Question, ResultAt, Status, Value
from drivers.profile_model import Profile
from protocols.frame_shapes import Denied, Said
from protocols.parts import decode_part


@dataclass(frozen=True, slots=True)
class Heard:
    """What became of one question: the frame of its answer, or the error in its place."""

    question: Question
    frame: bytes = b""
    error: DeviceError | None = None


Answers = Mapping[str, Heard]
"""By the id of the question."""


def said(language: Language, heard: Heard, item: Value | Status | ResultAt) -> Said | None:
    """Give one item of an answer, or None where it is not there or no such thing."""
    part = language.part(heard.question, heard.frame, item)
    if part is None:
        return None
    order = item.order if isinstance(item, Value) else "ABCD"
    return decode_part(part, item.type, order)


def refused(language: Language, heard: Heard) -> Refused | None:
    """Give the instrument's no, where the answer is one."""
    try:
        language.denied(heard.frame)
    except Denied as error:
        return Refused(str(error), code=error.code, received=heard.frame)
    return None


def state_of(profile: Profile, language: Language, answers: Answers) -> State:
    """Give the state: the first status that is not normal; one that is not known is not normal."""
    unknown: State | None = None
    for status in profile.status:
        heard = answers[status.question]
        if heard.error:
            failed = trouble(heard.error)
            unknown = unknown or State(failed.cause, f"state not known: {failed.text}")
            continue
        state = _meaning(status, said(language, heard, status))
        if state.cause is not Cause.NORMAL:
            return state
    return unknown or State(Cause.NORMAL, "")


def readings_of(
    profile: Profile, language: Language, answers: Answers, *, state: State, taken_at: float
) -> list[Reading]:
    """Give a reading for every value whose question is among the answers."""
    at = _measured_at(profile, language, answers)
    return [
        _reading(
            value,
            answers[value.question],
            language,
            state=state,
            taken_at=taken_at,
            measured_at=at if value.id in profile.batch_points else None,
        )
        for value in profile.values
        if value.question in answers
    ]


def _meaning(status: Status, told: Said | None) -> State:
    if told is None:
        return State(status.other, status.other_text or "the answer does not tell the state")
    if isinstance(told.value, str):
        word = told.value if told.value in status.words else told.value.lower()
        return State(*status.meaning(word))
    return State(*status.meaning(round(told.value)))


def _measured_at(profile: Profile, language: Language, answers: Answers) -> float | None:
    result = profile.result_at
    if result is None or result.question not in answers or answers[result.question].error:
        return None
    told = said(language, answers[result.question], result)
    return told.value if told and not isinstance(told.value, str) else None


def _reading(
    value: Value,
    heard: Heard,
    language: Language,
    *,
    state: State,
    taken_at: float,
    measured_at: float | None,
) -> Reading:
    if heard.error:
        failed = trouble(heard.error)
        return Reading(value.id, None, value.unit, taken_at, failed.cause, failed.text, measured_at)
    number, unit, fault = _number(value, heard, language)
    cause, reason = state.cause, state.text
    if cause is Cause.NORMAL:
        cause, reason = (Cause.FAULT, fault) if fault else (cause, "")
    elif fault:
        reason = f"{reason}; {fault}" if reason else fault
    return Reading(value.id, number, unit, taken_at, cause, reason, measured_at)


def _number(value: Value, heard: Heard, language: Language) -> tuple[float | None, str, str]:
    """Give number, unit and what is wrong with either."""
    told = said(language, heard, value)
    if told is None or isinstance(told.value, str):
        return None, value.unit, f"the answer holds no {value.type} at {value.at}"
    unit, fault = _unit(value, heard, language, told.unit)
    number = told.value
    if value.bit is not None:
        number = float(int(number) >> value.bit & 1)
    if number in value.unavailable:
        fault = f"{number:g} means not available"
    return (None if fault else number * value.scale + value.offset), unit, fault


def _unit(value: Value, heard: Heard, language: Language, behind: str) -> tuple[str, str]:
    if value.unit_at is None:
        same = not behind or not value.unit or behind.lower() == value.unit.lower()
        return value.unit, "" if same else f"the answer says {behind}, not {value.unit}"
    word = behind
    if value.unit_at != "":
        place = value.model_copy(update={"at": value.unit_at, "length": None, "type": "text"})
        told = said(language, heard, place)
        word = str(told.value) if told else ""
    unit = value.units.get(word)
    return (unit, "") if unit is not None else ("", f"unit {word!r} is not known")
