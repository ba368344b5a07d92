from __future__ import annotations

import pytest
from simulate_clock import START, StillClock

from agent.tools.simulate.dayue import NO_BUCKET, Dayue, Habits
from agent.tools.simulate.dayue_registers import DayueUnit
from agent.tools.simulate.pdu import Refusal
from protocols.registers import decode_number, decode_time

HABITS = Habits(received_s=1.0, fill_s=8.0)


class Bench:
    """A sampler with its registers and a clock in the hand."""

    def __init__(self, habits: Habits = HABITS) -> None:
        self.clock = StillClock()
        self.sampler = Dayue(self.clock, habits)
        self.unit = DayueUnit(self.sampler)

    def register(self, address: int) -> int:
        return self.unit.read(3, address, 1)[0]

    def retain(self, start: int = 1, count: int = 1, kind: int = 3) -> None:
        self.unit.write(16, 0x0219, [start, count, kind])

    def refused(self, function: int, address: int, values: list[int]) -> int:
        with pytest.raises(Refusal) as refusal:
            self.unit.write(function, address, values)
        return refusal.value.code


def test_command_word_goes_from_received_over_executing_to_done() -> None:
    bench = Bench()
    assert bench.register(0x0219) == 0
    bench.retain()
    assert bench.register(0x0219) == 0x8000
    bench.clock.go(1)
    assert bench.register(0x0219) == 0xC000
    bench.clock.go(7.9)
    assert bench.register(0x0219) == 0xC000
    bench.clock.go(0.1)
    assert bench.register(0x0219) == 0x4000


def test_bottle_and_record_are_there_only_when_the_retention_is_over() -> None:
    bench = Bench()
    bench.retain()
    bench.clock.go(5)
    assert (bench.register(0x000C), bench.register(0x0085)) == (0, 0)
    assert list(bench.unit.read(3, 0x51, 9)) == [0] * 9
    bench.clock.go(4)
    assert bench.register(0x000C) == 1
    assert bench.register(0x000D) == 500
    assert decode_time(bench.unit.read(3, 0x51, 6), "bcd-words6") == int(START + 9)
    bottle, result, volume, fail, nth = bench.unit.read(3, 0x85, 5)
    assert (bottle, result, volume, fail, nth) == (1, 1, 500, 0, 1)
    assert decode_time(bench.unit.read(3, 0x8A, 6), "bcd-words6") == int(START + 9)


def test_first_register_of_a_record_time_is_20yy_in_bcd() -> None:
    bench = Bench()
    bench.retain()
    bench.clock.go(9)
    assert bench.register(0x51) == 0x2026


def test_bottle_in_use_is_skipped() -> None:
    bench = Bench()
    for _ in range(2):
        bench.retain(start=1)
        bench.clock.go(9)
    assert bench.register(0x85) == 2
    assert list(bench.unit.read(3, 0x0D, 3)) == [500, 500, 0]


def test_several_bottles_of_one_order_are_recorded_one_by_one() -> None:
    bench = Bench()
    bench.retain(start=23, count=3)
    bench.clock.go(25)
    assert [bench.register(0x85 + 11 * i) for i in range(3)] == [23, 24, 1]
    assert bench.register(0x59) == 3


def test_three_single_writes_do_nothing() -> None:
    bench = Bench()
    for address, value in ((0x0219, 1), (0x021A, 1), (0x021B, 3)):
        bench.unit.write(6, address, [value])
    bench.unit.write(16, 0x0219, [1, 1])
    bench.clock.go(60)
    assert (bench.register(0x0219), bench.register(0x000C)) == (0, 0)


def test_no_vessel_is_exception_4_and_nothing_is_kept() -> None:
    bench = Bench()
    bench.sampler.bucket = NO_BUCKET
    assert bench.refused(16, 0x0219, [1, 1, 3]) == 4
    bench.clock.go(60)
    assert (bench.register(0x0001), bench.register(0x000A)) == (0xFFFF, 1)
    assert bench.register(0x000C) == 0


def test_no_free_bottle_is_exception_4_with_fault_7() -> None:
    bench = Bench()
    bench.sampler.bottles[:] = [500] * 24
    assert bench.refused(16, 0x0219, [1, 1, 3]) == 4
    assert bench.register(0x000B) == 7


def test_open_door_and_stopped_sampler_refuse() -> None:
    bench = Bench()
    bench.sampler.set_door(open_=True)
    assert bench.refused(16, 0x0219, [1, 1, 3]) == 4
    bench.sampler.set_door(open_=False)
    bench.unit.write(6, 0x01AD, [3])
    assert bench.register(0x0003) == 0
    assert bench.refused(16, 0x0219, [1, 1, 3]) == 4
    bench.unit.write(6, 0x01AD, [4])
    bench.retain()


def test_wrong_vessel_is_refused() -> None:
    bench = Bench()
    bench.sampler.bucket = 0
    assert bench.refused(16, 0x0219, [1, 1, 2]) == 4
    bench.retain(kind=1)


def test_second_order_while_one_runs_is_busy_and_fills_one_bottle() -> None:
    bench = Bench()
    bench.retain()
    assert bench.refused(16, 0x0219, [1, 1, 3]) == 6
    bench.clock.go(60)
    assert bench.register(0x000C) == 1


def test_order_that_makes_no_sense_is_exception_3() -> None:
    bench = Bench()
    for values in ([0, 1, 3], [25, 1, 3], [1, 0, 3], [1, 7, 3], [1, 1, 6]):
        assert bench.refused(16, 0x0219, values) == 3


def test_jammed_retention_fails_and_says_so() -> None:
    bench = Bench()
    bench.sampler.jammed = True
    bench.retain()
    bench.clock.go(9)
    assert (bench.register(0x0219), bench.register(0x000A)) == (0x2000, 1)
    assert (bench.register(0x000C), bench.register(0x57)) == (0, 2)
    assert (bench.register(0x85), bench.register(0x87)) == (1, 0)


def test_firmware_that_reads_back_nothing_still_keeps_the_record() -> None:
    bench = Bench(Habits(fill_s=8.0, word_reads_back=False))
    bench.retain()
    assert bench.register(0x0219) == 0
    bench.clock.go(9)
    assert (bench.register(0x0219), bench.register(0x85)) == (0, 1)


def test_steps_of_the_bucket_in_use_pass_while_it_retains() -> None:
    bench = Bench()
    bench.sampler.bucket = 1
    assert list(bench.unit.read(3, 4, 2)) == [13, 6]
    bench.retain()
    steps = []
    for _ in range(10):
        steps.append(bench.register(0x0005))
        bench.clock.go(1)
    assert [step for i, step in enumerate(steps) if step not in steps[:i]] == [8, 10, 9, 11, 6]


def test_steps_of_two_bottles_take_twice_as_long() -> None:
    bench = Bench()
    bench.sampler.bucket = 0
    bench.retain(count=2)
    steps = []
    for _ in range(17):
        steps.append(bench.register(0x0004))
        bench.clock.go(1)
    assert steps == [8] * 5 + [10] * 4 + [9] * 4 + [11] * 4
    assert bench.register(0x0004) == 6


def test_order_to_empty_reaches_the_last_bottle_and_not_further() -> None:
    bench = Bench()
    bench.sampler.bottles[:] = [500] * 24
    bench.retain(start=23, count=3, kind=5)
    assert bench.register(0x0219) == 0x4000
    assert [bottle for bottle, held in enumerate(bench.sampler.bottles, 1) if not held] == [23, 24]
    bench.retain(start=2, count=1, kind=5)
    assert bench.sampler.bottles[:3] == [500, 0, 500]


def test_vessels_take_turns() -> None:
    bench = Bench()
    first = bench.register(0x0001)
    bench.clock.go(3600)
    assert {first, bench.register(0x0001)} == {0, 1}


def test_emptied_bottle_can_be_filled_again() -> None:
    bench = Bench()
    bench.sampler.bottles[:] = [500] * 24
    bench.unit.write(6, 0x01AE, [5])
    assert bench.register(0x000B) == 0
    bench.retain(start=1)
    bench.clock.go(9)
    assert bench.register(0x85) == 5
    bench.unit.write(6, 0x01AE, [0xFF])
    assert bench.register(0x000C) == 0
    assert bench.refused(6, 0x01AE, [25]) == 3


def test_door_is_noted_with_time_and_alarms_after_half_an_hour() -> None:
    bench = Bench()
    bench.sampler.set_door(open_=True)
    assert bench.register(0x0034) == 1
    assert decode_time(bench.unit.read(3, 0x35, 6), "bcd-words6") == int(START)
    assert bench.register(0x0033) == 0
    bench.clock.go(1800)
    assert bench.register(0x0033) == 0
    bench.clock.go(1)
    assert bench.register(0x0033) == 2
    bench.sampler.set_door(open_=False)
    assert list(bench.unit.read(3, 0x33, 2)) == [0, 0]


def test_fridge_is_at_its_temperature() -> None:
    bench = Bench()
    temperature = decode_number(bench.unit.read(3, 0x25, 2), "float32", "ABCD")
    assert temperature is not None
    assert 3.5 < temperature < 4.5


def test_own_clock_is_set_by_seven_registers() -> None:
    bench = Bench()
    bench.unit.write(16, 0x01DA, [26, 3, 19, 10, 0, 0, 1])
    bench.retain()
    bench.clock.go(9)
    at = decode_time(bench.unit.read(3, 0x51, 6), "bcd-words6")
    assert at == decode_time([0x2026, 3, 0x19, 0x10, 0, 9], "bcd-words6")
    assert bench.refused(16, 0x01DA, [26, 13, 40, 0, 0, 0, 1]) == 3


def test_next_free_bottle_and_trigger_are_obeyed_too() -> None:
    bench = Bench()
    bench.unit.write(6, 0x021C, [1])
    bench.clock.go(9)
    assert bench.register(0x000C) == 1
    assert bench.register(0x85) == 0  # an instant retention is not the over-limit record
    bench.unit.write(6, 0x021E, [1])
    bench.clock.go(9)
    assert (bench.register(0x000C), bench.register(0x85)) == (2, 2)


def test_parameters_are_kept_and_the_volume_is_used() -> None:
    bench = Bench()
    bench.unit.write(6, 0x0199, [800])
    assert bench.register(0x0199) == 800
    bench.retain()
    bench.clock.go(9)
    assert bench.register(0x87) == 800


def test_everything_up_to_0258_is_readable_and_nothing_behind() -> None:
    bench = Bench()
    for start in range(0, 0x0258, 125):
        bench.unit.read(3, start, min(125, 0x0259 - start))
    with pytest.raises(Refusal) as behind:
        bench.unit.read(3, 0x0258, 2)
    with pytest.raises(Refusal) as other_table:
        bench.unit.read(4, 0, 1)
    assert (behind.value.code, other_table.value.code) == (2, 1)
    assert bench.refused(6, 0x0001, [1]) == 2


@pytest.mark.parametrize(
    ("address", "register"),
    [
        (0x0181, 500),  # sample volume
        (0x0182, 60),  # interval
        (0x0199, 500),  # retention volume
        (0x019A, 1),  # parallel bottles
        (0x0003, 1),  # running
        (0x021A, 0),
        (0x021B, 0),
        (0x0130, 0),
    ],
)
def test_register_of_a_sampler_just_started(address: int, register: int) -> None:
    assert Bench().register(address) == register


def test_order_reads_back_its_number_of_bottles_and_kind() -> None:
    bench = Bench()
    bench.retain(count=2, kind=3)
    assert list(bench.unit.read(3, 0x0219, 3)) == [0x8000, 2, 3]


def test_sample_is_ready_for_a_minute_after_the_vessels_changed() -> None:
    bench = Bench()
    bench.clock.go(3600 - bench.clock.now() % 3600)
    assert bench.register(0x0002) == 1
    bench.clock.go(59)
    assert bench.register(0x0002) == 1
    bench.clock.go(1)
    assert bench.register(0x0002) == 0


def test_door_password_is_of_the_minute() -> None:
    bench = Bench()
    bench.unit.write(16, 0x01DA, [26, 3, 19, 10, 25, 59, 1])
    password = decode_number(bench.unit.read(3, 0x01FB, 2), "uint32", "ABCD")
    assert password == 999_999 - 191_025


def test_fridge_swings_within_its_band() -> None:
    bench = Bench()
    seen = []
    for _ in range(20):
        seen.append(decode_number(bench.unit.read(3, 0x25, 2), "float32", "ABCD") or 0.0)
        bench.clock.go(30)
    assert min(seen) >= 3.8
    assert max(seen) <= 4.4
    assert max(seen) - min(seen) > 0.5


@pytest.mark.parametrize(
    ("address", "values"),
    [
        (0x01B0, [1018, 0x4212, 0]),  # factor values for judging inside the sampler
        (0x01BF, [1018, 0x4212, 0]),
        (0x0216, [1]),  # buckets, obeyed in serial-control mode only
        (0x0218, [3]),
        (0x021F, [0x4148, 0]),  # flow
    ],
)
def test_write_that_changes_nothing_here_is_acknowledged(address: int, values: list[int]) -> None:
    bench = Bench()
    bench.unit.write(16, address, values)
    bench.clock.go(60)
    assert bench.register(0x000C) == 0


@pytest.mark.parametrize(
    ("function", "address", "values", "code"),
    [
        (6, 0x01AD, [0], 3),
        (6, 0x01AD, [5], 3),
        (6, 0x01AE, [0], 3),
        (16, 0x012F, [1, 1], 2),
        (16, 0x019A, [1, 1], 2),
        (6, 0x0258, [1], 2),
        (16, 0x0258, [1, 1], 2),
        (16, 0x021E, [1, 1], 2),
        (5, 0x0219, [1], 1),
    ],
)
def test_write_the_sampler_does_not_take_is_refused(
    function: int, address: int, values: list[int], code: int
) -> None:
    assert Bench().refused(function, address, values) == code


def test_first_and_last_bottle_are_emptied_by_number() -> None:
    bench = Bench()
    bench.sampler.bottles[:] = [500] * 24
    bench.unit.write(6, 0x01AE, [1])
    bench.unit.write(6, 0x01AE, [24])
    assert [bottle for bottle, held in enumerate(bench.sampler.bottles, 1) if not held] == [1, 24]


def test_clock_is_left_alone_without_its_command() -> None:
    bench = Bench()
    bench.unit.write(16, 0x01DA, [26, 3, 19, 10, 0, 0, 0])
    assert bench.sampler.now == bench.clock.now()


def test_trigger_fills_as_many_bottles_as_are_set_in_parallel() -> None:
    bench = Bench()
    bench.unit.write(6, 0x019A, [2])
    bench.unit.write(6, 0x021E, [0])
    bench.unit.write(6, 0x021E, [1])
    bench.clock.go(17)
    assert bench.register(0x000C) == 2
