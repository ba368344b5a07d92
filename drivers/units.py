"""What a bus remembers of each unit on it: pause, silence, and questions without answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.device import NoAnswer
from drivers.question import Question

MISSES = 3
BACK_OFF_S = (10.0, 30.0, 60.0)
DOUBT_TIMEOUTS = 4
"""Time-outs per unanswered question after which its answer is not expected any more."""
MOST_OWED = 10


@dataclass(slots=True)
class Unit:
    """One unit of a line. Times are those of the event loop, in seconds."""

    address: int
    misses: int = 0
    resting_until: float = 0.0
    asked_again_at: float = 0.0
    doubts: set[Question] = field(default_factory=set)
    owed: int = 0
    doubtful_until: float = 0.0

    def may_be_polled(self, now: float) -> None:
        """Raise NoAnswer while the unit is left alone because it has been silent."""
        if now < self.asked_again_at:
            wait = self.asked_again_at - now
            raise NoAnswer(f"silent {self.misses} times, asked again in {wait:.0f} s")

    def ready_at(self, question: Question, now: float) -> float:
        """Tell when the question may be asked.

        After its pause; and, while an earlier question is without answer, not one whose answer
        could be mistaken for it. An answer of another shape shows that nothing is outstanding:
        a unit answers in order.
        """
        if now >= self.doubtful_until:
            self._trust()
        if any(doubt.could_be_taken_for(question) for doubt in self.doubts):
            return max(self.resting_until, self.doubtful_until)
        return self.resting_until

    def answered(self, question: Question, now: float, *, timeout_s: float) -> None:
        """Note an answer. One that may have been meant for an earlier try leaves another owed."""
        self.misses = 0
        self.asked_again_at = 0.0
        if not any(doubt.answer_head == question.answer_head for doubt in self.doubts):
            self._trust()
        else:
            self._expect_until(now, timeout_s)

    def refused(self) -> None:
        """Note an exception: alive, but exceptions of two questions look the same."""
        self.misses = 0
        self.asked_again_at = 0.0

    def doubt(self, question: Question, now: float, *, timeout_s: float) -> None:
        """Note that the answer to this question may still be under way.

        A slow unit that queues its questions is later with every one of them.
        """
        self.doubts.add(question)
        self.owed = min(self.owed + 1, MOST_OWED)
        self._expect_until(now, timeout_s)

    def missed(self, now: float) -> None:
        """Note that a question was given up."""
        self.misses += 1
        if self.misses >= MISSES:
            step = min(self.misses - MISSES, len(BACK_OFF_S) - 1)
            self.asked_again_at = now + BACK_OFF_S[step]

    def forget(self) -> None:
        """Start over: the line was away, which says nothing of the unit."""
        self.misses = 0
        self.asked_again_at = 0.0
        self._trust()

    def _expect_until(self, now: float, timeout_s: float) -> None:
        self.doubtful_until = now + self.owed * DOUBT_TIMEOUTS * timeout_s

    def _trust(self) -> None:
        self.doubts.clear()
        self.owed = 0
