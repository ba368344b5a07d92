"""The units of one line: who answers under which address, and with which fault."""

from __future__ import annotations

from agent.tools.simulate.faults import SOUND, Fault, Reply, spoil
from agent.tools.simulate.pdu import Unit, answer


class Units:
    """Addresses to units; a line asks here for every request it cut from its stream."""

    def __init__(self) -> None:
        self._units: dict[int, Unit] = {}
        self._faults: dict[int, Fault] = {}

    def add(self, address: int, unit: Unit) -> None:
        """Put a unit at an address (1 to 247)."""
        self._units[address] = unit

    def __contains__(self, address: int) -> bool:
        return address in self._units

    @property
    def addresses(self) -> tuple[int, ...]:
        """Which addresses somebody answers under."""
        return tuple(sorted(self._units))

    def set_fault(self, address: int, fault: Fault) -> None:
        """Let the unit misbehave from now on; `SOUND` ends it."""
        self._faults[address] = fault

    def fault(self, address: int) -> Fault:
        """Give the fault the unit has now."""
        return self._faults.get(address, SOUND)

    def reply(self, address: int, request: bytes) -> Reply | None:
        """Let the addressed unit answer; None when nobody does. A silent unit still obeys."""
        unit = self._units.get(address)
        if unit is None:
            return None
        return spoil(self.fault(address), Reply(address, answer(unit, request)))
