"""A simulated line that lies: faults by the thousand, in time that jumps instead of passing.

The device side shares no code with the driver: frames and check sums are written out again. Every
register of every unit and function has one value of its own, so a value that belongs elsewhere
shows. Time is that of an event loop that never waits: what is 100,000 exchanges long on a line
takes a minute here, with every time-out and silence in its place.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

from drivers.bus import Bus, Pace
from drivers.byte_wire import ByteWire
from drivers.device import DeviceError
from drivers.line import Patience
from drivers.settings import SerialBus

TIMEOUT_S = 0.3
BYTE_S = 10 / 9600
UNITS = 4
PACE = Pace(timeout_s=TIMEOUT_S, gap_s=0.0, retries=1)
SETTINGS = SerialBus(id="noise", kind="serial", port="/dev/null")

Timed = list[tuple[float, bytes]]
"""Seconds after the request, and what comes then."""
Fault = Callable[["NoisyPort", bytes, bytes], Timed]


class _Jumping(selectors.DefaultSelector):
    """Lets the loop's time jump to the next thing to do."""

    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout > 0:
            self.now += timeout
        return super().select(0)


class JumpingLoop(asyncio.SelectorEventLoop):
    """An event loop whose waits cost nothing. For tasks of this process alone."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end in time that jumps."""
    loop = JumpingLoop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


def crc(data: bytes) -> bytes:
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = (value >> 1) ^ 0xA001 if value & 1 else value >> 1
    return bytes((value & 0xFF, value >> 8))


def register(unit: int, function: int, address: int) -> int:
    """Give the one value a register has."""
    return (address * 40_503 + unit * 9_973 + function * 613) & 0xFFFF


def answer(unit: int, function: int, start: int, count: int) -> bytes:
    words = (register(unit, function, start + n).to_bytes(2, "big") for n in range(count))
    body = bytes((unit, function, 2 * count)) + b"".join(words)
    return body + crc(body)


class RtuSide:
    """The device side of Modbus RTU."""

    def right(self, request: bytes) -> bytes:
        unit, function, start, count = self.asked(request)
        return self.framed(answer(unit, function, start, count))

    def foreign(self, dice: random.Random, request: bytes) -> bytes:
        """Give an answer of another unit, or to another function."""
        unit, function, _, count = self.asked(request)
        unit, function = dice.choice([(unit % 247 + 1, function), (unit, 7 - function)])
        size = dice.choice([count, count + 1])
        return self.framed(answer(unit, function, dice.randrange(500), size))

    def unlike(self, dice: random.Random, request: bytes) -> bytes:
        """Give an answer of the same unit to a question of another shape."""
        unit, function, _, count = self.asked(request)
        size = count + dice.randrange(1, 4)
        return self.framed(answer(unit, function, dice.randrange(500), size))

    def refusal(self, request: bytes) -> bytes:
        unit, function, _, _ = self.asked(request)
        body = bytes((unit, function | 0x80, 6))
        return self.framed(body + crc(body))

    def asked(self, request: bytes) -> tuple[int, int, int, int]:
        """Give unit, function, start and count of a request."""
        start, count = (int.from_bytes(request[at : at + 2], "big") for at in (2, 4))
        return request[0], request[1], start, count

    def framed(self, frame: bytes) -> bytes:
        """Give a RTU frame as it goes over this line."""
        return frame


class AsciiSide(RtuSide):
    """The device side of Modbus ASCII."""

    def asked(self, request: bytes) -> tuple[int, int, int, int]:
        return super().asked(bytes.fromhex(request[1:-2].decode("ascii")))

    def framed(self, frame: bytes) -> bytes:
        body = frame[:-2]
        lrc = (256 - sum(body) % 256) % 256
        return b":" + (body + bytes((lrc,))).hex().upper().encode("ascii") + b"\r\n"


def flipped(dice: random.Random, data: bytes, bits: int) -> bytes:
    number = int.from_bytes(data, "big")
    for place in dice.sample(range(8 * len(data)), bits):
        number ^= 1 << place
    return number.to_bytes(len(data), "big")


class NoisyPort:
    """A port behind which units answer, each time with one of the faults given."""

    def __init__(self, faults: dict[str, Fault], seed: int, side: RtuSide) -> None:
        self.patience = Patience(1.0)
        self.came: Callable[[bytes], None] = lambda _: None
        self.gone: Callable[[], None] = lambda: None
        self.is_open = True
        self.dice = random.Random(seed)
        self.faults = faults
        self.side = side
        self.injected: Counter[str] = Counter()
        self.label = ""

    async def open(self) -> None:
        """Be open: it always is."""

    def flush(self) -> None:
        """Hold nothing back."""

    def silent(self) -> None:
        """Bear it."""

    def close(self) -> None:
        """Stay open."""

    def send(self, data: bytes) -> None:
        self.label = self.dice.choice(list(self.faults))
        self.injected[self.label] += 1
        loop = asyncio.get_running_loop()
        for at, piece in self.faults[self.label](self, data, self.side.right(data)):
            if piece:
                loop.call_later(at, self.came, piece)


def sent_after(request: bytes) -> float:
    """Give when an answer may begin: the request has to be through, and read."""
    return len(request) * BYTE_S + 0.01


def good(_port: NoisyPort, request: bytes, right: bytes) -> Timed:
    return [(sent_after(request), right)]


def silent(_port: NoisyPort, _request: bytes, _right: bytes) -> Timed:
    return []


def in_pieces(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    start, cut = sent_after(request), port.dice.randrange(1, len(right))
    return [(start, right[:cut]), (start + 0.05, right[cut:])]


def late(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Come after the time-out and before the silence behind it is over."""
    on_wire = (len(request) + len(right)) * BYTE_S
    return [(on_wire + TIMEOUT_S * port.dice.uniform(1.001, 1.99), right)]


def later(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Come after the silence too: beyond what a bus can rule out on RTU."""
    return [(TIMEOUT_S * port.dice.uniform(2.2, 12), right)]


def foreign(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Let another unit, or another function, answer in front of the right one or instead."""
    other = port.side.foreign(port.dice, request)
    return [(sent_after(request), other + (right if port.dice.random() < 0.5 else b""))]


def truncated(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    cut = port.dice.randrange(1, len(right))
    front = port.dice.random() < 0.5
    return [(sent_after(request), right[:cut] if front else right[cut:])]


def glued(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Put a cut answer, noise, or the answer to a question of another shape in front or behind."""
    dice = port.dice
    other = port.side.unlike(dice, request)
    pieces = [
        right[: dice.randrange(1, len(right))] + right,
        dice.randbytes(dice.randrange(1, 12)) + right,
        other + right,
        right + other,
        right + right,
        other[: dice.randrange(1, len(other))] + right + dice.randbytes(3),
    ]
    return [(sent_after(request), dice.choice(pieces))]


def flips(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    return [(sent_after(request), flipped(port.dice, right, port.dice.randint(1, 3)))]


def many_flips(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Flip more bits than a CRC of 16 bits is sure to see."""
    return [(sent_after(request), flipped(port.dice, right, port.dice.randint(4, 12)))]


def echoed(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Give the request back in front, whole, flipped or behind a stray byte, with answer or not."""
    dice = port.dice
    echo = dice.choice([request, b"\x00" + request, flipped(dice, request, 1), request[1:]])
    return [(len(request) * BYTE_S, echo), (sent_after(request), dice.choice([right, right, b""]))]


def refused(port: NoisyPort, request: bytes, _right: bytes) -> Timed:
    return [(sent_after(request), port.side.refusal(request))]


def one_flip(port: NoisyPort, request: bytes, right: bytes) -> Timed:
    """Flip one bit: all that a sum of eight bits is sure to see."""
    return [(sent_after(request), flipped(port.dice, right, 1))]


FAULTS: dict[str, Fault] = {
    "none": good, "in pieces": in_pieces, "silent": silent, "late": late, "foreign": foreign,
    "truncated": truncated, "glued": glued, "1 to 3 bits": flips, "echoed": echoed, "busy": refused,
}  # fmt: skip
SUMMED = {name: fault for name, fault in FAULTS.items() if fault is not flips} | {"1 bit": one_flip}
"""For a line whose frames have a sum and no CRC."""
BEYOND_SUMS: dict[str, Fault] = {"none": good, "1 to 3 bits": flips}
BEYOND: dict[str, Fault] = {"none": good, "later": later, "4 to 12 bits": many_flips}


@dataclass(slots=True)
class Verdict:
    """What came of all exchanges, by the fault of the last one of each question."""

    exchanges: int = 0
    right: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    no_value: Counter[str] = field(default_factory=Counter)

    def table(self, injected: Counter[str]) -> str:
        """Give one row per fault."""
        rows = [f"{'fault':>14} {'injected':>9} {'right':>7} {'no value':>9} {'WRONG':>6}"]
        rows += [
            f"{name:>14} {count:>9} {self.right[name]:>7} {self.no_value[name]:>9} "
            f"{self.wrong[name]:>6}"
            for name, count in sorted(injected.items())
        ]
        return "\n".join(rows)


def campaign(
    faults: dict[str, Fault], exchanges: int, *, seed: int = 1, framing: str = "rtu"
) -> tuple[Verdict, Counter[str], Bus]:
    """Ask until so many exchanges have been on the line; nothing is asserted here."""
    side = RtuSide() if framing == "rtu" else AsciiSide()
    port, verdict = NoisyPort(faults, seed, side), Verdict()
    made: list[Bus] = []

    async def ask_all() -> None:
        wire = ByteWire(
            port, lambda *_: None, framing=framing, character_s=BYTE_S, silence_s=3.5 * BYTE_S
        )
        bus = Bus(SETTINGS, wire=wire)
        made.append(bus)
        async with asyncio.TaskGroup() as group:
            for unit in range(1, UNITS + 1):
                group.create_task(_ask(bus, port, unit, verdict=verdict, exchanges=exchanges))

    run(ask_all())
    verdict.exchanges = sum(port.injected.values())
    return verdict, port.injected, made[0]


async def _ask(bus: Bus, port: NoisyPort, unit: int, *, verdict: Verdict, exchanges: int) -> None:
    dice = random.Random(unit)
    while sum(port.injected.values()) < exchanges:
        function, start = dice.choice([3, 4]), dice.choice([0, 7, 64, 256, 300, 0x0401])
        count = dice.choice([1, 2, 2, 2, 4, 20])
        try:
            came = await bus.read(unit, function, start, count, timing=PACE, order=True)
        except DeviceError:
            verdict.no_value[port.label] += 1
            continue
        truth = [register(unit, function, start + n) for n in range(count)]
        (verdict.right if came == truth else verdict.wrong)[port.label] += 1
