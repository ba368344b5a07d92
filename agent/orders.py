"""Orders from this machine: a row like any other order, waited for until it is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from agent.bells import Bells
from agent.clock import Clock
from agent.store import actions
from agent.store.db import Store

PROBE_TIMEOUT_S = 60.0
LOOK_S = 0.5


async def order_probe(device: str, store: Store, clock: Clock, bells: Bells) -> Mapping[str, Any]:
    """Have a device asked once by the worker that owns its line; gives what `probe` found."""
    now = clock.now()
    number = await store.write(
        lambda connection: actions.add(
            connection,
            ref=f"probe:{device}:{now!r}",
            device=device,
            kind="probe",
            cause="operator",
            request={},
            now=now,
            not_after=now + PROBE_TIMEOUT_S,
        )
    )
    if number is None:
        return {"error": f"{device} is being asked already"}
    bells.ring(f"actions:{device}")
    for _ in range(int(PROBE_TIMEOUT_S / LOOK_S)):
        await bells.wait("probed", LOOK_S)
        action = await store.read(lambda connection: actions.get(connection, number))
        if action is None or action.finished_at is None:
            continue
        if action.state == "done":
            found: Mapping[str, Any] = json.loads(json.dumps(action.outcome))
            return found
        return {"error": f"{device}: not asked: {action.state}"}
    return {"error": f"{device}: not asked within {PROBE_TIMEOUT_S:.0f} s"}
