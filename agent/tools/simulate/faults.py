"""What can be wrong with an answer on its way: the faults that a control order sets. Pure."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass, replace

from agent.tools.simulate.pdu import BUSY, DEVICE_FAILURE, READ_BITS, READ_REGISTERS, exception
from agent.tools.simulate.tongues.tongue import Tongue


class Kind(enum.StrEnum):
    """The ways in which a unit can misbehave."""

    NONE = "none"
    SILENT = "silent"
    LATE = "late"
    GARBAGE = "garbage"
    FOREIGN = "foreign"
    SHORT = "short"
    CRC = "crc"
    SLOW = "slow"
    EXCEPTION = "exception"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one unit. `late_s` counts for LATE, `code` for EXCEPTION, `byte_s` for SLOW."""

    kind: Kind = Kind.NONE
    late_s: float = 1.5
    code: int = DEVICE_FAILURE
    byte_s: float = 0.02


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes on the wire: an address and PDU to be framed, or bytes as they are.

    `byte_s` is how long each byte takes, `broken` asks for a wrong check sum.
    """

    address: int
    pdu: bytes
    delay_s: float = 0.0
    garbage: bytes | None = None
    byte_s: float = 0.0
    broken: bool = False


SOUND = Fault()


def spoil(fault: Fault, reply: Reply) -> Reply | None:
    """Give the answer as this fault lets it through; None for silence.

    FOREIGN answers under the next address, SHORT with one register less than asked, both with a
    right checksum; GARBAGE is bytes of the answer's length that no checksum fits.
    """
    function = reply.pdu[0]
    match fault.kind:
        case Kind.NONE:
            return reply
        case Kind.SILENT:
            return None
        case Kind.LATE:
            return replace(reply, delay_s=fault.late_s)
        case Kind.GARBAGE:
            return replace(reply, garbage=_noise(reply.address, len(reply.pdu) + 3))
        case Kind.FOREIGN:
            return Reply(reply.address % 247 + 1, reply.pdu)
        case Kind.SHORT:
            return Reply(reply.address, _shortened(reply.pdu))
        case Kind.CRC:
            return replace(reply, broken=True)
        case Kind.SLOW:
            return replace(reply, byte_s=fault.byte_s)
        case Kind.EXCEPTION:
            return Reply(reply.address, exception(function, fault.code))
        case Kind.BUSY:
            return Reply(reply.address, exception(function, BUSY))


def spoil_frame(fault: Fault, tongue: Tongue, asks: bytes, answer: bytes) -> bytes | None:
    """Give the frame that goes out in place of an answer; None for silence.

    SHORT is cut behind its first half. Time is not this one's business.
    """
    match fault.kind:
        case Kind.NONE | Kind.LATE | Kind.SLOW:
            return answer
        case Kind.SILENT:
            return None
        case Kind.GARBAGE:
            return _noise(tongue.speaker.address, len(answer))
        case Kind.FOREIGN:
            return tongue.foreign(asks)
        case Kind.SHORT:
            return answer[: len(answer) // 2]
        case Kind.CRC:
            return tongue.broken(answer)
        case Kind.EXCEPTION | Kind.BUSY:
            return tongue.refusal(asks)


def _noise(address: int, size: int) -> bytes:
    """Give bytes that begin like no answer of this unit; the same each time."""
    return bytes([address ^ 0xFF]) + random.Random(address).randbytes(size)[1:]


def _shortened(pdu: bytes) -> bytes:
    """Leave the last register (or byte of bits) out, byte count and all; short ones stay."""
    cut = 2 if pdu[0] in READ_REGISTERS else 1
    if pdu[0] not in (*READ_BITS, *READ_REGISTERS) or pdu[1] <= cut:
        return pdu
    return bytes([pdu[0], pdu[1] - cut]) + pdu[2:-cut]
