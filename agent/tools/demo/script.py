"""The script of the demo: an exceedance and its bottle, the platform cut off, everything delivered.

All times are real seconds since the agent was ready; any demo of 40 s or more holds all of it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.clock import Clock
from agent.local import ask
from agent.tools.broker import Broker
from agent.tools.demo.cast import Cast, DemoError
from agent.tools.demo.stage import COD_EXCEEDING, CYCLE_S, Stage
from agent.tools.demo.tally import Outage
from agent.tools.simulate.control import ask as order

EXCEED_AT_S = 4.0
VESSEL = "A"
"""In which vessel the water of the exceedance is, whatever the hour."""
CAMERA_S = 8.0
SEEN_S = 3.0
SHORTEST_WITH_OUTAGE_S = 34.0
OUTAGE_S = 16.0
QUIET_S = 3.0
DRAIN_S = 90.0
EVIDENCE_S = 60.0

Show = Callable[["Scene"], None]


@dataclass(slots=True)
class Scene:
    """What is to be seen at one moment."""

    elapsed_s: float = 0.0
    seconds: float = 0.0
    status: dict[str, Any] = field(default_factory=dict)
    outage: bool = False
    outage_s: float = 0.0
    readings: int = 0
    drains: bool = False


@dataclass(slots=True)
class Script:
    """One performance. `run` ends when the outbox is empty or `stop` is set."""

    stage: Stage
    cast: Cast
    broker: Broker
    seconds: float
    show: Show
    stop: asyncio.Event
    outage: Outage | None = None
    scene: Scene = field(default_factory=Scene)
    _seen: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the camera has what lies before the event."""

    async def run(self) -> None:
        """Play the whole script."""
        self.scene.seconds = self.seconds
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            acts = [
                group.create_task(act)
                for act in (self._exceedance(), self._cut_off(began), self._stopped(began))
            ]
            watch = group.create_task(self._watch(began))
            await acts[-1]
            for act in acts:
                act.cancel()
            if not self.stop.is_set():
                await self._drain()
                await self._evidence()
            watch.cancel()

    async def _exceedance(self) -> None:
        """Let the COD analyzer find more than is allowed, once."""
        await asyncio.sleep(EXCEED_AT_S)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._seen.wait(), CAMERA_S)
        speed = self.stage.pace.speed
        await order(self.cast.control_port, do="vessel", device="sampler", bucket=VESSEL)
        await order(
            self.cast.control_port,
            do="set",
            device="cod",
            point="w01018",
            value=COD_EXCEEDING,
            for_s=CYCLE_S * speed,
        )
        await order(self.cast.control_port, do="measure", device="cod")

    def _sees(self) -> bool:
        """Say whether the camera, if there is one, has what lies before the event already."""
        cameras = self.scene.status.get("cameras", ()) if self.stage.camera else ()
        return not self.stage.camera or any(one["reach_s"] >= SEEN_S for one in cameras)

    async def _cut_off(self, began: float) -> None:
        """Take the broker away for a while, and bring it back on the same port."""
        if self.seconds < SHORTEST_WITH_OUTAGE_S:
            return
        start_s = max(14.0, self.seconds * 0.3)
        await asyncio.sleep(start_s - (time.monotonic() - began))
        await self._between_uploads()
        clock = Clock(self.stage.pace)
        from_at, cut = clock.now(), time.monotonic()
        await self.broker.stop()
        self.scene.outage = True
        try:
            await asyncio.sleep(OUTAGE_S)
        finally:
            await self.broker.start()
            self.scene.outage = False
            self.outage = Outage(from_at, clock.now(), time.monotonic() - cut)

    async def _between_uploads(self) -> None:
        """Wait until nothing is under way.

        What the platform took and could not answer comes once more, by right; a newcomer would
        read that copy as a fault.
        """
        deadline = time.monotonic() + QUIET_S
        while time.monotonic() < deadline:
            if self._quiet(await self._ask({"ask": "status"})):
                return
            await asyncio.sleep(0.05)

    def _quiet(self, status: Any) -> bool:
        return bool(status) and not any(one["outbox"] for one in status["stations"])

    async def _stopped(self, began: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.seconds - (time.monotonic() - began)):
                await self.stop.wait()

    async def _watch(self, began: float) -> None:
        """Look every second, and show what is seen."""
        while True:
            self.cast.must_run()
            await self._look(began)
            self.show(self.scene)
            await asyncio.sleep(1.0 - (time.monotonic() - began) % 1.0)

    async def _look(self, began: float) -> None:
        scene = self.scene
        scene.elapsed_s = time.monotonic() - began
        if scene.outage:
            scene.outage_s += 1.0
        answer = await self._ask({"ask": "status"})
        if answer is not None:
            scene.status = dict(answer)
            if self._sees():
                self._seen.set()
        counters = await self._ask({"ask": "metrics"})
        if counters is not None:
            scene.readings = _readings(counters["text"])

    async def _drain(self) -> None:
        """Wait until everything that is owed has been taken."""
        self.scene.drains = True
        deadline = time.monotonic() + DRAIN_S
        while time.monotonic() < deadline and not self.stop.is_set():
            if self._quiet(await self._ask({"ask": "status"})):
                await self._look(time.monotonic() - self.scene.elapsed_s)
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 0.2)
        if not self.stop.is_set():
            raise DemoError(
                f"the outbox did not drain in {DRAIN_S:.0f} s; see {self.stage.work_dir}"
            )

    async def _evidence(self) -> None:
        """Wait until the platform has checked every bundle that is on its way, within bounds."""
        deadline = time.monotonic() + EVIDENCE_S
        while time.monotonic() < deadline and not self.stop.is_set():
            status = await self._ask({"ask": "status"}) or self.scene.status
            sent = status.get("bundles", ())
            told = len(checked(self.cast.platform.log))
            if all(one["done_at"] for one in sent) and told >= len(sent):
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), 0.2)

    async def _ask(self, question: dict[str, str]) -> Any:
        with contextlib.suppress(TimeoutError):
            return await ask((self.stage.state_dir / "agent.sock",), question, timeout_s=5.0)
        return None


def checked(log: Path) -> list[dict[str, Any]]:
    """Give what the platform said of each bundle that came to it."""
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    found = (json.loads(line) for line in lines if line.startswith('{"kind": "evidence"'))
    return [one["content"] for one in found]


def _readings(text: str) -> int:
    """Add up the counter of readings over all devices."""
    return sum(
        int(float(line.rpartition(" ")[2]))
        for line in text.splitlines()
        if line.startswith("paikou_readings_total{")
    )
