"""Treatment equipment by its contacts: how it stands, since when, and the uploads of both.

A contact that names a `facility` tells of equipment. What nobody knows is no state and no run
time: a facility of which nothing is known is left out.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from agent import dues, report
from agent.model import Kind, Period, Upload
from agent.plan import OutletPlan, Plan, StationPlan
from agent.rules.facilities import Contact, Spell, in_old, run_hours, state_of
from agent.settings.equipment import InputSettings
from agent.store import cursors, outbox, states
from agent.store.states import Standing

DAY_S = 86_400
SILENT_S = 60.0
"""How long a contact may say nothing and still count as standing where it stood."""
SETTLE_S = 60
"""How long after its end a day of run times is closed: what lasts is noted each minute."""
DAYS = 31
"""Days of run times that are made up for after a long absence."""
_SEEN = "states seen"


def note_level(
    connection: sqlite3.Connection,
    plan: Plan,
    given: InputSettings,
    *,
    on: bool | None,
    now: float,
) -> None:
    """Write down how a contact of a facility stands; `on` None: nobody knows any more."""
    if given.facility is None:
        return
    if on is None:
        states.end(connection, given.id, at=now - SILENT_S)
        return
    place = (given.facility, plan.at(given), given.means)
    states.note(connection, Standing(given.id, *place, on, now, now, None))


def close_states(connection: sqlite3.Connection, plan: Plan, *, now: float) -> list[str]:
    """Note what lasts, and owe the states and run times that have come round; gives their kinds."""
    if not any(one.facility for one in plan.site.inputs):
        return []
    minute = int(now // 60 * 60)
    if cursors.get(connection, _SEEN) != minute:
        cursors.put(connection, _SEEN, minute)
        _forget_gone(connection, plan)
        states.seen(connection, now)
    closed = []
    for station in plan.stations.values():
        closed += _live(connection, plan, station, now)
        closed += _days(connection, plan, station, now)
    return closed


def states_of(
    connection: sqlite3.Connection, plan: Plan, station: StationPlan, st: str
) -> list[tuple[str, int]]:
    """Give the state of each facility that a station reports under a system code."""
    levels = {one.input: one.level for one in states.lasting(connection)}
    found = []
    for facility, inputs in _facilities(plan, station.by_st().get(st, ())):
        contacts = [
            Contact(one.means, levels.get(one.id) if one.id in levels else None) for one in inputs
        ]
        state = state_of(contacts)
        if state is not None:
            old = station.wording.edition.base == "hj212-2005"
            found.append((facility, in_old(state, contacts) if old else state))
    return found


def run_times_of(
    connection: sqlite3.Connection, outlets: Sequence[OutletPlan], day: int
) -> list[tuple[str, float]]:
    """Give the hours each facility of some outlets is known to have run on a local day."""
    spells: dict[str, list[Spell]] = {}
    for outlet in outlets:
        for one in states.between(connection, day, day + DAY_S, outlet=outlet.id):
            spell = Spell(one.means, one.level, one.start, one.until)
            spells.setdefault(one.facility, []).append(spell)
    found = []
    for facility in sorted(spells, key=lambda code: int(code[2:])):
        hours = run_hours(spells[facility], start=day, end=day + DAY_S)
        if hours is not None:
            found.append((facility, hours))
    return found


def has_facilities(plan: Plan, station: StationPlan, st: str) -> bool:
    """Say whether a station reports equipment under a system code."""
    return any(True for _ in _facilities(plan, station.by_st().get(st, ())))


def upload_of_day(
    connection: sqlite3.Connection, station: StationPlan, st: str, day: int
) -> Upload | None:
    """Make the 2041 of a local day; None where nothing is known of it."""
    said = run_times_of(connection, station.by_st().get(st, ()), day)
    return report.run_times(station.wording, st=st, day=day, said=said) if said else None


def _facilities(
    plan: Plan, outlets: Sequence[OutletPlan]
) -> Iterator[tuple[str, list[InputSettings]]]:
    places = {one.id for one in outlets}
    found: dict[str, list[InputSettings]] = {}
    for given in plan.site.inputs:
        if given.facility is not None and plan.at(given) in places:
            found.setdefault(given.facility, []).append(given)
    yield from sorted(found.items(), key=lambda item: int(item[0][2:]))


def _live(
    connection: sqlite3.Connection, plan: Plan, station: StationPlan, now: float
) -> list[str]:
    """Owe a station the states of now when its interval has come round; the missed stay missed."""
    if not station.station.states:
        return []
    interval, name = station.destination.real_time_s, f"states/{station.id}"
    at = int(now // interval * interval)
    owed, since = cursors.get(connection, name), dues.since(connection, station)
    if owed is not None and at < owed <= at + interval:
        return []
    cursors.put(connection, name, at + interval)
    if owed is None or at < owed or since is None or at < since:
        return []
    for st in station.by_st():
        said = states_of(connection, plan, station, st)
        if said:
            upload = report.states(station.wording, st=st, at=at, said=said)
            outbox.add(
                connection, station.id, upload, now=now, not_before=now + station.send_phase_s
            )
    return ["states"]


def _days(
    connection: sqlite3.Connection, plan: Plan, station: StationPlan, now: float
) -> list[str]:
    """Owe a station the run times of the days that are over."""
    name = f"run times/{station.id}"
    today = Period.holding(Kind.DAY, now - SETTLE_S).start
    day, since = cursors.get(connection, name), dues.since(connection, station)
    if day is None or day > today:
        cursors.put(connection, name, today)
        return []
    if day == today or since is None:
        return []
    for start in range(max(day, today - DAYS * DAY_S), today, DAY_S):
        for st in station.by_st():
            known = start >= since and has_facilities(plan, station, st)
            upload = upload_of_day(connection, station, st, start) if known else None
            if upload is not None:
                outbox.add(
                    connection, station.id, upload, now=now, not_before=now + station.send_phase_s
                )
    cursors.put(connection, name, today)
    return ["run times"]


def _forget_gone(connection: sqlite3.Connection, plan: Plan) -> None:
    """End what lasts of contacts that tell of no facility any more."""
    known = {one.id for one in plan.site.inputs if one.facility is not None}
    for one in states.lasting(connection):
        if one.input not in known:
            states.break_off(connection, one.input)
