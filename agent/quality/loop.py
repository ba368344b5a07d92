"""What the current of an analogue input means: span, root, loop fault. Pure.

Fault limits come from the settings; their defaults are those of NAMUR NE 43 (3.6 and 21.0 mA).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.device import Cause, Reading

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Selector:
    """The point that tells the range in use, and which range each of its numbers is."""

    device: str
    point: str
    spans: Mapping[int, Span]


@dataclass(frozen=True, slots=True)
class Loop:
    """One loop. `raw`, `fault` and `zero_from` are in the point's unit, `span` in `unit`.

    A current from `zero_from` up to the signal counts as its low end: off unless the site says so.
    `ranged`: the factor has a measuring range of its own, so the span is none.
    """

    raw: Span
    span: Span
    unit: str
    root: bool = False
    fault: Span | None = (3.6, 21.0)
    zero_from: float | None = None
    selector: Selector | None = field(default=None)
    ranged: bool = False

    def active(self, told: float | None) -> Span | None:
        """Give the span in use; None where the point that tells it says nothing known."""
        if self.selector is None:
            return self.span
        if told is None or told != round(told):
            return None
        return self.selector.spans.get(round(told))


def engineering(reading: Reading, loop: Loop, span: Span | None) -> Reading:
    """Give the reading of a current as the quantity it stands for.

    A current that no sound loop has, or a range nobody knows, gives no value and cause fault; one
    above its end is over range. `span` is what `loop.active` said.
    """
    if reading.value is None:
        return reading._replace(unit=loop.unit)
    raw = reading.value
    if not math.isfinite(raw):
        return _no_value(reading, loop, f"{raw} is no signal")
    if loop.fault is not None and not loop.fault[0] < raw < loop.fault[1]:
        return _no_value(reading, loop, f"loop fault: {raw:g} {reading.unit}")
    if span is None:
        return _no_value(reading, loop, "the range in use is not known")
    share = (raw - loop.raw[0]) / (loop.raw[1] - loop.raw[0])
    if share < 0 and loop.zero_from is not None and raw >= loop.zero_from:
        share = 0.0
    if loop.root:
        if share < 0:
            return _no_value(reading, loop, f"no root: {raw:g} {reading.unit} is below the signal")
        share = math.sqrt(share)
    value = span[0] + share * (span[1] - span[0])
    cause, reason = reading.cause, reading.reason
    if share > 1 and not loop.ranged and cause is Cause.NORMAL:
        cause, reason = Cause.OVER_RANGE, f"{value:g} is above the range, {span[1]:g} {loop.unit}"
    return reading._replace(value=value, unit=loop.unit, cause=cause, reason=reason)


def error_permille(read: float, fed: float, raw: Span) -> float:
    """Give by how much a current read is off the current fed, in ‰ of the signal's width."""
    return (read - fed) / (raw[1] - raw[0]) * 1000


def _no_value(reading: Reading, loop: Loop, why: str) -> Reading:
    cause = Cause.FAULT if reading.cause is Cause.NORMAL else reading.cause
    reason = f"{reading.reason}; {why}" if reading.reason else why
    return reading._replace(value=None, unit=loop.unit, cause=cause, reason=reason)
