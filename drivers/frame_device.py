"""The instrument that is asked in frames of its own protocol."""

from __future__ import annotations

from collections.abc import Mapping

from drivers.agreement import Content, agree, content
from drivers.bus import Bus, Pace
from drivers.decode import State
from drivers.device import BadAnswer, Cause, Clock, DeviceError, Fault, NoAnswer, Reading
from drivers.frame_decode import Heard, readings_of, refused, state_of
from drivers.language import Language
from drivers.look import Look
from drivers.profile import with_overrides
from drivers.profile_dialogue import Question
from drivers.profile_model import Profile
from drivers.settings import DeviceSettings

SILENCES = 2
"""Silences in a row after which the rest waits for the next cycle."""
ASKED_AGAIN = 2


class FrameDevice:
    """Instrument whose profile lists questions and the values in their answers.

    Where no check sum protects the answers, one that differs from what was said before is asked
    for again, and counts only when two answers say the same.
    """

    def __init__(
        self,
        settings: DeviceSettings,
        profile: Profile,
        *,
        language: type[Language],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.profile = with_overrides(profile, settings.points)
        self.language = language(settings, self.profile)
        self.pace = Pace.of(settings.timing, profile.line)
        self.bus = bus
        self.clock = clock
        self._before: dict[str, Content] = {}

    @property
    def id(self) -> str:
        """The name of the device in the site file."""
        return self.settings.id

    async def read(self) -> list[Reading]:
        """Ask every question but the slow ones once.

        A question that failed gives readings without value and with their cause, its neighbours
        stand. Raises NoAnswer or BadAnswer when nothing at all came.
        """
        return list((await self.look()).came)

    async def look(self, *, order: bool = False) -> Look:
        """Ask every question but the slow ones once and give the answers too."""
        answers = await self._ask_all(slow=False, order=order)
        return self._look(answers, state_of(self.profile, self.language, answers))

    async def look_slow(self, *, order: bool = False) -> Look:
        """Ask the slow questions once: parameters, whatever state the instrument is in."""
        return self._look(await self._ask_all(slow=True, order=order), State(Cause.NORMAL, ""))

    def _look(self, answers: Mapping[str, Heard], state: State) -> Look:
        readings = readings_of(
            self.profile, self.language, answers, state=state, taken_at=self.clock.now()
        )
        return Look(tuple(answers.values()), state, tuple(readings))

    async def _ask_all(self, *, slow: bool, order: bool) -> dict[str, Heard]:
        answers: dict[str, Heard] = {}
        silences = 0
        for question in self.profile.questions:
            if question.slow != slow:
                continue
            if silences == SILENCES:
                rest = NoAnswer("not asked, the unit was silent before")
                answers[question.id] = Heard(question, error=rest)
                continue
            answers[question.id] = heard = await self.hear(question, order=order)
            silences = silences + 1 if isinstance(heard.error, NoAnswer | BadAnswer) else 0
        return answers

    async def hear(self, question: Question, *, order: bool) -> Heard:
        """Ask one question until what it says is sure."""
        heard = await self._once(question, order=order)
        if heard.error or self.language.checked:
            return heard
        said = [self._before.pop(question.id, None), content(self.profile, self.language, heard)]
        for _ in range(ASKED_AGAIN):
            if any(agree(before, said[-1], self.profile) for before in said[:-1]):
                self._before[question.id] = said[-1] or {}
                return heard
            heard = await self._once(question, order=order)
            if heard.error:
                return heard
            said.append(content(self.profile, self.language, heard))
        if any(agree(before, said[-1], self.profile) for before in said[1:-1]):
            self._before[question.id] = said[-1] or {}
            return heard
        error = BadAnswer("no two answers say the same", fault=Fault.CONTENT)
        return Heard(question, error=error)

    async def _once(self, question: Question, *, order: bool) -> Heard:
        asked = self.language.ask(question)
        try:
            frame = await self.bus.talk(asked, timing=self.pace, order=order)
        except DeviceError as error:
            return Heard(question, error=error)
        heard = Heard(question, frame)
        return Heard(question, frame, refused(self.language, heard))
