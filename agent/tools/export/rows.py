"""Rows of an export: local times, names, units, flags and reasons. Figures are not rounded."""

from __future__ import annotations

import functools
import json
import sqlite3
from collections.abc import Iterator, Mapping

from agent.errors import Lang
from agent.model import Cause
from agent.store import pages
from agent.tools.export.acidity import PH, ion_mean
from agent.tools.export.mark_rows import mark_rows
from agent.tools.export.row import Cell, Row, Wanted
from agent.tools.export.table import KINDS
from agent.tools.words import cause, factor_name, local_time
from protocols.hj212.editions import edition
from protocols.hj212.factors import factor

NEWEST = "hj212-2025"
WIRE = "hj212-2017"
_LETTERS = edition(NEWEST).letters


def read(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    """Give the rows in the order of time, as they are in the store."""
    match wanted.what:
        case "minutes" | "hours" | "days":
            return _periods(connection, wanted)
        case "samples":
            return _samples(connection, wanted)
        case "results":
            return _results(connection, wanted)
        case "events":
            return _events(connection, wanted)
        case "marks":
            outlets = sorted({key[0] for key in _series(wanted).values()})
            return mark_rows(connection, wanted, outlets)


def _series(wanted: Wanted) -> dict[int, tuple[str, str, str]]:
    return {
        number: key
        for key, number in wanted.names.series.items()
        if wanted.concerns(key[0], key[1])
    }


def _of_factor(wanted: Wanted, outlet: str, code: str) -> dict[str, Cell]:
    name, unit, amount = _words(code, wanted.lang)
    return {"outlet": outlet, "factor": code, "name": name, "unit": unit, "cou_unit": amount}


@functools.cache
def _words(code: str, lang: Lang) -> tuple[str, str, str]:
    known = factor(code, WIRE)
    name = factor_name(code, lang)
    return (name, known.unit, known.amount_unit) if known else (name, "", "")


def _flagged(wanted: Wanted, one: Cause) -> dict[str, Cell]:
    return {"flag": _LETTERS[one.value], "cause": cause(one.value, wanted.lang)}


@functools.lru_cache(maxsize=16)
def _local(at: float) -> str:
    """Print a time; the rows of one minute come one after the other."""
    return local_time(at)


_LENGTHS: Mapping[str, int] = {"1m": 60, "1h": 3600, "1d": 86_400}


def _periods(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    kind = KINDS[wanted.what]
    keys = {number: key for number, key in _series(wanted).items() if key[2] == "rtd"}
    start, end = int(wanted.start), int(-(-wanted.end // 1))
    for row in pages.periods(connection, kind, start, end, series=keys):
        outlet, code, _ = keys[row.series]
        cells = _of_factor(wanted, outlet, code) | {
            "start": _local(row.start),
            **dict(zip(pages.FIGURES, row.figures, strict=True)),
            **_flagged(wanted, row.cause),
            "valid": row.valid,
            "valid_share": row.share,
            "parts": row.parts,
            "due": row.due,
            "reason": row.reason,
            "revision": row.revision,
        }
        if kind != "1m":  # minutes have no other columns
            cells |= _column("after_marks", row, row.after_marks)
            # what marks did stands for the exempted column too, where nothing was exempt
            cells |= _column("after_exemptions", row, row.after_exemptions or row.after_marks)
        if kind == "1d" and code == PH and row.valid:
            cells["ion_mean"] = ion_mean(connection, wanted, outlet, row.start)
        yield Row(outlet, code, row.start, row.start + _LENGTHS[kind], cells)


def _column(name: str, row: pages.PeriodRow, column: tuple[Cell, ...] | None) -> dict[str, Cell]:
    figures = dict(zip(pages.FIGURES, row.figures, strict=True))
    if column is None:
        column = (figures["avg"], figures["zs_avg"], figures["cou"], row.valid, row.reason)
    cells = {
        f"{name}_{one}": value for one, value in zip(pages.COLUMN_FIGURES, column, strict=True)
    }
    return {**cells, f"{name}_valid": bool(cells[f"{name}_valid"])}


def _samples(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    keys = _series(wanted)
    for cycle in pages.samples(connection, wanted.start, wanted.end):
        plain: dict[tuple[str, str], tuple[Cause, float | None]] = {}
        beside: dict[tuple[str, str, str], float | None] = {}
        for number, one, value in cycle.values:
            if number not in keys:
                continue
            outlet, code, quantity = keys[number]
            if quantity == "rtd":
                plain[outlet, code] = (one, value)
            else:
                beside[outlet, code, quantity] = value
        for (outlet, code), (one, value) in plain.items():
            cells = _of_factor(wanted, outlet, code) | {
                "at": _instant(cycle.at),
                "value": value,
                "zs": beside.get((outlet, code, "zs")),
                "total": beside.get((outlet, code, "total")),
                **_flagged(wanted, one),
                "clock_epoch": cycle.epoch,
            }
            yield Row(outlet, code, cycle.at, cycle.at, cells)


def _instant(at: float) -> str:
    return f"{_local(int(at))}.{int(at * 1000) % 1000:03d}"


def _results(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    keys = _series(wanted)
    devices = {number: name for name, number in wanted.names.devices.items()}
    for row in pages.results(connection, int(wanted.start), int(-(-wanted.end // 1))):
        if row.series not in keys:
            continue
        outlet, code, _ = keys[row.series]
        cells = _of_factor(wanted, outlet, code) | {
            "sampled_at": local_time(row.sampled_at),
            "value": row.value,
            **_flagged(wanted, row.cause),
            "device": devices.get(row.device, ""),
            "completed_at": local_time(row.completed_at),
            "received_at": local_time(row.received_at),
        }
        yield Row(outlet, code, row.sampled_at, row.sampled_at + 3600, cells)


def _events(connection: sqlite3.Connection, wanted: Wanted) -> Iterator[Row]:
    for event in pages.events(connection, wanted.start, wanted.end):
        if wanted.concerns(event.outlet, event.factor):
            cells = _of_factor(wanted, event.outlet, event.factor) | {
                "at": local_time(event.at),
                "kind": event.kind,
                "ended_at": local_time(event.ended_at),
                "detail": json.dumps(event.detail, ensure_ascii=False),
            }
            end = event.at if event.ended_at is None else event.ended_at
            yield Row(event.outlet, event.factor, event.at, end, cells)
