"""External control of ISCO 6700 and 6712 samplers: identifiers and values, comma by comma. Pure.

    ask      STS,1,CS,581 CR        CS: sum of all characters up to the comma behind CS
    answer   MO,6712,ID,…,TI,…,STS,1,STI,…,BTL,2,SVO,100,SOR,0,CS,… CR      to every command

Times are days since 1900-01-01 the way spreadsheets count them, local time (`parts`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.frame_shapes import AnswerFault, Denied, TextShape

CR = b"\r"
STATUS = "STS,1"
REFUSALS = {
    20: "invalid command",
    21: "check sum mismatch",
    22: "invalid bottle",
    23: "volume out of range",
}
_SUM = re.compile(rb"(.*,CS,)(\d+)\r", re.DOTALL)
_TEXT = TextShape((b"MO,",), ends=CR, pattern=re.compile(rb"[\x20-\x7e]+"))


def ask(text: str) -> bytes:
    """Print a command with its check sum."""
    body = text.encode("ascii") + b",CS,"
    return body + b"%d" % sum(body) + CR


@dataclass(frozen=True, slots=True)
class IscoShape:
    """Knows a status answer."""

    size: int = 110

    def find(self, buffer: bytes, *, final: bool = False) -> bytes | None:
        """Give the answer, whole and checked, or None while it is not there."""
        at = 0
        while frame := _TEXT.find(buffer[at:], final=final):
            if (summed := _SUM.fullmatch(frame)) and sum(summed[1]) == int(summed[2]):
                return frame
            at = buffer.index(frame, at) + 1
        return None

    def fault(self, buffer: bytes) -> AnswerFault:
        """Say what is wrong with bytes among which there is no answer."""
        if _TEXT.find(buffer, final=True):
            return AnswerFault("checksum", "wrong check sum")
        return _TEXT.fault(buffer)


def fields(frame: bytes) -> dict[str, bytes]:
    """Give the values by identifier."""
    parts = frame.strip(b"\r\n").split(b",")
    return {name.decode("ascii"): text for name, text in zip(parts[::2], parts[1::2], strict=False)}


def refusal(frame: bytes) -> Denied | None:
    """Give the sampler's no to a command, if it says one."""
    status = fields(frame).get("STS", b"")
    code = int(status) if status.isdigit() else 0
    return Denied(REFUSALS[code], code=code) if code in REFUSALS else None
