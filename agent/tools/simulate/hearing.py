"""What a line of bytes heard so far, and how its answers go out again in their time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from agent.tools.simulate.ears import Ear, Outgoing

SILENCE_S = 0.03
"""So long without a byte and whatever came is no request; 3.5 characters are less on any line."""
MOST = 4096
PIECE_S = 0.001
"""Bytes that take less than this go out together: timers are no finer."""
SILENT_CHARACTERS = 3.5

Say = Callable[[bytes], None]


class Hearing:
    """Bytes in, requests to the ears, answers out. Used within one event loop.

    `character_s` is what a byte takes on the line that is played; 0 lets them go at once.
    """

    def __init__(
        self, ears: Iterable[Ear], say: Say, *, turnaround_s: float = 0.0, character_s: float = 0.0
    ) -> None:
        self._ears = tuple(ears)
        self._say = say
        self._turnaround_s = turnaround_s
        self._character_s = character_s
        self._heard = bytearray()
        self._silence: asyncio.TimerHandle | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    def take(self, data: bytes) -> None:
        """Hear bytes and answer whatever request is whole by them."""
        self._heard += data[: MOST - len(self._heard)]
        if self._silence is not None:
            self._silence.cancel()
        self._silence = asyncio.get_running_loop().call_later(SILENCE_S, self._fell_silent)
        while self._answer(silent=False):
            pass

    def say(self, outgoing: Outgoing, *, after_s: float = 0.0) -> None:
        """Let bytes go, after the delay they have and this one."""
        self._later(outgoing, after_s)

    def stop(self) -> None:
        """Forget what was heard and what was still to be said."""
        for timer in (*self._timers, *([self._silence] if self._silence else [])):
            timer.cancel()
        self._timers.clear()
        self._heard.clear()
        self._silence = None

    def _fell_silent(self) -> None:
        """Take what is left as it is (some requests only end with silence), then forget it."""
        self._answer(silent=True)
        self._heard.clear()

    def _answer(self, *, silent: bool) -> bool:
        heard = bytes(self._heard)
        if not heard:
            return False
        for ear in self._ears:
            found = ear.hear(heard, silent=silent)
            if found is not None:
                del self._heard[: found.end]
                if found.outgoing is not None:
                    on_line_s = self._character_s * (found.end + SILENT_CHARACTERS)
                    self._later(found.outgoing, self._turnaround_s + on_line_s)
                return True
        return False

    def _later(self, outgoing: Outgoing, after_s: float) -> None:
        byte_s = max(outgoing.byte_s, self._character_s)
        delay_s = outgoing.delay_s + after_s
        if byte_s <= 0:
            self._at(delay_s, outgoing.frame)
            return
        size = max(1, round(PIECE_S / byte_s))
        for start in range(0, len(outgoing.frame), size):
            piece = outgoing.frame[start : start + size]
            self._at(delay_s + (start + len(piece)) * byte_s, piece)

    def _at(self, delay_s: float, piece: bytes) -> None:
        if delay_s <= 0:
            self._say(piece)
            return
        loop = asyncio.get_running_loop()
        self._timers = {timer for timer in self._timers if timer.when() > loop.time()}
        self._timers.add(loop.call_later(delay_s, self._say, piece))
