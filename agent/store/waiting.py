"""The jobs that wait for the writer, and for how long each may wait for company.

The writer sleeps until the first of them has to go, and is woken before that only by one that has
to go sooner: a change of the thread that runs costs more than a job.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from math import inf
from typing import Generic, Protocol, TypeVar


class Job(Protocol):
    """What waits."""

    @property
    def until(self) -> float:
        """Up to when it may wait for company, in seconds of the monotonic clock."""


J = TypeVar("J", bound=Job)


class Full(Exception):
    """As many wait as may."""


class Waiting(Generic[J]):
    """A bounded queue that gives its jobs in groups, in the order they came."""

    def __init__(self, most: int, *, group: int) -> None:
        self._most, self._group = most, group
        self._jobs: deque[J] = deque()
        self._changed = threading.Condition(threading.Lock())
        self._until = inf
        self._ended = False

    def put(self, job: J) -> None:
        """Have a job wait. Raises Full."""
        with self._changed:
            if len(self._jobs) >= self._most:
                raise Full
            self._jobs.append(job)
            if job.until < self._until or len(self._jobs) == self._group:
                self._until = min(job.until, self._until)
                self._changed.notify()

    def end(self) -> None:
        """Give what waits, without waiting for more, and then nothing any more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def take(self) -> list[J]:
        """Wait for the next group; an empty one is the end."""
        with self._changed:
            while not self._ready():
                self._changed.wait(self._left_s())
            group = [self._jobs.popleft() for _ in range(min(len(self._jobs), self._group))]
            self._until = min((job.until for job in self._jobs), default=inf)
            return group

    def _ready(self) -> bool:
        if self._ended or len(self._jobs) >= self._group:
            return True
        return bool(self._jobs) and self._until <= time.monotonic()

    def _left_s(self) -> float | None:
        return None if self._until == inf else max(0.0, self._until - time.monotonic())
