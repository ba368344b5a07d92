"""How an instrument without registers says its state: words and numbers of answers. Pure."""

from __future__ import annotations

from dataclasses import replace

from agent.tools.simulate.obeying import SPAN, ZERO
from agent.tools.simulate.registers import Said
from drivers.device import Cause
from drivers.profile import Profile
from drivers.profile_dialogue import Status

_GASES = {ZERO: ("zero", "零"), SPAN: ("span", "标气")}
"""Which of several words for a calibration says which gas is measured."""


def statuses(profile: Profile, question: str, said: Said) -> dict[int | str, str | int]:
    """Give what stands at the places of an answer that tell the state.

    The first place that has a word for the cause says it, all others that it is normal.
    """
    speaks = next((one for one in profile.status if word_for(one, said) is not None), None)
    normal = replace(said, cause=Cause.NORMAL, gas="")
    found: dict[int | str, str | int] = {}
    for one in profile.status:
        if one.question == question:
            word = word_for(one, said if one is speaks else normal)
            if word is not None:
                found[one.at] = word
    return found


def word_for(status: Status, said: Said) -> str | int | None:
    """Give the word, bits or number by which a place says the cause; None without one."""
    words = [word for word, meaning in status.words.items() if meaning.cause is said.cause]
    if words:
        gas = [word for word in words if word in _GASES.get(said.gas, ())]
        return (gas or words)[0]
    rows = [row.first for row in status.values if row.cause is said.cause]
    if rows:
        return rows[0]
    bits = [1 << bit.bit for bit in status.bits if bit.cause is said.cause]
    if bits:
        return bits[0]
    return _unlisted(status) if status.other is said.cause else None


def causes_of(profile: Profile) -> frozenset[Cause]:
    """Name the causes this model has a word for."""
    return frozenset(
        cause
        for cause in Cause
        if any(word_for(one, Said({}, {}, cause)) is not None for one in profile.status)
    )


def _unlisted(status: Status) -> str | int:
    """Give what no row speaks of: no bit at all, a number beyond the rows, a strange word."""
    if status.words:
        return "?"
    if status.bits and not status.values:
        return 0
    return next(
        number
        for number in range(1, 0x100)
        if not any(row.holds(number) for row in status.values)
        and not any(number >> bit.bit & 1 for bit in status.bits)
    )
