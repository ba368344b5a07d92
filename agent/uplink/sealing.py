"""The keys of one station. Loaded only where sealing is on: it brings `cryptography` with it."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from protocols.hj212.frame_parts import MAX_SEGMENT, READABLE_SEGMENT, Unseal
from protocols.hj212.seal import (
    Rendering,
    check_cipher,
    is_sealed,
    parse_key,
    seal_frame,
    unsealer,
)


@dataclass(frozen=True, slots=True)
class KeyRing:
    """The key in use, the one before it, and how a seal is written (HJ 212-2025 §6.4)."""

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)
    rendering: Rendering = "raw"
    commands: re.Pattern[str] | None = None
    """Which commands of ours go sealed; None: those of the standard."""

    def covers(self, cn: str) -> bool:
        """Say whether an upload, or another frame of ours, of that command goes sealed."""
        if self.commands is None:
            return is_sealed(cn, down=False)
        return self.commands.fullmatch(cn) is not None

    def frame(self, segment: bytes) -> bytes:
        """Give the sealed frame of a plain segment. Raises LocalFrameError."""
        # where the cipher is written in digits the length counts those: no platform that reads
        # the standard so can keep to 1024
        limit = MAX_SEGMENT if self.rendering == "raw" else READABLE_SEGMENT
        return seal_frame(segment, self.current, self.rendering, limit=limit)

    def unseal(self) -> Unseal:
        """Give what opens a sealed frame: the current key first, then the previous one."""
        return unsealer([key for key in (self.current, self.previous) if key is not None])


def key_ring(
    current: str,
    previous: str | None,
    *,
    rendering: Rendering,
    commands: Sequence[str] | None,
) -> KeyRing:
    """Make it of keys as platforms hand them out; `2xxx` means all commands that begin with 2.

    Raises LocalFrameError, which shows no key; also when this machine's SM4 is wrong.
    """
    _checked()
    return KeyRing(
        parse_key(current),
        None if previous is None else parse_key(previous),
        rendering,
        None if commands is None else re.compile("|".join(commands).replace("x", "[0-9]")),
    )


@functools.cache
def _checked() -> None:
    """Try SM4 once, before the first frame is sealed."""
    check_cipher()
