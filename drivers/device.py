"""What a device is to the rest of the house: readings out, orders in, and what can go wrong."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol


class Clock(Protocol):
    """Where drivers take labels and waiting from.

    Time-outs on a line are real seconds, never this.
    """

    def now(self) -> float:
        """UTC epoch seconds; may step."""

    def monotonic(self) -> float:
        """Seconds that never step; a demo may let them run faster than real ones."""

    async def sleep(self, seconds: float) -> None:
        """Wait that many of this clock's seconds."""


class Cause(enum.StrEnum):
    """Why a value is or is not fit for use.

    Letters of the wire are made of it in `agent.report`.
    """

    NORMAL = "normal"
    STOPPED = "stopped"
    FAULT = "fault"
    NO_LINK = "no_link"
    POWER = "power"
    MAINTENANCE = "maintenance"
    CALIBRATION = "calibration"
    OVER_RANGE = "over_range"
    PARAMETER = "parameter"
    MANUAL = "manual"


class Reading(NamedTuple):
    """One point as its instrument said it. A tuple: a line makes hundreds of them a second.

    `value` is in `unit`, before any conversion of ours; None where nothing usable came, and then
    `cause` says why. `measured_at` is the instrument's own time of a batch result, as UTC epoch
    seconds; None for a continuous point.
    """

    point: str
    value: float | None
    unit: str
    taken_at: float
    cause: Cause = Cause.NORMAL
    reason: str = ""
    measured_at: float | None = None
    raw: tuple[int, ...] = ()


class DeviceError(Exception):
    """A device did not do what was asked. Carries what was sent and received, as bytes."""

    def __init__(self, message: str, *, sent: bytes = b"", received: bytes = b"") -> None:
        super().__init__(message)
        self.sent = sent
        self.received = received


class NoAnswer(DeviceError):
    """Nothing came in time, or the line is not there."""


class NotShown(NoAnswer):
    """It answered until the end, and nothing of it shows that it did what it was told."""


class Fault(enum.StrEnum):
    """What is wrong with an answer."""

    UNIT = "unit"
    FUNCTION = "function"
    LENGTH = "length"
    CHECKSUM = "checksum"
    CONTENT = "content"
    GARBAGE = "garbage"
    TRANSACTION = "transaction"


class BadAnswer(DeviceError):
    """Something came that is not the answer to this question; `fault` says what is wrong with it.

    For `Fault.UNIT` the unit that spoke is in `other_unit`: a duplicate address or a second master.
    """

    def __init__(
        self,
        message: str,
        *,
        fault: Fault = Fault.CONTENT,
        other_unit: int | None = None,
        sent: bytes = b"",
        received: bytes = b"",
    ) -> None:
        super().__init__(message, sent=sent, received=received)
        self.fault = fault
        self.other_unit = other_unit


class Refused(DeviceError):
    """The device answered no. `code` is the Modbus exception code; 0: nothing needed to be sent."""

    def __init__(
        self, message: str, *, code: int, sent: bytes = b"", received: bytes = b""
    ) -> None:
        super().__init__(message, sent=sent, received=received)
        self.code = code


class Device(Protocol):
    """An instrument that can be asked for its points."""

    @property
    def id(self) -> str:
        """The name of the device in the site file."""

    async def read(self) -> Sequence[Reading]:
        """Ask for every point once.

        A span that failed gives readings without value and with their cause, its neighbours stand.
        Raises `DeviceError` when nothing at all came.
        """


@dataclass(frozen=True, slots=True)
class RetentionWish:
    """What a retention is to keep: how many bottles, of which vessel.

    `vessel` is A or B; None leaves it to the sampler, which takes the one it supplies from.
    """

    bottles: int = 1
    vessel: str | None = None


ONE_BOTTLE = RetentionWish()


@dataclass(frozen=True, slots=True)
class Filled:
    """One bottle that was filled in a retention."""

    bottle: int
    volume_ml: float


@dataclass(frozen=True, slots=True)
class RetentionRecord:
    """The sampler's own record of its last retention.

    `at` is UTC epoch seconds of the sampler's clock. `bottle` and `volume_ml` are of the first
    bottle, `others` are the parallel ones that were filled beside it.
    """

    at: float
    bottle: int
    volume_ml: float
    ok: bool
    reason: str = ""
    others: tuple[Filled, ...] = ()

    @property
    def filled(self) -> tuple[Filled, ...]:
        """Give every bottle that was filled."""
        return (Filled(self.bottle, self.volume_ml), *self.others) if self.ok else ()


@dataclass(frozen=True, slots=True)
class SamplerStatus:
    """What a sampler says of itself. `bottles_ml[i]` is the content of bottle i+1, 0 when empty.

    No bottles at all: it does not say what is in them.
    """

    state: Cause
    text: str
    vessel: str | None
    bottles_ml: tuple[int, ...]
    door_open: bool | None
    fault: str
    temperature_c: float | None
    retaining: bool = False
    """Whether it is filling a bottle right now."""
    door_at: float | None = None
    """When its door was opened or closed last, by its clock; None where it does not say."""
    card: int | None = None
    """The card of the last opening."""

    @property
    def free(self) -> int | None:
        """How many bottles are empty; None where it does not say."""
        if not self.bottles_ml:
            return None
        return sum(1 for content in self.bottles_ml if content == 0)


class Sampler(Device, Protocol):
    """A water sampler that can keep a bottle and remembers that it did."""

    @property
    def proof_s(self) -> float:
        """How long after an order its record may still appear, in seconds of the clock."""

    async def status(self) -> SamplerStatus:
        """State, bottles, door, temperature, in one look."""

    async def last_retention(self) -> RetentionRecord | None:
        """The sampler's own record; None when it never kept one."""

    async def retain(
        self,
        before: RetentionRecord | None,
        wish: RetentionWish = ONE_BOTTLE,
        *,
        seen: SamplerStatus | None = None,
    ) -> RetentionRecord:
        """Keep bottles and wait for the record that proves it.

        One that cannot keep so many, or choose the vessel, keeps one of the vessel in use.
        `before` is what `last_retention` said when the order was decided, `seen` how it stood; the
        proof is a newer record.

        Raises `Refused` (nothing was done), `NoAnswer` or `BadAnswer` (it is not known).
        """
