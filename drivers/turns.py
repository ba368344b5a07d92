"""Whose turn it is on a line: orders before polls, but a waiting poll gets one in between.

Behind an order the line is kept free for a moment: what is ordered is a few exchanges one after the
other, and no poll shall come between the look at a sampler and the order that follows from it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

ORDERS_IN_A_ROW = 4
KEPT_FREE_S = 0.05
"""Behind an order, for the next one: time for what has to be on disk before it is sent."""


class Turns:
    """A lock with two queues, each first come first served."""

    def __init__(self) -> None:
        self._taken = False
        self._orders: deque[asyncio.Future[None]] = deque()
        self._polls: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0
        self._kept_free: asyncio.TimerHandle | None = None

    @contextlib.asynccontextmanager
    async def turn(self, *, order: bool) -> AsyncIterator[None]:
        """Wait for the turn and hold it."""
        await self.take(order=order)
        try:
            yield
        finally:
            self.give(order=order)

    async def take(self, *, order: bool) -> bool:
        """Wait for the turn; whoever has it gives it back. Tells whether there was a wait."""
        waited = False
        if order and self._kept_free is not None:
            self._kept_free.cancel()
            self._kept_free = None
        elif self._taken:
            await self._wait(self._orders if order else self._polls)
            waited = True
        self._taken = True
        self._in_a_row = self._in_a_row + 1 if order else 0
        return waited

    def give(self, *, order: bool) -> None:
        """Pass the turn on, or keep it for the order that may follow on this one."""
        if order and not self._orders and self._in_a_row < ORDERS_IN_A_ROW:
            loop = asyncio.get_running_loop()
            self._kept_free = loop.call_later(KEPT_FREE_S, self._pass_on)
        else:
            self._pass_on()

    async def _wait(self, queue: deque[asyncio.Future[None]]) -> None:
        place = asyncio.get_running_loop().create_future()
        queue.append(place)
        try:
            await place
        except asyncio.CancelledError:
            if not place.cancelled():
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        self._kept_free = None
        place = self._next()
        if place is None:
            self._taken = False
        else:
            place.set_result(None)

    def _next(self) -> asyncio.Future[None] | None:
        polls_first = self._in_a_row >= ORDERS_IN_A_ROW
        for queue in (self._polls, self._orders) if polls_first else (self._orders, self._polls):
            while queue:
                place = queue.popleft()
                if not place.done():
                    return place
        return None
