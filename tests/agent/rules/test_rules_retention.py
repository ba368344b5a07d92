"""Which exceedance keeps a bottle (SMP-02, SMP-03)."""

from dataclasses import replace

import pytest
from rule_rows import EIGHT, cod

from agent.model import Cause
from agent.rules import (
    Blocked,
    Circumstances,
    JudgedValue,
    Keeping,
    Limit,
    RetentionOrder,
    debounce,
    retention,
)
from agent.rules.retention import Kept

LIMIT = Limit(high=50.0, on="measurement", retain=True)
KEEPING = Keeping(interval_s=7200, vessel_hold_s=3600)
FLOWING = Circumstances(flow=12.0, flow_cause=Cause.NORMAL)


def decide(
    row: JudgedValue,
    seen: Circumstances = FLOWING,
    *,
    limit: Limit = LIMIT,
    keeping: Keeping = KEEPING,
    moment: float | None = None,
) -> RetentionOrder | Blocked | None:
    return retention(
        limit,
        row,
        decision=debounce(limit, None, row),
        circumstances=seen,
        keeping=keeping,
        moment=moment,
    )


def hour_kept(hour: int) -> Kept:
    """Give the bottle of an hour, counted from the one that is judged."""
    return Kept(EIGHT + hour * 3600, EIGHT + (hour + 1) * 3600.0)


def test_smp_03_result_above_its_limit_keeps_a_bottle_while_the_vessel_holds_it() -> None:
    assert decide(cod(62.0)) == RetentionOrder(
        outlet="DW001",
        factor="w01018",
        value=62.0,
        limit=50.0,
        sampled_at=EIGHT,
        moment=EIGHT + 3600,
        not_after=EIGHT + 4800 + 3600,
    )


def test_smp_03_over_range_keeps_a_bottle_too() -> None:
    assert isinstance(decide(cod(260.0, cause=Cause.OVER_RANGE)), RetentionOrder)


def test_smp_03_ph_below_its_lower_limit_keeps_a_bottle() -> None:
    order = decide(cod(5.5), limit=Limit(low=6.0, high=9.0, retain=True))
    assert isinstance(order, RetentionOrder)
    assert order.limit == 6.0


@pytest.mark.parametrize("value", [None, 30.0, 50.0])
def test_value_within_the_limit_keeps_nothing_and_says_nothing(value) -> None:
    assert decide(cod(value)) is None


def test_limit_without_retention_keeps_nothing() -> None:
    assert decide(cod(62.0), limit=replace(LIMIT, retain=False)) is None


@pytest.mark.parametrize("cause", [c for c in Cause if c not in (Cause.NORMAL, Cause.OVER_RANGE)])
def test_smp_03_value_in_any_other_cause_is_blocked_and_told(cause) -> None:
    blocked = decide(cod(62.0, cause=cause))
    assert isinstance(blocked, Blocked)
    assert (blocked.value, blocked.limit, blocked.sampled_at) == (62.0, 50.0, EIGHT)
    assert blocked.reason == f"value not valid: {cause}"


def test_invalid_value_within_the_limit_blocks_nothing() -> None:
    assert decide(cod(30.0, cause=Cause.CALIBRATION)) is None


def test_smp_03_running_standard_check_blocks() -> None:
    blocked = decide(cod(62.0), replace(FLOWING, checking=True))
    assert isinstance(blocked, Blocked)
    assert blocked.reason == "standard check running"


def test_smp_03_only_a_measured_zero_flow_blocks() -> None:
    blocked = decide(cod(62.0), Circumstances(flow=0.0, flow_cause=Cause.NORMAL))
    assert isinstance(blocked, Blocked)
    assert blocked.reason == "measured flow is zero"


@pytest.mark.parametrize(
    ("flow", "cause"),
    [(None, Cause.NO_LINK), (0.0, Cause.FAULT), (None, Cause.NORMAL), (0.1, Cause.NORMAL)],
)
def test_smp_03_unknown_or_invalid_flow_does_not_block(flow, cause) -> None:
    assert isinstance(decide(cod(62.0), Circumstances(flow, cause)), RetentionOrder)


def test_smallest_flow_that_counts_is_a_setting() -> None:
    seen = Circumstances(flow=0.4, flow_cause=Cause.NORMAL)
    assert isinstance(decide(cod(62.0), seen, keeping=replace(KEEPING, zero_flow=0.5)), Blocked)


@pytest.mark.parametrize(("hours_ago", "kept"), [(0, False), (1, False), (2, True), (3, True)])
def test_smp_03_repeat_inside_the_interval_is_blocked(hours_ago, kept) -> None:
    seen = replace(FLOWING, kept=(hour_kept(-hours_ago),))
    found = decide(cod(62.0), seen)
    assert isinstance(found, RetentionOrder if kept else Blocked)
    if isinstance(found, Blocked):
        assert found.reason == "inside the retention interval"


def test_same_water_is_not_kept_twice_even_without_an_interval() -> None:
    none = Keeping(interval_s=0, vessel_hold_s=3600)
    seen = replace(FLOWING, kept=(hour_kept(0),))
    assert isinstance(decide(cod(62.0), seen, keeping=none), Blocked)
    seen = replace(FLOWING, kept=(hour_kept(-1),))
    assert isinstance(decide(cod(62.0), seen, keeping=none), RetentionOrder)


@pytest.mark.parametrize(("apart_s", "kept"), [(10, False), (7199, False), (7200, True)])
def test_single_values_are_apart_by_their_moments_not_their_hours(apart_s, kept) -> None:
    seen = replace(FLOWING, kept=(Kept(EIGHT, EIGHT + 3595.0),))
    moment = EIGHT + 3595.0 + apart_s
    found = decide(cod(62.0, 1), seen, moment=moment)
    assert isinstance(found, RetentionOrder if kept else Blocked)
    if isinstance(found, RetentionOrder):
        assert found.moment == moment


def test_moment_of_an_order_from_before_the_clock_was_set_back_counts_too() -> None:
    seen = replace(FLOWING, kept=(Kept(EIGHT + 3600, EIGHT + 3700.0),))
    assert isinstance(decide(cod(62.0), seen, moment=EIGHT + 100.0), Blocked)


def test_every_bottle_and_open_order_counts() -> None:
    seen = replace(FLOWING, kept=(hour_kept(-5), hour_kept(-1)))
    assert isinstance(decide(cod(62.0), seen), Blocked)


def test_exceedance_still_being_counted_keeps_nothing() -> None:
    two = replace(LIMIT, rows=2)
    assert decide(cod(62.0), limit=two) is None
    pending = debounce(two, None, cod(62.0)).exceedance
    second = cod(63.0, 1)
    order = retention(
        two,
        second,
        decision=debounce(two, pending, second),
        circumstances=FLOWING,
        keeping=KEEPING,
    )
    assert isinstance(order, RetentionOrder)
    assert order.value == 63.0


def test_value_told_twice_orders_once() -> None:
    state = debounce(LIMIT, None, cod(62.0)).exceedance
    again = debounce(LIMIT, state, cod(62.0))
    assert (
        retention(LIMIT, cod(62.0), decision=again, circumstances=FLOWING, keeping=KEEPING) is None
    )


def test_smp_02_late_result_does_not_prolong_the_vessels_hold() -> None:
    late = replace(cod(62.0), received_at=EIGHT + 20_000.0)
    order = decide(late)
    assert isinstance(order, RetentionOrder)
    assert order.not_after == EIGHT + 4800 + 3600


def test_smp_02_analyzer_clock_ahead_does_not_prolong_the_vessels_hold() -> None:
    ahead = replace(cod(62.0), completed_at=EIGHT + 9000.0, received_at=EIGHT + 4810.0)
    order = decide(ahead)
    assert isinstance(order, RetentionOrder)
    assert order.not_after == EIGHT + 4810 + 3600
