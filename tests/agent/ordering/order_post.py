"""A platform that orders by JSON, and the rows that are left: intake and worker on a real store."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from agent_house import House

from agent.ordering.handling import Handling
from agent.ordering.intake import Intake
from agent.ordering.kinds import Kind

STATION = "st1"


@dataclass
class OrderPost:
    house: House
    kinds: dict[str, Kind] | None = None
    intake: Intake = field(init=False)
    handling: Handling = field(init=False)

    def __post_init__(self) -> None:
        house = self.house
        self.intake = Intake(house.store, house.clock, house.bells)
        self.handling = Handling(
            lambda: house.plan, house.store, house.clock, house.bells, self.kinds
        )

    async def send(self, ref: str, kind: str, station: str = STATION, **body: Any) -> str | None:
        """Give the intake an order; gives what the link would be told."""
        text = json.dumps({"ref": ref, "kind": kind, "body": body}, ensure_ascii=False)
        return await self.intake.take(text.encode(), station)

    async def order(self, ref: str, kind: str, **body: Any) -> dict[str, Any]:
        """Order, let the worker look, and give the newest answer."""
        assert await self.send(ref, kind, **body) is None
        await self.handling.look()
        return self.replies()[-1]

    def owed(self, kind: str, *, station: str = STATION) -> list[dict[str, Any]]:
        """Give the details of the notices of a kind that a station is owed."""
        rows = self.house.rows(
            "SELECT body FROM outbox WHERE station = ? AND cn = 'event' ORDER BY id", station
        )
        found = [json.loads(body) for (body,) in rows]
        return [one["detail"] for one in found if one["kind"] == kind]

    def replies(self) -> list[dict[str, Any]]:
        return self.owed("order")

    def steps(self) -> list[str]:
        """Give the steps that events of supervision tell, in order."""
        rows = self.house.rows("SELECT detail FROM events WHERE kind = 'supervision' ORDER BY id")
        return [json.loads(detail)["step"] for (detail,) in rows]

    def journal(self, like: str) -> list[str]:
        rows = self.house.rows("SELECT what FROM journal WHERE what LIKE ? ORDER BY seq", like)
        return [what for (what,) in rows]
