"""Mass of lost hours of a gas outlet (HJ 75-2017 §12.2, Tables 5 and 6, K).

Only mass is substituted; concentration and parameters stay as they are.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

RATE_ALARM = 75.0
"""Percent below which a quarter is reported and nothing is substituted (QC-06)."""
RATE_GOOD = 90.0
SHORT_LOSS_H = 24
HOURS_SHORT, HOURS_LONG, HOURS_POOR = 180, 720, 2160
HOUR_S = 3600


class Loss(enum.StrEnum):
    """Why an hour has no mass of its own; the first kind counts back from the last calibration."""

    OUT_OF_CONTROL = "out_of_control"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class HourMass:
    """One clock hour: its mass in the factor's amount unit, None where it was lost.

    `loss` says why it was lost; `stopped` hours owe nothing and are never substituted.
    """

    start: int
    mass: float | None
    loss: Loss | None = None
    stopped: bool = False

    @property
    def valid(self) -> bool:
        """Whether its own mass stands."""
        return self.mass is not None and not self.stopped and self.loss is None


@dataclass(frozen=True, slots=True)
class Substituted:
    """The mass put in place of a lost hour: None with a reason where the rules give none."""

    start: int
    mass: float | None
    reason: str


def capture_rate(hours: int, *, invalid: int, stopped: int) -> float | None:
    """Give a quarter's share of valid hours in percent (QC-06); None where all were stopped.

    2160 hours, 200 stopped, 150 invalid: 92.3469.
    """
    ran = hours - stopped
    return None if ran <= 0 else (ran - invalid) / ran * 100


def rate_of(hours: Sequence[HourMass]) -> float | None:
    """Give the capture rate of the hours of a quarter."""
    stopped = sum(1 for one in hours if one.stopped)
    invalid = sum(1 for one in hours if not one.stopped and not one.valid)
    return capture_rate(len(hours), invalid=invalid, stopped=stopped)


def reach(rate: float, loss_hours: int) -> int | None:
    """Give how many valid hours are looked back on; None below 75 %, where nothing is defined."""
    if rate < RATE_ALARM:
        return None
    if rate < RATE_GOOD:
        return HOURS_POOR
    return HOURS_SHORT if loss_hours <= SHORT_LOSS_H else HOURS_LONG


def losses(hours: Iterable[HourMass]) -> list[list[HourMass]]:
    """Give the runs of lost hours of one kind; a valid or stopped hour, or a gap, ends a run."""
    runs: list[list[HourMass]] = []
    for one in sorted(hours, key=lambda one: one.start):
        if one.valid or one.stopped:
            continue
        last = runs[-1][-1] if runs else None
        joined = last is not None and last.start + HOUR_S == one.start
        if last is not None and joined and _kind(last) is _kind(one):
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def substitute(
    loss: Sequence[HourMass],
    history: Iterable[HourMass],
    *,
    rate: float | None,
    calibrated_at: int | None = None,
) -> list[Substituted]:
    """Give each hour of one run its substitute: the largest of so many valid hours before it.

    `history` are the hours of the factor, of any time; `rate` the capture rate of the quarter the
    loss lies in; `calibrated_at` the last passing calibration, which an out-of-control loss counts
    back from. Where fewer valid hours are there than asked for, all of them count (I).
    """
    if not loss:
        return []
    if rate is None or rate < RATE_ALARM:
        said = "" if rate is None else f" {rate:.4f} %"
        return [Substituted(one.start, None, f"capture rate{said} below 75 %") for one in loss]
    before = loss[0].start
    if _kind(loss[0]) is Loss.OUT_OF_CONTROL:
        if calibrated_at is None:
            return [Substituted(one.start, None, "no calibration on record") for one in loss]
        # what lies after the last calibration is what is doubted
        before = min(before, calibrated_at)
    wanted = reach(rate, len(loss))
    assert wanted is not None
    past = sorted(
        (one for one in history if one.valid and one.start + HOUR_S <= before),
        key=lambda one: one.start,
    )[-wanted:]
    found = [one.mass for one in past if one.mass is not None]
    if not found:
        return [Substituted(one.start, None, "no valid hour to look back on") for one in loss]
    largest = max(found)
    reason = f"max of {len(found)} valid h, capture rate {rate:.2f} %"
    return [Substituted(one.start, largest, reason) for one in loss]


def substitute_quarter(
    hours: Sequence[HourMass],
    history: Sequence[HourMass],
    *,
    calibrations: Sequence[int] = (),
) -> list[Substituted]:
    """Give every lost hour of a quarter its substitute. `history` are the hours before it.

    `calibrations` are the ends of passing calibrations, in any order.
    """
    rate = rate_of(hours)
    everything = [*history, *hours]
    found: list[Substituted] = []
    for loss in losses(hours):
        earlier = [at for at in calibrations if at <= loss[0].start]
        last = max(earlier, default=None)
        found += substitute(loss, everything, rate=rate, calibrated_at=last)
    return found


def _kind(hour: HourMass) -> Loss:
    return hour.loss or Loss.OTHER
