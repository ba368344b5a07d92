"""The instrument whose profile lists Modbus registers."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from drivers.bus import Bus, Pace
from drivers.decode import Answer, find, readings_of, state_of
from drivers.device import BadAnswer, Clock, DeviceError, NoAnswer, Reading, Refused
from drivers.look import Look
from drivers.parameters import CheckResult, ParameterValue, checks_of, parameters_of
from drivers.plan import Span, Want, plan, plan_parameters, split, want_of
from drivers.profile import with_overrides
from drivers.profile_model import Profile
from drivers.question import FUNCTIONS
from drivers.runs import runs_of
from drivers.settings import DeviceSettings

NOT_SERVED = (1, 2, 3)
SPLITTABLE = (2, 3)
REASK_S = 60.0
"""Seconds after which a span the instrument does not have is asked for again."""

_log = logging.getLogger(__name__)


class ModbusDevice:
    """Instrument whose profile lists Modbus registers."""

    def __init__(
        self, settings: DeviceSettings, profile: Profile, *, bus: Bus, clock: Clock
    ) -> None:
        self.settings = settings
        self.profile = with_overrides(profile, settings.points)
        self.pace = Pace.of(settings.timing, profile.line)
        self.bus = bus
        self.clock = clock
        self._spans = plan(self.profile)
        self._runs = runs_of(self.profile)
        self._first: Span | None = None
        self._refused: dict[Span, tuple[Refused, float]] = {}

    @property
    def id(self) -> str:
        """The name of the device in the site file."""
        return self.settings.id

    async def read(self) -> Sequence[Reading]:
        """Ask for every point once.

        A span that failed gives readings without value and with their cause, its neighbours stand.
        A busy instrument gives no reading for what it was busy with. Raises NoAnswer or BadAnswer
        when nothing at all came.
        """
        return (await self.look()).came

    async def look(self, *, order: bool = False) -> Look:
        """Ask for every point once and give the answers too. Errors are in the answers."""
        answers = await self._ask_all(order=order)
        torn = await self._torn(answers, order=order)
        state = state_of(self.profile, answers)
        if state is None:
            return Look(answers, None, [])
        without = self.profile.batch_points if torn else frozenset[str]()
        readings = readings_of(
            self.profile,
            answers,
            state,
            taken_at=self.clock.now(),
            runs=self._runs,
            without=without,
        )
        return Look(answers, state, readings)

    async def _ask_all(self, *, order: bool) -> tuple[Answer, ...]:
        """Ask span by span; stop when the unit stays silent.

        After a silence the next question is one with an answer of another length, so that a late
        answer cannot pass for it; where there is none, the rest has to wait for the next cycle,
        which then begins with it.
        """
        answers: list[Answer] = []
        pending = self._in_order()
        silent: Span | None = None
        while pending:
            span = _another(pending, silent)
            if span is None:
                break
            pending.remove(span)
            came = await self._ask(span, order=order)
            answers += came
            if not _unheard(came):
                silent = None
            elif silent is not None:
                break
            else:
                silent = span
                self._first = pending[0] if pending else None
        if pending:
            rest = NoAnswer("not asked, the unit was silent before")
            answers += [Answer(span, error=rest) for span in pending]
        return tuple(answers)

    def _in_order(self) -> list[Span]:
        spans = self._spans
        if self._first is not None and self._first in spans:
            at = spans.index(self._first)
            spans = spans[at:] + spans[:at]
        self._first = None
        if (time := self._time_apart()) is not None:
            spans = sorted(spans, key=lambda span: not span.holds(time))
        return list(spans)

    async def _ask(self, span: Span, *, order: bool) -> list[Answer]:
        """Ask one span; a joined one that is refused is taken apart, now and for good."""
        refused = self._refused.get(span) if self._refused else None
        if refused and self.clock.monotonic() < refused[1]:
            return [Answer(span, error=refused[0])]
        try:
            values = await self.registers(Want(span.table, span.start, span.end), order=order)
        except Refused as error:
            parts = split(span) if error.code in SPLITTABLE else [span]
            if len(parts) == 1:
                self._note_refusal(span, error)
                return [Answer(span, error=error)]
            self._take_apart(span, parts, error)
            return [answer for part in parts for answer in await self._ask(part, order=order)]
        except DeviceError as error:
            return [Answer(span, error=error)]
        if refused:
            self._refused.pop(span, None)
        return [Answer(span, values)]

    async def kept(self, *, order: bool = False) -> tuple[list[ParameterValue], list[CheckResult]]:
        """Read the settings the instrument keeps and the results of its checks.

        What failed is None. Raises NoAnswer or BadAnswer when nothing at all came.
        """
        answers: list[Answer] = []
        for span in plan_parameters(self.profile):
            answers += await self._ask(span, order=order)
        if answers and all(isinstance(one.error, NoAnswer | BadAnswer) for one in answers):
            raise answers[0].error or NoAnswer("nothing was asked")
        return parameters_of(self.profile, answers), checks_of(self.profile, answers)

    async def registers(self, want: Want, *, order: bool) -> tuple[int, ...]:
        """Read some registers or bits. Raises NoAnswer, BadAnswer or Refused."""
        function, count = FUNCTIONS[want.table], want.last - want.first
        address = self.settings.address
        values = await self.bus.read(
            address, function, want.first, count, timing=self.pace, order=order
        )
        return tuple(values)

    def _take_apart(self, span: Span, parts: list[Span], error: Refused) -> None:
        if span in self._spans:
            at = self._spans.index(span)
            self._spans[at : at + 1] = parts
        _log.info(
            "%s: %s registers from %d refused together (%s), asked in %d parts from now on",
            self.id, span.count, span.start, error, len(parts),
        )  # fmt: skip

    def _note_refusal(self, span: Span, error: Refused) -> None:
        if error.code not in NOT_SERVED:
            return
        if span not in self._refused:
            _log.warning(
                "%s: %s registers %d..%d: %s", self.id, span.table, span.start, span.end - 1, error
            )
        self._refused[span] = (error, self.clock.monotonic() + REASK_S)

    def _time_apart(self) -> Want | None:
        """Give the registers of the result's time where they do not come with the result."""
        if self.profile.measured_at is None:
            return None
        time = want_of(self.profile.measured_at)
        for point in self.profile.points:
            if point.id in self.profile.batch_points and not any(
                span.holds(time) and span.holds(want_of(point)) for span in self._spans
            ):
                return time
        return None

    async def _torn(self, answers: tuple[Answer, ...], *, order: bool) -> bool:
        """Tell whether a new result may have come between the time and the value.

        Where one request cannot bring both, the time is read before the values and again after
        them; only when it stood still do they belong together.
        """
        time = self._time_apart()
        if time is None or find(answers, time).error:
            return False
        try:
            again = await self.registers(time, order=order)
        except DeviceError:
            return True
        return again != find(answers, time).cut(time)


def _unheard(answers: Sequence[Answer]) -> bool:
    """Tell whether some question was not answered, or not as it should."""
    errors = [answer.error for answer in answers if answer.error is not None]
    return any(isinstance(error, NoAnswer | BadAnswer) for error in errors)


def _another(pending: list[Span], silent: Span | None) -> Span | None:
    if silent is None:
        return pending[0]
    shape = (silent.table, silent.count)
    return next((span for span in pending if (span.table, span.count) != shape), None)
