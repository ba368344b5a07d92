"""Takes an order from the link and makes a row of it. What it asks for is done by `Handling`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.ordering import envelope, notices
from agent.ordering.envelope import Unreadable
from agent.store import orders
from agent.store.db import Store
from agent.store.giving import is_full

BELL = "orders"
CONFLICT = "ref {ref} 已用于另一命令 / this ref was used for another order"


@dataclass(frozen=True, slots=True)
class Intake:
    """Where the orders of all stations arrive."""

    store: Store
    clock: Clock
    bells: Bells

    async def take(self, payload: bytes, station: str) -> str | None:
        """Keep an order as a row; gives why it could not even be answered, None where it is kept.

        One that came before is answered again, as far as it is settled.
        """
        try:
            found = envelope.read(payload)
        except Unreadable as error:
            return f"order: {error}"
        now, body = self.clock.now(), envelope.text_of(found.body)

        def job(connection: sqlite3.Connection) -> None:
            row, new = orders.add(
                connection, station, ref=found.ref, kind=found.kind, body=body, now=now
            )
            if new:
                return
            state, text = str(row.state), row.text
            if row.digest != orders.digest(found.kind, body):
                state, text = "refused", CONFLICT.format(ref=found.ref)
            elif state == "received":
                return  # its answer comes when it is settled
            notices.reply(
                connection,
                station,
                ref=found.ref,
                kind=found.kind,
                state=state,
                text=text,
                now=now,
            )

        try:
            await self.store.write(job)
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            return "order: no room for it"  # nobody is answered, so it comes again
        self.bells.ring(BELL, f"outbox:{station}")
        return None
