"""The cap of an exemption by the hours of the store: PM above 150 mg/m3 is judged (T-M5)."""

from __future__ import annotations

import sqlite3

from agent_fakes import FakeClock
from agent_house import House
from agent_site import HOUR, T0

from agent import marking
from agent.desk import Desk
from agent.marks import Record
from agent.model import Cause, Kind, MarkKind, Period, Statistic
from agent.plan import make_plan
from agent.settings import parse_site
from agent.store import statistics
from agent.store.db import Store

PM = "a34013"
INCINERATION = """\
unit: {code: 91000000000000000X001P, name: 示例}
outlets:
  - id: DA001
    medium: gas
    marks: {industry: incineration}
    factors:
      a34013: {device: cems}
buses: [{id: net1, kind: tcp, host: 127.0.0.1, port: 1502}]
devices:
  - {id: cems, profile: gas/sick-mcs100ft-plc, bus: net1, address: 1, period_s: 5}
"""


def hour(number: int, avg: float) -> Statistic:
    period = Period(Kind.HOUR, int(T0) + number * HOUR)
    normal = Cause.NORMAL
    return Statistic("DA001", PM, period, avg, avg, avg, None, normal, normal, 1.0, True, 60, 60)


async def test_t_m5_burn_out_hour_above_150_is_not_exempt(store: Store) -> None:
    plan = make_plan(parse_site(INCINERATION.encode())[0])
    house = await House.on(store, plan, clock=FakeClock(T0 + 10 * HOUR))
    record = Record(
        "DA001", (), MarkKind.CONDITION, "停炉", int(T0), int(T0) + 4 * HOUR, facility="MF0001"
    )

    def decide(one: sqlite3.Connection) -> None:
        rows = [hour(0, 149.0), hour(1, 160.0), hour(2, 150.0)]  # the fourth is not known
        statistics.add(one, rows, names=house.names)
        desk = Desk(one, plan, house.names, house.clock.now())
        kept = marking.propose(desk, record, by="a", why="b")
        assert kept is not None
        marking.confirm(desk, kept.id, by="a", why="b")

    await house.write(decide)
    found = house.rows("SELECT start, end FROM marks WHERE kind = 'exemption' ORDER BY start")
    hours = [((a - T0) / HOUR, (b - T0) / HOUR) for a, b in found]
    assert hours == [(0, 1), (2, 3)]
