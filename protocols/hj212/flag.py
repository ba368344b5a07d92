"""The Flag byte of a data segment.

| bits | 7…2                                                    | 1              | 0             |
|------|--------------------------------------------------------|----------------|---------------|
|      | version: 0 HJ/T 212-2005, 1 HJ 212-2017, 2 HJ 212-2025 | PNUM, PNO here | answer wanted |

The two editions swap the letters A and D of the low bits, not their meaning.

Source: HJ 212-2017 §6.3.2, HJ 212-2025 §6.3.2
"""

from __future__ import annotations

import functools
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flag:
    """Version of the standard, answer wanted, one packet of several."""

    version: int
    answer: bool = False
    packets: bool = False

    @staticmethod
    @functools.cache
    def of(value: int) -> Flag:
        """Read the number in the frame. Raises ValueError outside 0…255."""
        if not 0 <= value <= 255:
            raise ValueError(f"Flag {value}: 0…255 expected")
        return Flag(value >> 2, answer=bool(value & 1), packets=bool(value & 2))

    def __int__(self) -> int:
        return self.version << 2 | self.packets << 1 | self.answer
