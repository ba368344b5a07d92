"""Whose turn it is on a line: orders before polls, but a waiting poll gets one in between."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

ORDERS_IN_A_ROW = 4


class Turns:
    """A lock with two queues, each first come first served."""

    def __init__(self) -> None:
        self._taken = False
        self._orders: deque[asyncio.Future[None]] = deque()
        self._polls: deque[asyncio.Future[None]] = deque()
        self._in_a_row = 0

    @contextlib.asynccontextmanager
    async def turn(self, *, order: bool) -> AsyncIterator[None]:
        """Wait for the turn and hold it."""
        if self._taken:
            await self._wait(self._orders if order else self._polls)
        self._taken = True
        self._in_a_row = self._in_a_row + 1 if order else 0
        try:
            yield
        finally:
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
