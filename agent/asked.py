"""Who gave an order that came as JSON, and what is in force: what its handler is told beside it."""

from __future__ import annotations

from dataclasses import dataclass

from agent.plan import Plan
from agent.store.series import Names


@dataclass(frozen=True, slots=True)
class Asked:
    """Who ordered, under which ref, when (UTC epoch seconds), and what the settings say."""

    plan: Plan
    names: Names
    station: str
    ref: str
    now: float
