"""Rows kept by columns: most of them are counted, compared, packed, and never looked at one by one.

A line at full speed brings hundreds of values a second, and making an object of each costs more
than reading, judging and storing it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar, cast, final, overload

T = TypeVar("T", bound=tuple[Any, ...])
Columns = tuple[tuple[Any, ...], ...]
"""One tuple for each field of a row, in the order of the fields, all of one length."""


@final
class Rows(Sequence[T]):
    """A sequence of rows of one kind; `make` is the kind's `_make`. Never changes."""

    __slots__ = ("columns", "make")

    def __init__(self, make: Callable[[Iterable[Any]], T], columns: Columns) -> None:
        self.make = make
        self.columns = columns

    def __len__(self) -> int:
        """Count the rows."""
        return len(self.columns[0])

    @overload
    def __getitem__(self, place: int) -> T: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[T]: ...

    def __getitem__(self, place: int | slice) -> T | Sequence[T]:
        """Make one row, or give a part as columns."""
        if isinstance(place, slice):
            return Rows(self.make, tuple(column[place] for column in self.columns))
        return self.make(column[place] for column in self.columns)

    def __iter__(self) -> Iterator[T]:
        """Make every row."""
        return map(self.make, zip(*self.columns, strict=True))

    def __eq__(self, other: object) -> bool:
        """Say whether the other is a sequence of equal rows."""
        if isinstance(other, Rows):
            return self.columns == other.columns
        return isinstance(other, Sequence) and [*self] == [*other]

    __hash__ = None  # type: ignore[assignment]  # as no list has one

    def __repr__(self) -> str:
        """Print them as a list of rows."""
        return repr([*self])


def columns_of(rows: Sequence[T]) -> Columns:
    """Give the columns of some rows; none where there is no row."""
    # an `isinstance` of an abstract class costs more than all that is done with the columns
    return rows.columns if type(rows) is Rows else tuple(zip(*rows, strict=True))


def joined(parts: Sequence[Sequence[T]]) -> Sequence[T]:
    """Give all rows of some sequences as one, by columns where each is kept so."""
    if len(parts) == 1:
        return parts[0]
    if not parts or not all(type(part) is Rows for part in parts):
        return [*chain.from_iterable(parts)]
    whole = cast("Sequence[Rows[T]]", parts)
    columns = zip(*(part.columns for part in whole), strict=True)
    return Rows(whole[0].make, tuple(tuple(chain.from_iterable(pieces)) for pieces in columns))
