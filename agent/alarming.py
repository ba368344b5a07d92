"""Alarms: said again until a person takes note of them, sounded by relays, kept quiet on demand.

An alarm is raised in the commit of its event (`agent.telling`), which goes out before everything
else. What stands here works on the rows: it may be restarted at any time.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.bells import Bells
from agent.clock import Clock
from agent.persons import NOBODY, person_of
from agent.plan import Plan
from agent.rules.alarms import due_again, quiet, sounds
from agent.settings.alarms import Signal
from agent.store import actions, alarms, journal
from agent.store.alarms import Alarm, Silence
from agent.store.db import Store
from agent.telling import tell

log = logging.getLogger(__name__)

ALARM = "alarm"
LOOK_S = 1.0
LONGEST_SILENCE_S = 86_400.0
"""Longer than a day nobody keeps quiet what goes on."""
ORDER_S = 30.0
"""An order to a relay is no use later than this; one that failed is given again after it."""
_NO_USE = frozenset({"failed", "refused", "expired"})


def acknowledge(
    connection: sqlite3.Connection, plan: Plan, asked: Mapping[str, Any], *, now: float
) -> dict[str, Any]:
    """Take note of `alarms` (numbers; none: all that are open), as `who` and `why`.

    Gives the numbers that were acknowledged, or `error` and nothing was.
    """
    who, why = _signed(plan, asked)
    if not who or not why:
        return {"error": _refused(connection, plan, asked, "acknowledge", now=now)}
    wanted = [int(number) for number in asked.get("alarms", ())]
    open_ones = {one.id: one for one in alarms.open_ones(connection)}
    strange = [number for number in wanted if number not in open_ones]
    if strange:
        named = ", ".join(map(str, strange))
        return {"error": f"not open: {named}; open are: {_list(open_ones)}（未在报警）"}
    done = wanted or list(open_ones)
    for number in done:
        alarms.acknowledge(connection, number, by=who, why=why, at=now)
        _say(connection, plan, open_ones[number], {"state": "acknowledged", "by": who}, now=now)
    if done:
        detail = {"alarms": done, "why": why}
        journal.add(connection, "alarms acknowledged", detail, at=now, who=who)
    return {"acknowledged": done}


def silence(
    connection: sqlite3.Connection, plan: Plan, asked: Mapping[str, Any], *, now: float
) -> dict[str, Any]:
    """Keep alarms of a `kind` and `outlet` (none: all) quiet for `for_s`, or `end` all silences.

    Gives what was done, or `error` and nothing was. The events themselves are told as ever.
    """
    who, why = _signed(plan, asked)
    if not who or not why:
        return {"error": _refused(connection, plan, asked, "silence", now=now)}
    if asked.get("end"):
        ended = [one.id for one in alarms.silences(connection)]
        for number in ended:
            alarms.end_silence(connection, number, by=who, at=now)
        journal.add(connection, "silences ended", {"silences": ended, "why": why}, at=now, who=who)
        return {"ended": ended}
    outlet, kind, for_s = asked.get("outlet", ""), asked.get("kind", ""), asked.get("for_s", 0)
    if outlet and outlet not in plan.outlets:
        known = ", ".join(plan.outlets)
        return {"error": f"no outlet {outlet!r}（没有这个排放口）; there are: {known}"}
    if kind and plan.site.alarms.level(kind) is None:
        return {"error": f"{kind!r} is no alarm（这种事件不报警）"}
    if not 0 < for_s <= LONGEST_SILENCE_S:
        return {"error": "at most 24 hours（最长 24 小时）"}
    one = Silence(0, kind, outlet, who, why, now, now + for_s)
    number = alarms.silence(connection, one)
    detail = {"silence": number, "kind": kind, "outlet": outlet, "until": one.until, "why": why}
    journal.add(connection, "alarms silenced", detail, at=now, who=who)
    return {"silence": number, "until": one.until}


def listed(connection: sqlite3.Connection, *, everything: bool = False) -> list[Alarm]:
    """Give what is open, oldest first; or the newest 200, acknowledged ones too."""
    if everything:
        return alarms.newest(connection, 200)[::-1]
    return alarms.open_ones(connection)


@dataclass(slots=True)
class Alarming:
    """Says alarms again and drives the signals. `plan` gives the plan in force."""

    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    bells: Bells
    _ordered: dict[str, tuple[bool, int]] = field(default_factory=dict)
    """How each signal was last told to be, and by which order."""

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.bells.wait(ALARM, LOOK_S / self.clock.speed)
            await self.look()

    async def look(self) -> None:
        """End silences that are over, say again what is due, let signals sound or be quiet."""
        if not self.clock.sane():
            return
        now = self.clock.now()
        found, hushed = await self.store.read(
            lambda connection: (alarms.open_ones(connection), alarms.silences(connection))
        )
        over = [one.id for one in hushed if not 0 <= one.until - now <= LONGEST_SILENCE_S]
        silences = [(one.kind, one.outlet) for one in hushed if one.id not in over]
        loud = [one for one in found if not quiet(one.kind, one.outlet, silences)]
        again = [one for one in loud if self._due_again(one, now)]
        if again or over:
            await self.store.write(lambda connection: self._write(connection, again, over, now))
            self.bells.ring(*self.plan().outbox_bells())
        said = {one.id for one in again}
        for signal in self.plan().site.alarms.signals:
            on = any(one.id in said or _sounds(signal, one, now) for one in loud)
            await self._order(signal, on, now)

    def _due_again(self, alarm: Alarm, now: float) -> bool:
        settings = self.plan().site.alarms
        return due_again(
            said=alarm.said,
            said_at=alarm.said_at,
            now=now,
            repeat_s=settings.repeat_min * 60,
            repeats=settings.repeats,
        )

    def _write(
        self, connection: sqlite3.Connection, again: list[Alarm], over: list[int], now: float
    ) -> None:
        for number in over:
            alarms.end_silence(connection, number, by="time", at=now)
        for one in again:
            alarms.said_again(connection, one.id, at=now)
            detail = {"state": "again", "said": one.said + 1, "times": one.times}
            _say(connection, self.plan(), one, detail, now=now)

    async def _order(self, signal: Signal, on: bool, now: float) -> None:
        """Order a relay where it is not what it should be; what failed is ordered once more."""
        if signal.id not in self._ordered:
            self._ordered[signal.id] = await self.store.read(
                lambda connection: _last(connection, signal)
            )
        was, number = self._ordered[signal.id]
        if was == on:
            last = await self.store.read(lambda connection: actions.get(connection, number))
            failed = last is not None and last.state in _NO_USE
            if not failed or now - last.created_at < ORDER_S:  # type: ignore[union-attr]
                return
        kind = "output_on" if on else "output_off"

        def job(connection: sqlite3.Connection) -> int | None:
            return actions.add(
                connection,
                ref=f"signal:{signal.id}:{now!r}",
                device=signal.device,
                kind=kind,
                cause="alarm",
                request={"operation": kind, "signal": signal.id},
                now=now,
                not_after=now + ORDER_S,
            )

        order = await self.store.write(job)
        if order is not None:
            self._ordered[signal.id] = (on, order)
            log.info("signal %s: %s", signal.id, kind)
            self.bells.ring(f"actions:{signal.device}")


def _sounds(signal: Signal, alarm: Alarm, now: float) -> bool:
    return sounds(
        alarm.level,
        said_at=alarm.said_at,
        now=now,
        levels=signal.levels,
        longest_s=signal.longest_s,
    )


def _last(connection: sqlite3.Connection, signal: Signal) -> tuple[bool, int]:
    """Give how a signal was last told to be; one that never was is off."""
    row = connection.execute(
        "SELECT id, kind FROM actions WHERE ref >= ? AND ref < ? ORDER BY id DESC LIMIT 1",
        (f"signal:{signal.id}:", f"signal:{signal.id};"),
    ).fetchone()
    return (row[1] == "output_on", row[0]) if row else (False, 0)


def _say(
    connection: sqlite3.Connection,
    plan: Plan,
    alarm: Alarm,
    detail: Mapping[str, Any],
    *,
    now: float,
) -> None:
    tell(
        connection,
        plan,
        ALARM,
        {"alarm": alarm.id, "of": alarm.kind, "event": alarm.last_event, **detail},
        ref=f"{ALARM}:{alarm.id}:{detail['state']}:{now!r}",
        at=now,
        now=now,
        outlet=alarm.outlet,
        factor=alarm.factor,
    )


def _signed(plan: Plan, asked: Mapping[str, Any]) -> tuple[str, str]:
    """Give who (his id) and why; nobody, where the file names its people and this is none."""
    who, why = str(asked.get("who", "")).strip(), str(asked.get("why", "")).strip()
    person = person_of(plan.site, who)
    if person is not None:
        return person.id, why
    return "" if plan.site.people else who, why


def _refused(
    connection: sqlite3.Connection,
    plan: Plan,
    asked: Mapping[str, Any],
    deed: str,
    *,
    now: float,
) -> str:
    """Say what is wanted; who tried and is none of the people is written down."""
    who = str(asked.get("who", "")).strip()
    if not who or person_of(plan.site, who) is not None or not plan.site.people:
        return "who and why are wanted（须写经办人和原因）"
    error = NOBODY.format(who=who)
    detail = {"asked": deed, "refused": error, "why": str(asked.get("why", ""))}
    journal.add(connection, "alarm act refused", detail, at=now, who=who)
    return f"{error}: {', '.join(one.id for one in plan.site.people)}"


def _list(numbers: Mapping[int, object]) -> str:
    return ", ".join(map(str, numbers)) or "none"
