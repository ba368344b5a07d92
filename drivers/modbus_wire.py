"""The only module that knows pymodbus: the PDUs of questions, for every line that carries Modbus.

The registers of an answer whose form was checked need no library.
"""

from __future__ import annotations

import functools
import struct

from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.device import BadAnswer, Fault, Refused
from drivers.question import READS_OF_BITS, WRITE_ONE, WRITES_OF_BITS, Question

_REQUESTS: dict[int, type[ModbusPDU]] = {
    request.function_code: request
    for request in (
        ReadCoilsRequest,
        ReadDiscreteInputsRequest,
        ReadHoldingRegistersRequest,
        ReadInputRegistersRequest,
        WriteSingleRegisterRequest,
        WriteMultipleRegistersRequest,
        WriteSingleCoilRequest,
        WriteMultipleCoilsRequest,
    )
}
_EXCEPTIONS = {
    1: "function not served",
    2: "no such address",
    3: "value or count not allowed",
    4: "device failure",
    5: "acknowledged, still working",
    6: "busy",
    10: "gateway: no path",
    11: "gateway: target silent",
}


@functools.lru_cache(maxsize=1024)
def request_pdu(question: Question) -> bytes:
    """Print the PDU of a question: function and data. The same few are asked all day long."""
    if question.function in WRITES_OF_BITS:
        bits = [bool(value) for value in question.values]
        coils = _REQUESTS[question.function](address=question.start, bits=bits)
        return bytes((question.function,)) + coils.encode()
    request = _REQUESTS[question.function](
        address=question.start,
        count=0 if question.function == WRITE_ONE else question.count,
        registers=list(question.values),
    )
    return bytes((question.function,)) + request.encode()


def answer_values(question: Question, pdu: bytes) -> list[int]:
    """Read the PDU of an answer: registers or bits, nothing for a write.

    Raises Refused on an exception and BadAnswer where the PDU is not what was asked for.
    """
    if pdu[0] & 0x7F != question.function:
        raise BadAnswer(f"function {pdu[0]} answered", fault=Fault.FUNCTION)
    if not question.fits(pdu):
        raise BadAnswer("the answer fits another question", fault=Fault.LENGTH)
    if pdu[0] & 0x80:
        raise Refused(f"exception {pdu[1]}: {_EXCEPTIONS.get(pdu[1], 'unknown')}", code=pdu[1])
    if not question.reads:
        return []
    data = pdu[2:]
    if question.function in READS_OF_BITS:
        return [data[bit >> 3] >> (bit & 7) & 1 for bit in range(question.count)]
    return list(_words(question.count).unpack(data))


@functools.lru_cache(maxsize=256)
def _words(count: int) -> struct.Struct:
    return struct.Struct(f">{count}H")
