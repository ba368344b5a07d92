from __future__ import annotations

from agent.tools.simulate.cycle import Cycle

HOUR = Cycle(3600.0)
MIDNIGHT = 1_779_984_000.0  # a whole hour


def test_result_comes_out_at_the_end_of_a_run_and_stays_until_the_next() -> None:
    run_s = HOUR.run_s
    assert HOUR.completed(MIDNIGHT + run_s) == MIDNIGHT + run_s
    assert HOUR.completed(MIDNIGHT + 3599) == MIDNIGHT + run_s
    assert HOUR.completed(MIDNIGHT + 3600 + run_s - 1) == MIDNIGHT + run_s
    assert HOUR.completed(MIDNIGHT + 3600 + run_s) == MIDNIGHT + 3600 + run_s


def test_analyzer_measures_and_then_idles() -> None:
    assert HOUR.measuring(MIDNIGHT)
    assert HOUR.measuring(MIDNIGHT + HOUR.run_s - 1)
    assert not HOUR.measuring(MIDNIGHT + HOUR.run_s)
    assert not HOUR.measuring(MIDNIGHT + 3599)


def test_short_cycle_gives_each_result_a_second_of_its_own() -> None:
    cycle = Cycle(12.0)
    results = {cycle.completed(MIDNIGHT + t) for t in range(120)}
    assert len(results) == 11
    assert all(result == int(result) for result in results)
