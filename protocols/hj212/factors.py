"""What is known of a factor in an edition."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from protocols.hj212.factor_table import FACTORS_2017, FACTORS_2025_ONLY, NAMES_2025, TYPES_2025
from protocols.hj212.factor_table_2005 import (
    FACTORS_2005_ONLY,
    NUMBER_TYPE_2005,
    SUCCESSORS_2017,
)


@dataclass(frozen=True, slots=True)
class Factor:
    """A measured quantity: its wire unit, the unit of its amount and its number type."""

    code: str
    name_zh: str
    medium: str
    unit: str
    amount_unit: str
    type: str


_2017 = {row[0]: Factor(*row) for row in FACTORS_2017}
_2025 = {
    code: replace(
        known,
        type=TYPES_2025.get(code, known.type),
        name_zh=NAMES_2025.get(code, known.name_zh),
    )
    for code, known in _2017.items()
} | {row[0]: Factor(*row) for row in FACTORS_2025_ONLY}
_SUCCESSOR = dict(SUCCESSORS_2017)
_PREDECESSOR = {new: old for old, new in SUCCESSORS_2017}
_2005 = {
    **{
        old: replace(_2017[new], code=old, type=NUMBER_TYPE_2005) for old, new in _SUCCESSOR.items()
    },
    **{row[0]: Factor(*row) for row in FACTORS_2005_ONLY},
    **{
        code: replace(known, type=NUMBER_TYPE_2005)
        for code, known in _2017.items()
        if known.medium == "noise"
    },
}
_TABLES: Mapping[str, Mapping[str, Factor]] = {
    "hj212-2005": MappingProxyType(_2005),
    "hj212-2017": MappingProxyType(_2017),
    "hj212-2025": MappingProxyType(_2025),
}


def factor(code: str, edition_name: str) -> Factor | None:
    """Look a code up; None when the edition's tables do not have it."""
    return _TABLES[edition_name].get(code)


def factor_table(edition_name: str) -> Mapping[str, Factor]:
    """Give all factors of an edition by code. Raises KeyError on a name that is none."""
    return _TABLES[edition_name]


def code_in(code: str, edition_name: str) -> str | None:
    """Give the code that another edition has for the same factor; None where it has none.

    `code` may be of any edition: `011` is `w01018` in 2017, and `w01018` is `011` in 2005.
    """
    table = _TABLES[edition_name]
    for other in (code, _SUCCESSOR.get(code), _PREDECESSOR.get(code)):
        if other in table:
            return other
    return None
