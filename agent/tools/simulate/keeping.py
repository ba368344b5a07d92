"""Bottles that a sampler keeps when told, and its own record of the last one."""

from __future__ import annotations

from dataclasses import dataclass, field

from drivers.profile import Profile

FILL_S = 8.0
VOLUME_ML = 500.0
BOTTLES = 24


@dataclass(slots=True)
class Keeping:
    """A sampler whose profile says where its record stands. Others keep nothing."""

    profile: Profile
    fill_s: float = FILL_S
    numbers: dict[str, float] = field(default_factory=dict)
    """What it says of its last bottle, by the ids of the profile's points."""
    at: float | None = None
    """When it kept its last bottle, UTC epoch seconds."""
    jammed: bool = False
    """Whether the next one fails."""
    _bottle: int = 0
    _volume_ml: float = VOLUME_ML
    _done_at: float | None = None

    def filling(self, now: float) -> bool:
        """Say whether a bottle is being filled."""
        return self._done_at is not None and now < self._done_at

    def begin(self, now: float, *, bottle: int = 0, volume_ml: float = VOLUME_ML) -> None:
        """Begin to fill a bottle: the one named, or the next one. One at a time."""
        if self.profile.record is None or self.filling(now):
            return
        self._bottle = bottle or self._bottle % BOTTLES + 1
        self._volume_ml = volume_ml
        self._done_at = now + self.fill_s

    def advance(self, now: float) -> None:
        """Write the record of a bottle that is full by now."""
        record, done_at = self.profile.record, self._done_at
        if record is None or done_at is None or now < done_at:
            return
        failed, self.jammed = self.jammed, False
        self.at, self._done_at = done_at, None
        self.numbers[record.bottle] = self._bottle
        self.numbers[record.volume] = 0.0 if failed else self._volume_ml
        if record.result is not None:
            bad = next(iter(record.failures), record.kept[0] + 1)
            self.numbers[record.result] = bad if failed else record.kept[0]
