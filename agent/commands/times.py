"""The clock: told (1011), set (1012) by the one platform that is its source."""

from __future__ import annotations

from agent.clock import STEP_S
from agent.commands import equipment
from agent.timekeeping import ClockRefused
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, FAULT, REFUSED, Asked, Result
from protocols.hj212.orders import ClockTime, ForLogger

AGREES_S = 10.0
"""A platform that may not set the clock is told `done` where ours agrees with its within this."""


def of_an_instrument(asked: Asked, _: Desk) -> int | None:
    """Refuse to tell the clock of an instrument: few have one that can be read (1011)."""
    return REFUSED if getattr(asked.order, "pol_id", None) else None


def cannot_be_set(asked: Asked, desk: Desk) -> int | None:
    """Refuse to set the clock of an instrument whose profile has no operation for it (1012)."""
    return equipment.nobody(asked, desk) if getattr(asked.order, "pol_id", None) else None


async def tell_time(asked: Asked, desk: Desk) -> Result:
    """Tell our time (1011)."""
    assert isinstance(asked.order, ForLogger)
    await desk.give(asked.segment, ClockTime("1011", desk.office.clock.now()))
    return Result()


async def set_time(asked: Asked, desk: Desk) -> Result:
    """Set the clock where this platform is the time source, else note how far it is off (1012).

    What is off by no more than a step is left alone: every step begins a new clock epoch. With a
    factor named, the clock of its instrument is meant; it gets our time, where both agree.
    """
    assert isinstance(asked.order, ClockTime)
    office, destination = desk.office, desk.station.destination.id
    offset_s = asked.order.system_time - office.clock.now()
    said = f"{offset_s:+.1f} s"
    if asked.order.pol_id:
        if abs(offset_s) > AGREES_S or not office.time.trusted:
            return Result(CONDITION, f"an instrument gets our time, which differs: {said}")
        return await equipment.order(asked, desk)
    office.offsets[destination] = offset_s
    if office.plan().site.time_source != destination:
        agrees = abs(offset_s) <= AGREES_S
        return Result(outcome=f"recorded: {said}") if agrees else Result(
            CONDITION, f"not our time source; recorded: {said}"
        )  # fmt: skip
    if abs(offset_s) <= STEP_S and office.clock.sane():
        return Result(outcome=f"agrees: {said}")
    try:
        office.set_clock(asked.order.system_time)
    except ClockRefused as error:
        return Result(FAULT, str(error))
    office.offsets[destination] = 0.0
    office.bells.ring("periods")
    return Result(outcome=f"set by {said}")
