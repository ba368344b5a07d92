"""When the level of a contact counts: it has to stand for a while. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settled:
    """What is known of a contact. `on` is None until it stood long enough for the first time.

    `next` is a level that was seen since `since` (monotonic seconds) and does not count yet.
    """

    on: bool | None = None
    next: bool | None = None
    since: float = 0.0


def settle(before: Settled, on: bool | None, *, mono: float, debounce_s: float) -> Settled:
    """Give what is known after one look; `on` is None where the contact could not be read.

    A level counts once it was seen at two looks at least `debounce_s` apart with nothing else
    between; 0 lets it count at once. What could not be read changes nothing, but breaks a stand.
    """
    if on is None:
        return Settled(before.on)
    if on == before.on:
        return Settled(on)
    if debounce_s <= 0:
        return Settled(on)
    if before.next != on:
        return Settled(before.on, on, mono)
    if mono - before.since >= debounce_s:
        return Settled(on)
    return before
