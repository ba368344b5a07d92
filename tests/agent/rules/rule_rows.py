"""Values for the tests of agent.rules, one per hour from 2026-03-05 08:00 UTC+8."""

from __future__ import annotations

from agent.model import Cause
from agent.rules import JudgedValue
from protocols.hj212.times import parse_wire_time

EIGHT = int(parse_wire_time("20260305080000"))


def cod(value: float | None, hour: int = 0, cause: Cause = Cause.NORMAL) -> JudgedValue:
    """Give the result of that hour's water, complete 80 minutes after it began."""
    sampled = EIGHT + hour * 3600
    return JudgedValue("DW001", "w01018", value, cause, sampled, sampled + 4800, sampled + 4810)
