"""Whether an exceedance keeps a bottle of the very water that exceeded (SMP-02, SMP-03)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.model import Cause, Kind, Period
from agent.rules.debounce import Decision, Step
from agent.rules.judged import JUDGED, JudgedValue
from agent.rules.keeping import Keeping
from agent.rules.limits import Limit, bound_broken

Mode = Literal["exceedance", "synchronous", "contact", "timed", "manual", "immediate", "no_verdict"]
"""Why a bottle is kept (SMP-04); `immediate` is a platform's order."""


INSIDE_THE_INTERVAL = "inside the retention interval"


@dataclass(frozen=True, slots=True)
class Kept:
    """A bottle that was kept or is ordered: its hour of sampling, and the moment it stands for."""

    sampled_at: int
    moment: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else was so in that hour.

    `flow` with its cause is the hour's flow, None when not known. `checking`: a standard check was
    running. `kept`: this factor's last bottle and its orders that are still open. `switch`: what
    the maintenance switch of the whole outlet says, empty when it is off. `drained`: the vessel
    with that hour's water was told to drain.
    """

    flow: float | None = None
    flow_cause: Cause = Cause.NO_LINK
    checking: bool = False
    kept: tuple[Kept, ...] = ()
    switch: str = ""
    drained: bool = False


@dataclass(frozen=True, slots=True)
class RetentionOrder:
    """Keep a bottle: it becomes an action row. Past `not_after` the vessel holds other water.

    `moment` is what the interval to other bottles is measured from. A contact that asked for the
    bottle gives neither value nor limit. `vessel` is None where the sampler alone knows it.
    """

    outlet: str
    factor: str
    value: float | None
    limit: float | None
    sampled_at: int
    moment: float
    not_after: float
    mode: Mode = "exceedance"
    bottles: int = 1
    vessel: str | None = None


@dataclass(frozen=True, slots=True)
class Blocked:
    """A value beyond its limit that keeps no bottle: it becomes an event with its reason."""

    outlet: str
    factor: str
    value: float | None
    limit: float | None
    sampled_at: int
    reason: str
    mode: Mode = "exceedance"


def bound_at_stake(limit: Limit, row: JudgedValue, decision: Decision) -> float | None:
    """Give the bound a bottle is asked for; None where nothing is to be kept or to be told.

    `decision` is what `debounce` made of the same value.
    """
    if not limit.retain or row.value is None:
        return None
    if row.cause in JUDGED and decision.step not in (Step.OPENED, Step.CONTINUED):
        return None
    return bound_broken(limit, row.value)


def retention(
    limit: Limit,
    row: JudgedValue,
    *,
    decision: Decision,
    circumstances: Circumstances,
    keeping: Keeping,
    moment: float | None = None,
) -> RetentionOrder | Blocked | None:
    """Decide on a bottle for a value; None where nothing is to be kept or to be told.

    `decision` is what `debounce` made of the same value, `moment` when a single value of a
    continuous instrument was taken; without it the value stands for its hour, whose end counts.
    Normal and over-range values of an open exceedance keep a bottle; any other cause blocks and
    says so.
    """
    bound = bound_at_stake(limit, row, decision)
    if bound is None or row.value is None:
        return None
    return _of_value(row, circumstances, keeping, bound=bound, mode="exceedance", moment=moment)


def synchronous(
    row: JudgedValue,
    *,
    circumstances: Circumstances,
    keeping: Keeping,
    moment: float | None = None,
) -> RetentionOrder | Blocked | None:
    """Decide on a bottle of what an analyzer just measured, whatever it found (SMP-04).

    None where the factor asks for none, or its interval to the last one has not passed.
    """
    if not keeping.of(row.factor).every or row.value is None:
        return None
    found = _of_value(row, circumstances, keeping, bound=None, mode="synchronous", moment=moment)
    repeated = isinstance(found, Blocked) and found.reason == INSIDE_THE_INTERVAL
    return None if repeated else found


def _of_value(
    row: JudgedValue,
    seen: Circumstances,
    keeping: Keeping,
    *,
    bound: float | None,
    mode: Mode,
    moment: float | None,
) -> RetentionOrder | Blocked:
    if moment is None:
        moment = float(Period(Kind.HOUR, row.sampled_at).end)
    reason = _reason(row, seen, keeping, moment=moment)
    if reason:
        return Blocked(row.outlet, row.factor, row.value, bound, row.sampled_at, reason, mode)
    # An analyzer whose clock is ahead, or a result that came late, must not prolong the hold.
    complete_at = min(row.completed_at, row.received_at)
    return RetentionOrder(
        row.outlet,
        row.factor,
        row.value,
        bound,
        row.sampled_at,
        moment,
        not_after=keeping.until(row.sampled_at, complete_at),
        mode=mode,
        bottles=keeping.of(row.factor).bottles,
        vessel=keeping.vessel(row.sampled_at),
    )


def triggered(
    outlet: str,
    factor: str,
    at: float,
    *,
    circumstances: Circumstances,
    keeping: Keeping,
    mode: Mode = "contact",
) -> RetentionOrder | Blocked:
    """Decide on a bottle that is asked for at `at`: as for a value, but there is none.

    It is water of now: of the vessel that is supplied, or of what the sampler takes.
    """
    hour = Period.holding(Kind.HOUR, at).start
    reason = _switched(circumstances) or _blocks(factor, hour, circumstances, keeping, moment=at)
    if reason:
        return Blocked(outlet, factor, None, None, hour, reason, mode)
    bottles, until = keeping.of(factor).bottles, at + keeping.vessel_hold_s
    return RetentionOrder(outlet, factor, None, None, hour, at, until, mode=mode, bottles=bottles)


def _switched(seen: Circumstances) -> str:
    """Say that the outlet is switched to maintenance, or what else; empty when it is not."""
    return f"switched to {seen.switch}" if seen.switch else ""


def _reason(row: JudgedValue, seen: Circumstances, keeping: Keeping, *, moment: float) -> str:
    """Say what blocks; empty when nothing does."""
    if row.cause not in JUDGED:
        return f"value not valid: {row.cause}"
    if seen.drained:
        return "the vessel was drained before"
    return _blocks(row.factor, row.sampled_at, seen, keeping, moment=moment)


def _blocks(factor: str, hour: int, seen: Circumstances, keeping: Keeping, *, moment: float) -> str:
    """Say what blocks whatever the value is; an unknown or invalid flow does not (SMP-03)."""
    if seen.checking:
        return "standard check running"
    if seen.flow is not None and seen.flow_cause is Cause.NORMAL and seen.flow <= keeping.zero_flow:
        return "measured flow is zero"
    for one in seen.kept:
        apart_s = abs(moment - one.moment)
        if one.sampled_at == hour or apart_s < keeping.of(factor).interval_s:
            return INSIDE_THE_INTERVAL
    return ""
