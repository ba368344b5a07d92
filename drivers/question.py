"""What is asked of a unit in one exchange, and what tells its answer from that of another."""

from __future__ import annotations

import functools
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Protocol

from protocols.frame_shapes import Shape

READ_COILS = 1
READ_DISCRETE = 2
READ_HOLDING = 3
READ_INPUT = 4
WRITE_COIL = 5
WRITE_ONE = 6
WRITE_COILS = 15
WRITE_MANY = 16

READS_OF_BITS = (READ_COILS, READ_DISCRETE)
READS = (READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT)
WRITES_OF_ONE = (WRITE_COIL, WRITE_ONE)
WRITES_OF_BITS = (WRITE_COIL, WRITE_COILS)
COIL_ON = 0xFF00

FUNCTIONS = {
    "coil": READ_COILS,
    "discrete": READ_DISCRETE,
    "holding": READ_HOLDING,
    "input": READ_INPUT,
}


class Asked(Protocol):
    """A question of whatever protocol, as far as the rules of a bus go."""

    @property
    def unit(self) -> int:
        """Whom it is for: the key of what the bus remembers of him."""

    @property
    def reads(self) -> bool:
        """Tell whether asking it twice changes nothing."""

    @property
    def answer_key(self) -> Hashable:
        """Give what an answer says of its question: questions of one key have one kind of answer.

        A protocol whose answers do not name the unit has one key for all units of a line.
        """


def mistakable(doubt: Asked, question: Asked) -> bool:
    """Tell whether an answer to the one would also pass for one to the other."""
    return doubt != question and doubt.answer_key == question.answer_key


@dataclass(frozen=True, slots=True)
class Question:
    """One Modbus request: registers or bits to read, or `values` to write."""

    unit: int
    function: int
    start: int
    count: int
    values: tuple[int, ...] = ()
    answer_head: bytes = field(init=False, repr=False, compare=False)
    """The first bytes of the answer's PDU, as far as the question fixes them.

    A read fixes function and byte count, a write repeats address and count or value.
    """
    answer_size: int = field(init=False, repr=False, compare=False)
    """The bytes of the answer's PDU."""

    def __post_init__(self) -> None:
        """Work out what every look at an answer needs."""
        head = self._head()
        object.__setattr__(self, "answer_head", head)
        object.__setattr__(self, "answer_size", len(head) + (self.data_size if self.reads else 0))

    @property
    def reads(self) -> bool:
        """Tell whether asking it twice changes nothing."""
        return self.function in READS

    @property
    def data_size(self) -> int:
        """Count the data bytes a read must bring."""
        if self.function in READS_OF_BITS:
            return (self.count + 7) // 8
        return self.count * 2

    def _head(self) -> bytes:
        if self.reads:
            return bytes((self.function, self.data_size))
        last = self.values[0] if self.function in WRITES_OF_ONE else self.count
        return bytes((self.function,)) + self.start.to_bytes(2, "big") + last.to_bytes(2, "big")

    @property
    def answer_key(self) -> Hashable:
        """Give unit and head of the answer."""
        return self.unit, self.answer_head

    def fits(self, pdu: bytes) -> bool:
        """Tell whether a PDU has the form of the answer, or of an exception."""
        if len(pdu) == self.answer_size and pdu.startswith(self.answer_head):
            return True
        return len(pdu) == 2 and pdu[0] == self.function | 0x80


@functools.lru_cache(maxsize=4096)
def reading(unit: int, function: int, start: int, count: int) -> Question:
    """Give the question for some registers or bits; the same few are asked all day long."""
    return Question(unit, function, start, count)


@dataclass(frozen=True, slots=True)
class FrameQuestion:
    """One request of a protocol other than Modbus, as bytes, and the shape of its answer.

    `key` is the same for questions whose answers look alike, of whichever unit. `idle_s`: an answer
    with neither length nor end is whole after this silence.
    """

    unit: int
    request: bytes
    shape: Shape
    key: str
    reads: bool = True
    idle_s: float | None = None

    @property
    def answer_key(self) -> Hashable:
        """Give the key."""
        return self.key
