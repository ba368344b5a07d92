"""Whether two answers that no check sum protects say the same. Pure.

A flipped bit makes one digit another. What two answers in a row say alike was not made by chance.
Results of a batch analyzer stand still between its runs: they have to be equal. Continuous values
move: they may differ by a tenth, or by ten steps of their last digit.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from drivers.frame_decode import Heard, said
from drivers.language import Language
from drivers.profile_model import Profile

Content = Mapping[str, float | str | None]
"""What an answer says, by value and status."""

SHARE = 0.1
STEPS = 10
MOVING = ("number", "float32")


def content(profile: Profile, language: Language, heard: Heard) -> Content:
    """Give what an answer says of everything the profile takes from it."""
    found: dict[str, float | str | None] = {}
    for value in profile.values:
        if value.question == heard.question.id:
            told = said(language, heard, value)
            found[value.id] = told.value if told else None
            found[f"{value.id} unit"] = told.unit if told else None
    for number, status in enumerate(profile.status):
        if status.question == heard.question.id:
            told = said(language, heard, status)
            found[f"status {number}"] = told.value if told else None
    return found


def agree(before: Content | None, after: Content | None, profile: Profile) -> bool:
    """Tell whether two answers say the same, as far as their values may move."""
    if before is None or after is None or before.keys() != after.keys():
        return False
    return all(_same(profile, key, before[key], after[key]) for key in before)


def _same(profile: Profile, key: str, one: float | str | None, other: float | str | None) -> bool:
    if one == other:
        return True
    value = next((value for value in profile.values if value.id == key), None)
    if value is None or value.type not in MOVING or value.bit is not None:
        return False
    if key in profile.batch_points or isinstance(one, str) or isinstance(other, str):
        return False
    if one is None or other is None:
        return False
    step = 10.0 ** min(_exponent(one), _exponent(other))
    return abs(one - other) <= max(SHARE * max(abs(one), abs(other)), STEPS * step)


def _exponent(number: float) -> int:
    exponent = Decimal(repr(number)).as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0
