"""Which event lasts while a contact is on, by what the contact means. Pure."""

from __future__ import annotations

from agent.settings.equipment import InputSettings

KINDS = {
    "door": "door",
    "power": "power",
    "battery": "power_battery",
    "pump": "run_pump",
    "valve": "run_valve",
    "run": "run_signal",
    "trigger": "retention_trigger",
    "maintenance": "maintenance_key",
    "stopped": "maintenance_key",
    "calibration": "maintenance_key",
}
"""The event that lasts while a contact is on; that of `power` while there is none.

Those of a facility speak of that equipment alone: see `kind_of`.
"""
_OF_EQUIPMENT = {
    "power": "run_power",
    "maintenance": "run_maintenance",
    "calibration": "run_calibration",
}
EVENTS = frozenset({*KINDS.values(), *_OF_EQUIPMENT.values()})
"""Every kind of event that a contact can have."""


def kind_of(given: InputSettings) -> str:
    """Give the event that lasts while a contact is on.

    Power of equipment is not the mains of this cabinet, and its maintenance not that of the
    instruments: neither sets off what the contact would without its facility.
    """
    if given.facility is not None and given.means in _OF_EQUIPMENT:
        return _OF_EQUIPMENT[given.means]
    return KINDS[given.means]


def is_mains(given: InputSettings) -> bool:
    """Say whether a contact tells of the mains, whose event lasts while there are none."""
    return given.means == "power" and given.facility is None
