"""DCON of ICP DAS and ADAM modules: all channels of an analogue input module. Pure.

    ask      #AA  [check]  CR          AA the module's address, two hex digits
    answer   >  a signed number of 7 characters per channel  [check]  CR
    refusal  ?AA  [check]  CR
    check    sum of all characters before it, modulo 256, two hex digits

An answer does not name the module. Nothing but nines (+9999.9) is the mark of a signal beyond the
range: no range of such a module ends there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.checksums import CheckKind, check_sum
from protocols.frame_shapes import AnswerFault, Denied, TextShape

CR = b"\r"
WIDTH = 7
MOST_CHANNELS = 16
_NINES = re.compile(rb"[+-]9+\.?9*")
_NUMBER = rb"[+-](?=[0-9.]{6})\d+\.?\d*"


def ask(address: int, *, checks: bool = False) -> bytes:
    """Print the question for all channels."""
    body = b"#%02X" % address
    return body + (check_sum(body, "sum8-hex") if checks else b"") + CR


@dataclass(frozen=True, slots=True)
class DconShape:
    """Knows the answer of a module with at least so many channels."""

    address: int
    channels: int = 1
    checks: bool = False

    @property
    def size(self) -> int:
        """Bytes the answer takes."""
        return 1 + WIDTH * max(self.channels, 8) + (2 if self.checks else 0) + 1

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        frame = self._values.find(buffer, final=final)
        return frame or self._refusal.find(buffer, final=final)

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        return self._values.fault(buffer)

    @property
    def _values(self) -> TextShape:
        numbers = rb">(?:%b(?<=[+-].{6})){%d,%d}" % (_NUMBER, self.channels, MOST_CHANNELS)
        return TextShape(
            (b">",),
            ends=CR,
            check="sum8-hex" if self.checks else None,
            pattern=re.compile(numbers),
        )

    @property
    def _refusal(self) -> TextShape:
        check: CheckKind | None = "sum8-hex" if self.checks else None
        head = b"?%02X" % self.address
        return TextShape((head,), ends=CR, check=check, pattern=re.compile(re.escape(head)))


def channels(frame: bytes) -> list[bytes]:
    """Give the numbers of the channels as text, '' beyond the range. Raises Denied on a refusal."""
    if frame.startswith(b"?"):
        raise Denied("the module does not take the command")
    numbers = frame[1:-1]
    texts = [numbers[at : at + WIDTH] for at in range(0, len(numbers) - WIDTH + 1, WIDTH)]
    return [b"" if _NINES.fullmatch(text) else text for text in texts]
