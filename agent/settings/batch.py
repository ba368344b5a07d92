"""Which factors come as results of hours of sampling, and how their time leads to that hour."""

from __future__ import annotations

from agent.settings.site import FactorSource
from drivers.profile import Profile

USUAL_CYCLE_MIN = 60


def is_batch(source: FactorSource, profile: Profile) -> bool:
    """Tell whether a factor comes as results of hours of sampling, and so has no minutes.

    Its point carries the instrument's own time, or the whole instrument works in batches without
    telling when, or the site file says so.
    """
    untimed = profile.batch is not None and profile.measured_at is None
    return untimed or source.point in profile.batch_points or source.rule.sampling is not None


def cycle(source: FactorSource, profile: Profile) -> tuple[int, int]:
    """Give cycle and lag of a batch factor in minutes; the site file's word goes first."""
    sampling, own = source.rule.sampling, profile.batch
    cycle_min = sampling.cycle_min if sampling else None
    lag_min = sampling.lag_min if sampling else None
    if cycle_min is None:
        cycle_min = own.cycle_min if own else USUAL_CYCLE_MIN
    if lag_min is None:
        lag_min = own.lag_min if own else cycle_min
    return cycle_min, lag_min
