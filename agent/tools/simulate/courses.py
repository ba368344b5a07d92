"""What each factor does when nobody meddles: a recording where there is one, else a pattern.

Every value is a pure function of the time, so that two runs at the same time agree.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace

from agent.tools.simulate.recordings import Recording, recording

EFFLUENT = "wwtp_effluent_daily.csv"
TILBURG = "wwtp_tilburg_15min.csv"
TURBINE = "gas_turbine_2015.csv"

NOISE = 0.004
"""Share of the value by which neighbouring seconds differ."""

MARGIN = 0.8
"""Left alone, a factor stays below this share of its limit: an exceedance is always ordered."""


@dataclass(frozen=True, slots=True)
class Course:
    """How one factor goes on, in `unit`.

    A pattern swings around `level` by `swing`, once in `period_s`. A recording gives its rows
    times `scale` plus `shift`, one row in `row_s`.
    """

    unit: str
    level: float = 0.0
    swing: float = 0.0
    period_s: float = 1800.0
    file: str = ""
    column: str = ""
    scale: float = 1.0
    shift: float = 0.0
    row_s: float = 60.0
    seed: int = 0

    def at(self, t: float) -> float:
        """Give the value at `t` (seconds, any origin); never below 0 where the course is not."""
        value = self._smooth(t)
        value += abs(value) * NOISE * _noise(self.seed, math.floor(t))
        return max(value, min(0.0, self.low))

    @property
    def low(self) -> float:
        """The least it ever gives, noise aside."""
        tape = self.tape
        return tape.low * self.scale + self.shift if tape else self.level - self.swing

    @property
    def high(self) -> float:
        """The most it ever gives, noise aside."""
        tape = self.tape
        return tape.high * self.scale + self.shift if tape else self.level + self.swing

    @property
    def tape(self) -> Recording | None:
        """The recording it plays; None for a pattern."""
        return recording(self.file, self.column) if self.file else None

    @property
    def told(self) -> str:
        """Say in a word where the values come from."""
        return f"{self.file.removesuffix('.csv')}:{self.column}" if self.file else "pattern"

    def within(self, low: float | None, high: float | None) -> Course:
        """Give this course squeezed to stay well within limits, its shape kept.

        Without a lower limit it shrinks towards 0, with one it is fitted between both.
        """
        if high is None or self.high == self.low:
            return self
        room = MARGIN * high if low is None else high - (1 - MARGIN) * (high - low)
        floor = None if low is None else low + (1 - MARGIN) / 2 * (high - low)
        if self.high <= room and (floor is None or self.low >= floor):
            return self
        if floor is None:
            return self._mapped(room / self.high, 0.0)
        factor = (room - floor) / (self.high - self.low)
        return self._mapped(factor, floor - factor * self.low)

    def _mapped(self, factor: float, shift: float) -> Course:
        return replace(
            self,
            level=self.level * factor + shift,
            swing=self.swing * factor,
            scale=self.scale * factor,
            shift=self.shift * factor + shift,
        )

    def _smooth(self, t: float) -> float:
        if (tape := self.tape) is not None:
            return tape.at(t / self.row_s + self.seed % len(tape.rows)) * self.scale + self.shift
        phase = self.seed % 628 / 100
        return self.level + self.swing * math.sin(2 * math.pi * t / self.period_s + phase)


def known(factor: str) -> bool:
    """Say whether there is a course of its own for a factor."""
    return factor in _COURSES


def plain_course(unit: str, *, seed: str) -> Course | None:
    """Give a pattern for a point that is no factor, by its unit; None where 0 says more.

    A contact, a code or a number without unit stays what it is.
    """
    pattern = _BY_UNIT.get(unit)
    return None if pattern is None else replace(pattern, seed=_number(seed))


def course(factor: str, *, seed: str, row_s: float = 60.0) -> Course:
    """Give the course of a factor; `seed` (device and point) sets where in it the play begins."""
    return replace(_COURSES.get(factor, _UNKNOWN), seed=_number(seed), row_s=row_s)


def _number(seed: str) -> int:
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big")


def _noise(seed: int, tick: int) -> float:
    """Give a number in -1..1 that belongs to this second."""
    drawn = hashlib.blake2b(f"{seed}:{tick}".encode(), digest_size=4).digest()
    return int.from_bytes(drawn, "big") / 0x7FFFFFFF - 1


_UNKNOWN = Course("", level=1.0, swing=0.2)
_BY_UNIT: dict[str, Course] = {
    "mg/L": Course("mg/L", level=1.0, swing=0.2),
    "ug/L": Course("ug/L", level=20.0, swing=5.0),
    "mg/m3": Course("mg/m3", level=10.0, swing=2.0),
    "ppm": Course("ppm", level=10.0, swing=2.0),
    "ppb": Course("ppb", level=100.0, swing=20.0),
    "mA": Course("mA", level=12.0, swing=4.0),
    "V": Course("V", level=226.0, swing=4.0),
    "A": Course("A", level=12.0, swing=3.0),
    "W": Course("W", level=2600.0, swing=600.0),
    "Hz": Course("Hz", level=50.0, swing=0.02),
    "degC": Course("degC", level=24.0, swing=2.0),
    "m/s": Course("m/s", level=1.2, swing=0.2),
    "mL/min": Course("mL/min", level=600.0, swing=10.0),
    "mL": Course("mL", level=500.0),
}
_COURSES: dict[str, Course] = {
    "w01018": Course("mg/L", file=EFFLUENT, column="w01018"),
    "w01017": Course("mg/L", file=EFFLUENT, column="w01017"),
    "w01012": Course("mg/L", file=EFFLUENT, column="w01012"),
    "w01001": Course("", file=EFFLUENT, column="w01001"),
    "w01014": Course("uS/cm", file=EFFLUENT, column="conductivity_us_cm"),
    "w01010": Course("degC", file=TILBURG, column="temperature_c"),
    "w01009": Course("mg/L", file=TILBURG, column="dissolved_oxygen_mg_l"),
    "w21003": Course("mg/L", file=TILBURG, column="w21003"),
    "w21007": Course("mg/L", file=TILBURG, column="nitrate_mg_l"),
    "w21001": Course("mg/L", level=9.0, swing=2.5),
    "w21011": Course("mg/L", level=0.28, swing=0.09),
    "w00000": Course("m3/h", file=TILBURG, column="flow_m3_per_h", scale=0.02),  # town to factory
    "w20123": Course("mg/L", file=EFFLUENT, column="inlet_w20123", scale=0.02),  # inlet to outlet
    "w20122": Course("mg/L", level=0.06, swing=0.02),
    "w20120": Course("mg/L", level=0.03, swing=0.01),
    "w20115": Course("mg/L", level=0.004, swing=0.001),
    "w20116": Course("mg/L", level=0.05, swing=0.02),
    "w20117": Course("mg/L", level=0.02, swing=0.01),
    "w20121": Course("mg/L", level=0.05, swing=0.02),
    "w20119": Course("mg/L", level=0.008, swing=0.003),
    "w20111": Course("mg/L", level=0.0004, swing=0.0001),
    "a21005": Course("mg/m3", file=TURBINE, column="a21005"),
    "a21002": Course("mg/m3", file=TURBINE, column="a21002"),
    "a21003": Course("mg/m3", file=TURBINE, column="a21002", scale=0.62),  # 95 % of NOx, as NO
    "a21004": Course("mg/m3", file=TURBINE, column="a21002", scale=0.05),
    "a21026": Course("mg/m3", level=16.0, swing=5.0),
    "a34013": Course("mg/m3", level=3.0, swing=1.0),
    "a21001": Course("mg/m3", level=1.2, swing=0.4),
    "a21022": Course("mg/m3", level=0.3, swing=0.1),
    "a21024": Course("mg/m3", level=4.0, swing=1.5),
    "a19001": Course("%", level=6.5, swing=0.4),
    "a01014": Course("%", level=8.0, swing=0.6),
    "a01012": Course("degC", file=TURBINE, column="exhaust_temperature_c", scale=0.2),  # cooled
    "a01013": Course("kPa", level=-0.25, swing=0.05),
    "a01011": Course("m/s", level=11.0, swing=1.5),
    "a01901": Course("degC", level=905.0, swing=25.0),
    "a00000": Course("m3/s", level=42.0, swing=6.0),
}
