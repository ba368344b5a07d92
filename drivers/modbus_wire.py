"""The only module that knows pymodbus: PDUs both ways, and the TCP connection.

Of the library's client we use connecting, framing and transaction ids, nothing else: no retries and
no reconnecting of its own. What it does not do is done here: an answer with transaction id 0 is not
taken on trust, and an answer it skipped is named.
"""

from __future__ import annotations

import asyncio
import logging
import struct
from collections.abc import Callable

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
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

from drivers.device import BadAnswer, Fault, NoAnswer, Refused
from drivers.line import NoLine, Patience, Record
from drivers.question import (
    COIL_ON,
    READS_OF_BITS,
    WRITE_ONE,
    WRITES_OF_BITS,
    FrameQuestion,
    Question,
)
from drivers.settings import TcpBus

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
HEADER_SIZE = 7
CONNECT_TIMEOUT_S = 5.0
LONGEST_DELAY_S = 1.5
"""An endpoint that is back is asked again within two seconds, however long it was away."""
SILENT_TIMES = 3
LONGEST_EXCHANGE_S = 300.0


def request_pdu(question: Question) -> bytes:
    """Print the PDU of a question: function and data."""
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
    return list(struct.unpack(f">{question.count}H", data))


class TcpWire:
    """A Modbus TCP endpoint: one connection, made when it is needed."""

    echo: bool | None = False
    silence_s = 0.0

    def __init__(self, settings: TcpBus, record: Record) -> None:
        self._settings = settings
        self._record = record
        self._client: AsyncModbusTcpClient | None = None
        self._question: Question | None = None
        # The library reports every failed connection; our errors say the same, once.
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self._patience = Patience(LONGEST_DELAY_S)
        self._sent = b""
        self._received = b""
        self._frame = b""
        self._silent = 0
        self.busy_at = 0.0

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        """Send one question and wait for the answer with its transaction id."""
        self._question = question
        self._sent = self._received = self._frame = b""
        client = await self._connected()
        try:
            async with asyncio.timeout(timeout_s):
                await _call(client, question)
        except TimeoutError as error:
            raise self._no_answer(question, client) from error
        except ConnectionException as error:
            self.close()
            raise self._lost(str(error)) from error
        except ModbusException as error:
            raise self._no_answer(question, client) from error
        self._silent = 0
        self._patience.worked()
        return self._values(question)

    async def talk(self, question: FrameQuestion, *, timeout_s: float) -> bytes:
        """Raise NoLine: nothing but Modbus goes over a Modbus TCP line."""
        raise NoLine("only Modbus goes over this line; a serial server is kind serial-over-tcp")

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        """Raise NoLine: nobody speaks here unasked."""
        raise NoLine("nobody speaks unasked on a Modbus TCP line")

    def close(self) -> None:
        """Close the connection; the next question makes a new one."""
        if self._client:
            self._client.close()
            self._client = None

    async def _connected(self) -> AsyncModbusTcpClient:
        if self._client and self._client.connected:
            return self._client
        self.close()
        self._patience.check(_now())
        client = AsyncModbusTcpClient(
            self._settings.host,
            port=self._settings.port,
            timeout=LONGEST_EXCHANGE_S,
            retries=0,
            reconnect_delay=0,
            trace_packet=self._trace,
        )
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                there = await client.connect()
        except (TimeoutError, UnicodeError):  # a host that is no name fails in its encoding
            there = False
        if not there:
            client.close()
            raise self._lost(f"no connection to {self._settings.host}:{self._settings.port}")
        self._client, self._silent = client, 0
        return client

    def _trace(self, sending: bool, data: bytes) -> bytes:
        """See every packet, and let the library have the answer and nothing else.

        What is received comes with all that was not used before. The library would take an answer
        with transaction id 0, and would break the connection over one it cannot read.
        """
        self.busy_at = _now()
        if sending:
            self._sent, self._received = data, b""
            self._record(">", data)
            return data
        self._record("<", data.removeprefix(self._received))
        self._received = data
        if self._frame or self._question is None:
            return b""
        self._frame = find_frame(data, self._sent, self._question)
        return self._frame

    def _values(self, question: Question) -> list[int]:
        try:
            return answer_values(question, self._frame[HEADER_SIZE:])
        except (BadAnswer, Refused) as error:
            error.sent, error.received = self._sent, self._received
            raise

    def _lost(self, trouble: str) -> NoLine:
        gone = self._patience.failed(_now(), trouble)
        gone.sent, gone.received = self._sent, self._received
        return gone

    def _no_answer(self, question: Question, client: AsyncModbusTcpClient) -> NoAnswer | BadAnswer:
        if len(self._received) > HEADER_SIZE:
            return self._not_taken(question)
        if not client.connected:
            self.close()
            return self._lost("the connection was closed from the other side")
        self._silent += 1
        if self._silent >= SILENT_TIMES:
            # A peer that lost power never says so; only a new connection finds out.
            self.close()
        return NoAnswer("no answer in time", sent=self._sent, received=self._received)

    def _not_taken(self, question: Question) -> BadAnswer:
        """Say what came that was not the answer."""
        unit, transaction = self._received[6], self._received[:2]
        other: int | None = None
        if transaction != self._sent[:2]:
            text, fault = "the answer to another question came", Fault.TRANSACTION
        elif unit != question.unit:
            text, fault = f"WRONG UNIT: {unit} answered for {question.unit}", Fault.UNIT
            other = unit
        elif self._received[7] & 0x7F != question.function:
            text, fault = f"function {self._received[7]} answered", Fault.FUNCTION
        else:
            text, fault = "the answer has the wrong length", Fault.LENGTH
        return BadAnswer(
            text, fault=fault, other_unit=other, sent=self._sent, received=self._received
        )


async def _call(client: AsyncModbusTcpClient, question: Question) -> ModbusPDU:
    start, unit = question.start, question.unit
    match question.function:
        case 1:
            return await client.read_coils(start, count=question.count, device_id=unit)
        case 2:
            return await client.read_discrete_inputs(start, count=question.count, device_id=unit)
        case 3:
            return await client.read_holding_registers(start, count=question.count, device_id=unit)
        case 4:
            return await client.read_input_registers(start, count=question.count, device_id=unit)
        case 6:
            return await client.write_register(start, question.values[0], device_id=unit)
        case 5:
            on = question.values[0] == COIL_ON
            return await client.write_coil(start, on, device_id=unit)
        case 15:
            bits = [bool(value) for value in question.values]
            return await client.write_coils(start, bits, device_id=unit)
        case _:
            return await client.write_registers(start, list(question.values), device_id=unit)


def find_frame(received: bytes, sent: bytes, question: Question) -> bytes:
    """Give the frame of the answer: its transaction, its unit, its form; empty where none came.

    Bytes of a frame: transaction 0-1, protocol 2-3, length 4-5, unit 6, PDU. The length counts the
    unit and what follows it.
    """
    while len(received) > HEADER_SIZE:
        size = int.from_bytes(received[4:6], "big") + HEADER_SIZE - 1
        frame, received = received[:size], received[size:]
        if len(frame) < size or size <= HEADER_SIZE:
            break
        ours = frame[:4] == sent[:4] and frame[6] == sent[6]
        if ours and question.fits(frame[HEADER_SIZE:]):
            return frame
    return b""


def _now() -> float:
    return asyncio.get_running_loop().time()
