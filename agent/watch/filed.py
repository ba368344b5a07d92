"""Parameters as they are against parameters as filed (备案), AF-10."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agent.watch.finding import Finding

_SINGLE = 1e-6
"""A register of 32 bits holds a number only so exactly."""


@dataclass(frozen=True, slots=True)
class Actual:
    """A parameter as it was read last: its value, since when, and when it was read."""

    value: float
    since: float
    seen_at: float


def filed_hash(filed: Mapping[str, Mapping[str, float]]) -> str:
    """Give the SHA-256 of a filed set, whatever the order it is written in."""
    text = json.dumps(filed, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def off_filed(
    device: str,
    filed: Mapping[str, float],
    actual: Mapping[str, Actual],
    *,
    filed_at: float,
) -> Iterator[Finding]:
    """Give the parameters of an instrument that are not what was filed; unread ones are not judged.

    Each lasts from the change, or the filing, to when it was last read so.
    """
    for name, value in filed.items():
        one = actual.get(name)
        if one is None or math.isclose(one.value, value, rel_tol=_SINGLE, abs_tol=1e-12):
            continue
        yield Finding(
            "AF-10",
            f"{device} {name} not as filed",
            "",
            max(one.since, filed_at),
            max(one.seen_at, filed_at) + 1.0,
            1,
            {"device": device, "parameter": name, "filed": value, "actual": one.value},
            ((one.seen_at, one.value),),
            grave=True,
        )
