"""What is to be seen of one device, and the readings of one that gave none or not all."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.metrics import Metrics
from agent.model import Cause
from agent.plan import FactorPlan
from drivers.device import BadAnswer, DeviceError, NoAnswer, Reading
from drivers.rows import columns_of

log = logging.getLogger(__name__)

VALUE = Reading._fields.index("value")
BUSY = "busy"
"""Why a device that is at work gives no reading."""


@dataclass(slots=True)
class DeviceState:
    """What is to be seen of one device."""

    id: str
    bus: str
    period_s: float
    ok: bool = False
    cause: str = "not asked yet"
    last_good_at: float | None = None
    readings: Sequence[Reading] = ()
    """The last ones; while a batch analyzer is at work, the result it showed before."""


class Watch:
    """Keeps the state of one device up to date, counts its readings, logs a change once."""

    def __init__(self, state: DeviceState, metrics: Metrics) -> None:
        self.state = state
        self._good = metrics.readings.labels(state.id)
        self._absent = metrics.absent.labels(state.id)

    def note(self, readings: Sequence[Reading], trouble: str, *, now: float) -> None:
        """Take what it says; `trouble` is why it says nothing, if so."""
        state, values = self.state, columns_of(readings)[VALUE] if readings else ()
        lost = [readings[place] for place, value in enumerate(values) if value is None]
        good = len(readings) - len(lost)
        if good:
            state.last_good_at = now
            self._good.inc(good)
        if lost:
            readings = [_standing(reading, state.readings) for reading in readings]
            self._absent.inc(len(lost))
        state.readings = readings
        ok = bool(good) or any(reading.cause is Cause.NORMAL for reading in lost)
        cause = "" if good else trouble
        if lost:
            cause = lost[0].reason or lost[0].cause.value
        if ok != state.ok:
            said = "answers" if ok else cause
            log.log(logging.INFO if ok else logging.WARNING, "%s: %s", state.id, said)
        state.ok, state.cause = ok, cause


def absent(factors: Iterable[FactorPlan], error: DeviceError, *, now: float) -> list[Reading]:
    """Make the readings of a device that gave none."""
    silent = isinstance(error, NoAnswer | BadAnswer)
    cause = Cause.NO_LINK if silent else Cause.FAULT
    points = dict.fromkeys(one.point for one in factors)
    return [
        Reading(point, None, "", taken_at=now, cause=cause, reason=str(error)) for point in points
    ]


def left_out(
    factors: Iterable[FactorPlan], readings: Iterable[Reading], *, now: float
) -> list[Reading]:
    """Make the readings of the points a busy device left out: it runs, and is no power-off.

    A batch analyzer that is busy is well: it has trouble when its result does not come.
    """
    said = {reading.point for reading in readings}
    causes = {
        one.point: Cause.NORMAL if one.batch else Cause.FAULT
        for one in factors
        if one.point not in said
    }
    return [
        Reading(point, None, "", taken_at=now, cause=cause, reason=BUSY)
        for point, cause in causes.items()
    ]


def _standing(reading: Reading, before: Sequence[Reading]) -> Reading:
    """Leave to be seen what a busy analyzer showed last; its times say of when it is."""
    if reading.value is not None or reading.reason != BUSY or reading.cause is not Cause.NORMAL:
        return reading
    shown = (old for old in before if old.point == reading.point and old.value is not None)
    return next((old._replace(reason=BUSY) for old in shown), reading)
