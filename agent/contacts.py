"""The contacts of one bus: doors, power, pumps, key switches, triggers; what their turns set off.

A contact that is on is an open event row, so what was told survives a restart and is told once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.facilities import SILENT_S, note_level
from agent.keeping import ask_for_bottle
from agent.maintaining import turn_off, turn_on
from agent.plan import Plan
from agent.rules import Settled, settle
from agent.rules.contact_events import EVENTS, is_mains, kind_of
from agent.settings.equipment import KEY_SWITCHES, InputSettings
from agent.store import events
from agent.store.maintenance import Switched
from agent.store.series import Names
from agent.telling import closed, tell
from drivers.device import Reading

BATTERY = "low battery"
"""Rung while a battery is low whose input says to stop."""
_FIRST = ("power", "battery")


@dataclass(frozen=True, slots=True)
class Turn:
    """A contact as it is now; `on`: whether its event lasts, None that nobody knows any more."""

    given: InputSettings
    on: bool | None


class Contacts:
    """What is known of every contact of some devices, since this process began."""

    def __init__(self, plan: Plan) -> None:
        self._inputs = plan.site.inputs
        self._known: dict[str, Settled] = {}
        self._told: dict[str, bool | None] = {}
        self._silent: dict[str, float] = {}

    def see(self, device: str, readings: Sequence[Reading], *, mono: float) -> tuple[Turn, ...]:
        """Take what a device says; gives what is to be told, power first.

        What is given counts as told until `untell` takes it back.
        """
        if not self._inputs:
            return ()
        said = {one.point: one.value for one in readings}
        turns = []
        for given in self._inputs:
            if given.device != device:
                continue
            value = said.get(given.point)
            on = None if value is None else _lasts(given, value)
            before = self._known.get(given.id, Settled())
            now = settle(before, on, mono=mono, debounce_s=given.debounce_s)
            self._known[given.id] = now
            if given.facility is not None and self._lost(given.id, on, mono):
                turns.append(Turn(given, None))
            elif on is not None and now.on is not None and self._told.get(given.id) != now.on:
                turns.append(Turn(given, now.on))
        return tuple(sorted(turns, key=lambda turn: turn.given.means not in _FIRST))

    def _lost(self, given: str, on: bool | None, mono: float) -> bool:
        """Say whether a contact was silent for so long that nobody knows, and that was not told."""
        if on is not None:
            self._silent.pop(given, None)
            return False
        silent_s = mono - self._silent.setdefault(given, mono)
        return silent_s >= SILENT_S and self._told.get(given) is not None

    def tell(self, turns: Sequence[Turn]) -> None:
        """Count turns as told."""
        self._told |= {turn.given.id: turn.on for turn in turns}

    def untell(self, turns: Sequence[Turn]) -> None:
        """Take back what could not be stored."""
        for turn in turns:
            self._told.pop(turn.given.id, None)

    @property
    def must_stop(self) -> bool:
        """Whether a battery is low whose input says to stop."""
        return any(given.stop and self.on(given.id) for given in self._inputs)

    def on(self, given: str) -> bool | None:
        """Say whether the event of a contact lasts; None while nobody knows."""
        return self._known.get(given, Settled()).on


def note_turns(
    connection: sqlite3.Connection, plan: Plan, names: Names, turns: Sequence[Turn], *, now: float
) -> None:
    """Write down what turned and do what it asks for. What was told before is not told again."""
    for turn in turns:
        given, outlet, kind = turn.given, plan.at(turn.given), kind_of(turn.given)
        note_level(connection, plan, given, on=turn.on, now=now)
        if turn.on is None:
            continue
        event = _open(connection, kind, outlet, given.id)
        if turn.on == (event is not None):
            continue
        if event is not None:
            closed(connection, plan, event, at=now, now=now)
        else:
            tell(
                connection,
                plan,
                kind,
                {"input": given.id, "name": given.name, "means": given.means},
                ref=f"{kind}:{given.id}:{now!r}",
                at=now,
                now=now,
                outlet=outlet,
                lasts=True,
            )
        if given.means in KEY_SWITCHES and given.facility is None:
            _turn_key(connection, plan, turn, outlet, now=now)
        elif given.means == "trigger" and turn.on:
            for factor in given.factors or ("",):
                ask_for_bottle(connection, plan, names, outlet, factor, now=now)


def _turn_key(
    connection: sqlite3.Connection, plan: Plan, turn: Turn, outlet: str, *, now: float
) -> None:
    given = turn.given
    if not turn.on:
        turn_off(connection, plan, outlet, [], by=given.id, now=now, source=given.id)
        return
    until = now + given.end_min * 60.0
    for factor in given.factors or ("",):
        switched = Switched(
            0, outlet, factor, given.means, given.id, given.name, given.id, now, until
        )
        turn_on(connection, plan, switched, now=now)


def _open(
    connection: sqlite3.Connection, kind: str, outlet: str, given: str
) -> events.Event | None:
    found = events.open_ones(connection, kind, outlet=outlet, factor="")
    return next((event for event in found if event.detail.get("input") == given), None)


def _lasts(given: InputSettings, value: float) -> bool:
    """Say whether a level means that the event lasts: door open, mains lost, pump running."""
    level = bool(value) if given.above is None else value > given.above
    active = level == bool(given.active)
    return not active if is_mains(given) else active


def end_gone(connection: sqlite3.Connection, plan: Plan, *, now: float) -> int:
    """End what lasts of contacts that the site file no longer has; gives how many."""
    known = {(kind_of(one), plan.at(one), one.id) for one in plan.site.inputs}
    ended = 0
    for kind in sorted(EVENTS):
        for event in events.all_open(connection, kind):
            if (kind, event.outlet, event.detail.get("input")) not in known:
                closed(connection, plan, event, at=now, now=now)
                ended += 1
    return ended


def shown(connection: sqlite3.Connection, plan: Plan) -> Iterator[dict[str, Any]]:
    """Give the contacts as their rows have them, for whoever looks."""
    for given in plan.site.inputs:
        event = _open(connection, kind_of(given), plan.at(given), given.id)
        yield {
            "id": given.id,
            "name": given.name,
            "means": given.means,
            "outlet": plan.at(given),
            "on": (event is not None) != is_mains(given),
            "since": event.at if event else None,
        }
