"""Instruments that speak unasked, while a simulation lasts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Protocol

from agent.tools.simulate.ears import FrameEar, Outgoing
from drivers.device import Clock

LEAST_S = 0.1
"""Real seconds between two messages at least, however fast the clock runs."""


class Line(Protocol):
    """A line of bytes that one can speak on."""

    def push(self, outgoing: Outgoing) -> None:
        """Say something unasked."""


@contextlib.asynccontextmanager
async def pushing(ear: FrameEar, line: Line, clock: Clock) -> AsyncIterator[None]:
    """Let an instrument speak while the block runs; most never do."""
    if ear.push_s is None:
        yield
        return
    task = asyncio.create_task(_push(ear, line, clock, ear.push_s))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _push(ear: FrameEar, line: Line, clock: Clock, push_s: float) -> None:
    while True:
        await clock.sleep(push_s)
        await asyncio.sleep(LEAST_S)
        if (outgoing := ear.pushed()) is not None:
            line.push(outgoing)
