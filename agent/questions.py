"""What may be asked of the running daemon over its local socket."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.alarming import ALARM, acknowledge, silence
from agent.bells import Bells
from agent.clock import Clock
from agent.exchanging import exchange
from agent.maintaining import MAINTENANCE, Act, maintain
from agent.metrics import Metrics
from agent.orders import order_probe
from agent.plan import Plan
from agent.releasing import bottle_act
from agent.status import Observatory
from agent.store.db import Store
from agent.store.frames import FrameLog


@dataclass(frozen=True, slots=True)
class Questions:
    """Answers them."""

    file: Path
    plan: Callable[[], Plan]
    observatory: Observatory
    store: Store
    clock: Clock
    bells: Bells
    metrics: Metrics
    frames: FrameLog

    def answers(self) -> dict[str, Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]]:
        """Give who answers which question."""
        return {
            "status": self._status,
            "metrics": self._metrics,
            "probe": self._probe,
            "frames": self._frames,
            "maintain": self._maintain,
            "exchange": self._exchange,
            "acknowledge": self._acknowledge,
            "silence": self._silence,
            "sampler": self._sampler,
        }

    async def _status(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self.observatory.status()

    async def _metrics(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        for station, owed in (await self.observatory.owed()).items():
            self.metrics.outbox.labels(station).set(owed)
        return {"text": self.metrics.text()}

    async def _probe(self, question: Mapping[str, Any]) -> Mapping[str, Any]:
        device = str(question.get("device", ""))
        if device not in set(self.plan().devices()):
            return {"error": f"no device {device!r} in {self.file}"}
        return await order_probe(device, self.store, self.clock, self.bells)

    async def _frames(self, _: Mapping[str, Any]) -> Mapping[str, Any]:
        """Bring the message log to the store, for who is about to read it there."""
        await self.frames.flush()
        return {"written": True}

    async def _maintain(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._obey(maintain, asked, MAINTENANCE)

    async def _exchange(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._obey(exchange, asked, "")

    async def _acknowledge(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._obey(acknowledge, asked, ALARM)

    async def _silence(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        return await self._obey(silence, asked, ALARM)

    async def _sampler(self, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        done = await self._obey(bottle_act, asked, "")
        self.bells.ring(*self.plan().action_bells())
        return done

    async def _obey(self, act: Act, asked: Mapping[str, Any], bell: str) -> Mapping[str, Any]:
        """Write down what a person on this machine asks for."""
        plan, now = self.plan(), self.clock.now()
        if not self.clock.sane():
            return {"error": "the clock is not set: no act can be dated"}
        done = await self.store.write(lambda connection: act(connection, plan, asked, now=now))
        self.bells.ring(bell, *plan.outbox_bells())
        return done
