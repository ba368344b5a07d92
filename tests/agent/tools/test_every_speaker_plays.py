"""Every instrument with a protocol of its own in the simulator: what it plays is what is read."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from simulate_clock import StillClock

from agent.tools.simulate.courses import Course, course, known, plain_course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.ears import FrameEar
from agent.tools.simulate.faults import Fault, Kind
from agent.tools.simulate.speaker import Speaker
from agent.tools.simulate.tongues import TONGUES
from drivers.bus import Bus
from drivers.device import BadAnswer, Cause, NoAnswer, Reading
from drivers.frame_device import FrameDevice
from drivers.operation import Outcome, operate
from drivers.profile import load_profile, profile_names
from drivers.question import FrameQuestion, Question
from drivers.registry import open_device
from drivers.settings import DeviceSettings, SerialBus

OTHERS = [name for name in profile_names() if not load_profile(name).modbus]
SILENT = {Kind.SILENT: NoAnswer, Kind.GARBAGE: BadAnswer, Kind.SHORT: BadAnswer}


def player(name: str, clock: StillClock) -> FrameEar:
    profile = load_profile(name)
    courses: dict[str, Course] = {}
    for value in profile.values:
        unit = value.units_said[0]
        one = course(value.id, seed="x") if known(value.id) else plain_course(unit, seed="x")
        if one is not None:
            courses[value.id] = one
    device = DeviceSettings.model_validate(
        {"id": "dut", "profile": name, "bus": "line1", "address": 17, "period_s": 1.0,
         "timing": {"timeout_ms": 50, "gap_ms": 0, "retries": 0}},
    )  # fmt: skip
    cycle = Cycle(3600.0) if profile.batch else None
    speaker = Speaker(device, profile, clock=clock, courses=courses, cycle=cycle)
    return FrameEar(TONGUES[profile.driver](speaker))


class Heard:
    """A wire with one simulated instrument at its end, heard through noise."""

    echo: bool | None = False
    busy_at = 0.0
    silence_s = 0.0

    def __init__(self, ear: FrameEar) -> None:
        self.ear = ear
        self.overhear: Callable[[bytes], None] | None = None

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        raise AssertionError("no Modbus is played")

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        assert self.ear.hear(question.request[:-1], silent=False) is None
        heard = self.ear.hear(b"\x00" + question.request, silent=False)
        if heard is None or heard.outgoing is None:
            raise NoAnswer("no answer in time", sent=question.request)
        assert heard.end == 1 + len(question.request)
        frame = question.shape.find(heard.outgoing.frame, final=True)
        if frame is None:
            raise BadAnswer("not the answer", sent=question.request)
        return frame

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        self.overhear = overhear

    def close(self) -> None:
        pass


def device_of(ear: FrameEar, wire: Heard) -> FrameDevice:
    speaker = ear.tongue.speaker
    bus = Bus(SerialBus(id="line1", kind="serial", port="/dev/null"), wire=wire)
    device = open_device(speaker.device, speaker.profile, bus=bus, clock=speaker.clock)
    assert isinstance(device, FrameDevice)
    return device


async def read(ear: FrameEar) -> list[Reading]:
    wire = Heard(ear)
    device = device_of(ear, wire)
    if ear.push_s is not None:
        assert await device.read() == []
        for _ in range(2):
            pushed = ear.pushed()
            assert pushed is not None
            assert wire.overhear is not None
            wire.overhear(pushed.frame)
    slow = (await device.look_slow()).readings
    return [*(await device.look()).readings, *slow]


@pytest.mark.parametrize("name", OTHERS)
async def test_the_driver_reads_what_is_spoken(name: str) -> None:
    ear = player(name, StillClock())
    speaker = ear.tongue.speaker
    readings = {one.point: one for one in await read(ear)}
    said = speaker.said()
    assert set(readings) == {value.id for value in speaker.profile.values}
    for value in speaker.profile.values:
        one = readings[value.id]
        assert one.cause is Cause.NORMAL, one.reason
        if value.type == "days1900":
            continue  # a time: of a bottle, and there was none
        step = 0.6 * abs(value.scale) if "bcd" in value.type or "int" in value.type else 0.006
        tens = 0.6 if value.type == "number" and value.length else step / 0.6
        wanted = said.numbers[value.id]
        assert one.value == pytest.approx(wanted, rel=2e-3, abs=max(step, tens * value.scale))
        assert one.unit == said.units[value.id]


@pytest.mark.parametrize("name", OTHERS)
async def test_a_value_that_is_set_is_read_to_its_last_digit(name: str) -> None:
    clock = StillClock()
    ear = player(name, clock)
    speaker = ear.tongue.speaker
    value = speaker.profile.values[0]
    speaker.set(value.id, 7.0)
    if speaker.cycle is not None:
        speaker.measure()
    reading = next(one for one in await read(ear) if one.point == value.id)
    assert reading.value == 7.0


@pytest.mark.parametrize("name", OTHERS)
async def test_every_cause_it_has_a_word_for_is_understood(name: str) -> None:
    ear = player(name, StillClock())
    for cause in sorted(ear.tongue.speaker.causes):
        ear.tongue.speaker.set_cause(cause)
        fast = [one for one in await read(ear) if not _slow(ear, one.point)]
        assert {one.cause for one in fast} == {cause}


@pytest.mark.parametrize("kind", [*SILENT, Kind.CRC, Kind.FOREIGN])
@pytest.mark.parametrize("name", [name for name in OTHERS if "hj212" not in name])
async def test_no_fault_becomes_a_value(name: str, kind: Kind) -> None:
    ear = player(name, StillClock())
    if kind is Kind.CRC and not ear.tongue.checked:
        with pytest.raises(ValueError, match="has no check sum"):
            ear.set_fault(Fault(kind))
        return
    if kind is Kind.FOREIGN and "shifted" in name:
        return  # its profile says that neither unit nor check sum of its answers is looked at
    ear.set_fault(Fault(kind))
    device = device_of(ear, Heard(ear))
    with pytest.raises(SILENT.get(kind, BadAnswer)):
        await device.read()
    ear.set_fault(Fault())
    assert (await device.read())[0].value is not None


def _slow(ear: FrameEar, point: str) -> bool:
    profile = ear.tongue.speaker.profile
    value = next(one for one in profile.values if one.id == point)
    return any(one.slow for one in profile.questions if one.id == value.question)


@pytest.mark.parametrize(
    "name", [name for name in OTHERS if TONGUES[load_profile(name).driver].says_no]
)
async def test_a_no_is_a_refusal(name: str) -> None:
    ear = player(name, StillClock())
    ear.set_fault(Fault(Kind.EXCEPTION))
    readings = await device_of(ear, Heard(ear)).read()
    assert {one.value for one in readings} == {None}


def test_who_has_no_word_for_a_no_is_said() -> None:
    with pytest.raises(ValueError, match="megatec has no word for a no"):
        player("power/megatec-q1-ups", StillClock()).set_fault(Fault(Kind.BUSY))


async def test_zero_gas_shows_in_state_and_value_and_ends_by_itself() -> None:
    clock = StillClock()
    ear = player("gas/thermo-43i-clink", clock)
    seen: list[tuple[Cause, float]] = []

    async def sleep(seconds: float) -> None:
        said = ear.tongue.speaker.said()
        seen.append((said.cause, said.numbers["a21026"]))
        clock.go(seconds)

    clock.sleep = sleep  # type: ignore[method-assign]  # to see what is said while it holds
    device = device_of(ear, Heard(ear))
    done = await operate(device, "zero")
    assert done.outcome is Outcome.DONE
    assert seen == [(Cause.CALIBRATION, 0.0)]
    after = ear.tongue.speaker.said()
    assert after.cause is Cause.NORMAL
    assert after.numbers["a21026"] > 0.0


async def test_an_order_that_needs_remote_mode_is_refused_without_it() -> None:
    ear = player("gas/thermo-43i-clink", StillClock())
    tongue = ear.tongue
    assert tongue.answer(b"set zero") == b"set zero bad cmd\r"
    assert tongue.answer(b"set mode remote") == b"set mode remote ok\r"
    assert tongue.answer(b"set zero") == b"set zero ok\r"
    assert tongue.answer(b"gas mode") == b"gas mode zero\r"
    assert tongue.answer(b"set span") == b"set span ok\r"
    assert tongue.answer(b"gas mode") == b"gas mode span\r"
    assert tongue.answer(b"set sample") == b"set sample ok\r"
    assert tongue.answer(b"gas mode") == b"gas mode sample\r"
    assert tongue.answer(b"mode") == b"mode remote\r"
