"""Makes the bundles that are asked for, one after the other, each in a process of its own.

What a bundle needs of memory and time is not the daemon's; a process that fails or hangs costs that
bundle alone, and is begun anew a few times.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.bells import Bells
from agent.bundling.places import folder
from agent.bundling.policy import ask_by_policy, has_news
from agent.bundling.terms import MOST_PARTS, terms
from agent.clock import Clock
from agent.footage import clips_directory, drop_held
from agent.plan import Plan
from agent.store import bundles, journal
from agent.store.bundles import Bundle
from agent.store.db import Store

log = logging.getLogger(__name__)

LOOK_S = 2.0
MAKE_S = 1800.0
TRIES = 3
GRACE_S = 900.0
"""How long after its time a bundle waits for what was ordered because of its event."""
SAID = 1 << 20
MEDIA_WAIT_S = 20.0
_CHILD, _MEDIA = "agent.tools.evidence.child", "agent.tools.evidence.media"
_UNDONE = (
    "SELECT 1 FROM actions JOIN events ON events.id = ? WHERE finished_at IS NULL"
    " AND actions.kind <> 'probe' AND actions.ref NOT GLOB 'clip:*:frozen:*'"
    " AND created_at BETWEEN events.at - 60 AND events.at + 3600 LIMIT 1"
)


class NoBundle(Exception):
    """A bundle was not made; the text says why."""


@dataclass(slots=True)
class Bundling:
    """The worker. `site_file` is read by the child, too; `plan` gives the plan in force."""

    site_file: Path
    plan: Callable[[], Plan]
    store: Store
    clock: Clock
    bells: Bells
    _tries: dict[int, int] = field(default_factory=dict)

    async def run(self) -> None:
        """Work off what is asked for, for ever."""
        await asyncio.to_thread(self._prepare)
        while True:
            if self.clock.sane():
                await self._by_policy()
                await self.look()
            await self.bells.wait("bundles", LOOK_S / min(self.clock.speed, 10.0))

    async def _by_policy(self) -> None:
        if await self.store.read(lambda connection: has_news(connection, self.plan())):
            now = self.clock.now()
            await self.store.write(
                lambda connection: ask_by_policy(connection, self.plan(), now=now)
            )

    async def look(self) -> None:
        """Make what is due now."""
        for one in await self.store.read(self._due):
            await self._make(one)
            self.bells.ring(f"bundles:{one.station}")

    @property
    def _folder(self) -> Path:
        return folder(self.store.path.parent)

    def _prepare(self) -> None:
        """Have the folder, without what a process left behind that was killed. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        for path in self._folder.glob("*.part"):
            path.unlink(missing_ok=True)
        drop_held(clips_directory(self.store.path.parent))

    def _due(self, connection: sqlite3.Connection) -> list[Bundle]:
        now = self.clock.now()
        waiting = [one for one in bundles.open_ones(connection) if one.state == "asked"]
        return [
            one
            for one in waiting
            if one.station in self.plan().stations
            and one.not_before <= now
            and (now > one.not_before + GRACE_S or not self._undone(connection, one))
        ]

    def _undone(self, connection: sqlite3.Connection, one: Bundle) -> bool:
        """Say whether a bottle or film of its event is still on its way."""
        return (
            one.event is not None
            and connection.execute(_UNDONE, (one.event,)).fetchone() is not None
        )

    async def _make(self, one: Bundle) -> None:
        station = self.plan().stations.get(one.station)
        if station is None:
            return
        line = terms(station.destination, self.plan().site.evidence)
        clips = line.clips if one.clips is None else one.clips
        path = self._folder / one.name
        try:
            made = await self._child(one, path, clips=clips)
        except NoBundle as error:
            await self._not_made(one, str(error))
            return
        self._tries.pop(one.id, None)
        if clips and self.plan().site.evidence.multimedia is not None:
            await self._media(one, path)
        now = self.clock.now()
        await self.store.write(
            lambda connection: bundles.made(
                connection,
                one,
                size=int(made["bytes"]),
                sha256=str(made["sha256"]),
                part_bytes=max(line.part_bytes, -(-int(made["bytes"]) // MOST_PARTS)),
                end=float(made["end"]),
                now=now,
            )
        )

    async def _media(self, one: Bundle, path: Path) -> None:
        """Have films and pictures sent over HTTPS, too; how that went is in the journal.

        A few tries: the same films go in the bundle all the same.
        """
        told: dict[str, Any] = {}
        for number in range(TRIES):
            try:
                told = await _run(_MEDIA, {"site": str(self.site_file), "bundle": str(path)})
            except NoBundle as error:
                told = {"sent": [], "bytes": 0, "failed": str(error)}
            if not told["failed"]:
                break
            log.warning("media of %s: %s", one.ref, told["failed"])
            if number < TRIES - 1:
                await self.clock.sleep(MEDIA_WAIT_S)
        now = self.clock.now()
        detail = {"ref": one.ref, "station": one.station, **told}
        what = "media not uploaded" if told["failed"] else "media uploaded"
        await self.store.write(lambda connection: journal.add(connection, what, detail, at=now))

    async def _not_made(self, one: Bundle, why: str) -> None:
        """Try again some times; then the station hears that there is none."""
        log.error("evidence %s for %s: %s", one.ref, one.station, why)
        tries = self._tries[one.id] = self._tries.get(one.id, 0) + 1
        if tries < TRIES:
            return
        self._tries.pop(one.id)
        now = self.clock.now()

        def job(connection: sqlite3.Connection) -> None:
            bundles.failed(connection, one, why)
            detail = {"ref": one.ref, "station": one.station, "why": why}
            journal.add(connection, "evidence not made", detail, at=now)

        await self.store.write(job)

    async def _child(self, one: Bundle, path: Path, *, clips: bool) -> dict[str, Any]:
        """Run the process. Raises NoBundle."""
        given = {
            "site": str(self.site_file),
            "state": str(self.store.path.parent),
            "begin": one.begin,
            "end": max(one.end, self.clock.now()) if one.source == "policy" else one.end,
            "event": one.event,
            "out": str(path),
            "now": self.clock.now(),
            "by": one.station,
            "why": one.why,
            "clips": clips,
        }
        return await _run(_CHILD, given)


async def _run(module: str, given: dict[str, Any]) -> dict[str, Any]:
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise NoBundle(f"no process: {error.strerror}") from None
    try:
        said, errors = await asyncio.wait_for(child.communicate(json.dumps(given).encode()), MAKE_S)
    except TimeoutError:
        raise NoBundle(f"not made within {MAKE_S:.0f} s") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    if child.returncode:
        last = errors.decode(errors="replace").strip().rpartition("\n")[2]
        raise NoBundle(last[:300] or f"the process ended with {child.returncode}")
    found: dict[str, Any] = json.loads(said[:SAID])
    return found
