"""What is known of a factor in an edition."""

from __future__ import annotations

from dataclasses import dataclass, replace

from protocols.hj212.factor_table import FACTORS_2017, NAMES_2025, TYPES_2025


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
}
_TABLES = {"hj212-2017": _2017, "hj212-2025": _2025}


def factor(code: str, edition_name: str) -> Factor | None:
    """Look a code up; None when the edition's tables do not have it."""
    return _TABLES[edition_name].get(code)
