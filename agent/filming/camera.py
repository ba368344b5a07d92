"""The worker of one camera: its process, what it tells of its picture, and its clips beside."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from agent import footage
from agent.bells import Bells
from agent.clock import Clock
from agent.filming.orders import ClipOrders
from agent.plan import Plan
from agent.settings.equipment import CameraSettings
from agent.settings.secrets import SecretError, read_secret
from agent.store import events
from agent.store.db import Store
from agent.supervise import end
from agent.telling import closed, tell
from drivers.camera.child import SILENT_S, CameraChild
from drivers.camera.sight import Sight
from drivers.camera.told import Beat, CameraGone, CameraPlace, FilmMade

log = logging.getLogger(__name__)

LOOK_S = 1.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 60.0
STEADY_S = 120.0
GONE_S = 30.0
"""A camera whose process is away for so long is offline."""
KINDS = tuple(f"camera_{one}" for one in Sight if one is not Sight.GOOD)


@dataclass(slots=True)
class Filming:
    """The worker of one camera. `keep` says which clips must stay whatever the budget says."""

    settings: CameraSettings
    plan: Plan
    store: Store
    clock: Clock
    bells: Bells
    stills: Path
    keep: Callable[[footage.Clip], bool] = lambda _: False
    silent_s: float = SILENT_S
    child: CameraChild | None = None
    sight: Sight | None = None
    reason: str = ""
    restarts: int = 0
    _up_at: float = field(default_factory=time.monotonic)

    def shown(self) -> dict[str, object]:
        """Say how it does: what it sees (None: nothing yet), and how far back it can show."""
        last = self.child.last if self.child is not None else None
        reach_s = 0.0
        if last is not None and last.begin is not None and last.end is not None:
            reach_s = last.end - last.begin
        return {
            "id": self.settings.id,
            "name": self.settings.name,
            "outlet": self.settings.outlet,
            "sight": None if self.sight is None else str(self.sight),
            "reason": self.reason,
            "restarts": self.restarts,
            "reach_s": round(reach_s, 1),
        }

    async def run(self) -> None:
        """Have the camera at work, until cancelled."""
        await asyncio.to_thread(self._prepare)
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(self._keep_child()),
                group.create_task(self._orders().run()),
                group.create_task(self._watch()),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await end(tasks)

    @property
    def _clips(self) -> Path:
        return footage.clips_directory(self.store.path.parent)

    def _prepare(self) -> None:
        for directory in (self._clips, self.stills):
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
        footage.drop_halves(self._clips, self.settings.id)

    def _orders(self) -> ClipOrders:
        parts = (self.settings, self.plan, self.store, self.clock, self.bells)
        return ClipOrders(*parts, self._film, self.keep)

    async def _film(self, begin: float, end: float, *, at: float, path: Path) -> FilmMade:
        if self.child is None or self.child.last is None:
            raise CameraGone(self.reason or "the camera is not there yet")
        return await self.child.film(begin, end, at=at, path=path)

    def _place(self) -> CameraPlace:
        secret, one = "", self.settings
        if one.password is not None:
            secret = read_secret(one.password)
        return CameraPlace(
            one.id,
            one.url,
            self.stills / f"{one.id}.jpg",
            self._clips / f"{one.id}.learnt",
            look_s=float(one.still_s),
            username=one.username,
            password=secret,
        )

    async def _keep_child(self) -> None:
        """Start the process again whenever it went, later and later."""
        backoff_s = FIRST_BACKOFF_S
        while True:
            began = time.monotonic()
            try:
                place = await asyncio.to_thread(self._place)
                self.child = CameraChild(place, on_beat=self._beat, silent_s=self.silent_s)
                await self.child.run()
            except (CameraGone, SecretError) as gone:
                if str(gone) != self.reason:
                    log.warning("camera %s: %s", self.settings.id, gone)
                self.reason = str(gone)
            self.restarts += 1
            if time.monotonic() - began > STEADY_S:
                backoff_s = FIRST_BACKOFF_S
            await asyncio.sleep(backoff_s)
            backoff_s = min(LONGEST_BACKOFF_S, 2 * backoff_s)

    def _beat(self, beat: Beat) -> None:
        self._up_at = time.monotonic()
        self.sight = beat.sight or self.sight
        if beat.sight not in (None, Sight.OFFLINE):
            self.reason = ""

    async def _watch(self) -> None:
        """Tell it when the picture changes its state; what an earlier run told goes on."""
        told: Sight | None = None
        while True:
            if time.monotonic() - self._up_at > GONE_S:
                self.sight = Sight.OFFLINE
            if self.sight is not None and self.sight is not told:
                told = self.sight
                now = self.clock.now()
                await self.store.write(self._telling(told, now))
                self.bells.ring(*self.plan.outbox_bells())
            await asyncio.sleep(LOOK_S)

    def _telling(self, sight: Sight, now: float) -> Callable[[sqlite3.Connection], None]:
        camera, outlet = self.settings.id, self.settings.outlet
        kind = f"camera_{sight}"

        def job(connection: sqlite3.Connection) -> None:
            lasts = False
            for one in self._open(connection):
                if one.kind == kind:
                    lasts = True
                else:
                    closed(connection, self.plan, one, at=now, now=now)
            if sight is Sight.GOOD or lasts:
                return
            detail = {"camera": camera, "reason": self.reason}
            ref = f"{kind}:{camera}:{now:.3f}"
            tell(
                connection, self.plan, kind, detail,
                ref=ref, at=now, now=now, outlet=outlet, lasts=True,
            )  # fmt: skip

        return job

    def _open(self, connection: sqlite3.Connection) -> list[events.Event]:
        found = [
            one
            for kind in KINDS
            for one in events.open_ones(connection, kind, outlet=self.settings.outlet, factor="")
        ]
        return [one for one in found if one.detail.get("camera") == self.settings.id]
