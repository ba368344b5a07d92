"""The outlet of a sewage works as its instruments tell it, made of two recordings.

Flow and temperature are those of Tilburg, one row in 15 minutes, read in between along a line; pH
and COD those of the urban works, one row a day, likewise; ammonia of Tilburg. What was recorded
slower than it is asked for gets seeded noise `n` (see `turbine_course`): pH + 0.1 n, COD
(1 + 0.05 n), ammonia (1 + 0.02 n). An analyzer has the result of an hour three minutes after it.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.device import Cause
from protocols.hj212.times import parse_wire_time

FOLDER = Path(__file__).parents[3] / "config" / "recordings"
MINUTE, HOUR, DAY = 60, 3600, 86_400
SCRIPT_D = 14
LATE_S = 180
ANALYZERS = {"cod": "w01018", "ammonia": "w21003"}


@dataclass(frozen=True, slots=True)
class Said:
    """What one instrument says; of an analyzer `result` is the hour's result, new at this poll."""

    at: int
    device: str
    cause: Cause
    values: dict[str, float | None]
    result_at: int | None = None


@dataclass(frozen=True, slots=True)
class Works:
    """The scripted life from `start` for `days`."""

    start: int
    days: int
    every_s: int
    outage_d: int

    @property
    def end(self) -> int:
        return self.start + self.days * DAY

    def dry(self, at: int) -> bool:
        """Say whether nothing is discharged."""
        return self._within(at, 2, "21:40", "07:20")

    def cause(self, device: str, at: int) -> Cause:
        """Give the state an instrument is in."""
        spans = {
            "meter": [(3, "12:00", "14:30", Cause.FAULT), (0, "12:00", "12:10", Cause.FAULT)],
            "ph": [(5, "00:00", "07:30", Cause.MAINTENANCE), (1, "10:50", "11:10", Cause.FAULT)],
            "cod": [(1, "09:00", "11:00", Cause.CALIBRATION), (6, "01:00", "08:00", Cause.FAULT)],
            "ammonia": [(0, "02:00", "03:00", Cause.MAINTENANCE)],
        }
        found = (one[3] for one in spans[device] if self._within(at, *one[:3]))
        return next(found, Cause.NORMAL)

    def off(self, at: int) -> bool:
        """Say whether the agent was off: two days from 12:07."""
        begun = self.start + self.outage_d * DAY + 12 * HOUR + 7 * MINUTE
        return begun <= at < begun + 2 * DAY

    def polled(self, start: int, end: int) -> Iterator[Said]:
        """Give what every instrument says in [start, end)."""
        for at in range(start, end, self.every_s):
            if self.off(at):
                continue
            yield self._meter(at)
            yield self._ph(at)
            if at % 300 < self.every_s:
                yield from self._analyzers(at)

    def _meter(self, at: int) -> Said:
        cause = self.cause("meter", at)
        flow = 0.0 if self.dry(at) else self._read(TILBURG, "flow_m3_per_h", at, 900)
        return Said(at, "meter", cause, {"w00000": None if cause is Cause.FAULT else flow})

    def _ph(self, at: int) -> Said:
        values: dict[str, float | None] = {
            "w01001": self._read(EFFLUENT, "w01001", at, DAY) + 0.1 * _noise("ph", at),
            "w01010": self._read(TILBURG, "temperature_c", at, 900),
        }
        return Said(at, "ph", self.cause("ph", at), values)

    def _analyzers(self, at: int) -> Iterator[Said]:
        done = at - at % HOUR + LATE_S
        new = at - 300 < done <= at and done - LATE_S > self.start
        for device, code in ANALYZERS.items():
            cause = self.cause(device, at)
            hour = done - LATE_S - HOUR
            value = None
            if new and cause is not Cause.FAULT:
                value = self._result(code, hour)
            yield Said(at, device, cause, {code: value}, None if value is None else done)

    def _result(self, code: str, hour: int) -> float:
        if code == "w21003":
            if (hour - self.start) // HOUR % (SCRIPT_D * 24) == 25:
                return -0.4  # WAT-25: no meaning
            return self._read(TILBURG, code, hour, 900) * (1 + 0.02 * _noise(code, hour))
        return self._read(EFFLUENT, code, hour, DAY) * (1 + 0.05 * _noise(code, hour))

    def _read(self, rows: list[dict[str, float]], column: str, at: int, row_s: int) -> float:
        whole, part = divmod((at - self.start) / row_s, 1)
        before = rows[int(whole) % len(rows)][column]
        return before + (rows[(int(whole) + 1) % len(rows)][column] - before) * part

    def _within(self, at: int, day: int, begin: str, over: str) -> bool:
        """Say whether it is that time of the script; what ends before it begins ends next day."""
        first, last = (int(text[:2]) * HOUR + int(text[3:]) * MINUTE for text in (begin, over))
        now = (at - self.start) % (SCRIPT_D * DAY) - day * DAY
        return first <= now < (last if last > first else last + DAY)


def _rows(name: str, columns: tuple[str, ...]) -> list[dict[str, float]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return [
            {column: float(row[column]) for column in columns}
            for row in csv.DictReader(file)
            if all(row[column].strip() for column in columns)
        ]


TILBURG = _rows("wwtp_tilburg_15min.csv", ("flow_m3_per_h", "w21003", "temperature_c"))
EFFLUENT = _rows("wwtp_effluent_daily.csv", ("w01001", "w01018"))
REDUCED = Works(int(parse_wire_time("20260328000000")), days=7, every_s=60, outage_d=4)
WHOLE = Works(int(parse_wire_time("20260101000000")), days=181, every_s=60, outage_d=130)


def _noise(name: str, at: int) -> float:
    digest = hashlib.blake2b(f"effluent/{name}/{at}".encode(), digest_size=2).digest()
    return int.from_bytes(digest) / 32767.5 - 1
