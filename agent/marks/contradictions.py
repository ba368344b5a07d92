"""What speaks against a mark; false marking is falsification (MARK-08, MARK-10).

Objections are shown and journalled, never acted on: a person decides with them before the eyes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.marks.evidence import Evidence, Thresholds, running
from agent.marks.proposals import STOP
from agent.marks.record import MINUTE_S, Record
from agent.model import MarkKind
from protocols.hj212.times import BEIJING_OFFSET_S, wire_time

_DAY_S = 86_400
FAULTS = frozenset({"故障/事故", "故障", "事故"})
_NOT_RUNNING = frozenset({STOP, "并网/供能", "解列"})


@dataclass(frozen=True, slots=True)
class Objection:
    """One contradiction: which rule, since when, how many minutes or times, and the worst value."""

    rule: str
    at: int
    count: int
    text: str


def objections(
    mark: Record, evidence: Evidence, limits: Thresholds, others: Sequence[Record]
) -> list[Objection]:
    """Give everything that speaks against a mark. `others` are the confirmed marks around it."""
    found = []
    if mark.kind is MarkKind.CONDITION and mark.code == STOP:
        found += _ran(mark, evidence, limits)
    if mark.kind is MarkKind.CONDITION and mark.code in FAULTS:
        found += _inside_stop(mark, others)
    if mark.kind is MarkKind.EQUIPMENT:
        found += _near_exceedance(mark, evidence, limits)
        found += _repeated(mark, limits, others)
    return found


def _ran(mark: Record, evidence: Evidence, limits: Thresholds) -> list[Objection]:
    """Say which witnesses saw the plant run while it is marked as stopped."""
    seen: dict[str, list[tuple[int, float]]] = {}
    for start, minute in sorted(evidence.minutes.items()):
        if mark.start <= start < mark.end:
            for name, value in running(minute, limits):
                seen.setdefault(name, []).append((start, value))
    found = []
    for name, values in seen.items():
        worst = min(v for _, v in values) if name == "oxygen" else max(v for _, v in values)
        said = f"停运期间 {_WITNESS[name]} {worst:g}，{len(values)} 分钟"
        found.append(
            Objection(
                f"stopped_{name}",
                values[0][0],
                len(values),
                f"{said} / stopped, but {name} {worst:g} in {len(values)} min",
            )
        )
    return found


_WITNESS = {
    "flow": "流量",
    "oxygen": "氧含量",
    "temperature": "温度",
    "power": "用电",
    "load": "负荷",
}


def _inside_stop(mark: Record, others: Sequence[Record]) -> list[Objection]:
    """A fault is for normal running, not inside a stop or a start (thermal power)."""
    return [
        Objection(
            "fault_inside",
            max(mark.start, one.start),
            (min(mark.end, one.end) - max(mark.start, one.start)) // MINUTE_S,
            f"{mark.code} 与 {one.code} 重叠 / overlaps {one.code}",
        )
        for one in others
        if one.kind is MarkKind.CONDITION
        and one.code in _NOT_RUNNING
        and one.facility == mark.facility
        and one.start < mark.end
        and mark.start < one.end
    ]


def _near_exceedance(mark: Record, evidence: Evidence, limits: Thresholds) -> list[Objection]:
    near_s = limits.near_min * MINUTE_S
    return [
        Objection(
            "near_exceedance",
            at,
            abs(mark.start - at) // MINUTE_S,
            f"{factor} 于 {_clock(at)} 起超标，标记起点相距 {abs(mark.start - at) // MINUTE_S} 分钟"
            f" / begins {abs(mark.start - at) // MINUTE_S} min from an exceedance of {factor}",
        )
        for at, factor in evidence.exceedances
        if mark.concerns(factor) and abs(mark.start - at) <= near_s
    ]


def _repeated(mark: Record, limits: Thresholds, others: Sequence[Record]) -> list[Objection]:
    """List maintenance that comes again and again at the same step or time of day."""
    near = [
        one
        for one in others
        if (one.kind, one.code) == (mark.kind, mark.code)
        and one.start != mark.start
        and (not one.factors or not mark.factors or set(one.factors) & set(mark.factors))
        and 0 <= mark.start - one.start <= limits.repeat_days * _DAY_S
    ]
    found = []
    clock = [one for one in near if _apart_min(one.start, mark.start) <= limits.same_min]
    days = {(one.start + BEIJING_OFFSET_S) // _DAY_S for one in (*clock, mark)}
    if len(days) >= limits.repeats:
        found.append(
            Objection(
                "repeated_time",
                min(one.start for one in clock),
                len(days),
                f"{limits.repeat_days} 天内 {len(days)} 天在同一时刻{mark.code}"
                f" / on {len(days)} days at the same time of day",
            )
        )
    step = _step(mark, others)
    same = [one for one in near if step and _step(one, others) == step]
    if step and len(same) + 1 >= limits.repeats:
        found.append(
            Objection(
                "repeated_step",
                min(one.start for one in same),
                len(same) + 1,
                f"{limits.repeat_days} 天内 {len(same) + 1} 次在{step}时{mark.code}"
                f" / {len(same) + 1} times during {step}",
            )
        )
    return found


def _step(mark: Record, others: Sequence[Record]) -> str:
    """Give the condition a mark begins in; empty in normal running."""
    return next(
        (
            one.code
            for one in others
            if one.kind is MarkKind.CONDITION and one.start <= mark.start < one.end
        ),
        "",
    )


def _apart_min(one: int, other: int) -> int:
    """Give how far apart two instants are on the face of the clock."""
    apart = abs(one - other) % _DAY_S // MINUTE_S
    return min(apart, 24 * 60 - apart)


def _clock(at: int) -> str:
    text = wire_time(at)
    return f"{text[8:10]}:{text[10:12]}"
