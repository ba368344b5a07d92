"""Every Modbus profile in the simulator: what it plays is what our driver reads from it."""

from __future__ import annotations

import pytest
from simulate_clock import StillClock

from agent.settings.units import unit_of
from agent.tools.simulate import pdu
from agent.tools.simulate.courses import Course, course, known, plain_course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.instrument import Instrument
from agent.tools.simulate.obeying import CALIBRATION_S, RUN_S
from agent.tools.simulate.registers import causes
from drivers.bus import Bus
from drivers.decode import Answer
from drivers.device import Cause, Reading
from drivers.modbus import ModbusDevice
from drivers.modbus_wire import answer_values, request_pdu
from drivers.parameters import checks_of, parameters_of
from drivers.plan import plan_parameters, want_of
from drivers.profile import Profile, load_profile, profile_names
from drivers.question import FUNCTIONS, FrameQuestion, Question
from drivers.settings import DeviceSettings, TcpBus
from protocols.registers import time_width

MODBUS = [name for name in profile_names() if load_profile(name).modbus]
COMMANDED = [name for name in MODBUS if load_profile(name).operations and "dayue" not in name]


def played(profile: Profile, clock: StillClock) -> Instrument:
    courses: dict[str, Course] = {}
    for point in profile.points:
        unit = point.units_said[0]
        one = course(point.id, seed="x") if known(point.id) else plain_course(unit, seed="x")
        if one is not None:
            courses[point.id] = one
    cycle = Cycle(3600.0) if profile.batch else None
    device = DeviceSettings(id="dut", profile=profile.profile, bus="line1", address=1)
    return Instrument(device, profile, clock=clock, courses=courses, cycle=cycle)


class Played:
    """A wire with one simulated instrument at its end."""

    echo: bool | None = False
    busy_at = 0.0
    silence_s = 0.0

    def __init__(self, instrument: Instrument) -> None:
        self.instrument = instrument

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        return answer_values(question, pdu.answer(self.instrument, request_pdu(question)))

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        raise AssertionError("only Modbus is played")

    async def attend(self, overhear: object) -> None:
        raise AssertionError("only Modbus is played")

    def close(self) -> None:
        pass


async def read(instrument: Instrument) -> list[Reading]:
    bus = Bus(TcpBus(id="line1", kind="tcp", host="127.0.0.1"), wire=Played(instrument))
    device = ModbusDevice(instrument.device, instrument.profile, bus=bus, clock=instrument.clock)
    return await device.read()


@pytest.mark.parametrize("name", MODBUS)
async def test_the_driver_reads_what_is_played(name: str) -> None:
    profile = load_profile(name)
    instrument = played(profile, StillClock())
    readings = await read(instrument)
    said = instrument.said()
    words = [want_of(word) for word in (*profile.alarms, profile.state) if word is not None]
    assert [one.point for one in readings] == [point.id for point in profile.points]
    for one, point in zip(readings, profile.points, strict=True):
        assert one.cause is Cause.NORMAL, one.reason
        if want_of(point) in words:
            continue  # a point that also is the state: it says what the state says
        step = 0.6 * abs(point.scale) if "float" not in point.type else 0.0
        assert one.value == pytest.approx(said.numbers[one.point], rel=1e-6, abs=step + 1e-9)
        assert one.unit == said.units[one.point]
        assert not one.unit or unit_of(one.unit) or one.unit in ("Hz", "mL", "mL/min")
        timed = profile.measured_at is not None and one.point in profile.batch_points
        assert one.measured_at == (said.measured_at if timed else None)


@pytest.mark.parametrize("name", MODBUS)
async def test_every_cause_it_can_say_is_understood(name: str) -> None:
    profile = load_profile(name)
    instrument = played(profile, StillClock())
    for cause in sorted(causes(profile)):
        instrument.set_cause(cause)
        assert {one.cause for one in await read(instrument)} == {cause}


@pytest.mark.parametrize("name", MODBUS)
def test_parameters_and_checks_are_played(name: str) -> None:
    profile = load_profile(name)
    instrument = played(profile, StillClock())
    answers = [
        Answer(span, tuple(instrument.read(FUNCTIONS[span.table], span.start, span.count)))
        for span in plan_parameters(profile)
    ]
    assert all(one.value is not None for one in parameters_of(profile, answers))
    assert len(checks_of(profile, answers)) == len(profile.checks)


@pytest.mark.parametrize("name", COMMANDED)
def test_operations_are_taken_and_shown_in_the_state(name: str) -> None:
    profile = load_profile(name)
    clock = StillClock()
    clock.go(3600.0 - clock.now() % 3600.0 + 3000.0)  # between two runs
    instrument = played(profile, clock)
    for operation in profile.operations.values():
        for write in operation.writes:
            values = [1 if isinstance(one, str) else one for one in write.values]
            values += [0] * (time_width(write.time) if write.time else 0)
            values += write.then
            function = (5 if write.table == "coil" else 6) if write.single else 16
            instrument.write(function, write.address, values)
    with pytest.raises(pdu.Refusal):
        instrument.write(6, 0xFFF0, [1])
    if Cause.CALIBRATION in causes(profile) and "check_span" in profile.operations:
        assert instrument.said().cause is Cause.CALIBRATION
        clock.go(CALIBRATION_S + 1)
        assert instrument.said().cause is Cause.NORMAL


def test_an_ordered_measurement_runs_and_comes_out() -> None:
    clock = StillClock()
    clock.go(3600.0 - clock.now() % 3600.0 + 3000.0)
    instrument = played(load_profile("water/national-dbs"), clock)
    before = instrument.said()
    assert not before.measuring
    instrument.write(16, 0x1200, [1])
    assert instrument.read(3, 0x1083, 1) == [1]
    assert instrument.said().measured_at == before.measured_at
    clock.go(RUN_S)
    assert instrument.read(3, 0x1083, 1) == [0]
    after = instrument.said()
    assert after.measured_at is not None
    assert before.measured_at is not None
    assert after.measured_at > before.measured_at
