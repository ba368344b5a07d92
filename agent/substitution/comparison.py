"""Comparisons against a reference: real samples of water, reference method of gas (K)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Band:
    """From `above` (exclusive or inclusive by the table) on this much may differ.

    `percent` of the reference, `absolute` in the factor's unit; one of the two is set.
    """

    above: float
    percent: float | None = None
    absolute: float | None = None


WATER: Mapping[str, tuple[Band, ...]] = {
    "w01018": (Band(100, 15), Band(60, 20), Band(30, 30), Band(0, absolute=5)),
    "w21003": (Band(2, 15), Band(0, absolute=0.3)),
    "w21011": (Band(0.4, 15), Band(0, absolute=0.06)),
    "w21001": (Band(2, 15), Band(0, absolute=0.3)),
    "w01001": (Band(0, absolute=0.5),),
    "w01010": (Band(-50, absolute=0.5),),
}
"""HJ 355-2019 Table 1, K: at or above `above`, in mg/L, pH, degC."""

GAS: Mapping[str, tuple[Band, ...]] = {
    "a21026": (Band(715, 15), Band(143, absolute=57), Band(57, 30), Band(0, absolute=17)),
    "a21002": (Band(513, 15), Band(103, absolute=41), Band(41, 30), Band(0, absolute=12)),
    "a34013": (
        Band(200, 15),
        Band(100, 20),
        Band(50, 25),
        Band(20, 30),
        Band(10, absolute=6),
        Band(0, absolute=5),
    ),
    "a19001": (Band(5, 15), Band(0, absolute=1.0)),
    "a01011": (Band(10, 10), Band(0, 12)),
    "a01012": (Band(-50, absolute=3),),
    "a01014": (Band(5, 25), Band(0, absolute=1.5)),
}
"""HJ 75-2017 §9 accuracy, K. SO2 and NOx from `above` on, the others above it."""
_FROM = frozenset({"a21026", "a21002", *WATER})


def agrees(factor: str, reading: float, reference: float) -> bool | None:
    """Say whether a reading agrees with its reference; None for a factor without a rule."""
    bands = WATER.get(factor) or GAS.get(factor)
    if bands is None:
        return None
    band = next((one for one in bands if _in(factor, one, reference)), bands[-1])
    difference = abs(reading - reference)
    if band.absolute is not None:
        return _at_most(difference, band.absolute)
    assert band.percent is not None
    return _at_most(difference, abs(reference) * band.percent / 100)


def comparison_passes(factor: str, pairs: Sequence[tuple[float, float]]) -> bool | None:
    """Judge a real-sample comparison by its (reading, reference) pairs.

    Of 3 pairs 2 must agree, of 4 three, of 5 and more four (HJ 355-2019 §8, K). None with fewer
    than 3 pairs or a factor without a rule.
    """
    agreed = [agrees(factor, reading, reference) for reading, reference in pairs]
    if len(pairs) < 3 or None in agreed:
        return None
    return sum(1 for one in agreed if one) >= min(len(pairs) - 1, 4)


def _in(factor: str, band: Band, reference: float) -> bool:
    return reference >= band.above if factor in _FROM else reference > band.above


def _at_most(value: float, bound: float) -> bool:
    # 35 - 30 is 5, and 30.3 - 30 must not become 0.30000000000000071
    return value <= bound or abs(value - bound) <= 1e-9 * max(1.0, bound)
