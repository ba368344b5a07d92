"""One row of an export, and what somebody asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.errors import Lang
from agent.plan import OutletPlan
from agent.store.series import Names
from agent.tools.export.table import What

Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Row:
    """One row: what it is about, from when to when (UTC epoch seconds), and its cells."""

    outlet: str
    factor: str
    start: float
    end: float
    cells: dict[str, Cell]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody asks for. An empty outlet or no factors means all of them."""

    what: What
    start: float
    end: float
    lang: Lang
    outlet: str = ""
    factors: tuple[str, ...] = ()
    names: Names = field(default=Names({}, {}))
    outlets: Mapping[str, OutletPlan] = field(default_factory=dict)

    def concerns(self, outlet: str, code: str) -> bool:
        """Say whether a row of that factor belongs to it."""
        return self.outlet in ("", outlet) and (not self.factors or code in self.factors)
