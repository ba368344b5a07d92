"""What a profile says of an instrument that does not talk Modbus: questions, and what they bring.

The driver knows frames and checksums of its protocol and reads `send` and `at` in its own words
(docs/profiles.md lists them). Only the declarative `ascii` driver takes `frame` and `answer`.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from drivers.device import Cause
from drivers.profile_points import PointId, Quantity
from drivers.profile_states import StateBit, StateRange
from drivers.settings import Model
from protocols.checksums import CheckKind
from protocols.registers import ByteOrder

QuestionId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
ValueType = Literal[
    "number", "hex", "text", "flag", "days1900", "hj212",
    "uint8", "uint16", "uint16-le", "int16", "uint32", "int32", "float32",
    "bcd", "bcd-signed", "bcd6",
]  # fmt: skip
Checksum = CheckKind | Literal["none"]


_ADDRESS = re.compile(r"\{address(?::([^{}]*))?\}")


def addressed(text: str, address: int) -> str:
    """Put the unit's address where `{address}` stands, formatted as Python does."""
    return _ADDRESS.sub(lambda found: format(address, found[1] or ""), text)


class Framing(Model):
    r"""How questions and answers of the declarative driver are framed.

    Bytes are written as text; `\xNN`, `\r` and `\n` stand for what cannot be typed.
    """

    end: str = Field(default="", description="put behind every question")
    check: Checksum = Field(default="none", description="checksum of question and answer")
    answer_check: Checksum | None = Field(default=None, description="where the answer's differs")
    answer_end: str = Field(default="", description="an answer is whole with these bytes")
    answer_length: int | None = Field(default=None, ge=1, le=2048, description="or with so many")
    idle_ms: int | None = Field(default=None, ge=5, le=5000, description="or after this silence")


class Question(Model):
    """One question. `send` is in the driver's words; '' for an instrument that only speaks."""

    id: QuestionId
    send: str = ""
    answer: str = Field(
        default="", description="ascii: regular expression over the bytes, with named groups"
    )
    slow: bool = Field(default=False, description="a parameter: asked on the slow schedule")

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            re.compile(addressed(self.answer, 1).encode("latin-1"), re.DOTALL)
        except (re.error, UnicodeEncodeError, ValueError) as error:
            raise ValueError(f"question {self.id}: answer: {error}") from error
        return self


class Value(Quantity):
    """A number in an answer. `at` says where, in the driver's words; `length` in its bytes."""

    question: QuestionId
    at: int | str
    length: int | None = Field(default=None, ge=1, le=64)
    type: ValueType = "number"
    order: ByteOrder = "ABCD"
    bit: int | None = Field(default=None, ge=0, le=31, description="this bit of the number alone")
    unit_at: int | str | None = Field(
        default=None, description="where the answer names the unit; '' : behind the number"
    )
    units: dict[str, str] = Field(
        default_factory=dict, description="the instrument's words for units, and ours"
    )

    @property
    def units_said(self) -> tuple[str, ...]:
        """Every unit it can come in."""
        return tuple(self.units.values()) or (self.unit,)

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.unit and self.units:
            raise ValueError(f"value {self.id}: give unit or units, not both")
        if (self.unit_at is None) != (not self.units):
            raise ValueError(f"value {self.id}: units and unit_at go together")
        return self


class ResultAt(Model):
    """Where an answer tells the time of a batch result, in the instrument's own local time."""

    question: QuestionId
    at: int | str
    length: int | None = Field(default=None, ge=1, le=64)
    type: ValueType
    points: tuple[PointId, ...] = Field(
        default=(), description="the results it belongs to; default: every value"
    )


class Word(Model):
    """What a word of an answer says of the instrument."""

    cause: Cause
    text: str = ""


class Status(Model):
    """A part of an answer that says how the instrument is doing; the first not normal decides.

    `words` is for texts (type text or flag), `bits` and `values` for numbers, as in Modbus.
    """

    question: QuestionId
    at: int | str
    length: int | None = Field(default=None, ge=1, le=64)
    type: ValueType = "uint8"
    words: dict[str, Word] = Field(default_factory=dict)
    bits: tuple[StateBit, ...] = ()
    values: tuple[StateRange, ...] = ()
    other: Cause
    other_text: str = ""

    def meaning(self, said: str | int) -> tuple[Cause, str]:
        """Give cause and text of what was said; the first word, bit or range decides."""
        if isinstance(said, str):
            word = self.words.get(said)
            return (word.cause, word.text) if word else (self.other, self.other_text or said)
        for bit in self.bits:
            if said >> bit.bit & 1:
                return bit.cause, bit.text
        for row in self.values:
            if row.holds(said):
                return row.cause, row.text
        return self.other, self.other_text or f"state {said}"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not (self.words or self.bits or self.values):
            raise ValueError(f"status of {self.question}: needs words, bits or values")
        return self
