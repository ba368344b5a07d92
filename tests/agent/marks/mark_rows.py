"""Records and times for the tests of marks."""

from __future__ import annotations

from typing import Any

from agent.marks import Channel, Record
from agent.model import MarkKind, MarkState
from protocols.hj212.times import parse_wire_time

OUTLET = "DA001"


def at(clock: str, day: str = "20260305") -> int:
    """Give an instant of a local day."""
    return int(parse_wire_time(day + clock.replace(":", "") + "00"))


def record(
    code: str,
    start: str | int,
    last: str | int,
    *factors: str,
    kind: MarkKind = MarkKind.EQUIPMENT,
    state: MarkState = MarkState.CONFIRMED,
    channel: Channel = Channel.MANUAL,
    **more: Any,
) -> Record:
    """Give a mark from its first to its last marked minute, or from second to exclusive second."""
    first = at(start) if isinstance(start, str) else start
    end = at(last) + 60 if isinstance(last, str) else last
    return Record(OUTLET, factors, kind, code, first, end, channel, state, **more)


def condition(code: str, start: str | int, last: str | int, **more: Any) -> Record:
    """Give a confirmed condition of a furnace."""
    return record(code, start, last, kind=MarkKind.CONDITION, facility="MF0001", **more)
