"""What changed at a sampler, as rows, and told to whom it concerns."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass

from agent.bottle_watch.changes import (
    DOOR,
    EXPIRING,
    FEW,
    LONG,
    SEEN,
    Changes,
    changes,
    lasting,
    timed_ref,
)
from agent.custody import note_gone, told
from agent.keeping import ask_for_bottle
from agent.plan import Plan
from agent.settings.equipment import SamplerSettings
from agent.store import bottles, events, parameters
from agent.store.parameters import Kept
from agent.store.series import Names
from agent.telling import closed, tell
from drivers.device import SamplerStatus

TOUCHED = "retention_touched"


@dataclass(frozen=True, slots=True)
class Notes:
    """Writes what concerns one sampler, in the open transaction."""

    connection: sqlite3.Connection
    plan: Plan
    names: Names
    settings: SamplerSettings
    now: float

    def note(self, status: SamplerStatus | None) -> None:
        """Write down what changed; asked anew, in the transaction that writes it."""
        found = changes(self.connection, self.settings, status, now=self.now)
        note_gone(
            self.connection,
            self.plan,
            found.emptied,
            why="found empty at the sampler",
            now=self.now,
        )
        if status is not None:
            self._turns(found, status)
        if found.long_open is not None:
            detail = {"sampler": self.settings.id, "since": found.long_open.at}
            self._tell(LONG, detail, ref=f"{LONG}:{found.long_open.id}")
        if found.few is not None and status is not None:
            self._few(status, few=found.few)
        for one in found.expiring:
            detail = {**told(one), "keep_until": one.keep_until}
            self._tell(EXPIRING, detail, ref=f"{EXPIRING}:{one.id}")
        for at in found.timed:
            self._timed(at)

    def _turns(self, found: Changes, status: SamplerStatus) -> None:
        """Note each turn of the door, and when the last one was."""
        turns = {True: (False, True), False: (True, False)}[bool(status.door_open)]
        for opened in turns if found.again else (found.door,):
            if opened is not None:
                self._door(status, opened=opened)
        if found.door_at is not None:
            kept = Kept(self.settings.id, SEEN, found.door_at, "", "time", self.now, self.now)
            parameters.put(self.connection, kept)

    def _door(self, status: SamplerStatus, *, opened: bool) -> None:
        """Tell that the door was opened, on which bottles; or that it is closed again."""
        if not opened:
            self._end(DOOR)
            return
        sampler = self.settings.id
        there = bottles.there(self.connection, sampler)
        kept = [one for one in there if one.released_at is None]
        detail = {"sampler": sampler, "door_at": status.door_at or self.now, "card": status.card}
        self._tell(DOOR, detail, ref=f"{DOOR}:{sampler}:{self.now!r}", lasts=True)
        if kept:
            bottles.touch(self.connection, [one.id for one in kept], at=self.now)
            detail = {**detail, "bottles": [one.code for one in kept]}
            self._tell(TOUCHED, detail, ref=f"{TOUCHED}:{sampler}:{self.now!r}")

    def _few(self, status: SamplerStatus, *, few: bool) -> None:
        """Tell that bottles run out before one is needed, or that there are enough again.

        SMP-10.
        """
        if not few:
            self._end(FEW)
            return
        sampler = self.settings.id
        detail = {"sampler": sampler, "free": status.free, "warn": self.settings.warn_free}
        self._tell(FEW, detail, ref=f"{FEW}:{sampler}:{self.now!r}", lasts=True)

    def _timed(self, at: float) -> None:
        """Ask for the bottle of a fixed time, once."""
        outlet, now = self.settings.outlet, self.now
        events.add(
            self.connection,
            "timed",
            {"at": at},
            ref=timed_ref(self.settings, at),
            at=now,
            outlet=outlet,
            factor="",
            ended_at=now,
        )
        ask_for_bottle(self.connection, self.plan, self.names, outlet, "", now=now, mode="timed")

    def _tell(
        self, kind: str, detail: Mapping[str, object], *, ref: str, lasts: bool = False
    ) -> None:
        tell(
            self.connection,
            self.plan,
            kind,
            detail,
            ref=ref,
            at=self.now,
            now=self.now,
            outlet=self.settings.outlet,
            lasts=lasts,
        )

    def _end(self, kind: str) -> None:
        """End what lasts of that kind, where something does."""
        last = lasting(self.connection, kind, self.settings.id)
        if last is not None:
            closed(self.connection, self.plan, last, at=self.now, now=self.now)
