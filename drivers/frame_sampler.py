"""A sampler without registers that is told bottle and volume, and remembers its last sample.

Its record is one answer: time, bottle, volume and result of one sample, never of two. Nothing of it
tells whether a bottle is empty: an order names the one behind the last, and after the last bottle
none is named any more until the sampler's own record begins anew.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from drivers.device import (
    ONE_BOTTLE,
    BadAnswer,
    DeviceError,
    NoAnswer,
    Refused,
    RetentionRecord,
    RetentionWish,
    SamplerStatus,
)
from drivers.frame_decode import Heard, said
from drivers.frame_device import FrameDevice
from drivers.operation import operate
from drivers.profile_dialogue import Question, Value
from drivers.recorded_sampler import RecordedSampler
from drivers.sampler import newer


class FrameSampler(RecordedSampler[FrameDevice]):
    """A sampler by its profile. Waits in seconds of the device's clock."""

    async def status(self) -> SamplerStatus:
        """State in words of the profile, and whether it takes a sample. Raises DeviceError."""
        status = await super().status()
        busy = not self._waits(await self._heard())
        return dataclasses.replace(status, retaining=busy)

    async def last_retention(self) -> RetentionRecord | None:
        """Read the sampler's own record, in one answer; None when it never took a sample.

        Raises NoAnswer while it takes one: its record may be of the one before, or half of this.
        """
        heard = await self._heard()
        if not self._waits(heard):
            raise NoAnswer("a sample is being taken")
        record = self._record
        at, bottle, volume_ml = (
            self._number(heard, one) for one in (record.time, record.bottle, record.volume)
        )
        if not at or bottle is None or volume_ml is None or at < 0:
            return None
        reason = "" if record.result is None else self._failure(heard, record.result)
        ok = bottle >= 1 and volume_ml > 0 and not reason
        return RetentionRecord(at, round(bottle), volume_ml, ok, reason)

    async def retain(
        self,
        before: RetentionRecord | None,
        wish: RetentionWish = ONE_BOTTLE,
        *,
        seen: SamplerStatus | None = None,
    ) -> RetentionRecord:
        """Keep one bottle and wait for the record that proves it. The order is sent once.

        When the sampler already has a good record other than `before`, nothing is sent: the bottle
        is that one. Raises Refused when nothing was done, NoAnswer when it is not known.
        """
        try:
            record = await self.last_retention()
        except DeviceError as error:
            raise Refused(f"nothing was sent: {error}", code=0) from error
        if newer(record, before) and record.ok:
            return record
        arguments = self._arguments(record)
        clock = self.device.clock
        deadline = clock.monotonic() + self.proof_s
        await operate(self.device, "retain", arguments)
        return await self._finished(record, arguments, deadline)

    def _arguments(self, last: RetentionRecord | None) -> Mapping[str, float]:
        """Say which bottle is to be filled with how much. Raises Refused behind the last one."""
        given: dict[str, float] = {}
        if "bottle" in self._wants:
            bottle, bottles = 1 + (last.bottle if last else 0), self._record.bottles or 0
            if bottle > bottles:
                text = f"bottle {bottles} was the last one: empty them, and sample one by hand"
                raise Refused(f"nothing was sent: {text}", code=0)
            given["bottle"] = bottle
        if "volume_ml" in self._wants:
            given["volume_ml"] = self._record.volume_ml or 0.0
        return given

    async def _finished(
        self, before: RetentionRecord | None, arguments: Mapping[str, float], deadline: float
    ) -> RetentionRecord:
        """Wait until it waits again, and its record is another one."""
        clock, trouble = self.device.clock, ""
        while True:
            try:
                record = await self.last_retention()
            except DeviceError as error:
                trouble = f"; last trouble: {error}"
            else:
                if newer(record, before):
                    return _of_the_order(record, arguments)
            if clock.monotonic() >= deadline:
                break
            await clock.sleep(self._poll_s)
        raise NoAnswer(f"retention not finished within {self.proof_s:.0f} s{trouble}")

    async def _heard(self) -> Heard:
        heard = await self.device.hear(self._question, order=True)
        if heard.error is not None:
            raise heard.error
        return heard

    @property
    def _question(self) -> Question:
        wanted = self._value(self._record.time).question
        return next(one for one in self.device.profile.questions if one.id == wanted)

    def _waits(self, heard: Heard) -> bool:
        """Tell whether it would take an order, as far as its status says."""
        if not self._record.waiting:
            return True
        for status in self.device.profile.status:
            if status.question == heard.question.id and status.values:
                told = said(self.device.language, heard, status)
                if told is None or isinstance(told.value, str):
                    raise BadAnswer("the answer does not tell the state")
                return round(told.value) in self._record.waiting
        return True

    def _failure(self, heard: Heard, point_id: str) -> str:
        number = self._number(heard, point_id)
        if number is None:
            return "its result is not told"
        code = round(number)
        return (
            "" if code in self._record.kept else self._record.failures.get(code, f"result {code}")
        )

    def _value(self, point_id: str) -> Value:
        return next(one for one in self.device.profile.values if one.id == point_id)

    def _number(self, heard: Heard, point_id: str) -> float | None:
        value = self._value(point_id)
        told = said(self.device.language, heard, value)
        if told is None or isinstance(told.value, str):
            return None
        return told.value * value.scale + value.offset


def _of_the_order(record: RetentionRecord, arguments: Mapping[str, float]) -> RetentionRecord:
    """Give a record, not as good where it is of another bottle than the one that was ordered."""
    ordered = arguments.get("bottle")
    if ordered is None or record.bottle == ordered or not record.ok:
        return record
    reason = f"bottle {record.bottle} was filled, {ordered:.0f} was ordered"
    return dataclasses.replace(record, ok=False, reason=reason)
