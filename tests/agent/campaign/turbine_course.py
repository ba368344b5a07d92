"""A gas turbine's recorded year as what the instruments of a CEMS say, with a scripted life.

Recorded are NOx, CO, exhaust temperature, ambient pressure and energy yield, one row an hour; they
are read straight off, in between along a line. What the recording has not is made of the load
`L = energy yield / 180 MWh` (0.56 to 1 in that year) and of seeded noise `n` between -1 and 1, a
new one for each instrument's point and each instant:

| point | formula |
|---|---|
| NO, NO2, mg/m3 | 0.95 NOx 30/46, 0.05 NOx; each (1 + 0.01 n) |
| CO, mg/m3 | CO (1 + 0.02 n) |
| SO2, ppm | 0.6 + 1.2 L + 0.1 n |
| O2, % dry | 20.4 - 5.9 L + 0.1 n |
| moisture, % | 4 + 4 L + 0.1 n |
| dust, mg/m3 at actual state | 2 + 1.5 (1 - L) + 0.2 n |
| static pressure, kPa | -0.2 - 0.3 L + 0.01 n |
| velocity, m/s | 18 + 12 L + 0.5 n |

`n` of point number i at instant `at` is made of bytes 2i and 2i+1 of BLAKE2b(SEED "/" at). One
cycle of one instrument in a hundred is lost, by the same digest.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from drivers.device import Cause
from protocols.hj212.times import parse_wire_time

FILE = Path(__file__).parents[3] / "config" / "recordings" / "gas_turbine_2015.csv"
SEED = "turbine"
FULL_MWH = 180.0
MINUTE, HOUR, DAY = 60, 3600, 86_400
DEVICES = {
    "plc": ("temperature", "static", "ambient"),
    "cabinet": ("so2", "no", "no2", "co", "o2", "moisture"),
    "dust": ("dust",),
    "meter": ("velocity",),
}
"""The instruments in the order they are asked, and what each measures."""
SCRIPT_D = 14
"""The script begins anew after so many days."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What an instrument says of itself for a while; `silent`: without any value.

    `instead` are figures shown in the place of the measured ones.
    """

    devices: tuple[str, ...]
    start: int
    end: int
    cause: Cause
    silent: bool = False
    instead: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Calibration:
    """A span calibration of the cabinet; `drift_pct` is what it found, in percent of full scale."""

    start: int
    end: int
    drift_pct: float


@dataclass(frozen=True, slots=True)
class Cycle:
    """What one instrument says at an instant."""

    at: int
    device: str
    cause: Cause
    values: dict[str, float | None]


@dataclass(frozen=True, slots=True)
class Life:
    """The scripted life of the plant from `start` for `days`: a cycle each `every_s`."""

    start: int
    days: int
    every_s: int
    outage_d: int
    """On which day the two days without power begin, at 12:07."""

    @property
    def end(self) -> int:
        return self.start + self.days * DAY

    @property
    def outages(self) -> list[tuple[int, int]]:
        """When the agent was off: two days once, and five minutes every two weeks."""
        begun = self.start + self.outage_d * DAY + 12 * HOUR + 7 * MINUTE
        short = [self._at(block, 1, "15:02") for block in self._blocks()]
        return [(begun, begun + 2 * DAY), *((at, at + 5 * MINUTE) for at in short)]

    @property
    def calibrations(self) -> list[Calibration]:
        """Every day at 05:00, on each third day so long that the hour is lost; one in two weeks
        finds the cabinet out of control, and is repeated with success at 09:30."""
        found = []
        for day in range(self.days):
            at = self.start + day * DAY + 5 * HOUR
            failed = day % SCRIPT_D == 1
            length = 20 if day % 3 == 0 else 12
            found.append(Calibration(at, at + length * MINUTE, 12.0 if failed else 1.5))
            if failed:
                again = at + 4 * HOUR + 30 * MINUTE
                found.append(Calibration(again, again + 10 * MINUTE, -0.5))
        return found

    @property
    def troubles(self) -> list[Trouble]:
        """Everything else that befalls the instruments, and the calibrations as they show it."""
        found = [
            Trouble(("cabinet",), one.start, one.end, Cause.CALIBRATION, instead={"so2": 40.0})
            for one in self.calibrations
        ]
        for block in self._blocks():
            at = lambda day, clock, block=block: self._at(block, day, clock)  # noqa: E731
            found += [
                Trouble(("cabinet",), at(2, "08:00"), at(2, "09:30"), Cause.MAINTENANCE),
                Trouble(("dust",), at(2, "13:10"), at(2, "16:40"), Cause.FAULT, silent=True),
                Trouble(("plc",), at(2, "20:05"), at(2, "20:45"), Cause.NO_LINK, silent=True),
                # a start without flame: oxygen like the air's, of an instrument that is well
                Trouble(
                    ("cabinet",), at(3, "04:10"), at(3, "04:40"), Cause.NORMAL, instead={"o2": 21.0}
                ),
                Trouble(
                    ("cabinet",), at(3, "04:40"), at(3, "05:00"), Cause.NORMAL, instead={"o2": 19.5}
                ),
                Trouble(
                    tuple(DEVICES),
                    at(3, "18:20"),
                    at(4, "02:12"),
                    Cause.STOPPED,
                    instead={"o2": 20.9, "velocity": 0.1},
                ),
                Trouble(
                    ("dust",), at(0, "10:00"), at(0, "10:50"), Cause.NORMAL, instead={"dust": 55.0}
                ),
                Trouble(("meter",), at(1, "19:30"), at(1, "19:55"), Cause.MAINTENANCE),
            ]
        return [one for one in found if one.start < self.end]

    def cycles(self, start: int, end: int) -> Iterator[Cycle]:
        """Give what every instrument says in [start, end)."""
        troubles = [one for one in self.troubles if one.start < end and one.end > start]
        outages = [one for one in self.outages if one[0] < end and one[1] > start]
        for at in range(start, end, self.every_s):
            if any(begin <= at < over for begin, over in outages):
                continue
            shown, lost = _shown((at - self.start) / HOUR, at)
            for number, (device, points) in enumerate(DEVICES.items()):
                if lost[number]:
                    continue
                values: dict[str, float | None] = {name: shown[name] for name in points}
                cause = Cause.NORMAL
                for one in troubles:
                    if device in one.devices and one.start <= at < one.end:
                        cause = one.cause
                        values = {
                            name: None if one.silent else one.instead.get(name, shown[name])
                            for name in points
                        }
                yield Cycle(at, device, cause, values)

    def _blocks(self) -> range:
        return range(0, self.days, SCRIPT_D)

    def _at(self, block: int, day: int, clock: str) -> int:
        hour, minute = clock.split(":")
        return self.start + (block + day) * DAY + int(hour) * HOUR + int(minute) * MINUTE


REDUCED = Life(int(parse_wire_time("20260328000000")), days=7, every_s=60, outage_d=4)
"""A week over a month's end."""
WHOLE = Life(int(parse_wire_time("20260101000000")), days=181, every_s=60, outage_d=130)
"""Two quarters, the first of them the history of the second."""


def _rows() -> list[dict[str, float]]:
    with FILE.open(encoding="utf-8", newline="") as file:
        return [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file)]


_RECORDED = _rows()
_USED = (
    *("a21002", "a21005", "exhaust_temperature_c", "ambient_pressure_kpa"),
    "energy_yield_mwh",
)


def _shown(hour: float, at: int) -> tuple[dict[str, float], list[bool]]:
    """Give what the instruments would show with nothing amiss, and whose cycle is lost."""
    whole, part = int(hour), hour - int(hour)
    before, after = _RECORDED[whole % len(_RECORDED)], _RECORDED[(whole + 1) % len(_RECORDED)]
    nox, co, temperature, ambient, energy = (
        before[name] + (after[name] - before[name]) * part for name in _USED
    )
    load = energy / FULL_MWH
    digest = hashlib.blake2b(f"{SEED}/{at}".encode()).digest()
    n = [int.from_bytes(digest[2 * i : 2 * i + 2]) / 32767.5 - 1 for i in range(12)]
    values = {
        "temperature": temperature,
        "static": -0.2 - 0.3 * load + 0.01 * n[0],
        "ambient": ambient,
        "so2": 0.6 + 1.2 * load + 0.1 * n[1],
        "no": 0.95 * nox * 30 / 46 * (1 + 0.01 * n[2]),
        "no2": 0.05 * nox * (1 + 0.01 * n[3]),
        "co": co * (1 + 0.02 * n[4]),
        "o2": 20.4 - 5.9 * load + 0.1 * n[5],
        "moisture": 4 + 4 * load + 0.1 * n[6],
        "dust": 2 + 1.5 * (1 - load) + 0.2 * n[7],
        "velocity": 18 + 12 * load + 0.5 * n[8],
    }
    return values, [digest[32 + number] * 256 + digest[40 + number] < 656 for number in range(4)]
