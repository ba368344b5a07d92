"""What is asked of a unit in one exchange, and what tells its answer from that of another."""

from __future__ import annotations

from dataclasses import dataclass

READ_COILS = 1
READ_DISCRETE = 2
READ_HOLDING = 3
READ_INPUT = 4
WRITE_ONE = 6
WRITE_MANY = 16

READS_OF_BITS = (READ_COILS, READ_DISCRETE)
READS = (READ_COILS, READ_DISCRETE, READ_HOLDING, READ_INPUT)

FUNCTIONS = {
    "coil": READ_COILS,
    "discrete": READ_DISCRETE,
    "holding": READ_HOLDING,
    "input": READ_INPUT,
}


@dataclass(frozen=True, slots=True)
class Question:
    """One Modbus request: registers or bits to read, or `values` to write."""

    unit: int
    function: int
    start: int
    count: int
    values: tuple[int, ...] = ()

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

    @property
    def answer_head(self) -> bytes:
        """Give the first bytes of the answer's PDU, as far as the question fixes them.

        A read fixes function and byte count, a write repeats address and count or value.
        """
        if self.reads:
            return bytes((self.function, self.data_size))
        last = self.values[0] if self.function == WRITE_ONE else self.count
        return bytes((self.function,)) + self.start.to_bytes(2, "big") + last.to_bytes(2, "big")

    @property
    def answer_size(self) -> int:
        """Count the bytes of the answer's PDU."""
        return len(self.answer_head) + (self.data_size if self.reads else 0)

    def fits(self, pdu: bytes) -> bool:
        """Tell whether a PDU has the form of the answer, or of an exception."""
        if len(pdu) == 2 and pdu[0] == self.function | 0x80:
            return True
        return len(pdu) == self.answer_size and pdu.startswith(self.answer_head)

    def could_be_taken_for(self, other: Question) -> bool:
        """Tell whether an answer to this question would also pass for one to the other."""
        return self != other and self.answer_head == other.answer_head
