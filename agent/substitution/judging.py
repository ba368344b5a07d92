"""What a check of an instrument comes to, by the kind of instrument (domain rules §3.1, §4.3)."""

from __future__ import annotations

from dataclasses import dataclass

from agent.substitution.drift import TABLE, Class, Verdict, What, deviation_pct, drift_pct, verdict

VELOCITY = "a01011"


@dataclass(frozen=True, slots=True)
class Judged:
    """A deviation in percent, of the nominal or of full scale, and what it means."""

    percent: float
    verdict: Verdict


def class_of(factor: str, medium: str) -> Class:
    """Give which bounds hold for a factor's instrument."""
    if medium == "water":
        return "water"
    # the particulate factors of HJ 212 are a34…; a velocity is watched by its own rule
    if factor == VELOCITY:
        return "velocity"
    return "pm" if factor.startswith("a34") else "gas"


def judge(
    factor: str,
    medium: str,
    what: What,
    *,
    reading: float,
    nominal: float,
    full_scale: float | None,
) -> Judged | None:
    """Judge one check; None where no bound is known for it, or its full scale is not.

    Zero and span drift are held against full scale, a standard check of water against the nominal.
    Raises ValueError on a nominal or a full scale that is none.
    """
    kind = class_of(factor, medium)
    if (kind, what) not in TABLE:
        return None
    if what == "standard":
        percent = deviation_pct(reading, nominal)
        return Judged(percent, verdict(kind, what, percent))
    if full_scale is None:
        return None
    percent = drift_pct(reading, nominal, full_scale)
    error = reading - nominal if kind == "velocity" else None
    return Judged(percent, verdict(kind, what, percent, absolute=error))
