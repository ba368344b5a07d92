"""The simulated vessels: filled, supplied and drained by order, each portion remembered."""

from __future__ import annotations

import pytest
from simulate_clock import StillClock

from agent.tools.simulate.dayue import Dayue, Habits
from agent.tools.simulate.dayue_registers import DayueUnit
from agent.tools.simulate.dayue_vessels import DRAIN_S, SAMPLE_S, SERIAL_CONTROL
from agent.tools.simulate.pdu import Refusal

A, B, MODE, STEP_A, SUPPLIED = 0x0216, 0x0217, 0x0180, 0x0004, 0x0001
SAMPLE, DRAIN, SUPPLY = 1, 2, 3


@pytest.fixture
def unit() -> DayueUnit:
    return DayueUnit(Dayue(StillClock(), Habits(led=True)))


def register(unit: DayueUnit, address: int) -> int:
    return unit.read(3, address, 1)[0]


def go(unit: DayueUnit, seconds: float) -> None:
    clock = unit.sampler.clock
    assert isinstance(clock, StillClock)
    clock.go(seconds)


def test_mode_says_that_it_is_led(unit: DayueUnit) -> None:
    assert register(unit, MODE) == SERIAL_CONTROL
    unit.write(6, MODE, [1])
    unit.write(6, A, [SAMPLE])
    assert unit.sampler.vessels.water(0) == (), "acknowledged and ignored in any other mode"


def test_portion_takes_its_time_and_is_remembered(unit: DayueUnit) -> None:
    unit.write(6, A, [SAMPLE])
    assert register(unit, STEP_A) == 4
    go(unit, SAMPLE_S)
    assert register(unit, STEP_A) == 13
    unit.write(6, A, [SAMPLE])
    first, second = unit.sampler.vessels.water(0)
    assert second - first == SAMPLE_S


def test_drained_vessel_is_empty_and_its_neighbour_is_not(unit: DayueUnit) -> None:
    unit.write(6, A, [SAMPLE])
    unit.write(6, B, [SAMPLE])
    unit.write(6, A, [DRAIN])
    assert unit.sampler.vessels.water(0) == ()
    go(unit, DRAIN_S)
    assert register(unit, STEP_A) == 13
    assert len(unit.sampler.vessels.water(1)) == 1


def test_nothing_is_supplied_before_it_is_ordered(unit: DayueUnit) -> None:
    assert register(unit, SUPPLIED) == 0xFFFF
    unit.write(6, B, [SAMPLE])
    unit.write(6, B, [SUPPLY])
    assert register(unit, SUPPLIED) == 1


def test_bottle_of_an_empty_vessel_is_refused(unit: DayueUnit) -> None:
    unit.write(6, B, [SAMPLE])
    with pytest.raises(Refusal):
        unit.write(16, 0x0219, [1, 1, 1])
    unit.write(16, 0x0219, [1, 1, 2])
    go(unit, 30)
    assert register(unit, 0x000C) == 1
    assert len(unit.sampler.water[1]) == 1
