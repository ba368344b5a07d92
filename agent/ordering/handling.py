"""Does what was ordered: a row at a time, each in one write transaction with its answer."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from agent.asked import Asked
from agent.bells import Bells
from agent.clock import Clock
from agent.ordering import envelope, notices
from agent.ordering.intake import BELL
from agent.ordering.kinds import Kind
from agent.ordering.overseeing import oversee
from agent.ordering.table import KINDS
from agent.plan import Plan, StationPlan
from agent.store import orders, series
from agent.store.db import Store
from agent.store.giving import is_full
from agent.store.orders import Order, State

log = logging.getLogger(__name__)

LOOK_S = 2.0
MOST_TRIES = 3
"""An order that broke us that often is refused: it must not stand before all others for ever."""


@dataclass(frozen=True, slots=True)
class Handling:
    """The worker. `plan` gives the plan in force."""

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    bells: Bells
    kinds: Mapping[str, Kind] | None = None
    """Other kinds than those of the table."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except sqlite3.OperationalError as error:
                if not is_full(error):
                    raise
                # what was ordered stays ordered until there is room
                log.error("no room to do what was ordered: %s", error)
            await self.bells.wait(BELL, LOOK_S / min(self.clock.speed, 20.0))

    async def look(self) -> int:
        """Settle what was ordered, then see to what lasts; gives how many orders were settled.

        Before the clock can be right nothing is dated, so nothing is begun.
        """
        if not self.clock.sane():
            return 0
        open_ones = await self.store.read(orders.open_ones)
        for order in open_ones:
            await self.store.write(lambda connection, one=order: orders.begun(connection, one.id))  # type: ignore[misc]  # mypy sees no type in a default
            await self.store.write(lambda connection, one=order: self._settle(connection, one))  # type: ignore[misc]  # as above
        owed = await oversee(self.plan(), self.store, self.clock)
        if open_ones or owed:
            self.bells.ring(*self.plan().outbox_bells())
        return len(open_ones)

    def _settle(self, connection: sqlite3.Connection, order: Order) -> None:
        now = self.clock.now()
        connection.execute("SAVEPOINT ordered")
        text = self._refusal(connection, order, now)
        if text is not None:  # what is refused has changed nothing
            connection.execute("ROLLBACK TO ordered")
        connection.execute("RELEASE ordered")
        state: State = "done" if text is None else "refused"
        orders.settle(connection, order, state, text=text or "", now=now)
        notices.reply(
            connection,
            order.station,
            ref=order.ref,
            kind=order.kind,
            state=state,
            text=text or "",
            now=now,
        )
        log.info("%s: order %s %s: %s", order.station, order.ref, order.kind, state)

    def _refusal(self, connection: sqlite3.Connection, order: Order, now: float) -> str | None:
        """Do it; None when it is done, else why not."""
        plan, kinds = self.plan(), KINDS if self.kinds is None else self.kinds
        station, kind = plan.stations.get(order.station), kinds.get(order.kind)
        if kind is None:
            return f"没有 {order.kind} 这种命令，可用 / unknown kind, allowed: {', '.join(kinds)}"
        if station is None:
            return "站点已撤销 / the station is gone"
        if order.tries >= MOST_TRIES:
            return "本机处理出错 / failed inside"
        if not allowed(station, kind):
            return "未授权 / not granted (commands)"
        try:
            body = kind.model.model_validate_json(order.body)
        except ValidationError as error:
            return envelope.said(error)
        outlet = getattr(body, "outlet", "")
        here = [one.id for one in station.outlets]
        if outlet and outlet not in here:
            return f"没有排放口 / no outlet {outlet}; {', '.join(here)}"
        names = series.load(connection)
        asked = Asked(plan, names, order.station, order.ref, now)
        return kind.handler(connection, body, asked)


def allowed(station: StationPlan, kind: Kind) -> bool:
    """Say whether the platform's command policy lets it; reading and recording always may."""
    policy = station.destination.commands
    if kind.effect == "parameters":
        return policy.parameters == "allow"
    return kind.effect != "control" or policy.control == "allow"
