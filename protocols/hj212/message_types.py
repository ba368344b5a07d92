"""What the data areas say. Times are UTC epoch seconds, numbers unrounded.

`other` holds what a message said beyond its own words, so that nothing a peer sends is lost.

Source: HJ 212-2017 §6.6.5 and annex C, HJ 212-2025 §6.7.5 table 12
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from protocols.hj212.cp import Item

Value = float | str | None

UNCOMPUTABLE = math.inf
"""A converted value that cannot be computed, as at an oxygen content of 21 % or more.

An edition with `largest_zs` sends the largest number of the factor's type (HJ 212-2025 §8.1.1), no
other can say it. It is no value: no row, mean or judgement ever holds it.
"""


@dataclass(frozen=True, slots=True)
class FactorValues:
    """What is said of one factor, by field, without the code in front.

    Fields: `Rtd`, `ZsRtd`, `Min`, `Avg`, `Max`, `ZsMin`, `ZsAvg`, `ZsMax`, `Cou`, `Flag`, `EFlag`,
    `SampleTime`, or any other. Numbers are in the factor's wire unit, `Cou` in its amount unit, a
    `…Time` in UTC epoch seconds. None is a value that is not there; text stays as it is.
    """

    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class RealTime:
    """Values of one moment."""

    cn: ClassVar[str] = "2011"
    data_time: float
    factors: tuple[FactorValues, ...]
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Periodic:
    """Statistics of the minutes (2051), the hour (2061) or the day (2031) that starts then."""

    cn: str
    data_time: float
    factors: tuple[FactorValues, ...]
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The logger says since when it runs."""

    cn: ClassVar[str] = "2081"
    data_time: float
    restart_time: float
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Retained:
    """A sample was kept, in that bottle (1…99)."""

    cn: ClassVar[str] = "3015"
    data_time: float
    bottle: int
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestAnswer:
    """A request is taken (`result` 1) or not (2…9, 100)."""

    cn: ClassVar[str] = "9011"
    result: int
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Executed:
    """A request is done (`result` 1) or failed (2…6, 100: no data)."""

    cn: ClassVar[str] = "9012"
    result: int
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class NoticeAnswer:
    """A notice has come in."""

    cn: ClassVar[str] = "9013"
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class DataAnswer:
    """An upload has come in. Some platforms put a `QnRtn` into `other`."""

    cn: ClassVar[str] = "9014"
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """A command not read further; `why` is empty unless something in it is wrong."""

    cn: str
    other: tuple[Item, ...] = ()
    why: str = ""
