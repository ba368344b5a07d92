"""Reads the settings of one instrument on a slow schedule, and tells every change (AF-09).

The first reading is what later ones are compared with, no change. What an instrument did not say
changes nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from agent.bells import Bells
from agent.clock import Clock
from agent.plan import Plan
from agent.selfchecks import take_check
from agent.store import exchanges, journal, parameters
from agent.store.db import Store
from agent.store.parameters import Kept
from agent.supervise import heed_cancellation
from agent.telling import circumstances, tell
from agent.timekeeping import Timekeeper
from drivers.device import DeviceError
from drivers.frame_device import FrameDevice
from drivers.hj212_serial import Hj212Device
from drivers.modbus import ModbusDevice
from drivers.parameters import CheckResult, ParameterValue
from drivers.registry import Instrument
from drivers.sampler import DayueSampler

PARAMETER = "parameter"
SILENT_S = 300.0
"""How long a device that did not answer is left alone before its settings are asked for again."""
FIRST_S = 60.0
"""The first readings are spread over this, so that a start does not hold up the polling."""
CLOCK_SLACK_S = 120.0
"""By how much a running clock of an instrument may be off the time that went by."""

Said = tuple[Sequence[ParameterValue], Sequence[CheckResult]]
Ask = Callable[[], Awaitable[Said]]


def asking(device: Instrument) -> Ask | None:
    """Give how the settings of a device are asked for; None where its profile knows none."""
    if isinstance(device, Hj212Device) and device.pushes:
        return lambda: _told(device)
    if isinstance(device, FrameDevice):
        slow = any(question.slow for question in device.profile.questions)
        return (lambda: _slow(device)) if slow else None
    registers: ModbusDevice = device.device if isinstance(device, DayueSampler) else device
    profile = registers.profile
    return registers.kept if profile.parameters or profile.checks else None


async def _slow(device: FrameDevice) -> Said:
    look = await device.look_slow()
    return [ParameterValue(one.point, one.value, one.unit) for one in look.came], ()


async def _told(device: Hj212Device) -> Said:
    """Give what an analyzer was asked for, with the checks it told of by itself."""
    slow = any(question.slow for question in device.profile.questions)
    try:
        values = (await _slow(device))[0] if slow else ()
    except DeviceError:
        values = ()  # the polling tells that it is silent; what it told before stands
    return values, device.told_checks()


@dataclass(frozen=True, slots=True)
class ParameterWatch:
    """The slow schedule of one device; `period_s` comes from its profile."""

    device: str
    ask: Ask
    period_s: float
    plan: Plan
    store: Store
    clock: Clock
    time: Timekeeper
    bells: Bells

    async def run(self) -> None:
        """Read for ever."""
        await self.clock.sleep(_phase(self.device) * FIRST_S)
        while True:
            heard = await self.look()
            await self.clock.sleep(self.period_s if heard else min(SILENT_S, self.period_s))

    async def look(self) -> bool:
        """Read once; False when nothing came, or the time of a change could not be told."""
        if not self.time.trusted:
            return False
        try:
            said = await self.ask()
        except DeviceError:
            return False  # the polling tells that a device is silent
        finally:
            heed_cancellation()
        now = self.clock.now()
        changed = await self.store.write(
            lambda connection: note(connection, self.plan, self.device, said, now=now)
        )
        if changed or said[1]:
            self.bells.ring(*self.plan.outbox_bells())
        return any(one.value is not None for one in said[0]) or bool(said[1])


def note(
    connection: sqlite3.Connection, plan: Plan, device: str, said: Said, *, now: float
) -> list[str]:
    """Write down what was read and tell what changed; gives the names of the changed settings."""
    known = parameters.of(connection, device)
    changed, same = [], []
    for one in said[0]:
        if one.value is None:
            continue
        before = known.get(one.id)
        if before is not None and _as_before(before, one, now):
            same.append(one.id)
            if before.value == one.value:
                continue
        elif before is not None:
            _tell(connection, plan, before, one, now=now)
            changed.append(one.id)
        parameters.put(connection, Kept(device, one.id, one.value, one.text, one.unit, now, now))
    parameters.seen(connection, device, same, now)
    _note_checks(connection, plan, device, said[1], now=now)
    return changed


def _as_before(before: Kept, now_said: ParameterValue, now: float) -> bool:
    """Say whether nothing was changed: a clock of the instrument may run."""
    if before.value == now_said.value and before.unit == now_said.unit:
        return True
    if now_said.value is None or before.unit != "time" or not before.name.endswith("clock"):
        return False
    went = now_said.value - before.value
    return abs(went - (now - before.seen_at)) <= CLOCK_SLACK_S


def _tell(
    connection: sqlite3.Connection, plan: Plan, before: Kept, after: ParameterValue, *, now: float
) -> None:
    outlet, factor = plan.place_of(before.device)
    standing = exchanges.standing(connection, before.device)
    detail = {
        "device": before.device,
        "serial": standing.serial if standing else "",
        "parameter": after.id,
        "name": _name(plan, before.device, after.id),
        "unit": after.unit,
        "old": before.value,
        "new": after.value,
        "old_text": before.text,
        "new_text": after.text,
        "old_since": before.since,
        "changed_after": before.seen_at,
        **circumstances(connection, plan, outlet, factor),
    }
    ref = f"{PARAMETER}:{before.device}:{after.id}:{now!r}"
    tell(
        connection, plan, PARAMETER, detail, ref=ref, at=now, now=now, outlet=outlet, factor=factor
    )


def _note_checks(
    connection: sqlite3.Connection,
    plan: Plan,
    device: str,
    results: Sequence[CheckResult],
    *,
    now: float,
) -> None:
    for one in results:
        new = parameters.add_check(
            connection,
            device=device,
            kind=one.kind,
            at=one.at,
            value=one.value,
            unit=one.unit,
            now=now,
        )
        if new:
            detail = {"device": device, "kind": one.kind, "value": one.value, "at": one.at}
            journal.add(connection, "check of an instrument", detail, at=now)
            take_check(connection, plan, device, one, now=now)


def _name(plan: Plan, device: str, parameter: str) -> str:
    profile = plan.profiles[device]
    named = {one.id: one.name for one in profile.parameters}
    named |= {one.id: one.name for one in profile.values}
    return named.get(parameter, "")


def _phase(device: str) -> float:
    return int.from_bytes(hashlib.sha256(device.encode()).digest()[:4]) / 2**32
