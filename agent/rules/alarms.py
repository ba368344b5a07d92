"""When an alarm is said again and when something sounds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def quiet(kind: str, outlet: str, silences: Iterable[tuple[str, str]]) -> bool:
    """Say whether one of these (kind or its first word, outlet) keeps it quiet; '' means any."""
    names = {kind, kind.partition("_")[0], ""}
    return any(of in names and at in (outlet, "") for of, at in silences)


def due_again(*, said: int, said_at: float, now: float, repeat_s: float, repeats: int) -> bool:
    """Say whether an alarm that nobody acknowledged is to be said once more, be it over or not.

    A clock that was set back must not keep it quiet.
    """
    if repeat_s <= 0 or said >= repeats:
        return False
    return not 0 <= now - said_at < repeat_s


def sounds(
    level: str, *, said_at: float, now: float, levels: Collection[str], longest_s: float
) -> bool:
    """Say whether a signal sounds for an alarm that nobody acknowledged."""
    return level in levels and 0 <= now - said_at < longest_s
