"""When values beyond a limit become an exceedance, go on being one, and end."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from agent.rules.judged import JUDGED, JudgedValue
from agent.rules.limits import Limit, bound_broken


class Step(enum.StrEnum):
    """What a value did to the exceedance of its factor."""

    NOTHING = "nothing"
    OPENED = "opened"
    CONTINUED = "continued"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Exceedance:
    """The state between two values; plain values only, so that an event row can hold it.

    `is_open` is False while values beyond the limit are still too few. `limit` is the bound that
    the worst value broke. `first_at` and `last_at` are hours of sampling, `last_completed_at`
    tells a value that was seen already.
    """

    outlet: str
    factor: str
    is_open: bool
    rows: int
    first_at: int
    last_at: int
    last_completed_at: float
    worst: float
    limit: float


@dataclass(frozen=True, slots=True)
class Decision:
    """The step, and the state to keep; after CLOSED it is what ended, and nothing is to be kept."""

    step: Step
    exceedance: Exceedance | None


def debounce(limit: Limit, state: Exceedance | None, row: JudgedValue) -> Decision:
    """Hold the next value of a factor against its limit.

    Only normal and over-range values count. Anything else neither ends an exceedance nor breaks
    a run of values that may become one. The same value told again changes nothing.
    """
    if row.value is None or row.cause not in JUDGED or _seen(state, row):
        return Decision(Step.NOTHING, state)
    bound = bound_broken(limit, row.value)
    if bound is None:
        ended = state is not None and state.is_open
        return Decision(Step.CLOSED, state) if ended else Decision(Step.NOTHING, None)
    known = state or _first(row, row.value, bound=bound)
    rows = 1 if state is None else state.rows + 1
    worse = abs(row.value - bound) > abs(known.worst - known.limit)
    after = Exceedance(
        outlet=row.outlet,
        factor=row.factor,
        is_open=known.is_open or rows >= limit.rows,
        rows=rows,
        first_at=known.first_at,
        last_at=row.sampled_at,
        last_completed_at=row.completed_at,
        worst=row.value if worse else known.worst,
        limit=bound if worse else known.limit,
    )
    if known.is_open:
        return Decision(Step.CONTINUED, after)
    return Decision(Step.OPENED if after.is_open else Step.NOTHING, after)


def _seen(state: Exceedance | None, row: JudgedValue) -> bool:
    if state is None:
        return False
    # a late value of an earlier hour says nothing of how it goes on
    same = (state.last_at, state.last_completed_at) == (row.sampled_at, row.completed_at)
    return same or row.sampled_at < state.last_at


def _first(row: JudgedValue, value: float, *, bound: float) -> Exceedance:
    return Exceedance(
        outlet=row.outlet,
        factor=row.factor,
        is_open=False,
        rows=0,
        first_at=row.sampled_at,
        last_at=row.sampled_at,
        last_completed_at=row.completed_at,
        worst=value,
        limit=bound,
    )
