"""A sampler whose profile says how a bottle is kept and where its record of it stands.

Its record is one request: time, bottle and volume of one bottle, never of two.
"""

from __future__ import annotations

import dataclasses

from drivers.device import (
    ONE_BOTTLE,
    BadAnswer,
    DeviceError,
    NoAnswer,
    Reading,
    Refused,
    RetentionRecord,
    RetentionWish,
    SamplerStatus,
)
from drivers.modbus import ModbusDevice
from drivers.operation import POLL_S, operate
from drivers.plan import Want
from drivers.profile_operations import Proof, RecordAt
from drivers.retention import cannot_keep
from drivers.sampler import newer
from protocols.registers import decode_number, decode_time


class ProfileSampler:
    """A sampler with registers, by its profile. Waits in seconds of the device's clock.

    What is in its bottles it does not say: whether one is empty it has to know itself.
    """

    def __init__(self, device: ModbusDevice, *, poll_s: float = POLL_S) -> None:
        reason = cannot_keep(device.profile)
        retain, record = device.profile.operations.get("retain"), device.profile.record
        if reason is not None or retain is None or retain.proof is None or record is None:
            raise ValueError(f"{device.profile.profile}: {reason}")
        self.device = device
        self._proof: Proof = retain.proof
        self._record: RecordAt = record
        self._poll_s = poll_s

    @property
    def id(self) -> str:
        """The name of the device in the site file."""
        return self.device.id

    @property
    def proof_s(self) -> float:
        """How long after an order its record may still appear, in seconds of the clock."""
        return self._proof.within_s

    async def read(self) -> list[Reading]:
        """Ask for the points of the profile once."""
        return [*await self.device.read()]

    async def status(self) -> SamplerStatus:
        """State in words of the profile. Raises DeviceError."""
        look = await self.device.look(order=True)
        _ = look.came  # raises where nothing came
        if look.state is None:
            raise NoAnswer("the sampler is busy")
        cause, text = look.state.cause, look.state.text
        return SamplerStatus(cause, text, None, (), None, fault="", temperature_c=None)

    async def last_retention(self) -> RetentionRecord | None:
        """Read the sampler's own record, in one request; None when it never kept a bottle."""
        proof, record, profile = self._proof, self._record, self.device.profile
        start = proof.changed or 0
        registers = await self.device.registers(
            Want(proof.table, start, start + proof.width), order=True
        )
        time = next(one for one in profile.parameters if one.id == record.time)
        if time.time is None:
            return None
        first = time.address - start
        at = decode_time(registers[first : first + time.width], time.time)
        if at is None:
            return None
        bottle = self._number(record.bottle, registers, start)
        volume_ml = self._number(record.volume, registers, start)
        ok = bottle >= 1 and volume_ml > 0
        return RetentionRecord(at, round(bottle), volume_ml, ok)

    async def retain(
        self,
        before: RetentionRecord | None,
        wish: RetentionWish = ONE_BOTTLE,
        *,
        seen: SamplerStatus | None = None,
    ) -> RetentionRecord:
        """Keep one bottle and wait for the record that proves it. The order is sent once.

        Whatever is wished for: its order has no place for a vessel or a number of bottles.

        When the sampler already has a good record other than `before`, nothing is sent: the bottle
        is that one. Raises Refused when nothing was done, NoAnswer when it is not known.
        """
        try:
            record = await self.last_retention()
        except (NoAnswer, BadAnswer) as error:
            raise Refused(f"nothing was sent: {error}", code=0) from error
        if newer(record, before) and record.ok:
            return record
        clock = self.device.clock
        deadline = clock.monotonic() + self.proof_s
        await operate(self.device, "retain")
        return await self._finished(record, deadline)

    async def _finished(self, before: RetentionRecord | None, deadline: float) -> RetentionRecord:
        """Wait until the record names bottle and volume: its time may be there before them."""
        clock = self.device.clock
        record: RetentionRecord | None = None
        while True:
            try:
                record = await self.last_retention()
            except DeviceError as error:
                trouble = f"; last trouble: {error}"
            else:
                trouble = ""
                if newer(record, before) and record.ok:
                    return record
            if clock.monotonic() >= deadline:
                break
            await clock.sleep(self._poll_s)
        text = f"not finished within {self.proof_s:.0f} s"
        if newer(record, before):
            return dataclasses.replace(record, reason=text)
        raise NoAnswer(f"retention {text}{trouble}")

    def _number(self, point_id: str, registers: tuple[int, ...], start: int) -> float:
        """Give a point's number out of the record; 0 where there is none: no bottle is proved."""
        point = self.device.profile.point(point_id)
        if point is None or point.type == "bit":
            return 0.0
        first = point.address - start
        raw = registers[first : first + point.number_width]
        number = decode_number(raw, point.type, point.order)
        return 0.0 if number is None else number * point.scale + point.offset
