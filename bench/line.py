"""Eight instruments on a serial line at its real speed: our cycle beside that of a bare C reader.

Both ask the same line in turns: a pty whose other end gives every byte its time at 9600, 19200 or
115200 baud (`line_ends.c`, compiled here with gcc), 20 registers of each of eight units. Ours is
the way of a value as far as the driver: bus, profile, readings. Goals: at most 1.05 of the C
reader's cycle at 9600 baud, 1.15 at 115200; and with one of eight silent the other seven keep 95 %
of the rate they have without it, after the first minute. Beside it stands what the line itself
takes: (8 + 45) characters and two silences for each unit.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from drivers.bus import Bus
from drivers.device import DeviceError, Reading
from drivers.modbus import ModbusDevice
from drivers.port import character_s, frame_silence_s
from drivers.profile_model import Profile
from drivers.settings import DeviceSettings, SerialBus

UNITS, REGISTERS = 8, 20
GOALS = {9600: 1.05, 19200: None, 115200: 1.15}
RATE_GOAL = 0.95
SOURCE = Path(__file__).with_name("line_ends.c")
PROFILE = Profile.model_validate(
    {
        "profile": "bench/block",
        "name": "block",
        "source": "made by this bench",
        "confidence": "convention",
        "driver": "modbus",
        "line": {"gap_ms": 0, "timeout_ms": 1000},
        "points": [
            {"id": f"p{n}", "register": "holding", "address": 2 * n, "type": "float32"}
            for n in range(REGISTERS // 2)
        ],
    }
)


class RealClock:
    """The clock of the wall, for the labels of readings."""

    def now(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@contextlib.contextmanager
def line(ends: Path, baud: int, silent: int = 0) -> Iterator[str]:
    """Have the instruments answer; gives the port, and says so when one was asked too early."""
    words = [str(ends), "slave", str(baud), str(UNITS), str(REGISTERS), str(silent)]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        yield child.stdout.readline().strip()
    finally:
        child.stdin.close()
        asked, hurried = child.stdout.readline().split() or ("0", "0")
        child.wait(10)
        if int(hurried) > int(asked) * 0.01:
            print(f"  {hurried} of {asked} questions came before the silence was over")


def of_reader(ends: Path, port: str, baud: int, rounds: int) -> list[float]:
    """Seconds of each round of the C reader."""
    words = [str(ends), "reader", port, str(baud), str(UNITS), str(REGISTERS), str(rounds)]
    done = subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True, timeout=600)
    return [int(row) / 1e6 for row in done.stdout.split()]


def instruments(bus: Bus, units: list[int]) -> list[ModbusDevice]:
    """Give the devices of the line."""
    return [
        ModbusDevice(
            DeviceSettings(id=f"d{unit}", profile=PROFILE.profile, bus="line1", address=unit),
            PROFILE,
            bus=bus,
            clock=RealClock(),
        )
        for unit in units
    ]


def settings(port: str, baud: int) -> SerialBus:
    return SerialBus.model_validate({"id": "line1", "kind": "serial", "port": port, "baud": baud})


async def of_ours(port: str, baud: int, rounds: int) -> list[float]:
    """Seconds of each round of ours."""
    taken = []
    async with Bus(settings(port, baud)) as bus:
        devices = instruments(bus, list(range(1, UNITS + 1)))
        await devices[0].read()  # opens the port
        for _ in range(rounds):
            begun = time.perf_counter()
            for device in devices:
                _right(device, await device.read())
            taken.append(time.perf_counter() - begun)
    return taken


def _right(device: ModbusDevice, readings: list[Reading]) -> None:
    unit = device.settings.address
    if any(one.raw != (unit << 8 | 2 * n, unit << 8 | 2 * n + 1) for n, one in enumerate(readings)):
        raise SystemExit(f"wrong values of unit {unit}: {readings}")


async def answers(port: str, baud: int, units: list[int], first_s: float, then_s: float) -> float:
    """Answers a second of units asked without a pause, each by a task of its own.

    Only those of the first seven count, after `first_s`.
    """
    counted = 0

    async def ask(device: ModbusDevice) -> None:
        nonlocal counted
        while True:
            try:
                await device.read()
            except DeviceError:
                await asyncio.sleep(0.05)  # left alone for a while
                continue
            counted += device.settings.address < UNITS

    async with Bus(settings(port, baud)) as bus:
        tasks = [asyncio.ensure_future(ask(device)) for device in instruments(bus, units)]
        await asyncio.sleep(first_s)
        before, begun = counted, time.perf_counter()
        await asyncio.sleep(then_s)
        rate = (counted - before) / (time.perf_counter() - begun)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return rate


def wire_s(baud: int) -> float:
    """What the line itself takes for a round."""
    one = character_s(baud, 8, "none", 1)
    return UNITS * ((8 + 5 + 2 * REGISTERS) * one + 2 * frame_silence_s(baud, one))


def cycles(ends: Path, baud: int, *, times: int, round_s: float) -> bool:
    rounds = max(2, round(round_s / wire_s(baud)))
    theirs: list[float] = []
    ours: list[float] = []
    ratios = []
    for _ in range(times):
        with line(ends, baud) as port:
            one = of_reader(ends, port, baud, rounds)
        with line(ends, baud) as port:
            other = asyncio.run(of_ours(port, baud, rounds))
        ratios.append(statistics.median(other) / statistics.median(one))
        theirs += one
        ours += other
    ratio, goal = statistics.median(ratios), GOALS[baud]
    print(
        f"{baud} baud: line {wire_s(baud) * 1000:.1f} ms, C reader"
        f" {statistics.median(theirs) * 1000:.1f} ms, ours {statistics.median(ours) * 1000:.1f} ms:"
        f" {ratio:.3f} x the C reader"
        + (f" (goal {goal})" if goal else "")
        + f", {statistics.median(ours) / wire_s(baud):.3f} x the line"
    )
    return goal is None or ratio <= goal


def with_one_silent(ends: Path, baud: int, first_s: float, then_s: float) -> bool:
    """Compare the rate of seven beside a silent one with that of the seven alone."""
    seven, alone_s = list(range(1, UNITS)), min(then_s, 20.0)

    def alone() -> float:
        with line(ends, baud) as port:
            return asyncio.run(answers(port, baud, seven, 1.0, alone_s))

    before = alone()
    with line(ends, baud, silent=UNITS) as port:
        beside = asyncio.run(answers(port, baud, [*seven, UNITS], first_s, then_s))
    without = (before + alone()) / 2
    share = beside / without
    print(
        f"{baud} baud, one of {UNITS} silent: the others {beside:.2f} answers a second of"
        f" {without:.2f} without it, after the first {first_s:g} s:"
        f" {share:.1%} (goal {RATE_GOAL:.0%})"
    )
    return share >= RATE_GOAL


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=3, help="of each reader, in turns")
    parser.add_argument("--round-s", type=float, default=5.0, help="seconds of each time")
    parser.add_argument("--silent-s", type=float, default=60.0, help="0: without this part")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ends = Path(folder) / "ends"
        subprocess.run(["gcc", "-O2", "-Wall", "-o", ends, SOURCE], check=True)
        good = [cycles(ends, baud, times=options.times, round_s=options.round_s) for baud in GOALS]
        if options.silent_s:
            good.append(with_one_silent(ends, 9600, 60.0, options.silent_s))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
