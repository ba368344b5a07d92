"""The part of a site file that concerns lines and instruments. `agent.settings` composes it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,31}$")]


class Model(BaseModel):
    """Every settings model: no unknown keys, no change after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Recording(Model):
    """Keep the last raw frames of a line on disk: to find faults, and for transcripts.

    Off where it is not asked for: it writes all the time, and flash wears.
    """

    mb: float = Field(default=1.0, ge=0.1, le=1000, description="at most so much of them")


class SerialBus(Model):
    """A serial line. One owner, one queue; all units share its line settings."""

    id: Id
    kind: Literal["serial"]
    port: str = Field(min_length=1, description="/dev/serial/by-path/…, never ttyUSB0")
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    data_bits: Literal[7, 8] = 8
    framing: Literal["rtu", "ascii"] = Field(default="rtu", description="how Modbus goes over it")
    record: Recording | None = None


class TcpBus(Model):
    """A Modbus TCP endpoint."""

    id: Id
    kind: Literal["tcp"]
    host: str = Field(min_length=1)
    port: int = Field(default=502, ge=1, le=65535)
    record: Recording | None = None


class StreamBus(Model):
    """A serial line behind a serial server or gateway: its bytes over TCP, RTU as on the line.

    The line settings are those behind the server; they only tell how long its bytes take.
    """

    id: Id
    kind: Literal["serial-over-tcp"]
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    baud: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    data_bits: Literal[7, 8] = 8
    framing: Literal["rtu", "ascii"] = Field(default="rtu", description="how Modbus goes over it")
    record: Recording | None = None


AnyBus = SerialBus | TcpBus | StreamBus
BusSettings = Annotated[AnyBus, Field(discriminator="kind")]


class PointOverride(Model):
    """What a site knows better than the profile about one point."""

    order: Literal["ABCD", "CDAB", "BADC", "DCBA"] | None = None
    unit: str | None = None
    scale: float | None = None
    offset: float | None = None


class Timing(Model):
    """How this unit wants to be asked; what is not given comes from the profile."""

    timeout_ms: int | None = Field(default=None, ge=50, le=120_000)
    gap_ms: int | None = Field(default=None, ge=0, le=60_000)
    retries: int | None = Field(default=None, ge=0, le=3)


class DeviceSettings(Model):
    """One instrument at one address of one bus."""

    id: Id
    profile: str = Field(pattern=r"^[a-z-]+/[a-z0-9.-]+$", description="e.g. water/hach-codmax-ii")
    bus: Id
    address: int = Field(ge=1, le=247, description="Modbus unit id")
    name: str = ""
    serial: str = Field(default="", description="the instrument's serial number")
    period_s: float = Field(default=5.0, ge=0.5, le=3600)
    timing: Timing = Timing()
    points: dict[str, PointOverride] = Field(default_factory=dict)
