"""The Dayue sampler as a device: readings, status, record, and keeping a bottle at most once."""

from __future__ import annotations

import dataclasses
import logging
from typing import TypeGuard

from drivers.bus import Bus
from drivers.dayue import (
    ASKED,
    COMMAND,
    FILLED,
    FILLED_SIZE,
    KINDS,
    MOST_AT_ONCE,
    RECORD,
    RECORD_SIZE,
    STATUS,
    STATUS_SIZE,
    CommandWord,
    free_run,
    read_filled,
    read_record,
    read_status,
)
from drivers.device import (
    ONE_BOTTLE,
    BadAnswer,
    Clock,
    DeviceError,
    NoAnswer,
    Reading,
    Refused,
    RetentionRecord,
    RetentionWish,
    SamplerStatus,
)
from drivers.look import Look
from drivers.modbus import ModbusDevice
from drivers.profile import Profile, ProfileError
from drivers.question import READ_HOLDING
from drivers.settings import DeviceSettings

POLL_S = 2.0
TIMEOUT_S = 600.0
"""Rinsing, pumping and positioning take minutes."""

_log = logging.getLogger(__name__)


class DayueSampler:
    """A Dayue sampler. Time-outs and pauses of a retention are seconds of the clock given."""

    def __init__(
        self,
        settings: DeviceSettings,
        profile: Profile,
        *,
        bus: Bus,
        clock: Clock,
        timeout_s: float = TIMEOUT_S,
        poll_s: float = POLL_S,
    ) -> None:
        if profile.state is None:
            raise ProfileError("a sampler has a state", key="state")
        self.device = ModbusDevice(settings, profile, bus=bus, clock=clock)
        self._state = profile.state
        self._bus = bus
        self._clock = clock
        self._timeout_s = timeout_s
        self._poll_s = poll_s

    @property
    def id(self) -> str:
        """The name of the device in the site file."""
        return self.device.id

    @property
    def proof_s(self) -> float:
        """How long after an order its record may still appear, in seconds of the clock."""
        return self._timeout_s

    async def read(self) -> list[Reading]:
        """Ask for the points of the profile once."""
        return [*await self.device.read()]

    async def look(self, *, order: bool = False) -> Look:
        """Ask for the points of the profile once and give the answers too."""
        return await self.device.look(order=order)

    async def status(self) -> SamplerStatus:
        """State, bottles, door, temperature, in one request."""
        return read_status(await self._registers(STATUS, STATUS_SIZE), self._state)

    async def last_retention(self) -> RetentionRecord | None:
        """Read the sampler's own record; None when it never kept a bottle.

        One request, and a second one where it filled several bottles.
        """
        registers = await self._registers(RECORD, RECORD_SIZE)
        record = read_record(registers)
        if record is None or not record.ok or registers[ASKED] < 2:
            return record
        count = min(registers[ASKED], MOST_AT_ONCE)
        filled = read_filled(await self._registers(FILLED, count * FILLED_SIZE))
        others = tuple(one for one in filled if one.bottle != record.bottle)
        return dataclasses.replace(record, others=others)

    async def retain(
        self,
        before: RetentionRecord | None,
        wish: RetentionWish = ONE_BOTTLE,
        *,
        seen: SamplerStatus | None = None,
    ) -> RetentionRecord:
        """Keep bottles of a vessel and wait for the record that proves it.

        Parallel bottles stand side by side; where there is no such row of empty ones it is fewer.
        `seen` spares two questions: it and `before` are of this second, and a bottle takes longer.
        The order is written once, whatever happens. When the sampler already has a good record
        other than `before`, nothing is written: the bottle is that one. A retention that failed and
        left a record gives this record, with `ok` False and the reason. Raises Refused when nothing
        was done, with code 0 when nothing was even sent; NoAnswer when it is not known.
        """
        try:
            record = before if seen is not None else await self.last_retention()
            status = seen or await self.status()
        except (NoAnswer, BadAnswer) as error:
            raise Refused(f"nothing was sent: {error}", code=0) from error
        if newer(record, before) and record.ok:
            return record
        free = free_run(status, wish.bottles)
        if free is None:
            raise Refused("nothing was sent: no empty bottle", code=0)
        lost = await self._command([*free, KINDS[wish.vessel]])
        return await self._proof(record, lost, count=free[1])

    async def _command(self, order: list[int]) -> DeviceError | None:
        """Write the order; gives the error when its reply was lost."""
        settings, pace = self.device.settings, self.device.pace
        try:
            await self._bus.write(settings.address, COMMAND, order, timing=pace)
        except Refused as error:
            reason = await self._why_refused()
            raise Refused(
                f"{error}{reason}", code=error.code, sent=error.sent, received=error.received
            ) from error
        except (NoAnswer, BadAnswer) as error:
            if not error.sent:
                raise Refused(f"nothing was sent: {error}", code=0) from error
            _log.warning("%s: reply to the retention order lost, asking for its record", self.id)
            return error
        return None

    async def _proof(
        self, before: RetentionRecord | None, lost: DeviceError | None, *, count: int
    ) -> RetentionRecord:
        """Wait for a record other than `before` that names bottle and volume of all of them.

        The command word is believed only after a confirmed write or once it moved: left over from
        an earlier order it says nothing about this one.
        """
        deadline = self._clock.monotonic() + self._timeout_s
        believed, trouble = lost is None, lost
        record: RetentionRecord | None = None
        while self._clock.monotonic() < deadline:
            word = await self._command_word()
            try:
                record = await self.last_retention()
            except DeviceError as error:
                trouble = error
            believed = believed or word in (CommandWord.RECEIVED, CommandWord.EXECUTING)
            over = believed and word in (CommandWord.FAILED, CommandWord.DONE)
            if newer(record, before):
                whole = record.ok and len(record.filled) >= count
                if whole or record.reason or over:
                    return record
            if believed and word == CommandWord.FAILED:
                reason = await self._why_refused()
                raise Refused(f"the sampler says that the retention failed{reason}", code=0)
            await self._clock.sleep(self._poll_s)
        return self._unsettled(record, before, trouble=trouble)

    async def _command_word(self) -> int:
        """Read the command word; IDLE where it cannot be read, it is a hint only."""
        try:
            return (await self._registers(COMMAND, 1))[0]
        except DeviceError:
            return CommandWord.IDLE

    def _unsettled(
        self,
        record: RetentionRecord | None,
        before: RetentionRecord | None,
        *,
        trouble: DeviceError | None,
    ) -> RetentionRecord:
        text = f"not finished within {self._timeout_s:.0f} s"
        if newer(record, before):
            return dataclasses.replace(record, reason=text)
        raise NoAnswer(f"retention {text}" + (f"; last trouble: {trouble}" if trouble else ""))

    async def _why_refused(self) -> str:
        try:
            status = await self.status()
        except DeviceError:
            return ""
        return f": {status.fault}" if status.fault else ""

    async def _registers(self, start: int, count: int) -> list[int]:
        return await self._bus.read(
            self.device.settings.address,
            READ_HOLDING,
            start,
            count,
            timing=self.device.pace,
            order=True,
        )


def newer(
    record: RetentionRecord | None, before: RetentionRecord | None
) -> TypeGuard[RetentionRecord]:
    """Say whether a record is of another retention than the record from before the order.

    Not whether its time is later: the sampler's clock may have been set back in between. A record
    of the same time that had no bottle yet is the one from before, going on.
    """
    if record is None or before is None:
        return record is not None
    return record.at != before.at or (before.ok and record.bottle != before.bottle)
