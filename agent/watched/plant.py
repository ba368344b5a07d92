"""The way of the sample, treatment and emergency outlets, by contacts and witnesses (AF-12, 13)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from agent import watch
from agent.model import Cause
from agent.settings.watch import LineDemand, Switched
from agent.store import pages
from agent.watch import Demand, Finding, Result
from agent.watched.beside import minutes_of
from agent.watched.courses import Read
from agent.watched.look import Look, span_of
from agent.watched.switches import off_minutes, on_minutes, on_spans


def of_plant(look: Look, read: Read) -> Iterator[Finding]:
    """Give what is odd about what stands around the instruments."""
    settings = look.outlet.watch
    for one in settings.line:
        flowing = None if one.always else read.flowing
        yield from watch.unmet(Demand(one.name, one.rule, one.for_min, _bad(look, one), flowing))
    if settings.sequence.steps:
        steps = [(name, on_spans(look, name)) for name in settings.sequence.steps]
        within_s = settings.sequence.within_min * 60.0
        yield from watch.out_of_sequence(_results(look, within_s), steps, within_s=within_s)
    off = {_name(one): _off(look, one) for one in settings.treatment}
    yield from watch.untreated(off, read.flowing, least_min=settings.treatment_min)
    opened = {
        name: [span for span in on_spans(look, name) if span.end > look.start]
        for name in settings.emergency
    }
    abnormal = [span_of(one) for one in look.told if one.kind == "exceedance"]
    yield from watch.bypassed(opened, abnormal)


def _bad(look: Look, one: LineDemand) -> Mapping[float, float]:
    """Give the minutes in which a demand was not met, with the value it had."""
    if one.input is not None:
        return off_minutes(look, one.input) if one.on else on_minutes(look, one.input)
    minutes = minutes_of(look, one.outlet or look.outlet.id, one.factor or "")
    return {
        at: value
        for at, value in minutes.items()
        if (one.low is not None and value < one.low) or (one.high is not None and value > one.high)
    }


def _off(look: Look, one: Switched) -> Mapping[float, float]:
    if one.input is not None:
        return off_minutes(look, one.input)
    minutes = minutes_of(look, one.outlet or "", one.factor or "")
    return {at: value for at, value in minutes.items() if value <= one.above}


def _name(one: Switched) -> str:
    return one.input or f"{one.outlet} {one.factor}"


def _results(look: Look, within_s: float) -> Iterator[Result]:
    """Give the day's normal results of batch analyzers; what came before it could be seen whole."""
    codes = {
        number: key[1]
        for key, number in look.names.series.items()
        if (key[0], key[2]) == (look.outlet.id, "rtd") and key[1] in look.own.factors
    }
    for one in pages.results(look.connection, look.start, look.until):
        whole = one.completed_at - within_s >= look.start
        if one.series in codes and one.value is not None and one.cause is Cause.NORMAL and whole:
            yield Result(codes[one.series], one.completed_at, one.value)
