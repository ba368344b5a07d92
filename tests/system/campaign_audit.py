"""What must hold in the two files a campaign leaves, whoever was killed or cut off in it.

Every function names faults, none when all is well. Nothing of ours is imported here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from campaign_store import (
    Key,
    Row,
    Site,
    Snapshot,
    Station,
    body,
    factors,
    sampled_at,
    upload,
    wire_qn,
    wire_time,
)

PERIODIC = {"2061": "1h", "2031": "1d"}
FIELDS = {
    "Cou": "cou", "Min": "min", "Avg": "avg", "Max": "max",
    "ZsMin": "zs_min", "ZsAvg": "zs_avg", "ZsMax": "zs_max",
}  # fmt: skip
STEPS = {"queued": 0, "running": 1, "unknown": 2}
"""How far an order is; every other state is its end."""
END = 3


@dataclass(frozen=True, slots=True)
class Run:
    """When the agent had its duty, in clock seconds.

    `began`: by then it had looked at its periods; `ended`: by then it had closed what was due.
    """

    began: float
    ended: float


def journal_faults(snap: Snapshot) -> Iterator[str]:
    """Hash the chain again from its beginning."""
    before = "0" * 64
    for number, row in enumerate(snap.rows("journal"), start=1):
        line = [before, row["seq"], row["at"], row["who"], row["what"], row["detail"]]
        digest = hashlib.sha256(json.dumps(line, ensure_ascii=False).encode()).hexdigest()
        if row["seq"] != number or row["hash"] != digest:
            yield f"journal line {row['seq']} does not fit the chain"
        before = row["hash"]


def kept_faults(before: Snapshot, after: Snapshot) -> Iterator[str]:
    """Name what a later look at a store no longer says as an earlier one did."""
    for table in ("statistics", "samples", "measurements", "journal", "series"):
        for key, row in before[table].items():
            if after[table].get(key) != row:
                yield f"{table} {key}: was {row}, is {after[table].get(key)}"
    for table in ("outbox", "deliveries", "actions", "events"):
        for key, row in before[table].items():
            now = after[table].get(key)
            same = set(row) - _MOVING if _step(table, row) < END else set(row)
            if now is None or any(now[name] != row[name] for name in same):
                yield f"{table} {key}: was {row}, is {now}"
            elif _step(table, now) < _step(table, row):
                yield f"{table} {key}: went back from {row} to {now}"
    for table, column in (("cursors", "next"), ("qn", "last_ms")):
        for key, row in before[table].items():
            if after[table].get(key, {column: -1})[column] < row[column]:
                yield f"{table} {key} went back"


def upload_faults(snap: Snapshot, lines: list[Row], site: Site) -> Iterator[str]:
    """Hold what the store says was taken against what the platform holds, both ways."""
    held: dict[Key, Row] = {}
    for line in lines:
        if not line["ok"]:
            yield f"rejected by the platform: {line['reason']}: {line['frame']!r}"
            continue
        # two bottles of one moment are two uploads
        key = (*upload(line), body(line) if line["cn"] == "3015" else "")
        first = held.setdefault(key, line)
        if first["frame"] != line["frame"]:
            yield f"{key}: twice, and not the same: {first['frame']!r} {line['frame']!r}"
    by_qn = {(line["mn"], line["qn"]): line for line in held.values()}
    owed: dict[Key, Row] = {}
    for row in snap.rows("outbox"):
        if row["cn"] == "event":
            continue
        key = (site.stations[row["station"]].mn, wire_qn(row["qn_ms"]))
        owed[key] = row
        if row["state"] != "accepted":
            continue
        if key not in by_qn or body(by_qn[key]) != row["body"]:
            yield f"accepted, and not at the platform: {row}"
    for key, line in by_qn.items():
        known = owed.get(key)
        if known is None:
            yield f"at the platform, and nobody owed it: {line['frame']!r}"
        elif (known["body"], wire_time(known["at"])) != (body(line), line["data_time"]):
            yield f"not what was owed: {line['frame']!r} {known}"


def open_faults(snap: Snapshot, made_before: float) -> Iterator[str]:
    """Name what was owed by then and is still, or was given up."""
    for row in snap.rows("outbox"):
        if row["created_at"] >= made_before:
            continue
        if row["state"] != "accepted":
            yield f"upload not accepted: {row}"
        debt = (row["station"], row["cn"], row["at"], row["st"], row["revision"])
        if snap["deliveries"].get(debt, {"state": "accepted"})["state"] != "accepted":
            yield f"debt still open: {debt}"


def number_faults(snap: Snapshot) -> Iterator[str]:
    """Look whether request numbers only ever grew, in the order they were allotted."""
    last: dict[str, int] = {}
    for _, row in sorted(snap["outbox"].items()):
        if row["qn_ms"] <= last.get(row["station"], 0):
            yield f"QN {row['qn_ms']} of {row['station']} does not grow"
        last[row["station"]] = row["qn_ms"]


def statistic_faults(snap: Snapshot, site: Site) -> Iterator[str]:
    """Hold every periodic upload against the statistics it speaks of."""
    names = {name: number for number, name in factors(snap).items()}
    for row in snap.rows("outbox"):
        station = site.stations[row["station"]]
        kind = PERIODIC.get(row["cn"], f"{station.minutes}m" if row["cn"] == "2051" else "")
        if not kind or row["revision"]:
            continue
        for item in row["body"].split(";")[1:]:
            told = dict(pair.split("=", 1) for pair in item.split(","))
            code = next(iter(told)).partition("-")[0]
            series = [names[o, code] for o in station.outlets if (o, code) in names]
            found = [snap["statistics"].get((kind, row["at"], one, 0)) for one in series]
            known = [one for one in found if one is not None]
            if len(known) != 1:
                yield f"{row['cn']} {row['at']} {code}: {len(known)} statistics"
                continue
            yield from _number_faults(row, code, told, known[0])


def period_faults(snap: Snapshot, site: Site, run: Run) -> Iterator[str]:
    """Look whether every period that fell due has its row for each factor, and its upload."""
    names = {name: number for number, name in factors(snap).items()}
    taken = sampled_at(snap)
    for outlet in site.outlets.values():
        minutes = {one.minutes for one in site.stations.values() if outlet.id in one.outlets}
        for length in sorted({1, *minutes}) if outlet.continuous else ():
            for start in _periods(run, length * 60, 5):
                missing = _missing(snap, names, outlet.id, f"{length}m", start, outlet.continuous)
                if missing and _skipped(snap, taken, start, length * 60):
                    continue
                if missing:
                    yield f"{length}m {start} of {outlet.id}: no row of {missing}"
        for kind, length_s in (("1h", 3600), ("1d", 86_400)):
            for start in _periods(run, length_s, outlet.settle_s):
                due = (*outlet.continuous, *outlet.batch)
                missing = _missing(snap, names, outlet.id, kind, start, due)
                if missing:
                    yield f"{kind} {start} of {outlet.id}: no row of {missing}"
    yield from _frame_faults(snap, site, names)


def bottle_faults(snap: Snapshot, filled: int) -> Iterator[str]:
    """Hold the orders against the number of bottles the sampler itself says it filled."""
    orders = snap.rows("actions")
    refs = [one["ref"] for one in orders]
    if len(refs) != len(set(refs)):
        yield f"an order given twice: {refs}"
    done = [json.loads(one["outcome"]) for one in orders if one["state"] == "done"]
    kept = [(one["at"], one["bottle"]) for one in done]
    if len(kept) != len(set(kept)):
        yield f"one bottle for two orders: {kept}"
    if filled != len(done):
        states = [(one["ref"], one["state"], one["outcome"]) for one in orders]
        yield f"{filled} bottles filled, {len(done)} orders done: {states}"
    told = [json.loads(one["detail"]) for one in snap.rows("events") if one["kind"] == "retention"]
    if sorted((one["at"], one["bottle"]) for one in told) != sorted(kept):
        yield f"bottles told {told}, kept {kept}"


_MOVING = {
    "state", "attempts", "done_at", "outcome", "before", "started_at", "finished_at", "ended_at",
    "detail", "boot", "not_after_mono", "started_mono", "not_before",
}  # fmt: skip
"""What may change in a row that has not come to its end."""


def _step(table: str, row: Row) -> int:
    """Say how far a row is on its way to its end."""
    if table == "events":
        return END * (row["ended_at"] is not None)
    if table == "actions":
        return STEPS.get(row["state"], END)
    return END * (row["state"] != "open")


def _number_faults(row: Row, code: str, told: Mapping[str, str], known: Row) -> Iterator[str]:
    where = f"{row['cn']} {row['at']} {code}"
    for name, column in FIELDS.items():
        text = told.get(f"{code}-{name}")
        if (text is None) != (known[column] is None):
            yield f"{where}-{name}: told {text}, stored {known[column]}"
        elif text is not None:
            half = 0.5 * 10.0 ** -len(text.partition(".")[2])
            if abs(float(text) - known[column]) > half * (1 + 1e-6):
                yield f"{where}-{name}: told {text}, stored {known[column]}"


def _periods(run: Run, length_s: int, settle_s: int) -> Iterator[int]:
    """Give the periods that were open when the run began, or later, and fell due before it ended.

    Days begin at midnight of UTC+8.
    """
    offset = 8 * 3600
    start = int(run.began + offset) // length_s * length_s - offset
    while start + length_s + settle_s <= run.ended:
        yield start
        start += length_s


def _missing(
    snap: Snapshot, names: Mapping[tuple[str, str], int], outlet: str, kind: str, start: int,
    due: tuple[str, ...],
) -> list[str]:  # fmt: skip
    rows = snap["statistics"]
    return [code for code in due if (kind, start, names[outlet, code], 0) not in rows]


def _skipped(snap: Snapshot, taken: list[float], start: int, length_s: int) -> bool:
    """Say whether a period lies in an outage that was told, and in which nothing was sampled."""
    told = [json.loads(one["detail"]) for one in snap.rows("events") if one["kind"] == "power"]
    inside = any(one["from"] <= start and start + length_s <= one["to"] for one in told)
    return inside and not any(start <= at < start + length_s for at in taken)


def _frame_faults(
    snap: Snapshot, site: Site, names: Mapping[tuple[str, str], int]
) -> Iterator[str]:
    """Look whether every row of a reported kind has its upload at each station of its outlet."""
    owned = {number: name for name, number in names.items()}
    owed = {(one["station"], one["cn"], one["at"], one["st"]) for one in snap.rows("outbox")}
    for kind, start, series, revision in snap["statistics"]:
        outlet = owned[series][0]
        st = site.outlets[outlet].st
        for name, station in site.stations.items():
            cn = {"1h": "2061", "1d": "2031", f"{station.minutes}m": "2051"}.get(kind)
            if cn is None or revision or outlet not in station.outlets:
                continue
            if (name, cn, start, st) not in owed and not _waits(snap, site, station, kind, start):
                yield f"{kind} {start} of {outlet}: no {cn} to {name}"


def _waits(snap: Snapshot, site: Site, station: Station, kind: str, start: int) -> bool:
    """Say whether another outlet of the station has yet to close that period."""
    owed = [snap["cursors"].get((f"{kind}/{one}",)) for one in station.outlets]
    return any(one is not None and one["next"] <= start for one in owed)
