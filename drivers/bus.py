"""One owner per serial line or TCP endpoint: the only way to ask an instrument anything.

The rules that keep a late or foreign answer from becoming a value:

1. One exchange at a time, whoever asks.
2. After an exchange without a good answer the line is dirty: nobody asks anything before it has
   been silent for one whole time-out of the device that failed.
3. A question whose answer could be mistaken for that to an unanswered earlier one waits
   (`drivers.units`), be it of another unit where answers do not name theirs; the same question
   again does not. A lost connection to a line behind a gateway settles nothing.
4. Retries are ours: none for a write, and a read goes back into the queue for its next try.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from drivers.counts import Counts
from drivers.device import BadAnswer, DeviceError, Fault, NoAnswer, Refused
from drivers.line import NoLine, Record, Wire
from drivers.pace import Pace
from drivers.question import (
    COIL_ON,
    READ_COILS,
    READ_HOLDING,
    WRITE_COIL,
    WRITE_COILS,
    WRITE_MANY,
    WRITE_ONE,
    Asked,
    FrameQuestion,
    Question,
    reading,
)
from drivers.settings import AnyBus, StreamBus
from drivers.taps import Taps
from drivers.turns import Turns
from drivers.units import Unit
from drivers.wires import wire_of

__all__ = ["Bus", "Counts", "Pace"]

T = TypeVar("T")

LINE_PAUSE_S = 0.1
"""The most a pause of one unit may cost its neighbours; what is longer is the unit's own."""
NEVER_SILENT = 5
"""Silences to wait before a line that chatters all the time is given up for this question."""


class Bus:
    """A line with instruments on it, used within one event loop; `async with` closes it."""

    def __init__(
        self, settings: AnyBus, *, record: Record | None = None, wire: Wire | None = None
    ) -> None:
        self._settings = settings
        self._taps = Taps(record)
        self._wire = wire or wire_of(settings, self.heard)
        self._far = isinstance(settings, StreamBus)
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
        return await self._ask(reading(address, function, start, count), timing, order=order)

    async def write(
        self,
        address: int,
        start: int,
        values: Sequence[int],
        *,
        timing: Pace,
        single: bool = False,
        coils: bool = False,
        order: bool = True,
    ) -> None:
        """Write holding registers in one request, function 16, or 6 when `single`. Never retried.

        `coils`: 0 or 1 each, functions 15 and 5. Raises NoAnswer or BadAnswer when it is not known
        what became of it, Refused on a no.
        """
        function = (WRITE_COIL if coils else WRITE_ONE) if single else WRITE_MANY
        if coils and not single:
            function = WRITE_COILS
        if function == WRITE_COIL:
            values = [COIL_ON if values[0] else 0]
        question = Question(address, function, start, len(values), tuple(values))
        if single and self._wire.echo is None:
            await self._learn_echo(question, timing)
        await self._ask(question, timing, order=order)

    async def talk(self, question: FrameQuestion, *, timing: Pace, order: bool = False) -> bytes:
        """Send one question of another protocol than Modbus; give the frame of its answer.

        Raises NoAnswer or BadAnswer. The rules are those of `read`, and for a question that does
        not only read those of `write`.
        """

        def send() -> Awaitable[bytes]:
            return self._wire.talk(question, timeout_s=timing.timeout_s)

        return await self._answer(question, timing, order=order, send=send)

    async def attend(self, overhear: Callable[[bytes], None] | None) -> None:
        """Open the line and give every byte that comes to `overhear`, asked for or not.

        Raises NoLine.
        """
        await self._wire.attend(overhear)

    def tap(self, address: int) -> contextlib.AbstractContextManager[list[tuple[str, bytes]]]:
        """Collect the frames of one unit's exchanges while the block runs."""
        return self._taps.tap(address)

    async def _ask(self, question: Question, timing: Pace, *, order: bool) -> list[int]:
        def send() -> Awaitable[list[int]]:
            return self._wire.ask(question, timeout_s=timing.timeout_s)

        return await self._answer(question, timing, order=order, send=send)

    async def _answer(
        self, question: Asked, timing: Pace, *, order: bool, send: Callable[[], Awaitable[T]]
    ) -> T:
        unit = self._units.setdefault(question.unit, Unit(question.unit))
        if not order:
            unit.may_be_polled(_now())
        retries = timing.retries if question.reads and not unit.misses else 0
        while True:
            try:
                answer = await self._try(unit, question, timing, order=order, send=send)
            except NoLine:
                for known in self._units.values():
                    known.forget(debts=not self._far)
                raise
            except Refused:
                unit.refused()
                raise
            except (NoAnswer, BadAnswer):
                if retries and unit.may_retry():
                    retries -= 1
                    self.counts.retry(question.unit)
                    continue
                unit.missed(_now())
                raise
            unit.answered(question, _now(), timeout_s=timing.timeout_s)
            return answer

    async def _try(
        self,
        unit: Unit,
        question: Asked,
        timing: Pace,
        *,
        order: bool,
        send: Callable[[], Awaitable[T]],
    ) -> T:
        while True:
            if rest_s := self._rest_s(unit, question):
                await asyncio.sleep(rest_s)
                continue
            waited = await self._turns.take(order=order)
            try:
                if waited and self._rest_s(unit, question):
                    continue
                await self._line_ready(timing)
                return await self._exchange(unit, question, timing, send=send)
            finally:
                self._turns.give(order=order)

    def _rest_s(self, unit: Unit, question: Asked) -> float:
        """Tell how long something that is still owed, by whomever, could pass for the answer."""
        now = _now()
        ready_at = unit.ready_at(question, now)
        for known in self._units.values():
            if known.doubts:
                ready_at = max(ready_at, known.clear_at(question, now))
        return max(0.0, ready_at - now)

    async def _exchange(
        self, unit: Unit, question: Asked, timing: Pace, *, send: Callable[[], Awaitable[T]]
    ) -> T:
        """Ask once. Unless the answer came, the line is dirty and an answer may still be owed.

        That holds for a cancelled exchange too. An answer with a wrong checksum did come.
        """
        self._asking, began = question.unit, _now()
        dirty = owed = True
        failure: DeviceError | None = None
        try:
            answer = await send()
            dirty = owed = False
        except DeviceError as error:
            failure = error
            dirty = isinstance(error, BadAnswer | NoAnswer)
            if isinstance(error, NoLine):
                dirty = self._far and bool(error.sent)
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
            if failure is not None or not dirty:  # else it was cancelled
                self._note(question, failure, took_s=now - began, now=now)
        return answer

    async def _line_ready(self, timing: Pace) -> None:
        """Wait for the silence this line needs now, holding the turn."""
        pause_s = max(self._wire.silence_s, min(timing.gap_s, LINE_PAUSE_S))
        if self._dirty_s:
            await self._drain()
        if (at := self._wire.busy_at + pause_s) > _now():
            await _until(at)

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
        table = READ_COILS if question.function == WRITE_COIL else READ_HOLDING
        read = Question(question.unit, table, question.start, 1)
        with contextlib.suppress(NoAnswer, Refused):
            await self._ask(read, timing, order=True)

    def _note(
        self, question: Asked, error: DeviceError | None, *, took_s: float, now: float
    ) -> None:
        self.counts.end(question.unit, error, took_s=took_s, now=now)
        if isinstance(error, NoLine):
            self.trouble = str(error)
        elif error is None or isinstance(error, Refused):
            self.trouble = ""

    def heard(self, direction: str, data: bytes) -> None:
        """Take note of bytes that passed; the wire calls it."""
        self._taps.heard(direction, data, unit=self._asking)


async def _until(at: float) -> None:
    rest_s = at - _now()
    if rest_s > 0:
        await asyncio.sleep(rest_s)


def _now() -> float:
    return asyncio.get_running_loop().time()
