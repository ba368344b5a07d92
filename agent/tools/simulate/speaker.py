"""One simulated instrument with a protocol of its own: its profile's answers, item by item."""

from __future__ import annotations

import re
from collections.abc import Mapping

from agent.tools.simulate.player import Player
from agent.tools.simulate.statuses import causes_of, statuses
from drivers.device import Cause
from drivers.profile_dialogue import Question, Value
from drivers.profile_operations import TOKEN, OperationName

Place = int | str
Spoken = dict[Place, float | str]
"""What stands where in an answer: raw numbers of values and states, words of texts and units."""


class Speaker(Player):
    """What an instrument says to a question of its profile. Its tongue makes frames of it."""

    @property
    def causes(self) -> frozenset[Cause]:
        """Name the causes this model has a word for."""
        return causes_of(self.profile)

    @property
    def address(self) -> int:
        """Its address on the line."""
        return self.device.address

    def question(self, send: str) -> Question | None:
        """Give the question of the profile that asks in these words."""
        return next((one for one in self.profile.questions if one.send == send), None)

    def values(self, question: Question) -> tuple[Value, ...]:
        """Give the values that a question brings, as the site has them."""
        return tuple(one for one in self.here.values if one.question == question.id)

    def speak(self, question: Question) -> Spoken:
        """Give every number and word of the answer to a question, by its place.

        Several values may be bits of one number; a state may share its place with a value.
        """
        said = self.said()
        spoken: Spoken = {}
        for value in self.values(question):
            raw = (said.numbers[value.id] - value.offset) / value.scale
            if value.bit is not None:
                raw = _together(spoken.get(value.at), bool(raw) << value.bit)
            spoken[value.at] = raw
            if value.unit_at not in (None, ""):
                spoken[str(value.unit_at)] = self.word(value)
        for place, told in statuses(self.profile, question.id, said).items():
            spoken[place] = told if isinstance(told, str) else _together(spoken.get(place), told)
        result = self.profile.result_at
        if result is not None and result.question == question.id and said.measured_at:
            spoken[result.at] = said.measured_at
        return spoken

    def word(self, value: Value) -> str:
        """Give the instrument's own word for the unit a value is played in."""
        unit = self.unit(value.id)
        return next((word for word, ours in value.units.items() if ours == unit), unit)

    def fits(self, point_id: str, value: float) -> None:
        """Raise ValueError where a value cannot be said."""
        one = next(one for one in self.here.values if one.id == point_id)
        raw = (value - one.offset) / one.scale
        if one.type != "number" and one.type.startswith(("uint", "bcd")) and raw < 0:
            raise ValueError(f"{value:g} does not fit in {one.type}")

    def obey(self, text: str) -> OperationName | None:
        """Carry out the operation whose last command this is; give it, None where there is none.

        An earlier command of one is taken too: it gives the operation and does nothing.
        """
        now = self.clock.now()
        for name, operation in self.profile.operations.items():
            for number, send in enumerate(operation.sends):
                found = _expression(send).fullmatch(text)
                if found is None:
                    continue
                if number == len(operation.sends) - 1:
                    self._do(name, found.groupdict(), now=now)
                return name
        return None

    def _do(self, name: OperationName, given: Mapping[str, str | None], *, now: float) -> None:
        self._ordered.do(self.profile, name, now=now)
        if name == "retain":
            bottle, volume = given.get("bottle"), given.get("volume_ml")
            self.keeping.begin(now, bottle=int(bottle or 0), volume_ml=float(volume or 0.0))

    def recorded_at(self) -> float | None:
        """Give when it kept its last bottle."""
        self.keeping.advance(self.clock.now())
        return self.keeping.at


def _together(before: float | str | None, bits: int) -> float:
    """Put bits into a number that may have others already."""
    return float(bits | (int(before) if isinstance(before, float) else 0))


def _expression(send: str) -> re.Pattern[str]:
    """Give what a command looks like once its arguments are put in."""
    parts = TOKEN.split(send)
    text = "".join(
        re.escape(part) if number % 2 == 0 else _group(part) for number, part in enumerate(parts)
    )
    return re.compile(text)


def _group(name: str) -> str:
    return f"(?P<{name}>[0-9.]+)" if name.isidentifier() else "[0-9.:-]+"
