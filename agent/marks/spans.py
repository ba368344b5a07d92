"""Marks out of flags, and what of them is shown: spans, chains, manual over auto (MARK-01…03)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from agent.marks.record import MINUTE_S, Channel, Record
from agent.model import Cause, MarkKind, MarkState

LISTED_MIN = 15
"""A chain shorter than this is not listed; its minutes count all the same (STAT-05)."""

_AUTO: Mapping[Cause, tuple[MarkKind, str]] = {
    Cause.CALIBRATION: (MarkKind.EQUIPMENT, "校准"),
    Cause.FAULT: (MarkKind.EQUIPMENT, "故障"),
    Cause.POWER: (MarkKind.EQUIPMENT, "故障"),
    Cause.MAINTENANCE: (MarkKind.EQUIPMENT, "日常维护"),
    Cause.NO_LINK: (MarkKind.INTERRUPTION, "通讯中断"),
}
STANDARD_CHECK = "标样核查"


@dataclass(frozen=True, slots=True)
class Chain:
    """Marked time without a gap, whatever its types. `end` is exclusive."""

    start: int
    end: int
    codes: tuple[str, ...]

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (self.end - self.start) // MINUTE_S

    @property
    def listed(self) -> bool:
        """Whether platforms show it (STAT-05)."""
        return self.minutes >= LISTED_MIN


def from_causes(
    outlet: str,
    factor: str,
    minutes: Iterable[tuple[int, Cause]],
    *,
    checks: Sequence[tuple[int, int]] = (),
) -> list[Record]:
    """Give the automatic marks of a factor out of the causes of its minutes (MARK-02).

    `minutes` are (start, cause), `checks` the spans of standard checks: calibration inside one is
    named after it. Stops are no automatic marks: they are proposed and a person confirms.
    """
    found: list[Record] = []
    for start, cause in sorted(minutes):
        named = _AUTO.get(cause)
        if named is None:
            continue
        kind, code = named
        if cause is Cause.CALIBRATION and any(a <= start < b for a, b in checks):
            code = STANDARD_CHECK
        last = found[-1] if found else None
        if last and last.end == start and (last.kind, last.code) == (kind, code):
            found[-1] = _auto(outlet, factor, kind, code, last.start, start + MINUTE_S)
        else:
            found.append(_auto(outlet, factor, kind, code, start, start + MINUTE_S))
    return found


def together(records: Iterable[Record]) -> list[Record]:
    """Make one record of equal spans on several factors (MARK-03)."""
    groups: dict[Record, list[str]] = {}
    for one in records:
        key = replace(one, factors=())
        groups.setdefault(key, []).extend(one.factors)
    return [replace(key, factors=tuple(dict.fromkeys(codes))) for key, codes in groups.items()]


def shown(records: Sequence[Record]) -> list[Record]:
    """Leave out automatic marks that a confirmed manual one covers wholly (MARK-01).

    A partial overlap keeps both; nothing is taken out of the store.
    """
    manual = [
        one for one in records if one.channel is Channel.MANUAL and one.state is MarkState.CONFIRMED
    ]
    return [
        one
        for one in records
        if one.channel is not Channel.AUTO or not any(_covers(other, one) for other in manual)
    ]


def chains(records: Iterable[Record], factor: str) -> list[Chain]:
    """Give a factor's marked time, chained across types where spans touch (STAT-05)."""
    found: list[Chain] = []
    for one in sorted((one for one in records if one.concerns(factor)), key=lambda r: r.start):
        last = found[-1] if found else None
        if last is not None and one.start <= last.end:
            codes = tuple(dict.fromkeys((*last.codes, one.code)))
            found[-1] = Chain(last.start, max(last.end, one.end), codes)
        else:
            found.append(Chain(one.start, one.end, (one.code,)))
    return found


def _auto(outlet: str, factor: str, kind: MarkKind, code: str, start: int, end: int) -> Record:
    return Record(
        outlet,
        (factor,),
        kind,
        code,
        start,
        end,
        channel=Channel.AUTO,
        state=MarkState.CONFIRMED,
    )


def _covers(manual: Record, auto: Record) -> bool:
    factors = not manual.factors or (auto.factors and set(auto.factors) <= set(manual.factors))
    return (
        manual.outlet == auto.outlet
        and bool(factors)
        and manual.start <= auto.start
        and auto.end <= manual.end
    )
