"""What can be wrong with an answer on its way: the faults that a control order sets. Pure."""

from __future__ import annotations

import enum
import random
from dataclasses import dataclass

from agent.tools.simulate.pdu import BUSY, DEVICE_FAILURE, READ_BITS, READ_REGISTERS, exception


class Kind(enum.StrEnum):
    """The ways in which a unit can misbehave."""

    NONE = "none"
    SILENT = "silent"
    LATE = "late"
    GARBAGE = "garbage"
    FOREIGN = "foreign"
    SHORT = "short"
    EXCEPTION = "exception"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of one unit. `late_s` counts for LATE, `code` for EXCEPTION."""

    kind: Kind = Kind.NONE
    late_s: float = 1.5
    code: int = DEVICE_FAILURE


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes on the wire: an address and PDU to be framed, or bytes as they are."""

    address: int
    pdu: bytes
    delay_s: float = 0.0
    garbage: bytes | None = None


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
            return Reply(reply.address, reply.pdu, fault.late_s)
        case Kind.GARBAGE:
            return Reply(reply.address, reply.pdu, garbage=_noise(reply))
        case Kind.FOREIGN:
            return Reply(reply.address % 247 + 1, reply.pdu)
        case Kind.SHORT:
            return Reply(reply.address, _shortened(reply.pdu))
        case Kind.EXCEPTION:
            return Reply(reply.address, exception(function, fault.code))
        case Kind.BUSY:
            return Reply(reply.address, exception(function, BUSY))


def _noise(reply: Reply) -> bytes:
    """Give bytes that begin like no answer of this unit; the same each time."""
    drawn = random.Random(reply.address).randbytes(len(reply.pdu) + 3)
    return bytes([reply.address ^ 0xFF]) + drawn[1:]


def _shortened(pdu: bytes) -> bytes:
    """Leave the last register (or byte of bits) out, byte count and all; short ones stay."""
    cut = 2 if pdu[0] in READ_REGISTERS else 1
    if pdu[0] not in (*READ_BITS, *READ_REGISTERS) or pdu[1] <= cut:
        return pdu
    return bytes([pdu[0], pdu[1] - cut]) + pdu[2:-cut]
