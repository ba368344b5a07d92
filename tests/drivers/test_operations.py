"""Operations: done only when it shows, never twice, and nothing claimed that is not known."""

from collections.abc import Callable

import pytest
from driver_fakes import (
    SETTINGS,
    FakeClock,
    FakeWire,
    FrameWire,
    Registers,
    bus_on,
    device_settings,
)

from agent.operating import settle_order
from drivers.bus import Bus
from drivers.device import Cause, NoAnswer, NotShown, Refused
from drivers.frame_device import FrameDevice
from drivers.modbus import ModbusDevice
from drivers.operation import BACK_TIMES, Outcome, operate
from drivers.profile import load_profile
from drivers.profile_model import Profile
from drivers.question import Question
from drivers.registry import open_device

ANALYZER = """
profile: water/example
name: Example
source: made for a test
confidence: manual
driver: modbus
points: [{id: w01018, register: holding, address: 0, type: uint16, unit: mg/L}]
state:
  register: holding
  address: 10
  values: [{from: 0, cause: normal}, {from: 1, cause: normal}, {from: 5, cause: maintenance}]
  other: fault
operations:
  measure:
    writes:
      - {address: 100, values: [11], single: true, pause_ms: 1}
      - {address: 101, values: [41], single: true}
    proof: {state: [1], within_s: 60}
    not_in: [maintenance]
  clean: {writes: [{address: 100, values: [10]}]}
  set_time: {writes: [{address: 200, time: words6}], proof: {clock: {address: 200, format: words6}}}
  set_interval: {writes: [{address: 100, values: [15, minutes]}]}
  retain: {writes: [{address: 100, values: [1]}], proof: {changed: 300, width: 2, within_s: 900}}
"""
WRITES = (6, 16)


class Analyzer(Registers):
    """Obeys writes, acknowledges them only, or is silent after them."""

    def __init__(self, on_write: Callable[["Analyzer", Question], None]) -> None:
        super().__init__({10: 0})
        self.on_write = on_write
        self.writes: list[tuple[int, tuple[int, ...]]] = []

    def __call__(self, question: Question) -> list[int]:
        if question.function in WRITES:
            self.writes.append((question.start, question.values))
            self.on_write(self, question)
            return []
        return super().__call__(question)


def profile() -> Profile:
    import yaml

    return Profile.model_validate(yaml.safe_load(ANALYZER))


def device_of(
    on_write: Callable[[Analyzer, Question], None],
) -> tuple[ModbusDevice, Analyzer, FakeWire]:
    registers = Analyzer(on_write)
    bus, wire = bus_on(registers)
    device = ModbusDevice(device_settings("water/example"), profile(), bus=bus, clock=FakeClock())
    return device, registers, wire


def obey(registers: Analyzer, question: Question) -> None:
    if question.start == 101:
        registers.put(10, [1])
    if question.start == 200:
        registers.put(200, question.values)


def nothing(_registers: Analyzer, _question: Question) -> None:
    """Acknowledge and drop it."""


async def test_a_measurement_is_done_when_the_state_shows_it() -> None:
    device, registers, _ = device_of(obey)
    done = await operate(device, "measure")
    assert (done.outcome, done.text) == (Outcome.DONE, "state 1")
    assert registers.writes == [(100, (11,)), (101, (41,))]


async def test_an_acknowledged_order_that_never_shows_is_not_done() -> None:
    device, registers, _ = device_of(nothing)
    with pytest.raises(NoAnswer, match="acknowledged, and state 0: not shown within 60 s"):
        await operate(device, "measure")
    assert len(registers.writes) == 2


async def test_a_state_that_was_there_before_proves_nothing() -> None:
    device, registers, _ = device_of(nothing)
    registers.put(10, [1])
    done = await operate(device, "measure")
    assert done.outcome is Outcome.ALREADY


async def test_an_order_that_would_be_dropped_is_refused_before_it_is_sent() -> None:
    device, registers, _ = device_of(obey)
    registers.put(10, [5])
    with pytest.raises(Refused, match="nothing was sent: it would be dropped") as caught:
        await operate(device, "measure")
    assert caught.value.code == 0
    assert registers.writes == []


async def test_nothing_is_sent_to_an_instrument_that_does_not_answer() -> None:
    device, registers, _ = device_of(obey)
    registers.errors[10] = NoAnswer("silent")
    registers.errors[0] = NoAnswer("silent")
    with pytest.raises(Refused, match="nothing was sent") as caught:
        await operate(device, "measure")
    assert caught.value.code == 0
    assert registers.writes == []


async def test_a_lost_reply_is_settled_by_the_proof_and_not_by_another_order() -> None:
    def lose(registers: Analyzer, question: Question) -> None:
        obey(registers, question)
        if question.start == 101:
            raise NoAnswer("silent", sent=b"x")

    device, registers, _ = device_of(lose)
    assert (await operate(device, "measure")).outcome is Outcome.DONE
    assert len(registers.writes) == 2


async def test_a_lost_reply_without_proof_is_not_known() -> None:
    def lose(_registers: Analyzer, _question: Question) -> None:
        raise NoAnswer("silent", sent=b"x")

    device, registers, _ = device_of(lose)
    with pytest.raises(NoAnswer, match="it is not known"):
        await operate(device, "clean")
    with pytest.raises(NoAnswer, match="broken off after step 1 of 2"):
        await operate(device, "measure")
    assert len(registers.writes) == 2, "no step was taken twice, none after the lost one"


async def test_a_refusal_names_the_step() -> None:
    def refuse(_registers: Analyzer, question: Question) -> None:
        if question.start == 101:
            raise Refused("exception 4: device failure", code=4)

    device, _, _ = device_of(refuse)
    with pytest.raises(Refused, match="step 2 refused: exception 4") as caught:
        await operate(device, "measure")
    assert caught.value.code == 4


async def test_without_proof_it_is_acknowledged_and_no_more() -> None:
    device, _, _ = device_of(nothing)
    assert (await operate(device, "clean")).outcome is Outcome.ACKNOWLEDGED


async def test_a_clock_is_set_when_it_shows_the_time() -> None:
    device, registers, _ = device_of(obey)
    assert (await operate(device, "set_time")).outcome is Outcome.DONE
    dropping, registers, _ = device_of(nothing)
    registers.put(200, [2020, 1, 1, 0, 0, 0])
    with pytest.raises(NoAnswer, match="its clock is"):
        await operate(dropping, "set_time")


async def test_a_retention_is_done_with_a_new_record() -> None:
    def keep(registers: Analyzer, _question: Question) -> None:
        registers.put(300, [7, 500])

    device, registers, _ = device_of(keep)
    assert (await operate(device, "retain")).outcome is Outcome.DONE
    with pytest.raises(NoAnswer, match="not shown within 900 s"):
        await operate(device, "retain")
    assert len(registers.writes) == 2


async def test_what_has_to_be_named_is_asked_for() -> None:
    device, registers, _ = device_of(nothing)
    with pytest.raises(Refused, match="minutes not given"):
        await operate(device, "set_interval")
    await operate(device, "set_interval", {"minutes": 120})
    assert registers.writes == [(100, (15, 120))]


async def test_an_operation_the_profile_does_not_have_is_refused() -> None:
    device, _, _ = device_of(nothing)
    with pytest.raises(Refused, match="no operation span"):
        await operate(device, "span")


class Gas:
    """A C-Link analyzer: gas mode follows orders unless it is deaf, or stuck where it is."""

    def __init__(self, *, deaf: bool = False, stuck: bool = False) -> None:
        self.mode = b"sample"
        self.deaf = deaf
        self.stuck = stuck
        self.modes: list[bytes] = []

    def __call__(self, request: bytes) -> bytes | None:
        command = request[1:-1]
        answers = {b"so2": b"25.3E+0 ppb", b"mode": b"remote", b"gas mode": self.mode}
        if command in answers:
            return command + b" " + answers[command] + b"\r"
        word = command.rpartition(b" ")[2]
        stays = self.deaf or (self.stuck and word == b"sample")
        if word in (b"zero", b"span", b"sample") and not stays:
            self.mode = word
            self.modes.append(word)
        return command + b" ok\r"


def clink(gas: Gas) -> tuple[FrameDevice, FrameWire]:
    wire = FrameWire(gas)
    settings = device_settings("gas/thermo-43i-clink", address=43)
    device = open_device(
        settings, load_profile(settings.profile), bus=Bus(SETTINGS, wire=wire), clock=FakeClock()
    )
    assert isinstance(device, FrameDevice)
    return device, wire


async def test_zero_gas_is_on_when_the_gas_mode_says_so_and_off_at_its_end() -> None:
    gas = Gas()
    device, wire = clink(gas)
    began = device.clock.now()
    done = await operate(device, "zero")
    assert done.outcome is Outcome.DONE
    assert b"\xabset mode remote\r" in wire.requests
    assert wire.requests.count(b"\xabset zero\r") == 1
    assert gas.modes == [b"zero", b"sample"]
    assert device.clock.now() - began >= device.profile.operations["zero"].hold_s
    look = await device.look()
    assert look.state is not None
    assert look.state.cause is Cause.NORMAL


async def test_an_analyzer_that_stays_on_zero_gas_is_told() -> None:
    device, wire = clink(Gas(stuck=True))
    with pytest.raises(NotShown, match="IT DID NOT GO BACK"):
        await operate(device, "zero")
    assert wire.requests.count(b"\xabset zero\r") == 1
    assert wire.requests.count(b"\xabset sample\r") == BACK_TIMES


async def test_zero_gas_that_was_interrupted_is_ended_and_not_done_again() -> None:
    gas = Gas()
    gas.mode = b"zero"
    device, wire = clink(gas)
    before = {"thing": "normal", "met": False, "text": "state normal"}
    end = await settle_order(device, {"operation": "zero"}, before, since_s=20.0)
    assert (end.state, end.outcome["outcome"]) == ("failed", "interrupted")
    assert gas.modes == [b"sample"]
    assert b"\xabset zero\r" not in wire.requests


async def test_zero_gas_that_was_only_acknowledged_is_not_on() -> None:
    device, _ = clink(Gas(deaf=True))
    with pytest.raises(NoAnswer, match="acknowledged"):
        await operate(device, "zero")


async def test_a_command_the_analyzer_does_not_know_is_refused() -> None:
    def unknown(request: bytes) -> bytes:
        if b"set" in request:
            return request[1:-1] + b" bad cmd\r"
        return Gas()(request) or b""

    wire = FrameWire(unknown)
    settings = device_settings("gas/thermo-43i-clink", address=43)
    device = open_device(
        settings, load_profile(settings.profile), bus=Bus(SETTINGS, wire=wire), clock=FakeClock()
    )
    assert isinstance(device, FrameDevice)
    with pytest.raises(Refused, match="step 1 refused"):
        await operate(device, "zero")


def status(at: bytes, word: bytes = b"1") -> bytes:
    body = b"MO,6712,TI,46000.5,STS,%b,STI,%b,BTL,2,SVO,100,SOR,0,CS," % (word, at)
    return body + b"%d\r" % sum(body)


async def test_a_sampler_keeps_a_bottle_once_and_its_record_shows_it() -> None:
    asked: list[bytes] = []

    def sampler(request: bytes) -> bytes:
        asked.append(request)
        kept = any(one.startswith(b"BTL") for one in asked)
        return status(b"46000.41875" if kept else b"45999.00000")

    wire = FrameWire(sampler)
    device = open_device(
        device_settings("sampler/isco-6712"),
        load_profile("sampler/isco-6712"),
        bus=Bus(SETTINGS, wire=wire),
        clock=FakeClock(),
    )
    assert isinstance(device, FrameDevice)
    done = await operate(device, "retain", {"bottle": 2, "volume_ml": 100})
    assert done.outcome is Outcome.DONE
    assert [one for one in asked if one.startswith(b"BTL")] == [b"BTL,2,SVO,100,CS,1039\r"]


async def test_a_sampler_that_says_no_has_kept_nothing() -> None:
    def sampler(request: bytes) -> bytes:
        return status(b"45999.0", b"22" if request.startswith(b"BTL") else b"1")

    wire = FrameWire(sampler)
    device = open_device(
        device_settings("sampler/isco-6712"),
        load_profile("sampler/isco-6712"),
        bus=Bus(SETTINGS, wire=wire),
        clock=FakeClock(),
    )
    assert isinstance(device, FrameDevice)
    with pytest.raises(Refused, match="invalid bottle") as caught:
        await operate(device, "retain", {"bottle": 99, "volume_ml": 100})
    assert caught.value.code == 22
