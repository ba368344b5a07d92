"""Drift of CEMS against its bounds, and deviation of standard checks (HJ 75-2017 §11, K)."""

from __future__ import annotations

import enum
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Class = Literal["pm", "gas", "velocity", "water"]
What = Literal["zero", "span", "standard"]


class Verdict(enum.StrEnum):
    """What a check says. A failed one that is not out of control must be repeated."""

    PASS = "pass"
    FAIL = "fail"
    OUT_OF_CONTROL = "out_of_control"


@dataclass(frozen=True, slots=True)
class Bounds:
    """Greatest drift that passes, and beyond which the instrument is out of control.

    In percent of full scale; for a velocity also in m/s: one of the two passes, both together are
    out of control.
    """

    passes: float
    out: float
    passes_abs: float | None = None
    out_abs: float | None = None


TABLE: Mapping[tuple[Class, What], Bounds] = {
    ("pm", "zero"): Bounds(2.0, 8.0),
    ("pm", "span"): Bounds(2.0, 8.0),
    ("gas", "zero"): Bounds(2.5, 5.0),
    ("gas", "span"): Bounds(2.5, 10.0),
    ("velocity", "zero"): Bounds(3.0, 8.0, passes_abs=0.9, out_abs=1.8),
    ("water", "standard"): Bounds(10.0, math.inf),
}
"""HJ 75-2017 Table 4; standard checks of water HJ 355-2019 Table 1. All K."""


def drift_pct(reading: float, reference: float, full_scale: float) -> float:
    """Give a drift in percent of full scale: 153 for 160 on 200 is -3.5 %.

    Raises ValueError on a full scale that is none.
    """
    if full_scale <= 0:
        raise ValueError(f"full scale {full_scale}: more than 0 expected")
    return (reading - reference) / full_scale * 100


def deviation_pct(reading: float, nominal: float) -> float:
    """Give a deviation in percent of the nominal: 88.9 for 100 is -11.1 %.

    Raises ValueError on a nominal that is none.
    """
    if nominal <= 0:
        raise ValueError(f"nominal {nominal}: more than 0 expected")
    return (reading - nominal) / nominal * 100


def verdict(kind: Class, what: What, percent: float, *, absolute: float | None = None) -> Verdict:
    """Hold a drift, or the deviation of a standard check, against its bounds.

    `absolute` is the error of a velocity in m/s. Raises KeyError on a check that does not exist.
    """
    bounds = TABLE[kind, what]
    size, error = abs(percent), None if absolute is None else abs(absolute)
    near = error is not None and bounds.passes_abs is not None and error <= bounds.passes_abs
    if size <= bounds.passes or near:
        return Verdict.PASS
    close = error is not None and bounds.out_abs is not None and error <= bounds.out_abs
    if size > bounds.out and not close:
        return Verdict.OUT_OF_CONTROL
    return Verdict.FAIL
