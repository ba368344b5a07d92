"""Raw samples, packed: one row per device and cycle.

Layout of a pack, little endian, per value:  0-1 series (uint16)  2 cause (uint8)  3-10 value
(float64, NaN where there is none). The numbers of the causes are part of the format.

The key of a row is one integer, `at_ms << 16 | device << 4 | epoch & 15`: rows are appended in the
order of time, which costs half the pages that a key of three columns would.
"""

from __future__ import annotations

import functools
import math
import sqlite3
import struct
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from agent.model import Cause, Sample
from agent.store.series import Names
from drivers.rows import columns_of

_VALUE = struct.Struct("<HBd")
_CAUSES = (
    Cause.NORMAL,
    Cause.STOPPED,
    Cause.FAULT,
    Cause.NO_LINK,
    Cause.POWER,
    Cause.MAINTENANCE,
    Cause.CALIBRATION,
    Cause.OVER_RANGE,
    Cause.PARAMETER,
    Cause.MANUAL,
)
FRAMES = 4096
"""Groups of factors whose packs are kept without their values; one for each device, and some."""
_NUMBERS = {cause: number for number, cause in enumerate(_CAUSES)}


def pack(samples: Sequence[Sample], names: Names) -> bytes:
    """Pack the samples of one device and cycle."""
    if not samples:
        return b""
    outlets, factors, _, values, causes, zs, _, totals = columns_of(samples)
    count = len(samples)
    plain = causes.count(Cause.NORMAL), zs.count(None), totals.count(None)
    if plain != (count, count, count) or None in values:
        return _pack_each(samples, names)
    # values and nothing else, as of most devices: they are laid over what is always the same
    frame = names.frames.get((outlets, factors)) or _frame(outlets, factors, names)
    return (frame | _only(count, values)).to_bytes(count * _VALUE.size, "little")


def _frame(outlets: tuple[str, ...], factors: tuple[str, ...], names: Names) -> int:
    """Give the pack of a device's normal values without them, as one number; and keep it."""
    plain = [Sample(*place, 0.0, 0.0) for place in zip(outlets, factors, strict=True)]
    frame = int.from_bytes(_pack_each(plain, names), "little")
    if len(names.frames) >= FRAMES:
        names.frames.clear()
    names.frames[outlets, factors] = frame
    return frame


def _only(count: int, values: Iterable[float]) -> int:
    return int.from_bytes(_gaps(count).pack(*values), "little")


@functools.lru_cache(maxsize=1024)
def _gaps(count: int) -> struct.Struct:
    return struct.Struct("<" + "3xd" * count)


def _pack_each(samples: Iterable[Sample], names: Names) -> bytes:
    series, parts = names.series, list[float]()
    for sample in samples:
        outlet, factor, cause = sample.outlet, sample.factor, _NUMBERS[sample.cause]
        value = math.nan if sample.value is None else sample.value
        parts += (series[outlet, factor, "rtd"], cause, value)
        if sample.zs is not None:
            parts += (series[outlet, factor, "zs"], cause, sample.zs)
        if sample.total is not None:
            parts += (series[outlet, factor, "total"], cause, sample.total)
    return _values(len(parts) // 3).pack(*parts)


@functools.lru_cache(maxsize=1024)
def _values(count: int) -> struct.Struct:
    return struct.Struct("<" + "HBd" * count)


def unpack(blob: bytes) -> list[tuple[int, Cause, float | None]]:
    """Read a pack as (series, cause, value)."""
    return [
        (number, _CAUSES[cause], None if math.isnan(value) else value)
        for number, cause, value in _VALUE.iter_unpack(blob)
    ]


def add(
    connection: sqlite3.Connection,
    samples: Sequence[Sample],
    *,
    device: str,
    at: float,
    epoch: int,
    names: Names,
) -> None:
    """Store one cycle of one device. The same instant told twice in one epoch stays one row."""
    connection.execute(
        "INSERT OR IGNORE INTO samples VALUES (?, ?, ?)",
        (_key(at) | names.devices[device] << 4 | epoch & 15, epoch, pack(samples, names)),
    )


def add_untimed(
    connection: sqlite3.Connection,
    samples: Sequence[Sample],
    *,
    device: str,
    boot: str,
    mono: float,
    names: Names,
) -> None:
    """Store one cycle whose wall time is not known yet."""
    connection.execute(
        "INSERT OR IGNORE INTO untimed VALUES (?, ?, ?, ?)",
        (boot, int(mono * 1000), names.devices[device], pack(samples, names)),
    )


def label_untimed(
    connection: sqlite3.Connection, *, boot: str, now: float, mono: float, epoch: int
) -> int:
    """Give this boot's untimed samples their wall time, now that it is known; says how many.

    Those of earlier boots stay as they are: nobody can tell when they were taken.
    """
    shift_ms = int(now * 1000) - int(mono * 1000)
    moved = connection.execute(
        "INSERT OR IGNORE INTO samples"
        # SQLite reads << | & from left to right: none of them binds closer
        " SELECT ((mono_ms + ?) << 16) | (device << 4) | (? & 15), ?, pack"
        " FROM untimed WHERE boot = ?",
        (shift_ms, epoch, epoch, boot),
    ).rowcount
    connection.execute("DELETE FROM untimed WHERE boot = ?", (boot,))
    return moved


def between(
    connection: sqlite3.Connection,
    start: float,
    end: float,
    *,
    outlet: str,
    names: Names,
    one_epoch: bool = False,
) -> dict[str, list[Sample]]:
    """Give an outlet's samples of [start, end) per factor, oldest first.

    With `one_epoch` only what was labelled in the newest clock epoch there: after a step back the
    same minute comes twice, and the labels of the first time were false.
    """
    wanted = {number: key[1:] for key, number in names.series.items() if key[0] == outlet}
    found: defaultdict[str, list[Sample]] = defaultdict(list)
    rows = connection.execute(
        "SELECT key >> 16, epoch, pack FROM samples WHERE key >= ? AND key < ? ORDER BY key",
        (_key(start), _key(end)),
    ).fetchall()
    last = max((epoch for _, epoch, _ in rows), default=0)
    for at_ms, epoch, blob in rows:
        if one_epoch and epoch != last:
            continue
        for sample in _samples(blob, at_ms / 1000, outlet, wanted):
            found[sample.factor].append(sample)
    return dict(found)


def newest(
    connection: sqlite3.Connection,
    *,
    outlet: str,
    since: float,
    until: float,
    names: Names,
) -> dict[str, Sample]:
    """Give the newest sample of each factor of an outlet taken in [since, until].

    Newest is what was labelled last: a clock that ran ahead leaves labels later than today's.
    """
    wanted = {number: key[1:] for key, number in names.series.items() if key[0] == outlet}
    codes = {code for code, _ in wanted.values()}
    found: dict[str, Sample] = {}
    rows = connection.execute(
        "SELECT key >> 16, pack FROM samples WHERE key >= ? AND key < ?"
        " ORDER BY epoch DESC, key DESC",
        (_key(since), _key(until + 0.001)),
    )
    for at_ms, blob in rows:
        for sample in _samples(blob, at_ms / 1000, outlet, wanted):
            found.setdefault(sample.factor, sample)
        if len(found) == len(codes):
            break
    return found


def last_total(
    connection: sqlite3.Connection,
    *,
    outlet: str,
    factor: str,
    since: float,
    before: float,
    names: Names,
) -> tuple[float, float] | None:
    """Give the last reading of a flow's counter in [since, before): when, and m3."""
    wanted = names.series[outlet, factor, "total"]
    rows = connection.execute(
        "SELECT key >> 16, pack FROM samples WHERE key >= ? AND key < ? ORDER BY key DESC",
        (_key(since), _key(before)),
    )
    for at_ms, blob in rows:
        for number, _, value in unpack(blob):
            if number == wanted and value is not None:
                return at_ms / 1000, value
    return None


def first_after(connection: sqlite3.Connection, at: float) -> float | None:
    """Give when something was sampled again at or after `at`; None when nothing was."""
    row = connection.execute(
        "SELECT min(key) >> 16 FROM samples WHERE key >= ?", (_key(at),)
    ).fetchone()
    return None if row[0] is None else float(row[0]) / 1000


def last_after(connection: sqlite3.Connection, at: float, *, epoch: int) -> float | None:
    """Give the last label of that clock epoch behind `at`; None when there is none."""
    row = connection.execute(
        "SELECT max(key) >> 16 FROM samples WHERE key >= ? AND epoch = ?", (_key(at), epoch)
    ).fetchone()
    return None if row[0] is None else float(row[0]) / 1000


def _key(at: float) -> int:
    """Give the least key a row of that time can have."""
    return int(at * 1000) << 16


def _samples(
    blob: bytes, at: float, outlet: str, wanted: dict[int, tuple[str, str]]
) -> Collection[Sample]:
    """Read one pack as samples of one outlet; `zs` and `total` join the sample of their factor."""
    plain: dict[str, tuple[Cause, float | None]] = {}
    beside: dict[tuple[str, str], float | None] = {}
    for number, cause, value in unpack(blob):
        if number not in wanted:
            continue
        factor, quantity = wanted[number]
        if quantity == "rtd":
            plain[factor] = (cause, value)
        else:
            beside[factor, quantity] = value
    return [
        Sample(
            outlet,
            factor,
            at,
            value,
            cause,
            zs=beside.get((factor, "zs")),
            total=beside.get((factor, "total")),
        )
        for factor, (cause, value) in plain.items()
    ]
