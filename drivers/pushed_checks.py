"""What an analyzer on a serial HJ 212 line says of its checks of itself (CN 2062).

A check is told once, so nothing can be waited for that says the same again as it is with values:
a message counts when all three of its words are there and mean something.

Source: HJ 212-2025 §6.7.5 table 12 and annex C (two implementations); between analyzer and logger
it is a convention of makers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from drivers.parameters import CheckResult
from drivers.profile_model import Profile
from protocols.hj212.cp import find, parse_cp
from protocols.hj212.factor_fields import read_factors
from protocols.hj212.segment import parse_segment
from protocols.hj212.times import parse_wire_time

CHECK_CN = "2062"
_WORDS = ("SampleRd", "StandardValue", "ResultType")
_RESULTS = {1.0: True, 0.0: False}


def checks_in(body: bytes, profile: Profile) -> Iterator[CheckResult]:
    """Give the checks that a data segment tells of points of the profile; none of another CN.

    The segment was framed and its check sum was right. A value is in the unit of its point.
    """
    segment, _ = parse_segment(body)
    if segment.cn != CHECK_CN:
        return
    items = parse_cp(segment.cp)
    at = _moment(find(items, "DataTime"))
    said: dict[str, dict[str, object]] = {}
    # the words of one factor come joined by a comma or, as one maker has it, by a semicolon
    for one in read_factors(items)[0]:
        said.setdefault(one.code, {}).update(one.values)
    for code, words in said.items():
        value = next((v for v in profile.values if str(v.at).partition("-")[0] == code), None)
        reading, nominal, result = (_number(words.get(name)) for name in _WORDS)
        if value is None or reading is None or nominal is None or result not in _RESULTS:
            continue
        yield CheckResult(
            "standard",
            reading,
            value.unit,
            at,
            nominal=nominal,
            passed=_RESULTS[result],
            point=value.id,
        )


def _number(value: object) -> float | None:
    return value if isinstance(value, float) and math.isfinite(value) else None


def _moment(text: str | None) -> float | None:
    try:
        return None if text is None else parse_wire_time(text)
    except ValueError:
        return None
