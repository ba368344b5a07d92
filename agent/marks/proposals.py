"""Marks proposed from evidence; a person confirms or refuses them (MARK-07)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agent.marks.evidence import Evidence, Minute, Thresholds, running, witnesses
from agent.marks.record import MINUTE_S, Record, whole_minutes
from agent.model import Cause, MarkKind

STOP = "停运"


def proposals(evidence: Evidence, limits: Thresholds, known: Sequence[Record]) -> list[Record]:
    """Propose stops, maintenance and calibration where the evidence speaks of them.

    What a known mark covers already, whatever its state, is not proposed again: a refusal stands.
    """
    found = [*_stops(evidence, limits), *_doors(evidence), *_checks(evidence)]
    return [one for one in found if not any(_said(other, one) for other in known)]


def _stops(evidence: Evidence, limits: Thresholds) -> list[Record]:
    """Propose a stop where the flag says so, or where every witness says that nothing ran."""
    minutes = [
        (start, one.cause is Cause.STOPPED)
        for start, one in sorted(evidence.minutes.items())
        if one.cause is Cause.STOPPED or _quiet(one, limits)
    ]
    found = []
    for run in _runs([start for start, _ in minutes]):
        start, end = run
        if (end - start) // MINUTE_S < limits.stop_min:
            continue
        flagged = sum(1 for at, flag in minutes if flag and start <= at < end)
        spoke = f"停运标识 {flagged} 分钟 / stop flag {flagged} min" if flagged else ""
        pattern = (end - start) // MINUTE_S - flagged
        if pattern:
            spoke = "; ".join(
                filter(None, (spoke, f"流量、氧含量等 {pattern} 分钟无运行迹象 / "
                              f"no witness of running in {pattern} min"))
            )  # fmt: skip
        found.append(_proposal(evidence.outlet, (), MarkKind.CONDITION, STOP, start, end, spoke))
    return found


def _quiet(minute: Minute, limits: Thresholds) -> bool:
    return witnesses(minute, limits) > 0 and not running(minute, limits)


def _doors(evidence: Evidence) -> list[Record]:
    """Propose maintenance while the door of the station was open."""
    spoke = "站房门开启 / station door open"
    return [
        _proposal(evidence.outlet, (), MarkKind.EQUIPMENT, "日常维护", *whole_minutes(a, b), spoke)
        for a, b in evidence.doors
    ]


def _checks(evidence: Evidence) -> list[Record]:
    """Propose calibration where a record says that one was done."""
    spoke = "校准记录 / calibration record"
    return [
        _proposal(
            evidence.outlet,
            (factor,),
            MarkKind.EQUIPMENT,
            "校准",
            *whole_minutes(a, b),
            spoke,
        )
        for a, b, factor in evidence.checks
    ]


def _proposal(
    outlet: str,
    factors: tuple[str, ...],
    kind: MarkKind,
    code: str,
    start: int,
    end: int,
    spoke: str,
) -> Record:
    return Record(outlet, factors, kind, code, start, end, evidence=(spoke,))


def _runs(minutes: Iterable[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for minute in minutes:
        if runs and runs[-1][1] == minute:
            runs[-1] = (runs[-1][0], minute + MINUTE_S)
        else:
            runs.append((minute, minute + MINUTE_S))
    return runs


def _said(known: Record, new: Record) -> bool:
    factors = not known.factors or (new.factors and set(new.factors) <= set(known.factors))
    return (
        bool(factors)
        and (known.kind, known.code) == (new.kind, new.code)
        and known.start <= new.start
        and new.end <= known.end
    )
