"""A start is written down, and what was on its way when the process died is in doubt from then."""

from __future__ import annotations

import json
from typing import Any

from agent_house import House
from agent_site import HOUR
from test_exceedance import judged

from agent.reloading import InForce
from agent.starting import note_start
from agent.store import actions


async def test_order_that_was_on_its_way_is_in_doubt_after_a_start(house: House) -> None:
    house.clock.go(HOUR + 10)
    await judged(house)

    def die_and_start(connection: Any) -> None:
        (order,) = actions.open_ones(connection, "sampler")
        actions.start(connection, order.id, before=None, now=house.clock.now())
        note_start(connection, InForce(house.plan, "hash"), None, clock=house.clock, boot="b")

    await house.write(die_and_start)
    assert house.rows("SELECT state, outcome FROM actions") == [("unknown", "null")]
    ((text,),) = house.rows("SELECT detail FROM journal WHERE what = 'start'")
    assert json.loads(text)["in_doubt"] == 1
