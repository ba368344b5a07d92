"""Which registers to ask for together: the fewest requests a profile and its instrument allow.

Pure functions. Points, state words and the time of the result are `Want`s; a `Span` is one request.
A gap between two wants is read over only inside a block the profile declares readable, inside a
`together` group, or, where the profile says that its holes are readable, up to HOLE registers: at
9600 baud that many registers cost as much time as a request of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from drivers.profile_model import (
    Block,
    Check,
    MeasuredAt,
    Parameter,
    Point,
    Profile,
    StateWord,
    Table,
)
from protocols.registers import time_width

HOLE = 20
BITS_PER_REGISTER = 16
MAX_BITS = 2000


@dataclass(frozen=True, slots=True, order=True)
class Want:
    """Registers first..last-1 of one table that must not be torn apart."""

    table: Table
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Span:
    """One request. `wants` are the parts it was made of, in order of address."""

    table: Table
    start: int
    count: int
    wants: tuple[Want, ...]

    @property
    def end(self) -> int:
        """The first register behind it."""
        return self.start + self.count

    def holds(self, want: Want) -> bool:
        """Tell whether it brings all of these registers."""
        return self.table == want.table and self.start <= want.first and want.last <= self.end


def want_of(item: Point | StateWord | MeasuredAt | Parameter | Check) -> Want:
    """Give the registers one item of a profile takes."""
    return Want(item.table, item.address, item.address + item.width)


def time_of_check(check: Check) -> Want | None:
    """Give the registers of a check's own time."""
    if check.time_address is None or check.time_format is None:
        return None
    end = check.time_address + time_width(check.time_format)
    return Want(check.table, check.time_address, end)


def wants_of(profile: Profile) -> list[Want]:
    """Give what one reading of the instrument needs; a `together` group is one want."""
    wants = [_hull(_point_wants(group)) for group in profile.together().values()]
    for point in profile.points:
        if not point.together:
            wants.append(_hull(_point_wants([point])))
    wants += [want_of(word) for word in (profile.state, *profile.alarms) if word]
    if profile.measured_at:
        wants.append(want_of(profile.measured_at))
    return wants


def plan(profile: Profile) -> list[Span]:
    """Give the requests for one reading of the instrument.

    Fewest by going up the addresses and joining as long as it is allowed, which is optimal for
    intervals. Spans come in the order of table and address.
    """
    return _spans(wants_of(profile), profile)


def plan_parameters(profile: Profile) -> list[Span]:
    """Give the requests for its parameters and the results of its checks, under the same rules.

    A check and its own time are one want: they belong to one another.
    """
    wants = [want_of(parameter) for parameter in profile.parameters]
    for check in profile.checks:
        time = time_of_check(check)
        wants.append(_hull([want_of(check), time]) if time else want_of(check))
    return _spans(wants, profile)


def _spans(wants: Iterable[Want], profile: Profile) -> list[Span]:
    spans: list[Span] = []
    for want in sorted(wants):
        joined = _join(spans[-1], want, profile) if spans else None
        if joined:
            spans[-1] = joined
        else:
            spans.append(Span(want.table, want.first, want.last - want.first, (want,)))
    return spans


def split(span: Span) -> list[Span]:
    """Take a span apart that the instrument refused as a whole; a span of one want stays.

    First at the gaps that were read over; where there are none, in the middle, so that one register
    the instrument does not have ends up alone after a few tries.
    """
    runs: list[list[Want]] = []
    for want in span.wants:
        if runs and want.first <= max(part.last for part in runs[-1]):
            runs[-1].append(want)
        else:
            runs.append([want])
    if len(runs) == 1 and len(span.wants) > 1:
        middle = len(span.wants) // 2
        runs = [list(span.wants[:middle]), list(span.wants[middle:])]
    return [_span(run) for run in runs]


def _point_wants(points: Iterable[Point]) -> Iterator[Want]:
    for point in points:
        yield want_of(point)
        if point.unit_from:
            unit = point.unit_from
            yield Want(point.table, unit.address, unit.address + unit.width)


def _hull(wants: Iterable[Want]) -> Want:
    parts = list(wants)
    first, last = min(part.first for part in parts), max(part.last for part in parts)
    return Want(parts[0].table, first, last)


def _span(wants: Sequence[Want]) -> Span:
    hull = _hull(wants)
    return Span(hull.table, hull.first, hull.last - hull.first, tuple(wants))


def _join(span: Span, want: Want, profile: Profile) -> Span | None:
    if span.table != want.table:
        return None
    end = max(span.end, want.last)
    if end - span.start > _limit(span.table, profile):
        return None
    gap = want.first - span.end
    if gap > 0 and not _bridgeable(span, want, profile):
        return None
    return Span(span.table, span.start, end - span.start, (*span.wants, want))


def _limit(table: Table, profile: Profile) -> int:
    if table in ("coil", "discrete"):
        return min(MAX_BITS, profile.line.max_registers * BITS_PER_REGISTER)
    return profile.line.max_registers


def _bridgeable(span: Span, want: Want, profile: Profile) -> bool:
    if any(_covers(block, span, want) for block in profile.blocks):
        return True
    return profile.holes == "readable" and want.first - span.end <= HOLE


def _covers(block: Block, span: Span, want: Want) -> bool:
    inside = block.start <= span.end - 1 and want.first < block.start + block.count
    return block.table == span.table and inside
