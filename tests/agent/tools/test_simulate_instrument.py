from __future__ import annotations

from collections.abc import Mapping

import pytest
from simulate_clock import START, StillClock

from agent.tools.simulate.courses import Course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.instrument import Instrument, converted
from agent.tools.simulate.pdu import Refusal
from drivers.device import Cause
from drivers.profile import Profile, load_profile
from drivers.settings import DeviceSettings, PointOverride
from protocols.registers import decode_number, decode_time

COD = Course("mg/L", level=36.5)
FLOW = Course("m3/h", level=36.0)
HOUR_S = 3600.0


def instrument(
    clock: StillClock,
    profile: str,
    courses: Mapping[str, Course],
    cycle_s: float | None = None,
    points: Mapping[str, PointOverride] | None = None,
) -> Instrument:
    device = DeviceSettings(
        id="dut", profile=profile, bus="line1", address=1, points=dict(points or {})
    )
    cycle = Cycle(cycle_s) if cycle_s else None
    return Instrument(device, load_profile(profile), clock=clock, courses=courses, cycle=cycle)


def codmax(clock: StillClock) -> Instrument:
    return instrument(clock, "water/hach-codmax-ii", {"w01018": COD}, HOUR_S)


def test_value_stands_in_the_order_and_type_of_the_profile() -> None:
    low, high = codmax(StillClock()).read(3, 0, 2)
    assert decode_number([low, high], "float32", "CDAB") == pytest.approx(36.5, rel=0.005)


def test_result_carries_the_instruments_own_time_in_the_format_of_the_profile() -> None:
    clock = StillClock()
    dut = codmax(clock)
    completed = Cycle(HOUR_S).completed(clock.now())
    assert decode_time(dut.read(3, 0x2F, 4), "hach") == completed
    assert completed <= clock.now()


def test_value_is_held_until_the_next_result() -> None:
    clock = StillClock(START - START % HOUR_S + 0.75 * HOUR_S)
    dut = instrument(
        clock, "water/hach-codmax-ii", {"w01018": Course("mg/L", level=30, swing=10)}, HOUR_S
    )
    first = dut.read(3, 0, 2)
    clock.go(0.9 * HOUR_S)
    assert dut.read(3, 0, 2) == first
    clock.go(0.1 * HOUR_S)
    assert dut.read(3, 0, 2) != first


@pytest.mark.parametrize(
    ("profile", "address", "busy", "idle"),
    [
        ("water/hach-codmax-ii", 0x33, 0x0120, 0x0000),
        ("water/hach-amtax-compact-ii", 0x34, 1, 0),  # measuring is what the map does not list
        ("metals/labsun-phototek6000", 0x1083, 1, 0),
    ],
)
def test_state_says_measuring_and_idle_by_turns(
    profile: str, address: int, busy: int, idle: int
) -> None:
    clock = StillClock(START - START % HOUR_S)
    dut = instrument(clock, profile, {}, HOUR_S)
    assert dut.read(3, address, 1) == [busy]
    clock.go(0.8 * HOUR_S)
    assert dut.read(3, address, 1) == [idle]


def test_set_value_comes_out_with_the_next_result_of_a_batch_analyzer() -> None:
    clock = StillClock(START - START % HOUR_S + 0.75 * HOUR_S)
    dut = codmax(clock)
    before = dut.read(3, 0, 2)
    dut.set("w01018", 75.0, for_s=HOUR_S)
    assert dut.read(3, 0, 2) == before
    clock.go(HOUR_S + 1)
    assert decode_number(dut.read(3, 0, 2), "float32", "CDAB") == 75.0
    clock.go(HOUR_S)
    assert decode_number(dut.read(3, 0, 2), "float32", "CDAB") == pytest.approx(36.5, rel=0.005)


def test_ordered_measurement_comes_out_at_once() -> None:
    clock = StillClock(START + 0.6)
    dut = codmax(clock)
    dut.set("w01018", 75.0)
    dut.measure()
    assert decode_number(dut.read(3, 0, 2), "float32", "CDAB") == 75.0
    assert decode_time(dut.read(3, 0x2F, 4), "hach") == int(clock.now())


def test_set_value_of_a_continuous_instrument_holds_at_once_and_ends() -> None:
    clock = StillClock()
    dut = instrument(clock, "water/ph", {"w01001": Course("", level=7.6)})
    dut.set("w01001", 5.5, for_s=10)
    assert decode_number(dut.read(3, 0x2602, 2), "float32", "DCBA") == 5.5
    clock.go(10)
    assert decode_number(dut.read(3, 0x2602, 2), "float32", "DCBA") == pytest.approx(7.6, rel=0.01)
    dut.set("w01001", 5.5)
    dut.release("w01001")
    assert decode_number(dut.read(3, 0x2602, 2), "float32", "DCBA") == pytest.approx(7.6, rel=0.01)


def test_value_that_does_not_fit_its_register_is_refused_when_set() -> None:
    dut = instrument(StillClock(), "water/liance-ph", {"w01001": Course("", level=7.0)})
    with pytest.raises(ValueError, match="does not fit"):
        dut.set("w01001", 1e6)
    assert dut.read(3, 0, 1)[0] == pytest.approx(700, abs=5)


def test_flow_is_played_in_a_unit_the_meter_knows_and_its_total_runs() -> None:
    clock = StillClock()
    dut = instrument(clock, "flow/em-flow-0x1010", {"w00000": FLOW})
    assert decode_number(dut.read(4, 0x1010, 2), "float32", "ABCD") == pytest.approx(36, rel=0.01)
    assert dut.read(4, 0x1020, 2) == [5, 1]  # m3/h, m3
    before = decode_number(dut.read(4, 0x1018, 2), "uint32", "ABCD") or 0
    clock.go(HOUR_S)
    after = decode_number(dut.read(4, 0x1018, 2), "uint32", "ABCD") or 0
    assert after - before == pytest.approx(36, abs=1.1)


def test_total_never_runs_back_when_the_clock_does() -> None:
    clock = StillClock()
    dut = instrument(clock, "flow/yingshen-openchannel", {"w00000": FLOW})
    before = dut.read(3, 0x0A, 2)
    clock.go(-7200)
    assert dut.read(3, 0x0A, 2) == before


def test_address_outside_the_map_is_exception_2() -> None:
    dut = codmax(StillClock())
    for start, count in ((0x0002, 1), (0x0000, 3), (0x0100, 1)):
        with pytest.raises(Refusal) as refusal:
            dut.read(3, start, count)
        assert refusal.value.code == 2


def test_gap_inside_a_block_of_the_profile_reads_as_zero() -> None:
    assert codmax(StillClock()).read(3, 0x0017, 2) == [0, 0]


def test_more_registers_than_the_model_takes_are_exception_3() -> None:
    dut = instrument(StillClock(), "gas/fpi-cems2000", {})
    with pytest.raises(Refusal) as refusal:
        dut.read(4, 0x0132, 3)
    assert refusal.value.code == 3


def test_table_and_write_the_model_does_not_serve_are_exception_1() -> None:
    dut = codmax(StillClock())
    with pytest.raises(Refusal) as read:
        dut.read(4, 0, 1)
    with pytest.raises(Refusal) as write:
        dut.write(6, 0, [1])
    assert (read.value.code, write.value.code) == (1, 1)


def test_state_registers_say_the_cause_asked_for() -> None:
    dut = codmax(StillClock())
    dut.set_cause(Cause.MAINTENANCE)
    assert dut.read(3, 0x33, 1) == [0x0008]
    dut.set_cause(Cause.FAULT)
    assert dut.read(3, 0x07, 1) == [2]  # the state word has none for it, the alarm word has
    dut.set_cause(Cause.NORMAL)
    assert dut.read(3, 0x07, 1) == [0]


def test_cause_without_a_word_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="water/hach-codmax-ii has: calibration, fault"):
        codmax(StillClock()).set_cause(Cause.STOPPED)


def test_instrument_is_set_up_the_way_the_site_says() -> None:
    points = {"w01018": PointOverride(order="ABCD", scale=0.1)}
    dut = instrument(StillClock(), "water/hach-codmax-ii", {"w01018": COD}, HOUR_S, points)
    raw = decode_number(dut.read(3, 0, 2), "float32", "ABCD")
    assert raw == pytest.approx(365, rel=0.005)


@pytest.mark.parametrize(
    ("value", "unit", "wanted", "expected"),
    [
        (3600, "m3/h", "L/s", 1000),
        (0.05, "mg/L", "ug/L", 50),
        (25, "degC", "K", 298.15),
        (7.0, "", "mg/L", 7.0),
    ],
)
def test_number_is_turned_into_the_unit_of_the_point(
    value: float, unit: str, wanted: str, expected: float
) -> None:
    assert converted(value, unit, wanted) == pytest.approx(expected)


def test_unit_the_site_gives_takes_the_place_of_the_one_read_from_the_meter() -> None:
    points = {"w00000": PointOverride(unit="L/s")}
    dut = instrument(StillClock(), "flow/em-flow-0x1010", {"w00000": FLOW}, points=points)
    assert dut.unit("w00000") == "L/s"
    assert decode_number(dut.read(4, 0x1010, 2), "float32", "ABCD") == pytest.approx(10, rel=0.01)


def test_most_registers_the_model_takes_are_answered() -> None:
    assert len(codmax(StillClock()).read(3, 0x06, 61)) == 61


def test_total_is_whole_where_the_meter_keeps_its_fraction_apart() -> None:
    clock = StillClock()
    dut = instrument(clock, "flow/em-flow-0x1010", {"w00000": FLOW})
    clock.go(90)
    whole = decode_number(dut.read(4, 0x1018, 2), "uint32", "ABCD")
    fraction = decode_number(dut.read(4, 0x101A, 2), "float32", "ABCD")
    assert whole == 1000
    assert fraction == pytest.approx(0.9, abs=0.01)


def test_bits_and_readable_holes_are_served_as_the_profile_says() -> None:
    profile = Profile.model_validate(
        {
            "profile": "water/bits", "name": "x", "source": "a test", "confidence": "manual",
            "driver": "modbus", "holes": "readable",
            "points": [
                {"id": "low", "register": "coil", "address": 3, "type": "bit"},
                {"id": "high", "register": "coil", "address": 6, "type": "bit"},
                {"id": "input", "register": "discrete", "address": 0, "type": "bit"},
                {"id": "scaled", "register": "holding", "address": 9, "type": "int16",
                 "scale": 0.1, "offset": -40},
            ],
        }
    )  # fmt: skip
    device = DeviceSettings(id="dut", profile="water/bits", bus="line1", address=1)
    dut = Instrument(device, profile, clock=StillClock(), courses={})
    dut.set("high", 1)
    dut.set("input", 1)
    dut.set("scaled", 21.5)
    assert list(dut.read(1, 3, 4)) == [0, 0, 0, 1]
    assert list(dut.read(2, 0, 1)) == [1]
    assert list(dut.read(3, 9, 1)) == [615]
    for start in (2, 7):
        with pytest.raises(Refusal):
            dut.read(1, start, 1)
