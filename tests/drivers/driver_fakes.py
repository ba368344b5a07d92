"""A clock that moves when told, and wires without a wire."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from drivers import rtu
from drivers.bus import Bus
from drivers.device import BadAnswer, DeviceError, Fault, NoAnswer, Refused
from drivers.modbus_wire import answer_values, request_pdu
from drivers.question import FrameQuestion, Question
from drivers.settings import DeviceSettings, TcpBus

SETTINGS = TcpBus(id="line1", kind="tcp", host="127.0.0.1")
TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"


FAST = {"timeout_ms": 50, "gap_ms": 0, "retries": 0}


def device_settings(profile: str, *, address: int = 1, **more: object) -> DeviceSettings:
    """Give an impatient device, so that no test waits for a silence of a second."""
    settings = {"id": "it", "profile": profile, "bus": "line1", "address": address}
    return DeviceSettings.model_validate({**settings, "timing": FAST, **more})


class FakeClock:
    """Sleeping moves it, nothing else does."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.at = now
        self.began = now

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at - self.began

    async def sleep(self, seconds: float) -> None:
        self.at += seconds
        await asyncio.sleep(0)


class FakeWire:
    """Answers questions from a function; remembers what was asked, and when."""

    echo: bool | None = False
    silence_s = 0.0

    def __init__(self, answer: Callable[[Question], Sequence[int]]) -> None:
        self._answer = answer
        self.asked: list[Question] = []
        self.times: list[float] = []
        self.busy_at = 0.0
        self.closed = False

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        self.asked.append(question)
        self.times.append(asyncio.get_running_loop().time())
        await asyncio.sleep(0)
        return list(self._answer(question))

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        raise AssertionError("only Modbus is spoken here")

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        raise AssertionError("nobody speaks unasked here")

    def close(self) -> None:
        self.closed = True


class Registers:
    """An instrument as a table of registers, with addresses it refuses or is silent about."""

    def __init__(self, registers: dict[int, int] | None = None) -> None:
        self.registers = registers or {}
        self.errors: dict[int, DeviceError] = {}

    def put(self, address: int, values: Iterable[int]) -> None:
        self.registers.update(enumerate(values, start=address))

    def __call__(self, question: Question) -> list[int]:
        for address in range(question.start, question.start + question.count):
            if address in self.errors:
                raise self.errors[address]
        if question.values:
            self.put(question.start, question.values)
            return []
        return [
            self.registers.get(address, 0)
            for address in range(question.start, question.start + question.count)
        ]


def bus_on(answer: Callable[[Question], Sequence[int]]) -> tuple[Bus, FakeWire]:
    wire = FakeWire(answer)
    return Bus(SETTINGS, wire=wire), wire


class FrameWire(FakeWire):
    """Answers frames of other protocols from a function of the request; silent on None."""

    def __init__(self, answer: Callable[[bytes], bytes | None]) -> None:
        super().__init__(lambda _: [])
        self.reply = answer
        self.requests: list[bytes] = []
        self.overhear: Callable[[bytes], None] | None = None

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        self.requests.append(question.request)
        await asyncio.sleep(0)
        came = self.reply(question.request)
        if came is None:
            raise NoAnswer("no answer in time", sent=question.request)
        frame = question.shape.find(came, final=True)
        if frame is None:
            fault = question.shape.fault(came)
            raise BadAnswer(str(fault), fault=Fault(fault.kind), other_unit=fault.unit)
        return frame

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        self.overhear = overhear


class TranscriptWire(FakeWire):
    """Plays a recorded conversation; every question has to be the next one of it."""

    def __init__(self, lines: Iterable[str]) -> None:
        super().__init__(self._play)
        self._left = [line for line in lines if line[:1] in ("<", ">")]

    def _play(self, question: Question) -> list[int]:
        request = rtu.frame(question.unit, request_pdu(question))
        assert self._left, f"nothing left for {_hex('>', request)}"
        assert self._left.pop(0).split() == _hex(">", request).split()
        if not self._left or self._left[0].startswith(">"):
            raise NoAnswer("no answer in time")
        came = bytes.fromhex(self._left.pop(0)[1:])
        pdu = rtu.find_answer(came, question, final=True)
        if pdu is None:
            raise BadAnswer("not the answer")
        return answer_values(question, pdu)

    def finish(self) -> None:
        assert not self._left, f"not asked: {self._left}"


def question_of(request: bytes) -> Question:
    """Read a request frame, with nothing but its bytes."""
    unit, function = request[0], request[1]
    start, second = (int.from_bytes(request[i : i + 2], "big") for i in (2, 4))
    if function == 6:
        return Question(unit, 6, start, 1, (second,))
    values = request[7:-2] if function == 16 else b""
    words = tuple(int.from_bytes(values[i : i + 2], "big") for i in range(0, len(values), 2))
    return Question(unit, function, start, second, words)


def transcript(path: Path) -> tuple[dict[str, str], list[str]]:
    """Give the `# key: value` heads and the lines of a transcript."""
    lines = path.read_text(encoding="utf-8").splitlines()
    found = (re.fullmatch(r"# ([\w-]+): *(.*)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}, lines


def busy() -> Refused:
    return Refused("exception 6: busy", code=6)


def _hex(mark: str, data: bytes) -> str:
    return f"{mark} {data.hex(' ').upper()}"
