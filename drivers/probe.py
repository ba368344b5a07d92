"""Ask one instrument once and keep everything: bytes, registers, values, state, time taken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass

from drivers.bus import Bus, Pace
from drivers.decode import Answer
from drivers.device import BadAnswer, Clock, DeviceError, NoAnswer, Reading, Refused
from drivers.frame_decode import Heard
from drivers.line import NoLine
from drivers.profile_model import Profile
from drivers.question import READ_HOLDING
from drivers.registry import open_device
from drivers.settings import DeviceSettings

GARBLED = "garbled"
UNITS = range(1, 248)


@dataclass(frozen=True, slots=True)
class ProbedSpan:
    """One request as it was answered. `error` is empty where an answer came.

    Of a protocol other than Modbus: `table` is the question, `count` the bytes of the answer.
    """

    table: str
    start: int
    count: int
    registers: tuple[int, ...]
    error: str


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one instrument said when it was asked once.

    `frames` are (">" sent or "<" received, bytes), with transaction ids or checksums. `cause` is
    the instrument's own state; "no_link" where nothing came, and `error` then says why; "busy"
    where it asked to be asked later.
    """

    device: str
    profile: str
    bus: str
    address: int
    frames: tuple[tuple[str, bytes], ...]
    spans: tuple[ProbedSpan, ...]
    readings: tuple[Reading, ...]
    state: str
    cause: str
    error: str
    taken_ms: float

    @property
    def ok(self) -> bool:
        """Tell whether every request brought its registers."""
        return not self.error and not any(span.error for span in self.spans)


@dataclass(frozen=True, slots=True)
class FoundUnit:
    """A unit that spoke, and what it said to a read of holding register 0."""

    address: int
    said: str

    @property
    def garbled(self) -> bool:
        """Whether what came was no frame: another speed, two at one address, or noise."""
        return self.said.startswith(GARBLED)


async def probe_device(
    settings: DeviceSettings, profile: Profile, *, bus: Bus, clock: Clock
) -> ProbeResult:
    """Ask one instrument for all its points once, ahead of any poll waiting on the bus.

    Never raises for what the instrument or the line does: it is in the result.
    """
    device = open_device(settings, profile, bus=bus, clock=clock)
    loop = asyncio.get_running_loop()
    began = loop.time()
    with bus.tap(settings.address) as frames:
        look = await device.look(order=True)
    taken_ms = (loop.time() - began) * 1000
    silent = [answer.error for answer in look.answers if _silent(answer)]
    error = str(silent[0]) if len(silent) == len(look.answers) else ""
    if error:
        state, cause = "", "no_link"
    elif look.state is None:
        state, cause = "", "busy"
    else:
        state, cause = look.state.text, look.state.cause.value
    return ProbeResult(
        device=settings.id,
        profile=profile.profile,
        bus=bus.id,
        address=settings.address,
        frames=tuple(frames),
        spans=tuple(_span(answer) for answer in look.answers),
        readings=tuple(look.readings),
        state=state,
        cause=cause,
        error=error,
        taken_ms=taken_ms,
    )


async def scan(
    bus: Bus, units: Iterable[int] = UNITS, *, timeout_s: float = 0.3
) -> AsyncIterator[FoundUnit]:
    """Look for units on a line: each is asked once for holding register 0.

    An exception is as good as a value: something lives at that address. Takes about two time-outs
    per address without a unit. Raises NoLine when the port itself is not there.
    """
    pace = Pace(timeout_s=timeout_s, gap_s=0.02, retries=0)
    for address in units:
        try:
            registers = await bus.read(address, READ_HOLDING, 0, 1, timing=pace, order=True)
        except NoLine:
            raise
        except NoAnswer:
            continue
        except Refused as error:
            yield FoundUnit(address, str(error))
        except BadAnswer as error:
            yield FoundUnit(address, f"{GARBLED}: {error}")
        else:
            yield FoundUnit(address, f"register 0 = {registers[0]:04X}")


def _silent(answer: Answer | Heard) -> bool:
    return isinstance(answer.error, NoAnswer | BadAnswer)


def _span(answer: Answer | Heard) -> ProbedSpan:
    if isinstance(answer, Heard):
        name, size = answer.question.id, len(answer.frame)
        return ProbedSpan(name, 0, size, (), _text(answer.error))
    span, error = answer.span, answer.error
    return ProbedSpan(span.table, span.start, span.count, answer.values, _text(error))


def _text(error: DeviceError | None) -> str:
    return "" if error is None else f"{type(error).__name__}: {error}"
