"""One row under way: from the hand-over to its end, on one connection."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf

from agent.store.outbox import Row


@dataclass(slots=True, eq=False)
class Flight:
    """A row that was handed to the link, and what is still to come for it."""

    row: Row
    resent: bool
    tries: int
    """How many times it is sent at most while its 9014 does not come; 0: none is waited for."""
    number: int = 1
    """Which of these times it is."""
    qn: str = ""
    """The QN it went out under the last time."""
    asked: list[str] = field(default_factory=list)
    """The QNs an answer may bear."""
    handed: bool = False
    """Whether the link has had its say; from then on a wait ends at `due`."""
    answered: bool = False
    due: float = inf
    """When the wait ends that is on now (s, of the event loop)."""

    @property
    def written(self) -> bool:
        """Say whether it only waits to see if the connection lives on: no place in the window."""
        return self.handed and not self.tries
