"""What a bus remembers of each unit on it: pause, silence, and questions without answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.device import NoAnswer
from drivers.question import Asked, mistakable

MISSES = 3
BACK_OFF_S = (10.0, 30.0, 60.0)
DOUBT_TIMEOUTS = 4
"""Time-outs per unanswered question after which its answer is not expected any more."""
MOST_OWED = 10
MOST_RETRIES = 3.0
RETRY_PER_ANSWER = 0.2
"""What each answer adds to the retries a unit may cost its neighbours."""


@dataclass(slots=True)
class Unit:
    """One unit of a line. Times are those of the event loop, in seconds."""

    address: int
    misses: int = 0
    resting_until: float = 0.0
    asked_again_at: float = 0.0
    doubts: set[Asked] = field(default_factory=set)
    owed: int = 0
    doubtful_until: float = 0.0
    retries_left: float = MOST_RETRIES

    def may_be_polled(self, now: float) -> None:
        """Raise NoAnswer while the unit is left alone because it has been silent."""
        if now < self.asked_again_at:
            wait = self.asked_again_at - now
            raise NoAnswer(f"silent {self.misses} times, asked again in {wait:.0f} s")

    def ready_at(self, question: Asked, now: float) -> float:
        """Tell when the question may be asked.

        After its pause; and, while an earlier question is without answer, not one whose answer
        could be mistaken for it. An answer of another shape shows that nothing is outstanding:
        a unit answers in order.
        """
        if not self.doubts:
            return self.resting_until
        if now >= self.doubtful_until:
            self._trust()
        return max(self.resting_until, self.clear_at(question, now))

    def clear_at(self, question: Asked, now: float) -> float:
        """Tell when no answer this unit owes could be mistaken for that to the question.

        Answers of some protocols do not say whose they are: it may be asked of another unit.
        """
        if self.doubts and any(mistakable(doubt, question) for doubt in self.doubts):
            return self.doubtful_until if now < self.doubtful_until else 0.0
        return 0.0

    def answered(self, question: Asked, now: float, *, timeout_s: float) -> None:
        """Note an answer. One that may have been meant for an earlier try leaves another owed."""
        self.misses = 0
        self.asked_again_at = 0.0
        self.retries_left = min(self.retries_left + RETRY_PER_ANSWER, MOST_RETRIES)
        if not self.doubts:
            return
        if not any(doubt.answer_key == question.answer_key for doubt in self.doubts):
            self._trust()
        else:
            self._expect_until(now, timeout_s)

    def refused(self) -> None:
        """Note an exception: alive, but exceptions of two questions look the same."""
        self.misses = 0
        self.asked_again_at = 0.0

    def may_retry(self) -> bool:
        """Take one retry from the budget of the unit; False when it is used up."""
        if self.retries_left < 1:
            return False
        self.retries_left -= 1
        return True

    def doubt(self, question: Asked, now: float, *, timeout_s: float) -> None:
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

    def forget(self, *, debts: bool = True) -> None:
        """Start over: the line was away, which says nothing of the unit.

        Without `debts`, what it owes it still owes: only the way to it was lost.
        """
        self.misses = 0
        self.asked_again_at = 0.0
        if debts:
            self._trust()

    def _expect_until(self, now: float, timeout_s: float) -> None:
        self.doubtful_until = now + self.owed * DOUBT_TIMEOUTS * timeout_s

    def _trust(self) -> None:
        self.doubts.clear()
        self.owed = 0
