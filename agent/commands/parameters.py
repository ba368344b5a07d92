"""Settings of the logger that a platform reads and sets (1000, 1002, 1061 to 1064, 2011, 2012).

What is set becomes an override: it outranks the file until the file itself changes that key.
"""

from __future__ import annotations

import re
import sqlite3

from agent.settings.overriding import Override, Value, file_value
from agent.store import overrides
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, REFUSED, Asked, Result
from protocols.hj212.orders import (
    MinuteInterval,
    RealTimeInterval,
    SetMn,
    SetTimeOut,
)

LONGEST_TIME_OUT_S = 300
"""No platform needs longer; the day that 2005 allows would stop the sender."""


async def set_time_out(asked: Asked, desk: Desk) -> Result:
    """Set how long an answer may take and how often is sent again (1000)."""
    assert isinstance(asked.order, SetTimeOut)
    if not 1 <= asked.order.over_time_s <= LONGEST_TIME_OUT_S:
        return Result(CONDITION, f"1 to {LONGEST_TIME_OUT_S} s")
    return set_own(desk, timeout_s=float(asked.order.over_time_s), resends=asked.order.resends)


async def tell_real_time_interval(asked: Asked, desk: Desk) -> Result:
    """Tell the seconds between real-time uploads (1061)."""
    await desk.give(asked.segment, RealTimeInterval("1061", desk.station.destination.real_time_s))
    return Result()


async def set_real_time_interval(asked: Asked, desk: Desk) -> Result:
    """Set the seconds between real-time uploads (1062)."""
    assert isinstance(asked.order, RealTimeInterval)
    return set_own(desk, real_time_s=asked.order.interval_s)


async def tell_minute_interval(asked: Asked, desk: Desk) -> Result:
    """Tell the minutes that one upload of minutes covers (1063)."""
    await desk.give(asked.segment, MinuteInterval("1063", desk.station.destination.minutes))
    return Result()


async def set_minute_interval(asked: Asked, desk: Desk) -> Result:
    """Set the minutes that one upload of minutes covers (1064)."""
    assert isinstance(asked.order, MinuteInterval)
    return set_own(desk, minutes=asked.order.interval_min)


async def start_real_time(_: Asked, desk: Desk) -> Result:
    """Begin real-time uploads (2011)."""
    return set_own(desk, real_time=True)


async def stop_real_time(_: Asked, desk: Desk) -> Result:
    """End real-time uploads (2012); periods go on."""
    return set_own(desk, real_time=False)


def not_our_mn(asked: Asked, desk: Desk) -> int | None:
    """Refuse an MN that is for another logger, or is none."""
    order = asked.order
    if not isinstance(order, SetMn):
        return None
    shaped = re.fullmatch(desk.edition.mn_shape, asked.segment.mn) is not None
    ours = order.logger_id == desk.office.hardware().logger_id
    return None if shaped and ours else REFUSED


async def set_mn(asked: Asked, desk: Desk) -> Result:
    """Take the MN that the header of the request bears (1002)."""
    return set_own(desk, mn=asked.segment.mn)


async def reload(desk: Desk) -> None:
    """Put what was set in force, now that the platform knows."""
    await desk.office.reload()


def set_own(desk: Desk, **values: Value) -> Result:
    """Set something of the station, as long as the file says the same as now."""
    now = desk.office.clock.now()
    said = {station.id: (place, station) for place, station in desk.office.file().stations()}
    if desk.id not in said:
        return Result(CONDITION, "the station is gone from the site file")
    rows = [
        Override(desk.id, name, value, file_value(*said[desk.id], name), now, "platform")
        for name, value in values.items()
    ]

    def job(connection: sqlite3.Connection) -> None:
        for row in rows:
            overrides.put(connection, row)

    return Result(outcome=", ".join(f"{name}={value}" for name, value in values.items()), job=job)
