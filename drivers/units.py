"""What a bus remembers of each unit on it: pause, silence, and questions without answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.device import NoAnswer
from drivers.question import Question

MISSES = 3
BACK_OFF_S = (10.0, 30.0, 60.0)
DOUBT_TIMEOUTS = 4
"""Time-outs after which an answer that never came is not expected any more."""


@dataclass(slots=True)
class Unit:
    """One unit of a line. Times are those of the event loop, in seconds."""

    address: int
    misses: int = 0
    resting_until: float = 0.0
    asked_again_at: float = 0.0
    doubts: set[Question] = field(default_factory=set)
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
            self.doubts.clear()
        if any(doubt.could_be_taken_for(question) for doubt in self.doubts):
            return max(self.resting_until, self.doubtful_until)
        return self.resting_until

    def answered(self, question: Question) -> None:
        """Note an answer."""
        self.misses = 0
        self.asked_again_at = 0.0
        if not any(doubt.answer_head == question.answer_head for doubt in self.doubts):
            self.doubts.clear()

    def refused(self) -> None:
        """Note an exception: alive, but exceptions of two questions look the same."""
        self.misses = 0
        self.asked_again_at = 0.0

    def doubt(self, question: Question, now: float, *, timeout_s: float) -> None:
        """Note that the answer to this question may still be under way."""
        self.doubts.add(question)
        self.doubtful_until = now + DOUBT_TIMEOUTS * timeout_s

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
        self.doubts.clear()
