"""Whether an exceedance keeps a bottle of the very water that exceeded (SMP-02, SMP-03)."""

from __future__ import annotations

from dataclasses import dataclass

from agent.model import Cause, Kind, Period
from agent.rules.debounce import Decision, Step
from agent.rules.judged import JUDGED, JudgedValue
from agent.rules.limits import Limit, bound_broken


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the site settled about keeping samples.

    `interval_s`: two samples of a factor are kept at least that long apart.
    `vessel_hold_s`: how long the composite stays in its vessel once the analysis is complete.
    `zero_flow`: the greatest flow, in its wire unit, that counts as measured zero.
    """

    interval_s: float
    vessel_hold_s: float
    zero_flow: float = 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A bottle that was kept or is ordered: its hour of sampling, and the moment it stands for."""

    sampled_at: int
    moment: float


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What else was so in that hour.

    `flow` with its cause is the hour's flow, None when not known. `checking`: a standard check was
    running. `kept`: this factor's last bottle and its orders that are still open.
    """

    flow: float | None = None
    flow_cause: Cause = Cause.NO_LINK
    checking: bool = False
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class RetentionOrder:
    """Keep a bottle: it becomes an action row. Past `not_after` the vessel holds other water.

    `moment` is what the interval to other bottles is measured from. A contact that asked for the
    bottle gives neither value nor limit.
    """

    outlet: str
    factor: str
    value: float | None
    limit: float | None
    sampled_at: int
    moment: float
    not_after: float


@dataclass(frozen=True, slots=True)
class Blocked:
    """A value beyond its limit that keeps no bottle: it becomes an event with its reason."""

    outlet: str
    factor: str
    value: float | None
    limit: float | None
    sampled_at: int
    reason: str


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
    if moment is None:
        moment = float(Period(Kind.HOUR, row.sampled_at).end)
    reason = _reason(row, circumstances, keeping, moment=moment)
    if reason:
        return Blocked(row.outlet, row.factor, row.value, bound, row.sampled_at, reason)
    # An analyzer whose clock is ahead, or a result that came late, must not prolong the hold.
    complete_at = min(row.completed_at, row.received_at)
    not_after = complete_at + keeping.vessel_hold_s
    return RetentionOrder(
        row.outlet, row.factor, row.value, bound, row.sampled_at, moment, not_after
    )


def triggered(
    outlet: str, factor: str, at: float, *, circumstances: Circumstances, keeping: Keeping
) -> RetentionOrder | Blocked:
    """Decide on a bottle that a contact asked for at `at`: as for a value, but there is none."""
    hour = Period.holding(Kind.HOUR, at).start
    reason = _blocks(hour, circumstances, keeping, moment=at)
    if reason:
        return Blocked(outlet, factor, None, None, hour, reason)
    not_after = at + keeping.vessel_hold_s
    return RetentionOrder(outlet, factor, None, None, hour, at, not_after)


def _reason(row: JudgedValue, seen: Circumstances, keeping: Keeping, *, moment: float) -> str:
    """Say what blocks; empty when nothing does."""
    if row.cause not in JUDGED:
        return f"value not valid: {row.cause}"
    return _blocks(row.sampled_at, seen, keeping, moment=moment)


def _blocks(hour: int, seen: Circumstances, keeping: Keeping, *, moment: float) -> str:
    """Say what blocks whatever the value is; an unknown or invalid flow does not (SMP-03)."""
    if seen.checking:
        return "standard check running"
    if seen.flow is not None and seen.flow_cause is Cause.NORMAL and seen.flow <= keeping.zero_flow:
        return "measured flow is zero"
    for one in seen.kept:
        apart_s = abs(moment - one.moment)
        if one.sampled_at == hour or apart_s < keeping.interval_s:
            return "inside the retention interval"
    return ""
