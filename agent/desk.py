"""Where a person's marks are worked on: a transaction, the settings in force, the names."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.errors import PaikouError
from agent.marks import Evidence, IndustrySet, industry_set
from agent.plan import Plan
from agent.settings.marks import MarkSettings
from agent.store.series import Names
from agent.witnessing import evidence_of


class MarkError(PaikouError):
    """A mark cannot be made or decided as asked."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where marks are worked on: one write transaction, the settings in force, the names."""

    connection: sqlite3.Connection
    plan: Plan
    names: Names
    now: float

    def settings(self, outlet: str) -> MarkSettings:
        """Give how an outlet's marks are settled. Raises MarkError for an unknown outlet."""
        if outlet not in self.plan.outlets:
            known = ", ".join(self.plan.outlets)
            raise MarkError(f"{outlet}: 没有这个排放口 / no such outlet; {known}")
        return self.plan.site.outlet(outlet).marks

    def industry(self, outlet: str) -> IndustrySet:
        """Give the marks an outlet's industry knows."""
        settings = self.settings(outlet)
        return industry_set(settings.industry, settings.quota_hours)

    def evidence(self, outlet: str, start: int, end: int) -> Evidence:
        """Give what was so at an outlet."""
        settings = self.settings(outlet)
        return evidence_of(
            self.connection, self.plan, self.names, outlet, start, end, settings=settings
        )
