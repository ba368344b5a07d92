"""Samples in the order of time, and how far apart they are, whatever order the file has."""

from __future__ import annotations

import contextlib
import itertools
import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.model import Cause, Sample
from agent.tools.recompute.lines import Known, Samples, TimeForm, samples, time_form

GAPS = 4096
"""Different gaps between samples that are told apart; more would be no spacing any more."""
_TENTHS = 10

Series = tuple[str, str]
"""Outlet and factor."""
Told = Callable[[int], None]
"""Hears of so many lines read."""


@dataclass(slots=True)
class Spacing:
    """Gathers the gaps between the samples of each factor, in tenths of a second."""

    last: dict[Series, float] = field(default_factory=dict)
    _gaps: defaultdict[Series, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def take(self, sample: Sample) -> None:
        """Take the next sample in the order of time."""
        key = (sample.outlet, sample.factor)
        before = self.last.get(key)
        self.last[key] = sample.at
        if before is not None and sample.at > before:
            gap, counts = max(1, round((sample.at - before) * _TENTHS)), self._gaps[key]
            if gap in counts or len(counts) < GAPS:
                counts[gap] += 1

    def usual_s(self) -> dict[Series, float]:
        """Give the most frequent gap of each factor, of several the shortest, in seconds."""
        return {
            key: min(counts, key=lambda gap: (-counts[gap], gap)) / _TENTHS
            for key, counts in self._gaps.items()
        }


@dataclass(frozen=True, slots=True)
class Survey:
    """What is in a file of samples. A factor of a single sample has no spacing."""

    form: TimeForm
    factors: frozenset[Series]
    spacing_s: dict[Series, float]


@contextlib.contextmanager
def ordered(paths: Sequence[Path], known: Known, *, told: Told) -> Iterator[tuple[Survey, Samples]]:
    """Give what is in some files, and their samples in the order of time, in flat memory.

    What is not in order is sorted on disk first, in SQLite's own temporary file. The first file
    says how times are written. Raises FileError.
    """
    form, spacing, sorted_already = time_form(paths[0]), Spacing(), True
    before = -math.inf
    for sample in _all(paths, known):
        told(1)
        sorted_already = sorted_already and before <= sample.at
        before = sample.at
        spacing.take(sample)
    factors = frozenset(spacing.last)
    if sorted_already:
        yield Survey(form, factors, spacing.usual_s()), _all(paths, known)
        return
    with contextlib.closing(sqlite3.connect("")) as connection:
        _fill(connection, _all(paths, known))
        spacing = Spacing()
        for sample in _sorted(connection):
            spacing.take(sample)
        yield Survey(form, factors, spacing.usual_s()), _sorted(connection)


def _all(paths: Sequence[Path], known: Known) -> Samples:
    return itertools.chain.from_iterable(samples(path, known) for path in paths)


def _fill(connection: sqlite3.Connection, lines: Iterable[Sample]) -> None:
    connection.execute("CREATE TABLE line (at REAL, outlet, factor, value REAL, cause)")
    connection.executemany(
        "INSERT INTO line VALUES (?, ?, ?, ?, ?)",
        ((one.at, one.outlet, one.factor, one.value, one.cause.value) for one in lines),
    )


def _sorted(connection: sqlite3.Connection) -> Samples:
    for at, outlet, factor, value, cause in connection.execute(
        "SELECT at, outlet, factor, value, cause FROM line ORDER BY at, outlet, factor"
    ):
        yield Sample(outlet, factor, at, value, Cause(cause))
