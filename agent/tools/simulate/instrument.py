"""One simulated instrument with registers: its profile's registers, filled with what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agent.tools.simulate.courses import Course
from agent.tools.simulate.cycle import Cycle
from agent.tools.simulate.pdu import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    Refusal,
)
from agent.tools.simulate.player import Player, converted
from agent.tools.simulate.registers import Said, causes, image, readable, tables
from drivers.device import Cause, Clock
from drivers.profile import Profile
from drivers.settings import DeviceSettings
from protocols.registers import encode_time

__all__ = ["Instrument", "converted"]

_TABLES = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}


class Instrument(Player):
    """An instrument behind an address of a line. It serves what its profile has, and no more."""

    def __init__(
        self,
        device: DeviceSettings,
        profile: Profile,
        *,
        clock: Clock,
        courses: Mapping[str, Course],
        cycle: Cycle | None = None,
    ) -> None:
        super().__init__(device, profile, clock=clock, courses=courses, cycle=cycle)
        self.points = self.here.points
        self._served = {table: readable(profile, table) for table in tables(profile)}

    @property
    def causes(self) -> frozenset[Cause]:
        """Name the causes this model has a number for."""
        return causes(self.profile)

    def read(self, function: int, start: int, count: int) -> Sequence[int]:
        """Give registers or bits as the instrument has them now. Raises `Refusal`."""
        table = _TABLES[function]
        if table not in self._served:
            raise Refusal(ILLEGAL_FUNCTION)
        if function in (3, 4) and count > self.profile.line.max_registers:
            raise Refusal(ILLEGAL_VALUE)
        addresses = range(start, start + count)
        if not self._served[table].issuperset(addresses):
            raise Refusal(ILLEGAL_ADDRESS)
        registers = image(self.profile, self.points, self.said(), table=table)
        if table == "holding":
            registers.update(self._ordered.parameters)
            registers.update(self._recorded_at())
        return [registers[address] for address in addresses]

    def write(self, function: int, start: int, values: Sequence[int]) -> None:
        """Carry out an operation of the profile. Raises `Refusal` on anything else."""
        now = self.clock.now()
        name = self._ordered.take(self.profile, function, start, values, now=now)
        if name == "retain":
            self.keeping.begin(now)

    def fits(self, point_id: str, value: float) -> None:
        """Raise ValueError where a value does not fit the registers of a point."""
        trial = Said({**self.said().numbers, point_id: value}, self._units)
        point = next(point for point in self.points if point.id == point_id)
        image(self.profile, self.points, trial, table=point.table)

    def _recorded_at(self) -> dict[int, int]:
        """Give the registers of the time of its last bottle, once it kept one."""
        record, at = self.profile.record, self.keeping.at
        if record is None or at is None:
            return {}
        time = next(one for one in self.profile.parameters if one.id == record.time)
        words = encode_time(at, time.time) if time.time else []
        return dict(enumerate(words, time.address))
