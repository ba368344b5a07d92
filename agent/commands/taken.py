"""Values as they were taken, on request: results of batch analyzers, and what electricity was."""

from __future__ import annotations

import math
import sqlite3

from agent import composing, report
from agent.commands.history import AT_ONCE, ended
from agent.commands.naming import on_wire
from agent.commands.parameters import start_real_time
from agent.commands.streaming import Stream
from agent.model import Measurement, Upload
from agent.plan import StationPlan
from agent.report import letter
from agent.store import measurements
from agent.uplink.desk import Desk
from agent.uplink.results import CONDITION, Asked, Result
from protocols.hj212.message import FactorValues, print_message
from protocols.hj212.orders import Between
from protocols.hj212.reports import Measured

RESULTS = 200
"""Results of analyzers read in one piece."""
ELECTRICITY = "44"
_COMPOSITE = "1"
"""SampleType of a composite sample; no source tells the other values (HJ 212-2025 §10.3)."""


async def start_or_send(asked: Asked, desk: Desk) -> Result:
    """Begin real-time uploads (2011); with a range send those of electricity (2025, ST 44)."""
    if not isinstance(asked.order, Between):
        return await start_real_time(asked, desk)
    if asked.segment.st != ELECTRICITY:
        return Result(CONDITION, "only electricity has a history of real-time values")
    return await _send_real_time(asked, desk, asked.order)


async def _send_real_time(asked: Asked, desk: Desk, order: Between) -> Result:
    """Send what the samples say of each of the moments at which it would have been uploaded."""
    station, names, stream = desk.station, desk.office.names(), Stream(desk, asked)
    interval = station.destination.real_time_s
    kept = desk.office.clock.now() - _samples_s(desk)
    at = math.ceil(max(order.begin, kept) / interval) * interval
    last = min(order.end, desk.office.clock.now())
    while at <= last:
        moments = range(at, min(int(last) + 1, at + AT_ONCE * interval), interval)

        def read(connection: sqlite3.Connection, moments: range = moments) -> list[Upload]:
            found = (
                (each, composing.live(connection, station, ELECTRICITY, each, names=names))
                for each in moments
            )
            return [
                report.real_time(station.wording, each, st=ELECTRICITY, live=live)
                for each, live in found
                if any(one.sample is not None for one in live)
            ]

        for upload in await desk.office.store.read(read):
            await stream.send(upload.packets)
        at = moments[-1] + interval
    return ended(stream)


def _samples_s(desk: Desk) -> float:
    """Give how long samples are kept, in seconds."""
    return desk.office.plan().site.storage.samples_days * 86_400.0


async def send_results(asked: Asked, desk: Desk) -> Result:
    """Send the results of batch analyzers that were completed in a range (2013)."""
    order = asked.order
    assert isinstance(order, Between)
    if order.end < order.begin:
        return Result(CONDITION, "the range ends before it begins")
    stream, names, station = Stream(desk, asked), desk.office.names(), desk.station
    outlets = [one.id for one in station.by_st().get(asked.segment.st, ())]
    read = 0
    while True:
        found = await desk.office.store.read(
            lambda connection, skip=read: measurements.completed(  # type: ignore[misc]  # mypy sees no type in a default
                connection,
                order.begin,
                order.end,
                outlets=outlets,
                names=names,
                limit=RESULTS,
                skip=skip,
            )
        )
        for one in found:
            if station.wants(one.factor):
                await stream.send(print_message(_measured(station, one), desk.edition))
        read += len(found)
        if len(found) < RESULTS:
            return ended(stream)


def _measured(station: StationPlan, one: Measurement) -> Measured:
    values: dict[str, float | str | None] = {
        "SampleTime": float(one.sampled_at),
        "CompleteTime": one.completed_at,
        "SampleType": _COMPOSITE,
        "Avg": on_wire(one.value, one.factor, station.wording),
        "Flag": letter(station.wording, one.cause),
    }
    return Measured(
        "2013", (FactorValues(station.wording.code(one.factor), values),), one.completed_at
    )
