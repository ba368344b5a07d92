"""What may be marked in which industry, and what of it is exempt: the tables of config/marks."""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from agent.model import MarkKind
from agent.settings.config import config_directory

Per = Literal["year", "quarter"]


@dataclass(frozen=True, slots=True)
class Name:
    """One name a mark may have. `quota` is the id of its quota, empty for none."""

    industry: str
    kind: MarkKind
    code: str
    name: str
    quota: str
    mark: str
    source: str


@dataclass(frozen=True, slots=True)
class Quota:
    """How much marked time of these codes is exempt per furnace and year or quarter.

    `hours` None: nobody saw the number, nothing is exempt. Each event of `each_codes` counts for
    `each_h` hours at most. Hours whose mean of `cap_factor` is above `cap` are not exempt.
    """

    id: str
    per: Per
    codes: frozenset[str]
    kind: MarkKind
    hours: float | None
    each_h: float | None = None
    each_codes: frozenset[str] = frozenset()
    cap_factor: str | None = None
    cap: float | None = None
    mark: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class IndustrySet:
    """The names and quotas of one industry, with those that hold everywhere."""

    industry: str
    names: tuple[Name, ...]
    quotas: tuple[Quota, ...]

    def name(self, kind: MarkKind, code: str) -> Name | None:
        """Give a name, None where the industry has no such mark."""
        return next((one for one in self.names if (one.kind, one.code) == (kind, code)), None)

    def quota_of(self, kind: MarkKind, code: str) -> Quota | None:
        """Give the quota a mark draws on, None for one without."""
        return next((one for one in self.quotas if one.kind is kind and code in one.codes), None)


def industry_set(industry: str, hours: Mapping[str, float] | None = None) -> IndustrySet:
    """Give the set of an industry; of one that is not known what holds everywhere.

    `hours` are the site's own numbers, by quota id; they go before those of the table.
    """
    names = tuple(one for one in _names() if one.industry in ("all", industry))
    own = hours or {}
    quotas = tuple(
        replace(one, hours=own.get(one.id, one.hours)) for one in _quotas(industry, names)
    )
    return IndustrySet(industry, names, quotas)


@functools.cache
def _names() -> tuple[Name, ...]:
    return tuple(
        Name(**{**row, "kind": MarkKind(row["kind"])})  # type: ignore[arg-type] # columns are the fields
        for row in _rows("kinds.csv")
    )


def _quotas(industry: str, names: tuple[Name, ...]) -> tuple[Quota, ...]:
    found = []
    for row in _rows("quotas.csv"):
        users = [one for one in names if one.quota == row["id"]]
        if row["industry"] != industry or not users:
            continue
        found.append(
            Quota(
                id=row["id"],
                per=cast(Per, row["per"]),
                codes=frozenset(one.code for one in users),
                kind=users[0].kind,
                hours=_number(row["hours"]),
                each_h=_number(row["each_h"]),
                each_codes=frozenset(filter(None, row["each_codes"].split(";"))),
                cap_factor=row["cap_factor"] or None,
                cap=_number(row["cap"]),
                mark=row["mark"],
                source=row["source"],
            )
        )
    return tuple(found)


def _number(text: str) -> float | None:
    return float(text) if text else None


@functools.cache
def _rows(name: str) -> tuple[dict[str, str], ...]:
    path = config_directory() / "marks" / name
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
