"""Asking once and keeping everything that came."""

import pytest
from driver_fakes import FakeClock, FakeWire, Registers, bus_on, busy, device_settings

from drivers.bus import Bus, Pace
from drivers.device import BadAnswer, NoAnswer, Refused
from drivers.line import NoLine, Record
from drivers.probe import FoundUnit, ProbeResult, probe_device, scan
from drivers.profile import load_profile
from drivers.question import Question
from drivers.settings import TcpBus
from protocols.registers import encode_number


async def probed(profile: str, registers: Registers) -> ProbeResult:
    bus, _ = bus_on(registers)
    settings = device_settings(profile)
    return await probe_device(settings, load_profile(profile), bus=bus, clock=FakeClock())


def ph(value: float = 7.6) -> Registers:
    registers = Registers()
    registers.put(0x2600, encode_number(25.0, "float32", "DCBA"))
    registers.put(0x2602, encode_number(value, "float32", "DCBA"))
    return registers


async def test_a_probe_keeps_registers_values_and_state() -> None:
    found = await probed("water/ph", ph())
    assert (found.device, found.bus, found.address) == ("it", "line1", 1)
    assert found.ok
    assert [(span.start, span.count) for span in found.spans] == [(0x2600, 4)]
    assert found.spans[0].registers == (0x0000, 0xC841, 0x3333, 0xF340)
    assert [reading.value for reading in found.readings] == [25.0, pytest.approx(7.6)]
    assert (found.cause, found.error) == ("normal", "")


async def test_a_silent_instrument_is_a_result_not_an_error() -> None:
    registers = ph()
    registers.errors = dict.fromkeys(range(0x2600, 0x2604), NoAnswer("no answer in time"))
    found = await probed("water/ph", registers)
    assert not found.ok
    assert (found.cause, found.error) == ("no_link", "no answer in time")
    assert found.spans[0].error == "NoAnswer: no answer in time"


async def test_a_missing_port_is_a_result_not_an_error() -> None:
    registers = ph()
    registers.errors[0x2600] = NoLine("/dev/x: No such file or directory")
    found = await probed("water/ph", registers)
    assert found.error == "/dev/x: No such file or directory"


async def test_an_exception_is_shown_and_is_not_silence() -> None:
    registers = ph()
    registers.errors[0x2600] = Refused("exception 4: device failure", code=4)
    found = await probed("water/ph", registers)
    assert (found.ok, found.error) == (False, "")
    assert found.spans[0].error == "Refused: exception 4: device failure"


async def test_a_busy_instrument_says_busy() -> None:
    registers = ph()
    registers.errors[0x2600] = busy()
    found = await probed("water/ph", registers)
    assert found.readings == ()
    profile = "gas/fpi-cems2000"
    registers = Registers()
    registers.errors[0x212] = busy()
    assert (await probed(profile, registers)).cause == "busy"


async def test_only_the_frames_of_the_probed_unit_are_kept() -> None:
    class Recording(FakeWire):
        record: Record

        async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
            self.record(">", bytes((question.unit,)))
            return await super().ask(question, timeout_s=timeout_s)

    wire = Recording(ph())
    all_frames: list[tuple[str, bytes]] = []
    bus = Bus(
        TcpBus(id="b", kind="tcp", host="x"),
        record=lambda direction, data: all_frames.append((direction, data)),
        wire=wire,
    )
    wire.record = bus.heard
    settings = device_settings("water/ph", address=7)
    with bus.tap(7) as frames:
        await bus.read(3, 3, 0, 1, timing=Pace(0.05, 0.0))
        found = await probe_device(settings, load_profile("water/ph"), bus=bus, clock=FakeClock())
    assert found.frames == ((">", b"\x07"),)
    assert frames == [(">", b"\x07")]
    assert all_frames == [(">", b"\x03"), (">", b"\x07")]


async def test_a_scan_finds_who_speaks_and_skips_who_does_not() -> None:
    def line(question: Question) -> list[int]:
        match question.unit:
            case 3:
                return [0x1234]
            case 4:
                raise Refused("exception 2: no such address", code=2)
            case 5:
                raise BadAnswer("WRONG UNIT: 6 answered for 5")
            case _:
                raise NoAnswer("no answer in time")

    bus, wire = bus_on(line)
    found = [unit async for unit in scan(bus, range(1, 7), timeout_s=0.01)]
    assert found == [
        FoundUnit(3, "register 0 = 1234"),
        FoundUnit(4, "exception 2: no such address"),
        FoundUnit(5, "garbled: WRONG UNIT: 6 answered for 5"),
    ]
    assert [question.unit for question in wire.asked] == [1, 2, 3, 4, 5, 6]


async def test_a_scan_of_a_missing_port_says_so() -> None:
    def gone(_: Question) -> list[int]:
        raise NoLine("/dev/x: No such file or directory")

    bus, _ = bus_on(gone)
    with pytest.raises(NoLine):
        async for _ in scan(bus, timeout_s=0.01):
            pass
