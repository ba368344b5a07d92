"""The only module that knows pyserial: a port as a descriptor of the event loop.

The descriptor is non-blocking and registered with the event loop. Whatever goes wrong with it ends
in the same place: unregister, close, and open again with the next question, after a growing delay.
Closing at once matters: while a dead descriptor is held, a converter that comes back gets another
name from the kernel. Software flow control is off: 0x11 and 0x13 are bytes like others.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import select
import termios
from collections.abc import Callable

import serial

from drivers.line import NoLine, Patience
from drivers.settings import SerialBus

LONGEST_DELAY_S = 1.5
"""A port that is back is asked again within two seconds, however long it was away."""
MAX_READ = 4096
_PARITY = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}


class SerialPort:
    """One serial port."""

    def __init__(self, settings: SerialBus) -> None:
        self._settings = settings
        self._port: serial.Serial | None = None
        self.patience = Patience(LONGEST_DELAY_S)
        self.came: Callable[[bytes], None] = _ignored
        self.gone: Callable[[], None] = _nothing

    @property
    def is_open(self) -> bool:
        """Whether bytes can pass."""
        return self._port is not None

    async def open(self) -> None:
        """Open the port. Raises NoLine; does nothing when it is open."""
        if self._port is not None:
            return
        self.patience.check(_now())
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
            raise self.patience.failed(_now(), _trouble(settings.port, error)) from error
        with contextlib.suppress(OSError):
            fcntl.ioctl(port.fileno(), termios.TIOCEXCL)
        self._port = port
        asyncio.get_running_loop().add_reader(port.fileno(), self._read)

    def flush(self) -> None:
        """Throw away what the kernel holds. Raises NoLine."""
        if self._port is None:
            raise NoLine(self.patience.trouble)
        try:
            termios.tcflush(self._port.fileno(), termios.TCIFLUSH)
        except termios.error as error:
            raise self._lost(_trouble(self._settings.port, error)) from error

    def send(self, data: bytes) -> None:
        """Let all of it go. Raises NoLine, with what did leave in `sent`."""
        if self._port is None:
            raise NoLine(self.patience.trouble)
        try:
            sent = os.write(self._port.fileno(), data)
        except OSError as error:
            raise self._lost(_trouble(self._settings.port, error)) from error
        if sent < len(data):
            gone = self._lost("the port takes no more bytes")
            gone.sent = data[:sent]
            raise gone

    def silent(self) -> None:
        """Say nothing: a silent line is no reason to open the port again."""

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

    def _read(self) -> None:
        """Take what the kernel has; called by the event loop."""
        port = self._port
        if port is None:
            return
        try:
            data = os.read(port.fileno(), MAX_READ)
            if not data and _readable(port.fileno()):
                data = os.read(port.fileno(), MAX_READ)
                if not data:
                    self._lost(f"{port.port}: unplugged")
        except BlockingIOError:
            return
        except OSError as error:
            self._lost(_trouble(port.port or "", error))
            return
        if data:
            self.came(data)

    def _lost(self, trouble: str) -> NoLine:
        self.close()
        error = self.patience.failed(_now(), trouble)
        self.gone()
        return error


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


def _ignored(_data: bytes) -> None:
    """Take bytes nobody waits for."""


def _nothing() -> None:
    """Do nothing."""


def _now() -> float:
    return asyncio.get_running_loop().time()
