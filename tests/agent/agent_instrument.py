"""An analyzer on a wire without a wire, behind the real driver: registers, and what orders do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from agent_house import House

from drivers.bus import Bus
from drivers.device import NoAnswer
from drivers.modbus import ModbusDevice
from drivers.profile import load_profile
from drivers.question import FrameQuestion, Question
from drivers.settings import DeviceSettings, TcpBus

PROFILE = "water/national-dbs"
STATE, COMMAND, FLAG = 0x1083, 0x1200, 0x100A
INTERVAL, RANGE = 0x1089, 0x10A5
IDLE, MEASURING, STANDARD, MAINTENANCE = 0, 1, 9, 22
READS = (3, 4)


class Analyzer:
    """Registers that take what is written. `obey` says what an order does; it may raise."""

    echo: bool | None = False
    silence_s = 0.0

    def __init__(self) -> None:
        self.registers = {STATE: IDLE, FLAG: ord("N"), INTERVAL: 60}
        self.written: list[tuple[int, tuple[int, ...]]] = []
        self.silent = False
        self.reads = 0
        self.on_read: Callable[[], None] = lambda: None
        self.obey: Callable[[int, tuple[int, ...]], None] = lambda start, values: None
        self.busy_at = 0.0

    def put(self, start: int, values: Iterable[int]) -> None:
        self.registers.update(enumerate(values, start))

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        await asyncio.sleep(0)
        if self.silent:
            raise NoAnswer("silent", sent=b"?")
        if question.function not in READS:
            self.written.append((question.start, question.values))
            self.obey(question.start, question.values)
            return []
        self.reads += 1
        self.on_read()
        stop = question.start + question.count
        return [self.registers.get(one, 0) for one in range(question.start, stop)]

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        raise AssertionError("only Modbus is spoken here")

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        raise AssertionError("nobody speaks unasked here")

    def close(self) -> None:
        return


def driven(house: House, analyzer: Analyzer) -> ModbusDevice:
    """Give the driver of the analyzer, on the clock of the house."""
    settings = DeviceSettings.model_validate(
        {
            "id": "cod",
            "profile": PROFILE,
            "bus": "net1",
            "address": 3,
            "timing": {"timeout_ms": 50, "gap_ms": 0, "retries": 0},
        }
    )
    bus = Bus(TcpBus(id="net1", kind="tcp", host="127.0.0.1"), wire=analyzer)
    return ModbusDevice(settings, load_profile(PROFILE), bus=bus, clock=house.clock)
