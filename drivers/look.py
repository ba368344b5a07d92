"""One reading of an instrument with all that led to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drivers.decode import Answer, State
from drivers.device import NoAnswer, Reading, Refused
from drivers.frame_decode import Heard


@dataclass(frozen=True, slots=True)
class Look:
    """What every question brought. `state` is None while the instrument is busy."""

    answers: Sequence[Answer | Heard]
    state: State | None
    readings: Sequence[Reading]

    @property
    def came(self) -> Sequence[Reading]:
        """Give the readings. Raises NoAnswer or BadAnswer when nothing at all came."""
        for answer in self.answers:
            if answer.error is None or isinstance(answer.error, Refused):
                return self.readings
        raise (self.answers[0].error if self.answers else None) or NoAnswer("nothing was asked")
