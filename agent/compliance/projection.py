"""Where an hour or a day is going before it is lost: levels at 80, 90, 100 % (SUP-07, §12)."""

from __future__ import annotations

from collections.abc import Sequence

LEVELS = (100, 90, 80)


def level(value: float, limit: float) -> int:
    """Give the highest level a projected value reaches, 0 for none; equal to the limit is 100."""
    if limit <= 0:
        return 0
    return next((one for one in LEVELS if value * 100 >= limit * one), 0)


def projected_mean(done: Sequence[float], now: float, *, whole: int) -> float | None:
    """Give the mean of an hour of `whole` minutes if what is left stays as it is now.

    `done` are the valid minutes so far. None where the hour is over and nothing was valid.
    """
    left = max(0, whole - len(done))
    count = len(done) + left
    return (sum(done) + now * left) / count if count else None


def projected_day(
    done: Sequence[tuple[float, float]], now: float, *, volume_left: float
) -> float | None:
    """Give the flow-weighted mean of a day if what is left comes at the present concentration.

    `done` are (concentration, volume) of the valid hours, `volume_left` the volume still expected.
    18 h at 45 and 6 h left at 65, 50 m3 each: 50.0. None without any volume.
    """
    total = sum(volume for _, volume in done) + volume_left
    if total <= 0:
        return None
    return (sum(value * volume for value, volume in done) + now * volume_left) / total
