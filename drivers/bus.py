"""One owner per serial line or TCP endpoint: the only way to ask an instrument anything.

The rules that keep a late or foreign answer from becoming a value:

1. One exchange at a time, whoever asks.
2. After an exchange without a good answer the line is dirty: nobody asks anything before it has
   been silent for one whole time-out of the device that failed.
3. A question whose answer could be mistaken for that to an unanswered earlier one of the same unit
   waits (`drivers.units`); the same question again does not.
4. Retries are ours: none for a write, and a read goes back into the queue for its next try.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from drivers.device import BadAnswer, DeviceError, Fault, NoAnswer, Refused
from drivers.line import NoLine, Record, Wire
from drivers.modbus_wire import TcpWire
from drivers.profile_model import Line
from drivers.question import READ_HOLDING, WRITE_MANY, WRITE_ONE, Question
from drivers.serial_line import SerialWire
from drivers.settings import BusSettings, SerialBus, TcpBus, Timing
from drivers.turns import Turns
from drivers.units import Unit

LINE_PAUSE_S = 0.1
"""The most a pause of one unit may cost its neighbours; what is longer is the unit's own."""
NEVER_SILENT = 5
"""Silences to wait before a line that chatters all the time is given up for this question."""
RETRIES = 1


@dataclass(frozen=True, slots=True)
class Pace:
    """How one unit wants to be asked. The gap counts from its last answer."""

    timeout_s: float
    gap_s: float
    retries: int = RETRIES

    @classmethod
    def of(cls, site: Timing, line: Line) -> Pace:
        """Take what the site file says, and the profile's word for the rest."""
        timeout_ms = line.timeout_ms if site.timeout_ms is None else site.timeout_ms
        gap_ms = line.gap_ms if site.gap_ms is None else site.gap_ms
        retries = RETRIES if site.retries is None else site.retries
        return cls(timeout_ms / 1000, gap_ms / 1000, retries)


@dataclass(slots=True)
class Counts:
    """What happened on a bus since it was made. `wrong_unit`: (asked, answered) -> how often."""

    asked: int = 0
    answered: int = 0
    refused: int = 0
    no_answer: int = 0
    bad_answer: int = 0
    no_line: int = 0
    wrong_unit: Counter[tuple[int, int]] = field(default_factory=Counter)

    def note(self, question: Question, error: DeviceError | None) -> None:
        """Count one exchange by how it ended."""
        self.asked += 1
        match error:
            case None:
                self.answered += 1
            case Refused():
                self.refused += 1
            case NoLine():
                self.no_line += 1
            case NoAnswer():
                self.no_answer += 1
            case BadAnswer():
                self.bad_answer += 1
                if error.other_unit is not None:
                    self.wrong_unit[question.unit, error.other_unit] += 1


class Bus:
    """A line with instruments on it, used within one event loop; `async with` closes it."""

    def __init__(
        self, settings: BusSettings, *, record: Record | None = None, wire: Wire | None = None
    ) -> None:
        self._settings = settings
        self._listener = record
        self._taps: list[tuple[int, list[tuple[str, bytes]]]] = []
        self._wire = wire or _wire(settings, self.heard)
        self._turns = Turns()
        self._units: dict[int, Unit] = {}
        self._asking = 0
        self._dirty_s = 0.0
        self._dirty_at = 0.0
        self.counts = Counts()
        self.trouble = ""

    async def __aenter__(self) -> Self:
        """The port is opened with the first question."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the port."""
        self._wire.close()

    @property
    def id(self) -> str:
        """The name of the bus in the site file."""
        return self._settings.id

    async def read(
        self,
        address: int,
        function: int,
        start: int,
        count: int,
        *,
        timing: Pace,
        order: bool = False,
    ) -> list[int]:
        """Read `count` registers (function 3, 4) or bits (1, 2) of the unit at `address`.

        Raises NoAnswer, BadAnswer or Refused. A unit that stayed silent several times is left alone
        for a while, except for orders.
        """
        question = Question(address, function, start, count)
        return await self._answer(question, timing, order=order)

    async def write(
        self,
        address: int,
        start: int,
        values: Sequence[int],
        *,
        timing: Pace,
        single: bool = False,
        order: bool = True,
    ) -> None:
        """Write holding registers in one request, function 16, or 6 when `single`. Never retried.

        Raises NoAnswer or BadAnswer when it is not known what became of it, Refused on a no.
        """
        function = WRITE_ONE if single else WRITE_MANY
        question = Question(address, function, start, len(values), tuple(values))
        if single and self._wire.echo is None:
            await self._learn_echo(question, timing)
        await self._answer(question, timing, order=order)

    @contextlib.contextmanager
    def tap(self, address: int) -> Iterator[list[tuple[str, bytes]]]:
        """Collect the frames of one unit's exchanges while the block runs."""
        entry: tuple[int, list[tuple[str, bytes]]] = (address, [])
        self._taps.append(entry)
        try:
            yield entry[1]
        finally:
            self._taps.remove(entry)

    async def _answer(self, question: Question, timing: Pace, *, order: bool) -> list[int]:
        unit = self._units.setdefault(question.unit, Unit(question.unit))
        if not order:
            unit.may_be_polled(_now())
        retries = timing.retries if question.reads and not unit.misses else 0
        while True:
            try:
                values = await self._try(unit, question, timing, order=order)
            except NoLine:
                for known in self._units.values():
                    known.forget()
                raise
            except Refused:
                unit.refused()
                raise
            except (NoAnswer, BadAnswer):
                if retries:
                    retries -= 1
                    continue
                unit.missed(_now())
                raise
            unit.answered(question, _now(), timeout_s=timing.timeout_s)
            return values

    async def _try(self, unit: Unit, question: Question, timing: Pace, *, order: bool) -> list[int]:
        while True:
            await _until(unit.ready_at(question, _now()))
            async with self._turns.turn(order=order):
                if unit.ready_at(question, _now()) > _now():
                    continue
                await self._line_ready(timing)
                return await self._exchange(unit, question, timing)

    async def _exchange(self, unit: Unit, question: Question, timing: Pace) -> list[int]:
        """Ask once. Unless the answer came, the line is dirty and an answer may still be owed.

        That holds for a cancelled exchange too. An answer with a wrong checksum did come.
        """
        self._asking = question.unit
        dirty = owed = True
        try:
            values = await self._wire.ask(question, timeout_s=timing.timeout_s)
            dirty = owed = False
        except DeviceError as error:
            self._note(question, error)
            dirty = isinstance(error, BadAnswer | NoAnswer) and not isinstance(error, NoLine)
            corrupt = isinstance(error, BadAnswer) and error.fault is Fault.CHECKSUM
            owed = dirty and not corrupt
            raise
        finally:
            self._asking = 0
            now = _now()
            unit.resting_until = now + timing.gap_s
            if dirty:
                self._dirty_s, self._dirty_at = timing.timeout_s, now
            if owed:
                unit.doubt(question, now, timeout_s=timing.timeout_s)
        self._note(question, None)
        return values

    async def _line_ready(self, timing: Pace) -> None:
        """Wait for the silence this line needs now, holding the turn."""
        pause_s = max(self._wire.silence_s, min(timing.gap_s, LINE_PAUSE_S))
        if self._dirty_s:
            await self._drain()
        await _until(self._wire.busy_at + pause_s)

    async def _drain(self) -> None:
        give_up_at = _now() + NEVER_SILENT * self._dirty_s
        while (quiet_at := max(self._dirty_at, self._wire.busy_at) + self._dirty_s) > _now():
            if quiet_at > give_up_at:
                raise BadAnswer("the line is never silent", fault=Fault.GARBAGE)
            await _until(quiet_at)
        self._dirty_s = 0.0

    async def _learn_echo(self, question: Question, timing: Pace) -> None:
        """Find out with a harmless read whether the line echoes.

        The answer to a single write is the same bytes as its request, so an echo would pass for it.
        """
        read = Question(question.unit, READ_HOLDING, question.start, 1)
        with contextlib.suppress(NoAnswer, Refused):
            await self._answer(read, timing, order=True)

    def _note(self, question: Question, error: DeviceError | None) -> None:
        self.counts.note(question, error)
        if isinstance(error, NoLine):
            self.trouble = str(error)
        elif error is None or isinstance(error, Refused):
            self.trouble = ""

    def heard(self, direction: str, data: bytes) -> None:
        """Take note of bytes that passed; the wire calls it."""
        if self._listener:
            self._listener(direction, data)
        for address, frames in self._taps:
            if address == self._asking:
                frames.append((direction, data))


def _wire(settings: BusSettings, record: Record) -> Wire:
    match settings:
        case SerialBus():
            return SerialWire(settings, record)
        case TcpBus():
            return TcpWire(settings, record)


async def _until(at: float) -> None:
    rest_s = at - _now()
    if rest_s > 0:
        await asyncio.sleep(rest_s)


def _now() -> float:
    return asyncio.get_running_loop().time()
