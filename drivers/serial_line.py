"""The only module that knows pyserial: a port that speaks Modbus RTU, with reads of exact length.

The descriptor is non-blocking and registered with the event loop. Whatever goes wrong with it ends
in the same place: unregister, close, and open again with the next question, after a growing delay.
Closing at once matters: while a dead descriptor is held, a converter that comes back gets another
name from the kernel.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import termios

import serial

from drivers import rtu
from drivers.device import BadAnswer, NoAnswer, Refused
from drivers.line import NoLine, Patience, Record
from drivers.modbus_wire import answer_values, request_pdu
from drivers.question import WRITE_ONE, Question
from drivers.settings import SerialBus

LONGEST_DELAY_S = 4.0
MAX_BUFFER = 4096
FAST_BAUD = 19_200
FAST_SILENCE_S = 0.00175
SILENCE_CHARACTERS = 3.5
_PARITY = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


class SerialWire:
    """One serial port."""

    def __init__(self, settings: SerialBus, record: Record) -> None:
        self._settings = settings
        self._record = record
        self._port: serial.Serial | None = None
        self._patience = Patience(LONGEST_DELAY_S)
        self._buffer = bytearray()
        self._arrived = asyncio.Event()
        self.echo: bool | None = None
        self.busy_at = 0.0

    @property
    def character_s(self) -> float:
        """How long one character takes on the wire."""
        parity = 0 if self._settings.parity == "none" else 1
        bits = 1 + self._settings.data_bits + parity + self._settings.stop_bits
        return bits / self._settings.baud

    @property
    def silence_s(self) -> float:
        """Give the 3.5 characters that end a frame; 1.75 ms above 19200 baud."""
        if self._settings.baud > FAST_BAUD:
            return FAST_SILENCE_S
        return SILENCE_CHARACTERS * self.character_s

    async def ask(self, question: Question, *, timeout_s: float) -> list[int]:
        """Send one question and read until its answer is whole.

        The time-out begins when the request has left and does not count the time its answer needs
        on the wire.
        """
        request = rtu.frame(question.unit, request_pdu(question))
        self._open()
        self._flush()
        self._write(request)
        self._record(">", request)
        deadline = self.busy_at + timeout_s + (question.answer_size + 3) * self.character_s
        try:
            pdu = await self._answer(question, request, deadline)
            return answer_values(question, pdu)
        except (NoAnswer, BadAnswer, Refused) as error:
            error.sent, error.received = request, bytes(self._buffer)
            raise
        finally:
            self._take()

    def close(self) -> None:
        """Give the port up; the next question opens it again."""
        port, self._port = self._port, None
        if port is None:
            return
        asyncio.get_running_loop().remove_reader(port.fileno())
        with contextlib.suppress(OSError):
            fcntl.ioctl(port.fileno(), termios.TIOCNXCL)
        with contextlib.suppress(OSError):
            port.close()
        self.echo = None

    async def _answer(self, question: Question, request: bytes, deadline: float) -> bytes:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout_at(deadline):
                while True:
                    self._arrived.clear()
                    if pdu := self._judge(question, request, final=False):
                        return pdu
                    await self._arrived.wait()
        if pdu := self._judge(question, request, final=True):
            return pdu
        raise NoAnswer("no answer in time")

    def _judge(self, question: Question, request: bytes, *, final: bool) -> bytes | None:
        if self._port is None:
            raise NoLine(self._patience.trouble)
        came = bytes(self._buffer)
        tells = question.function != WRITE_ONE
        if tells and request in came:
            self.echo = True
        rest = rtu.strip_echo(came, request) if tells or self.echo else came
        if pdu := rtu.find_answer(rest, question, final=final):
            self._patience.worked()
            self.echo = request in came if tells else self.echo
            return pdu
        if stranger := rtu.find_stranger(rest, question, final=final):
            raise BadAnswer(stranger.text, fault=stranger.fault, other_unit=stranger.unit)
        return None

    def _open(self) -> None:
        if self._port is not None:
            return
        self._patience.check(_now())
        settings = self._settings
        try:
            port = serial.Serial(
                settings.port,
                settings.baud,
                bytesize=settings.data_bits,
                parity=_PARITY[settings.parity],
                stopbits=settings.stop_bits,
                timeout=0,
                write_timeout=0,
                exclusive=True,
            )
        except (OSError, termios.error) as error:
            raise self._patience.failed(_now(), _trouble(settings.port, error)) from error
        with contextlib.suppress(OSError):
            fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        self._port = port
        asyncio.get_running_loop().add_reader(port.fileno(), self._read)

    def _flush(self) -> None:
        """Throw away what came while nobody had asked."""
        self._take()
        if self._port is None:
            raise NoLine(self._patience.trouble)
        try:
            termios.tcflush(self._port.fileno(), termios.TCIFLUSH)
        except termios.error as error:
            raise self._lost(_trouble(self._settings.port, error)) from error

    def _write(self, request: bytes) -> None:
        if self._port is None:
            raise NoLine(self._patience.trouble)
        try:
            sent = os.write(self._port.fileno(), request)
        except OSError as error:
            raise self._lost(_trouble(self._settings.port, error)) from error
        if sent < len(request):
            gone = self._lost("the port takes no more bytes")
            gone.sent = request[:sent]
            raise gone
        self.busy_at = _now() + len(request) * self.character_s

    def _read(self) -> None:
        """Take what the kernel has; called by the event loop."""
        port = self._port
        if port is None:
            return
        try:
            data = os.read(port.fileno(), MAX_BUFFER)
            if not data and _readable(port.fileno()):
                data = os.read(port.fileno(), MAX_BUFFER)
                if not data:
                    self._lost(f"{port.port}: unplugged")
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(_trouble(port.port or "", error))
            return
        if data:
            self.busy_at = _now()
            self._buffer += data[: MAX_BUFFER - len(self._buffer)]
            self._arrived.set()

    def _take(self) -> None:
        if self._buffer:
            self._record("<", bytes(self._buffer))
            self._buffer.clear()

    def _lost(self, trouble: str) -> NoLine:
        self.close()
        self._arrived.set()
        return self._patience.failed(_now(), trouble)


def _readable(descriptor: int) -> bool:
    """Tell whether there is something to read, if only the end.

    A port whose input was flushed a moment ago reads nothing and is not readable; one that was
    unplugged reads nothing and is, for ever.
    """
    watch = select.poll()
    watch.register(descriptor, select.POLLIN)
    return bool(watch.poll(0))


def _trouble(port: str, error: OSError | termios.error) -> str:
    code = error.errno if isinstance(error, OSError) else error.args[0]
    return f"{port}: {os.strerror(code)}" if isinstance(code, int) else f"{port}: {error}"


def _now() -> float:
    return asyncio.get_running_loop().time()
