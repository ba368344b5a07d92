"""What the logger tells beside real time and periods: the messages that go up.

Times are UTC epoch seconds. `other` holds what a message said beyond its own words.

Source: HJ/T 212-2005 annex C; HJ 212-2017 §6.6.5 and annex C; HJ 212-2025 §6.7.5 table 12, §10
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.hj212.cp import Item
from protocols.hj212.message_types import FactorValues
from protocols.hj212.orders import ON_SITE, POLLUTANT
from protocols.hj212.words import moment, pairs, text, whole

_IDENTITY = "[!-%'-+\\--:<>-~]{1,24}"


@dataclass(frozen=True, slots=True)
class Hardware:
    """The logger's own numbers, sent with an empty MN to be given one (1001 of 2025)."""

    cn: str
    logger_id: str = text("i23005-Info", _IDENTITY)
    cpu_id: str = text("i23006-Info", _IDENTITY)
    mac_1: str = text("i23007-Info", _IDENTITY)
    mac_2: str = text("i23008-Info", _IDENTITY)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class AskKey:
    """Ask for a new SM4 key; the one in use was made then (1014 up)."""

    cn: str
    created_at: float = moment("SKCreateTime", ms=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Measured:
    """Values that have a command of their own.

    | cn   | what                                         | fields                               |
    |------|----------------------------------------------|--------------------------------------|
    | 2013 | raw results of periodic measurement          | SampleTime CompleteTime SampleType … |
    | 2052 | one noise measurement                        | Data                                 |
    | 2062 | automatic standard check                     | SampleRd StandardValue ResultType    |
    | 2071 | alarms of 2005                               | Ala                                  |
    | 2111 | mean furnace temperature of five minutes     | Avg                                  |
    """

    cn: str
    factors: tuple[FactorValues, ...]
    data_time: float = moment("DataTime", first=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmEvent:
    """A limit was exceeded (2072 of 2005): `Ala` of factors, and `AlarmType` in `other`."""

    cn: str
    factors: tuple[FactorValues, ...]
    alarm_time: float = moment("AlarmTime", first=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class FacilityStates:
    """State of each treatment facility (2021).

    0 off, 1 on, 2 calibration, 3 maintenance, 4 alarm, 5 back-flush; 2005 has 0 and 1.
    """

    cn: str
    data_time: float = moment("DataTime")
    states: tuple[tuple[str, int], ...] = pairs("RS", "whole", "SB[0-9]{1,3}")
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class FacilityRunTimes:
    """Hours that each treatment facility ran on the day that starts then (2041)."""

    cn: str
    data_time: float = moment("DataTime")
    hours: tuple[tuple[str, float], ...] = pairs("RT", "hours", "SB[0-9]{1,3}")
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SampleOutTime:
    """Minutes from taking a sample to its result (3018)."""

    cn: str
    pol_id: str = text("PolId", POLLUTANT)
    minutes: int = whole("Stime", 1, 120)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class InstrumentSerial:
    """Who an instrument is; `data_time` when it tells by itself, after a change (3019)."""

    cn: str
    pol_id: str = text("PolId", POLLUTANT)
    serials: tuple[tuple[str, str], ...] = pairs("SN", "text", POLLUTANT, "[0-9A-Za-z]{1,24}")
    data_time: float | None = moment("DataTime", optional=True, first=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class OnSite:
    """Logs, states and parameters of an instrument, or without `pol_id` of the logger (3020).

    The text of a log is without its slashes; it may hold `;`, `,` and `=`.
    """

    cn: str
    data_time: float = moment("DataTime")
    told: tuple[tuple[str, str], ...] = pairs("Info", "log", ON_SITE)
    pol_id: str | None = text("PolId", POLLUTANT, optional=True)
    other: tuple[Item, ...] = ()


Report = (
    Hardware
    | AskKey
    | Measured
    | AlarmEvent
    | FacilityStates
    | FacilityRunTimes
    | SampleOutTime
    | InstrumentSerial
    | OnSite
)
