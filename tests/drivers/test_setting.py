"""Setting a parameter: only what reads back is set."""

import pytest
import yaml
from driver_fakes import FakeClock, Registers, bus_on, device_settings

from drivers.device import NoAnswer, Refused
from drivers.modbus import ModbusDevice
from drivers.profile_model import Profile
from drivers.question import Question
from drivers.setting import set_parameter
from protocols.registers import encode_number

PROFILE = """
profile: water/example
name: Example
source: made for a test
confidence: manual
driver: modbus
points: [{id: w01018, register: holding, address: 0, type: uint16, unit: mg/L}]
parameters:
  - {id: slope, register: holding, address: 20, type: float32, order: CDAB, writable: true}
  - {id: interval, register: holding, address: 30, type: uint16, scale: 0.5, writable: true}
  - {id: range, register: holding, address: 40, type: uint16, unit: mg/L}
"""


def analyzer() -> tuple[ModbusDevice, Registers]:
    registers = Registers({30: 4, 40: 200})
    registers.put(20, encode_number(1.5, "float32", "CDAB"))
    bus, _ = bus_on(registers)
    profile = Profile.model_validate(yaml.safe_load(PROFILE))
    settings = device_settings("water/example")
    return ModbusDevice(settings, profile, bus=bus, clock=FakeClock()), registers


async def test_what_reads_back_is_set() -> None:
    device, registers = analyzer()
    assert await set_parameter(device, "slope", 1.03) == (1.5, pytest.approx(1.03))
    assert await set_parameter(device, "interval", 6.0) == (2.0, 6.0)
    assert registers.registers[30] == 12
    kept, _ = await device.kept()
    assert {one.id: one.value for one in kept}["interval"] == 6.0


async def test_what_was_acknowledged_and_dropped_is_not_set() -> None:
    device, registers = analyzer()
    registers.put = lambda address, values: None  # type: ignore[method-assign]  # a deaf one
    with pytest.raises(NoAnswer, match="acknowledged, but interval reads back 2 and not 6"):
        await set_parameter(device, "interval", 6.0)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("range", 100.0, "not a parameter that can be set"),
        ("gain", 1.0, "not a parameter that can be set"),
        ("interval", 1e9, "does not fit"),
    ],
)
async def test_what_cannot_be_set_is_refused_unsent(name: str, value: float, message: str) -> None:
    device, registers = analyzer()
    before = dict(registers.registers)
    with pytest.raises(Refused, match=message) as caught:
        await set_parameter(device, name, value)
    assert caught.value.code == 0
    assert registers.registers == before


async def test_a_lost_reply_is_settled_by_reading_back() -> None:
    device, registers = analyzer()
    answer = registers.__call__

    def lossy(question: Question) -> list[int]:
        answer(question)
        if question.values:
            raise NoAnswer("silent", sent=b"x")
        return answer(question)

    device.bus, wire = bus_on(lossy)
    assert await set_parameter(device, "interval", 6.0) == (2.0, 6.0)
    assert sum(1 for question in wire.asked if question.values) == 1
