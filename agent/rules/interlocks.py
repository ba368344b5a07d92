"""What keeps a sampler from being told to fill a bottle right now, by what it says of itself."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.device import Cause, SamplerStatus

NO_BOTTLE = "no free bottle"
BUSY_CODE = 6
"""Modbus exception 6: not now, ask again. Whatever was asked was not done."""


@dataclass(frozen=True, slots=True)
class Interlock:
    """Why not, and whether it may pass while the vessel still holds the water."""

    reason: str
    passes: bool


def interlock(status: SamplerStatus) -> Interlock | None:
    """Say what stands in the way; None when nothing does (SMP-03, SMP-10).

    What it does not say (bottles, door) does not stand in the way: it will refuse by itself.
    """
    if status.free == 0:
        return Interlock(NO_BOTTLE, passes=False)
    if status.door_open:
        return Interlock("door open", passes=True)
    if status.retaining:
        return Interlock("sampler busy: it is filling a bottle", passes=True)
    if status.state is Cause.MAINTENANCE:
        return Interlock(f"sampler in maintenance: {status.text}", passes=True)
    if status.state is not Cause.NORMAL:
        return Interlock(f"sampler not ready ({status.state}): {status.text}", passes=True)
    return None
