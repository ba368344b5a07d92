"""What the platform asks for and sets: the messages that come down.

Some serve several commands, some come up in answer too: `commands` says which. `other` holds what
a message said beyond its own words. Times are UTC epoch seconds.

Source: HJ/T 212-2005 annex C; HJ 212-2017 §6.6.5 and annex C; HJ 212-2025 §6.7.5 table 12
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.hj212.cp import Item
from protocols.hj212.message_types import FactorValues
from protocols.hj212.words import moment, one_of, pairs, text, whole

POLLUTANT = "[0-9A-Za-z]{1,6}"
ON_SITE = "[iI][0-9]{4}[0-9A-Za-z]"
MINUTES = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30)


@dataclass(frozen=True, slots=True)
class Plain:
    """A command without a word of its own: start, stop, read an interval, heartbeat."""

    cn: str
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class ForLogger:
    """A command to the logger, or with `pol_id` to the instrument of that factor."""

    cn: str
    pol_id: str | None = text("PolId", POLLUTANT, optional=True, also=("PolID",))
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class ForInstrument:
    """A command to the instrument of a factor: sample, clean, compare, tell a parameter."""

    cn: str
    pol_id: str = text("PolId", POLLUTANT, old_key="PolID")
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibrate:
    """Calibrate zero (0) or span (1) of an instrument (3011 of 2025)."""

    cn: str
    pol_id: str = text("PolId", POLLUTANT)
    calibration_type: int = one_of("CalibrationType", 0, 1, joined=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class Between:
    """Ask for the records whose `DataTime` lies in a range, both ends included."""

    cn: str
    begin: float = moment("BeginTime")
    end: float = moment("EndTime")
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SetTimeOut:
    """Set how long to wait for an answer and how often to send again (1000).

    0 to 99 s and times; in 2005 up to a day.
    """

    cn: str
    over_time_s: int = whole("OverTime", 0, 99, old_high=86_400, also=("Overtime",))
    resends: int = whole("ReCount", 0, 99)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SetWarnTime:
    """Set how long a limit must be exceeded before it is told (1001 of 2005)."""

    cn: str
    warn_time: int = whole("WarnTime", 0, 99_999)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SetMn:
    """Give the logger with this id the MN of the header (1002)."""

    cn: str
    logger_id: str = text("i23005-Info", "[!-~]{1,24}")
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class ClockTime:
    """A clock's time, told (1011) or to be set (1012)."""

    cn: str
    system_time: float = moment("SystemTime")
    pol_id: str | None = text("PolId", POLLUTANT, optional=True, first=True, also=("PolID",))
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class DeliverKey:
    """A new SM4 key for the logger, beside the age of the one in use (1014 down)."""

    cn: str
    created_at: float = moment("SKCreateTime", ms=True)
    new_key: str = text("NewSK", "[!-%'-+\\--:<>-~]{16}", joined=True, secret=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class RealTimeInterval:
    """Seconds between real-time uploads, told (1061) or to be set (1062)."""

    cn: str
    interval_s: int = whole("RtdInterval", 30, 3600)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class MinuteInterval:
    """Minutes that a 2051 covers, told (1063) or to be set (1064)."""

    cn: str
    interval_min: int = one_of("MinInterval", *MINUTES)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SetPassword:
    """Set the access password; it holds once the 9012 said done (1072)."""

    cn: str
    new_pw: str = text("NewPW", "[0-9A-Za-z]{6}", old_key="PW", secret=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmTarget:
    """Where alarms go, told (1031) or to be set (1032), in 2005."""

    cn: str
    target: str = text("AlarmTarget", "[!-%'-+\\--:<>-~]{1,24}", also=("ReportTarget",))
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportTime:
    """The hour and minute (hhmm) at which data is reported, told (1041) or set (1042), in 2005."""

    cn: str
    at: str = text("ReportTime", "(?:[01][0-9]|2[0-3])[0-5][0-9]")
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SamplingCycle:
    """First sample of the day (hhmmss) and hours between samples, told (3017) or set (3016)."""

    cn: str
    pol_id: str = text("PolId", POLLUTANT)
    first_at: str = text("CstartTime", "(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){2}")
    cycle_h: int = whole("Ctime", 1, 24, also=("CTime",))
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class SetOnSite:
    """Set a parameter of an instrument, or without `pol_id` of the logger (3021)."""

    cn: str
    code: str = text("InfoId", ON_SITE)
    told: tuple[tuple[str, str], ...] = pairs("Info", "log", ON_SITE)
    pol_id: str | None = text("PolId", POLLUTANT, optional=True, first=True)
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class AlarmLimits:
    """`LowValue` and `UpValue` of factors, told (1021) or to be set (1022), in 2005."""

    cn: str
    factors: tuple[FactorValues, ...]
    other: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class AskOnSite:
    """Ask for a log, a state or a parameter; a log needs its range (3020)."""

    cn: str
    code: str = text("InfoId", ON_SITE)
    pol_id: str | None = text("PolId", POLLUTANT, optional=True, first=True)
    begin: float | None = moment("BeginTime", optional=True)
    end: float | None = moment("EndTime", optional=True, joined=True)
    other: tuple[Item, ...] = ()


Order = (
    Plain
    | ForLogger
    | ForInstrument
    | Calibrate
    | Between
    | SetTimeOut
    | SetWarnTime
    | SetMn
    | ClockTime
    | DeliverKey
    | RealTimeInterval
    | MinuteInterval
    | SetPassword
    | AlarmTarget
    | ReportTime
    | SamplingCycle
    | AskOnSite
    | SetOnSite
    | AlarmLimits
)
