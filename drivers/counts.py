"""What happened on a line, as numbers that only grow: for the line and for each unit on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from drivers.device import BadAnswer, DeviceError, Fault, NoAnswer, Refused
from drivers.line import NoLine


@dataclass(slots=True)
class UnitCounts:
    """How the exchanges of one unit, or of all, ended. Times are of good answers, in seconds.

    `faults` tells bad answers apart. `last_at` is epoch-free: seconds of the event loop.
    """

    asked: int = 0
    answered: int = 0
    refused: int = 0
    no_answer: int = 0
    bad_answer: int = 0
    no_line: int = 0
    retried: int = 0
    faults: Counter[Fault] = field(default_factory=Counter)
    answers_s: float = 0.0
    slowest_s: float = 0.0
    last_at: float | None = None

    def note(self, error: DeviceError | None, *, took_s: float, now: float) -> None:
        """Count one exchange by how it ended."""
        self.asked += 1
        match error:
            case None:
                self.answered += 1
            case Refused():
                self.refused += 1
            case NoLine():
                self.no_line += 1
            case NoAnswer():
                self.no_answer += 1
            case BadAnswer():
                self.bad_answer += 1
                self.faults[error.fault] += 1
        if error is None or isinstance(error, Refused):
            self.answers_s += took_s
            self.slowest_s = max(self.slowest_s, took_s)
            self.last_at = now

    @property
    def mean_s(self) -> float | None:
        """Give the mean time from question to answer; None before the first answer."""
        answers = self.answered + self.refused
        return self.answers_s / answers if answers else None

    def told(self) -> dict[str, object]:
        """Give the counts as plain JSON; times in milliseconds, None before the first answer."""
        mean_s = self.mean_s
        return {
            "asked": self.asked,
            "answered": self.answered,
            "refused": self.refused,
            "no_answer": self.no_answer,
            "bad_answer": self.bad_answer,
            "no_line": self.no_line,
            "retried": self.retried,
            "faults": {str(fault): count for fault, count in self.faults.items()},
            "mean_ms": None if mean_s is None else round(mean_s * 1000, 1),
            "slowest_ms": None if mean_s is None else round(self.slowest_s * 1000, 1),
        }


@dataclass(slots=True)
class Counts(UnitCounts):
    """What happened on a bus since it was made. `wrong_unit`: (asked, answered) -> how often."""

    wrong_unit: Counter[tuple[int, int]] = field(default_factory=Counter)
    units: dict[int, UnitCounts] = field(default_factory=dict)

    def end(self, unit: int, error: DeviceError | None, *, took_s: float, now: float) -> None:
        """Count one exchange, for the line and for its unit."""
        self.note(error, took_s=took_s, now=now)
        self.of(unit).note(error, took_s=took_s, now=now)
        if isinstance(error, BadAnswer) and error.other_unit is not None:
            self.wrong_unit[unit, error.other_unit] += 1

    def retry(self, unit: int) -> None:
        """Count one question that is asked again."""
        self.retried += 1
        self.of(unit).retried += 1

    def of(self, unit: int) -> UnitCounts:
        """Give the counts of one unit."""
        return self.units.setdefault(unit, UnitCounts())
