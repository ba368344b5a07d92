"""Three platforms of three editions and one site between them: two stations each.

What is told to them is judged here with nothing of ours but the rows of the store: every period
once, at its highest revision, and live data in time wherever the line was there.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaign_peer import Told
from campaign_site import CONTINUOUS_SETTLE_S, device
from campaign_store import Outlet, Row, Site, Snapshot, Station, body, wire_qn, wire_time
from daemon_bench import HOST, free_port

LATE, TWICE, SILENT = "late", "twice", "silent"
"""The platforms, by how they answer."""
EDITIONS = {LATE: "hj212-2025", TWICE: "hj212-2017", SILENT: "hj212-2005"}
KEYS = ("msbE74gsiSHSEh5e", "Qp3r8LmZ0aWx7Tce")
PW = "123456"
RETURN_S = 60.0
"""Real seconds in which a station has found its platform again."""

PLATFORMS = Site(
    outlets={
        "DW001": Outlet("DW001", "32", ("w00000", "w01001"), (), CONTINUOUS_SETTLE_S),
        "DW002": Outlet("DW002", "32", ("w01001",), (), CONTINUOUS_SETTLE_S),
    },
    stations={
        f"{name}-{n}": Station(
            f"8888888000000{n}" if name == SILENT else f"010000A8900016F000169{place}C{n}",
            (f"DW00{n}",),
        )
        for place, name in zip("ABC", EDITIONS, strict=True)
        for n in (1, 2)
    },
)
"""The site in the words of the audit: each outlet reports to all three."""


def stations_of(name: str) -> dict[str, Station]:
    return {one: it for one, it in PLATFORMS.stations.items() if one.startswith(name)}


def site_of(folder: Path, ports: Mapping[str, int], *, speed: float) -> dict[str, Any]:
    """Give the site file. `ports` are those of the platforms, and of the broker for `TWICE`."""
    factors = {"w00000": {"device": "flow"}, "w01001": {"device": "ph1"}}
    period_s = speed / 2
    return {
        "unit": {"code": "91130200699229617X001P", "name": "示例企业"},
        "outlets": [
            {"id": "DW001", "medium": "water", "flow": "w00000", "factors": factors},
            {"id": "DW002", "medium": "water", "factors": {"w01001": {"device": "ph2"}}},
        ],
        "buses": [{"id": "net1", "kind": "tcp", "host": HOST, "port": free_port()}],
        "devices": [
            device("flow", "flow/em-flow-0x1010", "net1", 1, period_s),
            device("ph1", "water/ph", "net1", 2, period_s),
            device("ph2", "water/ph", "net1", 3, period_s),
        ],
        "destinations": [_destination(folder, name, ports[name], speed=speed) for name in EDITIONS],
        "storage": {"directory": str(folder / "state"), "ballast_mb": 4},
    }


def interval_s(speed: float) -> int:
    """How often real-time data goes: every four real seconds."""
    return round(4 * speed)


def _destination(folder: Path, name: str, port: int, *, speed: float) -> dict[str, Any]:
    transport = "mqtt" if name == TWICE else "tcp"
    stations = []
    for number, (one, known) in enumerate(stations_of(name).items()):
        station = {"id": one, "mn": known.mn, "pw": "default", "outlets": list(known.outlets)}
        if name == LATE:
            secret = folder / f"{one}.key"
            secret.write_text(KEYS[number], encoding="utf-8")
            station["key"] = {"file": str(secret)}
        stations.append(station)
    return {
        "id": name,
        "transport": transport,
        "addresses": [f"{transport}://{HOST}:{port}"],
        "edition": EDITIONS[name],
        "real_time_s": interval_s(speed),
        "minutes": 1,
        "revisions": True,
        "backlog_per_s": 20,
        "send_window_s": 0,
        "timeout_s": 1,
        "resends": 0 if name == SILENT else 3,
        "ack": "9014" if name == TWICE else "auto",
        transport: {"reconnect_s": 1},
        "stations": stations,
    }


@dataclass(frozen=True, slots=True)
class Away:
    """From when until when a platform could not be reached, on the campaign's clock."""

    name: str
    since: float
    until: float


@dataclass(slots=True)
class Heard:
    """All that one platform was told, whoever wrote it down."""

    name: str
    told: list[Told] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def of_log(name: str, lines: Iterable[Row], clock: Callable[[], float], speed: float) -> Heard:
    """Read what a `paikou platform` has stored, onto the campaign's clock."""
    heard, ahead = Heard(name), clock() - time.time() * speed
    for line in lines:
        if not line["ok"]:
            heard.wrong.append(f"{line['reason']}: {line['frame']!r}")
            continue
        head = {"QN": line["qn"], "ST": line["st"], "CN": line["cn"], "MN": line["mn"]}
        heard.told.append(Told(line["received_at"] * speed + ahead, head, body(line)))
    return heard


def wrong_faults(heard: Heard) -> Iterator[str]:
    for one in heard.wrong:
        yield f"{heard.name} cannot read it: {one}"


def told_faults(snap: Snapshot, heard: Heard) -> Iterator[str]:
    """Hold what was told against what was owed: under its number, to the letter."""
    owed = {
        (PLATFORMS.stations[row["station"]].mn, wire_qn(row["qn_ms"])): row
        for row in snap.rows("outbox")
        if row["cn"] != "event"
    }
    for one in heard.told:
        row = owed.get((one.head["MN"], one.head["QN"]))
        if row is None:
            yield f"{heard.name}: nobody owed it: {one}"
        elif (row["cn"], row["body"], wire_time(row["at"])) != (
            one.head["CN"],
            one.area,
            one.data_time,
        ):
            yield f"{heard.name}: not what was owed: {one} {row}"


def period_faults(
    snap: Snapshot, heard: Heard, began: float, ended: float, *, but: Iterable[Away] = ()
) -> Iterator[str]:
    """See that every minute and hour of a span came, under one number, at its highest revision.

    `but`: those that fell due while the platform was away are not looked at.
    """
    came = defaultdict(set)
    for one in heard.told:
        came[one.head["MN"], one.head["CN"], one.data_time].add((one.head["QN"], one.area))
    newest: dict[tuple[str, str, int], Row] = {}
    for row in snap.rows("outbox"):
        key = row["station"], row["cn"], row["at"]
        if key not in newest or newest[key]["revision"] < row["revision"]:
            newest[key] = row
    for station, known in stations_of(heard.name).items():
        for cn, length_s in (("2051", 60), ("2061", 3600)):
            for start in range(int(began) // length_s * length_s, int(ended), length_s):
                due = start + length_s + CONTINUOUS_SETTLE_S
                if due > ended or any(one.since <= due <= one.until for one in but):
                    continue
                found = came[known.mn, cn, wire_time(start)]
                row = newest.get((station, cn, start))
                if row is None:
                    yield f"{station} {cn} {wire_time(start)}: never made"
                elif found != {(wire_qn(row["qn_ms"]), row["body"])}:
                    yield f"{station} {cn} {wire_time(start)}: {found}, owed {row}"


def live_faults(
    snap: Snapshot, heard: Heard, away: Iterable[Away], ended: float, *, speed: float
) -> Iterator[str]:
    """See that live data came within its interval whenever the line was there.

    It is there again when the first frame of the station came, which must not take long.
    """
    step = interval_s(speed)
    for station, known in stations_of(heard.name).items():
        ours = [one for one in heard.told if one.head["MN"] == known.mn]
        gone = []
        for one in away:
            if one.name == heard.name:
                back = min((told.at for told in ours if told.at >= one.until), default=ended)
                gone.append((one.since, back))
                if back > one.until + RETURN_S * speed:
                    yield f"{station}: there again only {back - one.until:.0f} s after {one}"
        first: dict[str, float] = {}
        for told in ours:
            if told.head["CN"] == "2011":
                first.setdefault(told.data_time, told.at)
        for at in _made(snap, station, "2011"):
            if at + step > ended or any(at + step >= low and at <= high for low, high in gone):
                continue
            came = first.get(wire_time(at))
            if came is None or came > at + step:
                late = "never" if came is None else f"{came - at:.0f} s"
                yield f"{station} 2011 of {wire_time(at)}: {late} behind, interval {step} s"


def _made(snap: Snapshot, station: str, cn: str) -> list[int]:
    rows = snap.rows("outbox")
    return [row["at"] for row in rows if (row["station"], row["cn"]) == (station, cn)]
