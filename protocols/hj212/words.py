"""The words of a data area: what a message's field is called on the wire and what may stand there.

A message is a frozen dataclass whose fields are made by the functions here. `print_words` writes
them strictly, `read_words` reads what is near enough and tells each liberty as a warning.

Source: HJ/T 212-2005 §6.3.3, HJ 212-2017 §6.3.3 table 4, HJ 212-2025 §6.3.4 table 5
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from protocols.hj212.cp import Item, find
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError
from protocols.hj212.numbers import print_number
from protocols.hj212.times import parse_wire_time, wire_qn, wire_time

MAX_TEXT = 890
_LOG_CODE = re.compile(r"[iI][0-9]1")
_LOG = re.compile(r"//(.*)//", re.DOTALL)
_WORDS: dict[type[Any], tuple[tuple[str, Word], ...]] = {}  # one entry a message class
_TIME_14 = re.compile(r"[0-9]{14}")


class Missing(ValueError):
    """A word that a message cannot be without is not there."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word: its key, and how its value is written.

    `kind` is whole, moment, ms (a moment of 17 digits) or text. `low` to `high`, or `choices`,
    bound a whole number, `shape` a text. `joined` puts it behind a comma, not a semicolon, `first`
    in front of words that a message cannot be without. `also` are other spellings that are read;
    `old_key` and `old_high` are those of 2005.
    """

    key: str
    kind: str
    low: int = 0
    high: int = 9999
    choices: tuple[int, ...] = ()
    shape: str = ".*"
    optional: bool = False
    joined: bool = False
    first: bool = False
    also: tuple[str, ...] = ()
    old_key: str | None = None
    old_high: int | None = None

    def key_in(self, edition: Edition) -> str:
        """The key as an edition writes it."""
        return self.old_key if self.old_key and edition.base == "hj212-2005" else self.key

    def print(self, value: Any, edition: Edition) -> str:
        """Write a value. Raises LocalFrameError on one that may not stand here."""
        if (fault := self.fault(value, edition)) is not None:
            raise LocalFrameError(f"{self.key}: {fault}")
        if self.kind == "moment":
            return wire_time(value)
        if self.kind == "ms":
            return wire_qn(round(value * 1000))
        return str(value)

    def read(self, text: str) -> Any:
        """Read a value, in bounds or not. Raises ValueError."""
        if self.kind == "text":
            return text
        if self.kind == "whole":
            if not text.isascii() or not text.isdigit() or len(text) > 9:
                raise ValueError(f"{self.key}={text!r}: a whole number expected")
            return int(text)
        try:
            return parse_wire_time(text)
        except ValueError:
            message = f"{self.key}={text!r}: a time of 14 or 17 digits expected"
            raise ValueError(message) from None

    def fault(self, value: Any, edition: Edition) -> str | None:
        """Say what is wrong with a value, None when nothing is."""
        if self.kind == "text":
            right = re.fullmatch(self.shape, value, re.DOTALL) is not None
            return None if right else f"{value!r} is not {self.shape}"
        if self.kind != "whole":
            return None
        if self.choices:
            return None if value in self.choices else f"{value} is none of {self.choices}"
        high = self.high
        if self.old_high is not None and edition.base == "hj212-2005":
            high = self.old_high
        return None if self.low <= value <= high else f"{value} is not {self.low} to {high}"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Any number of `code-suffix=value`.

    `kind` is text, log (text, which stands between slashes where the code is that of a log),
    whole (0 to 9) or hours (0 to 24, two decimals).
    """

    suffix: str
    kind: str
    code: str
    shape: str = ".*"

    def print(self, told: Iterable[tuple[str, Any]]) -> tuple[Item, ...]:
        """Write the pairs, an item each. Raises LocalFrameError on a value out of bounds."""
        return tuple(((f"{code}-{self.suffix}", self._print(code, value)),) for code, value in told)

    def read(
        self, items: Iterable[Item]
    ) -> tuple[tuple[tuple[str, Any], ...], tuple[Item, ...], list[str]]:
        """Read the pairs: what they tell, what is left over, and the warnings."""
        told: list[tuple[str, Any]] = []
        rest: list[Item] = []
        warnings: list[str] = []
        for item in items:
            unread: list[tuple[str, str]] = []
            for key, said in item:
                code, _, suffix = key.rpartition("-")
                value = self._read(code, said) if suffix == self.suffix and code else None
                if value is None:
                    unread.append((key, said))
                    continue
                told.append((code, value))
                if (fault := self._fault(code, value)) is not None:
                    warnings.append(f"{key}: {fault}")
            if unread:
                rest.append(tuple(unread))
        return tuple(told), tuple(rest), warnings

    def _print(self, code: str, value: Any) -> str:
        if (fault := self._fault(code, value)) is not None:
            raise LocalFrameError(f"{code}-{self.suffix}: {fault}")
        if self.kind == "hours":
            return print_number(value, "N2.2")
        if self.kind == "log" and _LOG_CODE.match(code):
            return f"//{value}//"
        return str(value)

    def _read(self, code: str, said: str) -> Any:
        if self.kind == "whole":
            return int(said) if re.fullmatch("[0-9]", said) else None
        if self.kind == "hours":
            return float(said) if re.fullmatch(r"[0-9]{1,2}(?:\.[0-9]{1,6})?", said) else None
        if self.kind == "log" and _LOG_CODE.match(code) and (log := _LOG.fullmatch(said)):
            return log[1]
        return said

    def _fault(self, code: str, value: Any) -> str | None:
        if re.fullmatch(self.code, code) is None:
            return f"{code} is not {self.code}"
        if self.kind == "hours":
            return None if 0 <= value <= 24 else f"{value} h of a day"
        if self.kind == "whole":
            return None if 0 <= value <= 9 else f"{value} is not 0 to 9"
        if len(value.encode()) > MAX_TEXT:
            return f"{len(value.encode())} bytes, {MAX_TEXT} allowed"
        return None if re.fullmatch(self.shape, value, re.DOTALL) else f"{value!r}: {self.shape}"


def whole(key: str, low: int, high: int, **more: Any) -> Any:
    """Make a field for a whole number within bounds, both included."""
    return _field(Word(key, "whole", low=low, high=high, **more))


def one_of(key: str, *choices: int, **more: Any) -> Any:
    """Make a field for a whole number out of a few."""
    return _field(Word(key, "whole", choices=choices, **more))


def moment(key: str, *, ms: bool = False, **more: Any) -> Any:
    """Make a field for a moment, in UTC epoch seconds; `ms`: 17 digits on the wire."""
    return _field(Word(key, "ms" if ms else "moment", **more))


def text(key: str, shape: str, *, secret: bool = False, **more: Any) -> Any:
    """Make a field for a text of that shape (a regular expression); `secret`: not in repr."""
    return _field(Word(key, "text", shape=shape, **more), shown=not secret)


def pairs(suffix: str, kind: str, code: str, shape: str = ".*") -> Any:
    """Make a field for any number of `code-suffix=value`."""
    return dataclasses.field(metadata={"pairs": Pairs(suffix, kind, code, shape)})


def pairs_of(kind: type[Any]) -> tuple[str, Pairs] | None:
    """Give the field of a message class that holds pairs, None where there is none."""
    for each in dataclasses.fields(kind):
        if "pairs" in each.metadata:
            return each.name, each.metadata["pairs"]
    return None


def _field(word: Word, *, shown: bool = True) -> Any:
    default = None if word.optional else dataclasses.MISSING
    return dataclasses.field(default=default, repr=shown, metadata={"word": word})


def words_of(kind: type[Any]) -> tuple[tuple[str, Word], ...]:
    """Give the words of a message class with the names of their fields, in wire order."""
    known = _WORDS.get(kind)
    if known is None:
        fields = dataclasses.fields(kind)
        words = [(each.name, each.metadata["word"]) for each in fields if "word" in each.metadata]
        known = _WORDS[kind] = tuple(sorted(words, key=lambda named: not named[1].first))
    return known


def print_words(message: Any, edition: Edition) -> tuple[Item, ...]:
    """Write the words of a message. Raises LocalFrameError on a value that may not stand there."""
    items: list[Item] = []
    for name, word in words_of(type(message)):
        value = getattr(message, name)
        if value is None and word.optional:
            continue
        pair = (word.key_in(edition), word.print(value, edition))
        if word.joined and items:
            items[-1] = (*items[-1], pair)
        else:
            items.append((pair,))
    return tuple(items)


def read_words(
    kind: type[Any], items: Iterable[Item], edition: Edition
) -> tuple[dict[str, Any], tuple[Item, ...], tuple[str, ...]]:
    """Read the words of a message class: its fields, what is left over, and the warnings.

    Raises Missing, or ValueError on a value that cannot be read.
    """
    rest = tuple(items)
    fields: dict[str, Any] = {}
    warnings: list[str] = []
    for name, word in words_of(kind):
        usual = word.key_in(edition)
        keys = (usual, *(key for key in (word.key, word.old_key, *word.also) if key))
        key = next((key for key in keys if find(rest, key) is not None), None)
        if key is None:
            if not word.optional:
                raise Missing(f"no {usual}")
            fields[name] = None
            continue
        said = find(rest, key) or ""
        if key != usual:
            warnings.append(f"{key} for {usual}")
        fields[name] = word.read(said)
        warnings += _liberties(word, said, fields[name], edition=edition)
        rest = without(rest, key)
    return fields, rest, tuple(warnings)


def without(items: Iterable[Item], key: str) -> tuple[Item, ...]:
    """Give the items without the pairs of a key."""
    rest = (tuple(pair for pair in item if pair[0] != key) for item in items)
    return tuple(item for item in rest if item)


def _liberties(word: Word, said: str, value: Any, *, edition: Edition) -> list[str]:
    if (fault := word.fault(value, edition)) is not None:
        return [f"{word.key}: {fault}"]
    if word.kind == "moment" and not _TIME_14.fullmatch(said):
        return [f"{word.key}={said} has {len(said)} digits, not 14"]
    return []
