"""Who listens on a line of bytes: each cuts its own requests from what came, and answers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from agent.tools.simulate.faults import SOUND, Fault, Kind, Reply, spoil_frame
from agent.tools.simulate.modbus_ascii_frames import ascii_frame, cut_ascii
from agent.tools.simulate.rtu_frames import MAX_FRAME, close, request_length, sound
from agent.tools.simulate.tongues import Tongue
from agent.tools.simulate.units import Units

NO_CHECK = (Kind.CRC,)
NO_WORD = (Kind.EXCEPTION, Kind.BUSY)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Bytes for the wire, after a delay; each takes `byte_s`, or as long as the line's."""

    frame: bytes
    delay_s: float = 0.0
    byte_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Heard:
    """A request: how many bytes up to its end are done with, and what to answer, if anything."""

    end: int
    outgoing: Outgoing | None


class Ear(Protocol):
    """One listener of a line."""

    def hear(self, heard: bytes, *, silent: bool) -> Heard | None:
        """Find and answer the first request; None while none is whole. `silent`: no more comes."""


class RtuEar:
    """All Modbus units of a line in RTU frames."""

    def __init__(self, units: Units) -> None:
        self.units = units

    def hear(self, heard: bytes, *, silent: bool) -> Heard | None:
        """Take the request at the very start: only silence shows where the next one begins."""
        length = request_length(heard)
        if length is None:
            length = min(len(heard), MAX_FRAME) if silent else None
        if length is None or len(heard) < length or not sound(heard[:length]):
            return None
        reply = self.units.reply(heard[0], heard[1 : length - 2])
        return Heard(length, _outgoing(reply, close(reply.address, reply.pdu)) if reply else None)


class AsciiEar:
    """All Modbus units of a line in ASCII frames."""

    def __init__(self, units: Units) -> None:
        self.units = units

    def hear(self, heard: bytes, *, silent: bool) -> Heard | None:
        """Take the first frame whose LRC is right."""
        found = cut_ascii(heard)
        if found is None:
            return None
        body, end = found
        reply = self.units.reply(body[0], body[1:])
        if reply is None:
            return Heard(end, None)
        return Heard(end, _outgoing(reply, ascii_frame(reply.address, reply.pdu)))


class FrameEar:
    """One instrument with a protocol of its own, and the fault it has."""

    def __init__(self, tongue: Tongue) -> None:
        self.tongue = tongue
        self._fault = SOUND

    def set_fault(self, fault: Fault) -> None:
        """Let it misbehave from now on. Raises ValueError where its protocol has no such fault."""
        if fault.kind in NO_CHECK and not self.tongue.checked:
            raise ValueError(f"{self._driver} has no check sum")
        if fault.kind in NO_WORD and not self.tongue.says_no:
            raise ValueError(f"{self._driver} has no word for a no")
        self._fault = fault

    def hear(self, heard: bytes, *, silent: bool) -> Heard | None:
        """Take the first whole request to this instrument. A silent one still obeys."""
        request = self.tongue.cut(heard)
        if request is None:
            return None
        answer = self.tongue.answer(request.asks)
        frame = answer and spoil_frame(self._fault, self.tongue, request.asks, answer)
        return Heard(request.end, self._out(frame) if frame else None)

    @property
    def push_s(self) -> float | None:
        """How often it speaks unasked, in seconds of the clock; None: never."""
        push_s, period_s = self.tongue.push_s, self.tongue.speaker.device.period_s
        return None if push_s is None else min(push_s, period_s)

    def pushed(self) -> Outgoing | None:
        """Give what it says unasked; silence and noise are faults of that, too."""
        frame = self.tongue.pushed()
        spoiled = frame and spoil_frame(self._fault, self.tongue, b"", frame)
        return self._out(spoiled) if spoiled else None

    def _out(self, frame: bytes) -> Outgoing:
        late_s = self._fault.late_s if self._fault.kind is Kind.LATE else 0.0
        byte_s = self._fault.byte_s if self._fault.kind is Kind.SLOW else 0.0
        return Outgoing(frame, late_s, byte_s)

    @property
    def _driver(self) -> str:
        return self.tongue.speaker.profile.driver


def _outgoing(reply: Reply, frame: bytes) -> Outgoing:
    if reply.broken:
        frame = _turned(frame)
    return Outgoing(reply.garbage or frame, reply.delay_s, reply.byte_s)


def _turned(frame: bytes) -> bytes:
    """Give a frame with a wrong CRC, or LRC."""
    if not frame.endswith(b"\r\n"):
        return frame[:-1] + bytes((frame[-1] ^ 1,))
    other = b"0" if frame[-3:-2] != b"0" else b"1"
    return frame[:-3] + other + frame[-2:]
