"""Points of a profile that stand one behind the other: decoded together, worked out once. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.plan import Want, want_of
from drivers.profile_model import Point, Profile


@dataclass(frozen=True, slots=True)
class Place:
    """A point, the registers it takes, and whether it changes only with a new result."""

    point: Point
    want: Want
    batch: bool


@dataclass(frozen=True, slots=True)
class Columns:
    """What the points of a run say of themselves, point by point, in the order of the run."""

    ids: tuple[str, ...]
    units: tuple[str, ...]
    scales: tuple[float, ...]
    offsets: tuple[float, ...]
    batch: tuple[bool, ...]
    nothing: tuple[None, ...]
    """None for each."""
    sentinels: bool
    """Whether some number of one of them means: nothing to say."""

    def times(self, measured_at: float | None) -> tuple[float | None, ...]:
        """Give the time of the result to those that are of it."""
        if measured_at is None:
            return self.nothing
        return tuple(measured_at if batch else None for batch in self.batch)

    @classmethod
    def of(cls, places: Sequence[Place]) -> Columns:
        """Take them from the points."""
        points = [place.point for place in places]
        return cls(
            ids=tuple(point.id for point in points),
            units=tuple(point.unit for point in points),
            scales=tuple(point.scale for point in points),
            offsets=tuple(point.offset for point in points),
            batch=tuple(place.batch for place in places),
            nothing=(None,) * len(points),
            sentinels=any(point.unavailable for point in points),
        )


@dataclass(frozen=True, slots=True)
class Run:
    """Points in the order of the profile. `plain`: numbers of one type and order, without a gap."""

    places: tuple[Place, ...]
    plain: bool
    want: Want
    """The registers of all of them."""
    columns: Columns


def runs_of(profile: Profile) -> tuple[Run, ...]:
    """Take the points of a profile together as far as they are of one kind and without a gap."""
    groups: list[list[Place]] = []
    batch = profile.batch_points
    for point in profile.points:
        place = Place(point, want_of(point), point.id in batch)
        if groups and _continues(groups[-1][-1], place):
            groups[-1].append(place)
        else:
            groups.append([place])
    return tuple(_run(group) for group in groups)


def _run(group: Sequence[Place]) -> Run:
    first, last = group[0].want, group[-1].want
    want = Want(first.table, first.first, last.last)
    return Run(tuple(group), _plain(group[0].point), want, Columns.of(group))


def _plain(point: Point) -> bool:
    return point.type != "bit" and point.among is None and point.unit_from is None


def _continues(before: Place, place: Place) -> bool:
    one, other = before.point, place.point
    alike = (one.table, one.type, one.order) == (other.table, other.type, other.order)
    return alike and _plain(one) and _plain(other) and before.want.last == place.want.first
