"""What of the events is an alarm, how often it is said again, and what sounds at it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from drivers.settings import Id, Model

Level = Literal["urgent", "warning"]
EventName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{1,39}$")]

LEVELS: dict[str, Level] = {
    "exceedance": "urgent",
    "retention_failed": "urgent",
    "retention_unknown": "urgent",
    "retention_blocked": "urgent",
    "supervision": "urgent",
    "power": "urgent",
    "retention_cleared": "urgent",
    "retention_bottles": "warning",
    "retention_touched": "warning",
    "retention_expiring": "warning",
    "foreseen": "warning",
    "fault_late": "warning",
    "quota": "warning",
    "door": "warning",
    "camera": "warning",
    "falsification": "warning",
}
"""What is an alarm unless the file says otherwise: a kind of event, or its family."""


class Signal(Model):
    """A relay with a siren or a lamp: an instrument whose profile has `output_on`, `output_off`."""

    id: Id
    name: str = ""
    device: Id
    levels: tuple[Level, ...] = Field(default=("urgent",), min_length=1)
    longest_s: int = Field(
        default=180, ge=1, le=3600, description="每次最长鸣响时间（秒），到时自动关闭"
    )


class Alarms(Model):
    """Alarms of this gateway."""

    levels: dict[EventName, Literal["urgent", "warning", "off"]] = Field(
        default={}, description="事件种类或其首词 → urgent 紧急，warning 警告，off 不报警"
    )
    repeat_min: int = Field(
        default=30, ge=0, le=1440, description="无人确认时每隔多少分钟再报一次；0 不再报"
    )
    repeats: int = Field(default=10, ge=0, le=100, description="最多再报几次")
    signals: tuple[Signal, ...] = Field(default=(), max_length=8)

    def level(self, kind: str) -> Level | None:
        """Give how loud an event of that kind is; None: it is no alarm."""
        for table in (self.levels, LEVELS):
            for name in (kind, kind.partition("_")[0]):
                if name in table:
                    found = table[name]
                    return None if found == "off" else found
        return None
