"""Instruments of an outlet: parameters as filed, calibrations, blow-backs (AF-10, 11, 12)."""

from __future__ import annotations

from collections.abc import Iterator

from agent import watch
from agent.store import checks, filed, parameters
from agent.substitution import Verdict
from agent.watch import MINUTE_S, Actual, Calibration, Finding, Schedule, Span, stretches
from agent.watched.courses import Read, course, thresholds
from agent.watched.look import Look
from agent.watched.switches import on_spans


def of_filed(look: Look) -> Iterator[Finding]:
    """Give the parameters that are not as filed. What was filed just now is known from now on."""
    known = filed.newest(look.connection, look.outlet.id)
    since = look.until if known is None else known[0]
    for device, wanted in look.outlet.watch.filed.items():
        actual = {
            name: Actual(one.value, one.since, one.seen_at)
            for name, one in parameters.of(look.connection, device).items()
        }
        yield from watch.off_filed(device, wanted, actual, filed_at=since)


def of_calibrations(look: Look, read: Read) -> Iterator[Finding]:
    """Give what is odd about the calibrations of the day."""
    known = [*_recorded(look), *_told_by_instruments(look), *_flagged(read)]
    times = look.outlet.watch.calibrations
    yield from watch.odd_times(known, Schedule(times.hours, times.minutes))
    yield from watch.beyond(known)
    for code, one in look.own.factors.items():
        rule = thresholds(look.outlet, code)
        own = [each for each in known if each.factor == code]
        yield from watch.too_often(own, rule)
        if own and not one.batch:
            yield from watch.shifted(course(one, read.points[code], look.until), own, rule)


def of_blow_backs(look: Look, read: Read) -> Iterator[Finding]:
    """Give the factors that did not answer to the gas again after a blow-back."""
    settings, known = look.outlet.watch, [*_recorded(look), *_told_by_instruments(look)]
    blown = [] if settings.blow_back is None else on_spans(look, settings.blow_back)
    for code, one in look.own.factors.items():
        rule = thresholds(look.outlet, code)
        if one.batch or rule.response_min is None:
            continue
        if settings.blow_back is None:
            records = [Span(each.start, each.end + 1) for each in known if each.factor == code]
            blown = [
                span
                for span in stretches(read.calibrating[code])
                if span.end - span.start <= settings.blow_back_min * MINUTE_S
                and not any(span.touches(record) for record in records)
            ]
        yield from watch.unanswered(course(one, read.points[code], look.until), blown, rule)


def _recorded(look: Look) -> Iterator[Calibration]:
    for one in checks.between(look.connection, look.start, look.until, outlet=look.outlet.id):
        if one.kind in ("zero", "span", "standard"):
            passed = one.verdict is Verdict.PASS
            yield Calibration(one.factor, one.start, one.end, one.channel, passed)


def _told_by_instruments(look: Look) -> Iterator[Calibration]:
    """Give what instruments say of their own checks; of one that serves several, nothing."""
    rows = look.connection.execute(
        "SELECT DISTINCT device, at FROM device_checks WHERE at >= ? AND at < ? ORDER BY at",
        (look.start, look.until),
    )
    for device, at in rows:
        outlet, factor = look.plan.place_of(device)
        if outlet == look.outlet.id and factor:
            yield Calibration(factor, at, at, "auto")


def _flagged(read: Read) -> Iterator[Calibration]:
    for code, minutes in read.calibrating.items():
        for one in stretches(minutes):
            yield Calibration(code, one.start, one.end, "flag")
