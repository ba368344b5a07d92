"""Hints between workers. A bell says "look at your rows"; the row is the truth."""

from __future__ import annotations

import asyncio


class Bells:
    """One bell per to-do list. Whoever waits also looks by itself after `timeout_s`."""

    def __init__(self) -> None:
        self._bells: dict[str, asyncio.Event] = {}

    def ring(self, *names: str) -> None:
        """Wake whoever waits for one of these names, or does next; nobody ever did: nothing."""
        for name in names:
            if name in self._bells:
                self._bells[name].set()

    async def wait(self, name: str, timeout_s: float) -> bool:
        """Wait for the bell; True when it rang, False after `timeout_s` real seconds."""
        bell = self._bells.setdefault(name, asyncio.Event())
        try:
            async with asyncio.timeout(timeout_s):
                await bell.wait()
        except TimeoutError:
            return False
        bell.clear()
        return True
