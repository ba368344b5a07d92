"""The clips that are ordered of one camera.

An order is a row. A clip does nothing in the world, so one that was interrupted is made again, from
what the ring still holds; its file has the number of its order, so there is never a second one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from agent import footage
from agent.bells import Bells
from agent.clips import CLIP, is_frozen
from agent.clock import Clock
from agent.plan import Plan
from agent.settings.equipment import CameraSettings
from agent.store import actions, holds, journal
from agent.store.actions import Action
from agent.store.db import Store
from agent.supervise import end
from agent.telling import tell
from drivers.camera.child import GRACE_S
from drivers.camera.told import CameraGone, FilmMade, NoFilm

LOOK_S = 1.0
AT_ONCE = 8
"""Clips of one camera in the making; more wait in their rows."""

Film = Callable[..., Awaitable[FilmMade]]
"""`CameraChild.film` of the process that is there now. Raises CameraGone, NoFilm."""


@dataclass(slots=True)
class ClipOrders:
    """Has the clips of one camera made. `keep` says which stay whatever the budget says."""

    settings: CameraSettings
    plan: Plan
    store: Store
    clock: Clock
    bells: Bells
    film: Film
    keep: Callable[[footage.Clip], bool] = lambda _: False
    least_free_mb: int = footage.LEAST_FREE_MB
    _making: dict[int, asyncio.Task[None]] = field(default_factory=dict)

    @property
    def _clips(self) -> Path:
        return footage.clips_directory(self.store.path.parent)

    async def run(self) -> None:
        """Work off the orders, for ever."""
        async with asyncio.TaskGroup() as group:
            try:
                await self._obey(group)
            finally:
                await end(list(self._making.values()))

    async def _obey(self, group: asyncio.TaskGroup) -> None:
        """Begin every order that is not begun; several run side by side."""
        camera = self.settings.id
        while True:
            waiting = await self.store.read(
                lambda connection: actions.open_ones(connection, camera)
            )
            for action in waiting:
                if action.id not in self._making and len(self._making) < AT_ONCE:
                    task = group.create_task(self._make(action), name=f"clip {action.id}")
                    self._making[action.id] = task
                    task.add_done_callback(partial(self._made, action.id))
            await self.bells.wait(f"actions:{camera}", LOOK_S)

    def _made(self, order: int, _: asyncio.Task[None]) -> None:
        del self._making[order]

    async def _make(self, action: Action) -> None:
        """Carry one order out and write down how it ended."""
        now = self.clock.now()
        if action.kind != CLIP:
            await self._finish(action, "refused", {"reason": "a camera makes clips"})
        elif action.state == "queued" and now > action.not_after:
            await self._finish(action, "expired", {"reason": "its deadline had passed"})
        else:
            path = self._clips / f"{self.settings.id}.{int(action.request['at'])}.{action.id}.mp4"
            clip = await asyncio.to_thread(footage.read_clip, path)
            if clip is not None:  # made before a restart, and not written down
                await self._finish(action, "done", clip.about)
                return
            await self.store.write(
                lambda connection: actions.start(connection, action.id, before=None, now=now)
            )
            await self._film(action, path)

    async def _film(self, action: Action, path: Path) -> None:
        asked = action.request
        at = time.monotonic() + (asked["at"] - self.clock.now()) / self.clock.speed
        begin, until = at - asked["before_s"], at + asked["after_s"]
        try:
            await self._make_room()
            made = await self._filmed(begin, until, at=at, path=path)
        except (NoFilm, OSError) as error:
            await self._finish(action, "failed", {"reason": str(error)})
            return
        about = self._about(action, path, made)
        try:
            await asyncio.to_thread(footage.write_sidecar, path, about)
        except OSError as error:
            await self._finish(action, "failed", {"reason": f"disk: {error.strerror}"})
            return
        await self._finish(action, "done", about)

    async def _filmed(self, begin: float, until: float, *, at: float, path: Path) -> FilmMade:
        """Ask for a film, again when the process goes meanwhile: part of it may still be had.

        Raises NoFilm.
        """
        while True:
            try:
                return await self.film(begin, until, at=at, path=path)
            except CameraGone as gone:
                reason = str(gone)
            if time.monotonic() > until + GRACE_S:
                raise NoFilm(reason)
            await asyncio.sleep(LOOK_S)

    async def _make_room(self) -> None:
        """Give up the oldest clips. Raises NoFilm when there is no room even so, OSError."""
        budget_mb = self.plan.site.storage.clips_mb
        frozen = await self.store.read(holds.open_ones)

        def keep(clip: footage.Clip) -> bool:
            return self.keep(clip) or is_frozen(clip, frozen)

        gone = await asyncio.to_thread(footage.make_room, self._clips, budget_mb, keep=keep)
        if gone:
            detail: dict[str, object] = {"camera": self.settings.id, "files": gone[:100]}
            now = self.clock.now()
            await self.store.write(
                lambda connection: journal.add(connection, "clips dropped", detail, at=now)
            )
        free = await asyncio.to_thread(footage.free_mb, self._clips)
        if free < self.least_free_mb:
            raise NoFilm(f"disk: {free} MB free, {self.least_free_mb} are left to the store")

    def _about(self, action: Action, path: Path, made: FilmMade) -> dict[str, Any]:
        """Say what a clip is of; times are UTC epoch seconds."""
        asked = action.request
        still = None
        if made.still_at is not None:
            still = {"at": self._wall(made.still_at), "sha256": made.still_sha256}
        return {
            "file": path.name,
            "camera": self.settings.id,
            **{name: asked[name] for name in ("outlet", "factor", "kind", "value", "at")},
            "order": action.ref,
            "begin": self._wall(made.begin),
            "end": self._wall(made.end),
            "bytes": made.bytes,
            "sha256": made.sha256,
            "gaps": [[self._wall(begin), self._wall(end)] for begin, end in made.gaps],
            "still": still,
        }

    def _wall(self, mono: float) -> float:
        return round(self.clock.now() + (mono - time.monotonic()) * self.clock.speed, 3)

    async def _finish(self, action: Action, state: str, outcome: dict[str, Any]) -> None:
        now, camera = self.clock.now(), self.settings.id

        def job(connection: sqlite3.Connection) -> None:
            actions.finish(connection, action.id, state, outcome=outcome, now=now)
            detail = {"ref": action.ref, "camera": camera, **outcome}
            journal.add(connection, f"clip {state}", detail, at=now)
            if state != "done":
                tell(
                    connection, self.plan, "camera_no_clip", detail,
                    ref=f"camera_no_clip:{action.id}", at=now, now=now,
                    outlet=self.settings.outlet,
                )  # fmt: skip

        await self.store.write(job)
        if state != "done":
            self.bells.ring(*self.plan.outbox_bells())
