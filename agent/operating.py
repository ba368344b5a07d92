"""Orders that an instrument carries out itself: which of its operations they are, how they ended.

Acknowledged is not done. What its profile has no proof for ends `done` with the outcome
"acknowledged" and says so; what was acknowledged and does not show has failed; what nobody can say
is `unknown`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from drivers.device import BadAnswer, DeviceError, NoAnswer, NotShown, Refused
from drivers.modbus import ModbusDevice
from drivers.operation import Outcome, go_back, operate, settle
from drivers.profile import Profile
from drivers.profile_operations import OperationName
from drivers.proofs import Operable, Sight
from drivers.setting import set_parameter, settle_parameter

SET_PARAMETER = "set_parameter"
OPERATIONS: Mapping[str, tuple[OperationName, ...]] = {
    "measure": ("measure",),
    "calibrate": ("calibrate",),
    "zero": ("zero", "blank"),
    "span": ("span", "standard"),
    "clean": ("clean",),
    "check": ("check_standard",),
    "compare": ("sample",),
    "schedule": ("set_interval",),
    "set_time": ("set_time",),
    "output_on": ("output_on",),
    "output_off": ("output_off",),
    "portion": ("sample",),
    "supply": ("supply",),
    "drain": ("drain",),
}
"""What is ordered, and the operations of a profile that are that, the first it has.

A wet-chemical analyzer is zeroed with blank water and spanned with its standard.
"""
ORDERED = frozenset({*OPERATIONS, SET_PARAMETER})
"""The kinds of orders that are worked off here."""
REASK_S = 60.0
"""How long an order whose end could not be seen is asked after once more, without a proof's own."""

Request = Mapping[str, Any]
Begin = Callable[[object], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class End:
    """How an order ended: the state of its row, and what is written down of it."""

    state: str
    outcome: Mapping[str, object]


def operation_for(
    profile: Profile, kind: str, arguments: Mapping[str, float]
) -> OperationName | None:
    """Give the operation of a profile that an order is; None where it has none.

    One that its source only guesses is not ordered unattended, nor one that wants to know more.
    """
    for name in OPERATIONS.get(kind, ()):
        found = profile.operations.get(name)
        if found is not None and found.confirmed and set(found.wants) <= arguments.keys():
            return name
    return None


async def carry_out(device: Operable, request: Request, begin: Begin) -> End | None:
    """Do what an order says, once, and wait for what shows it. None: it cannot be asked now.

    `begin` is told how things are, as JSON has it, before anything is sent; what it raises prevents
    that. Raises NoAnswer when it is not known what became of the order.
    """
    begun = False

    async def noted(before: object) -> None:
        nonlocal begun
        await begin(before)
        begun = True

    try:
        return await _do(device, request, noted)
    except Refused as error:
        if not begun and isinstance(error.__cause__, NoAnswer | BadAnswer):
            return None
        return End("refused", {"reason": str(error)})
    except NotShown as error:
        return End("failed", {"outcome": "not shown", "reason": str(error)})
    except BadAnswer as error:
        raise NoAnswer(str(error)) from error


async def settle_order(
    device: Operable, request: Request, before: object, *, since_s: float
) -> End:
    """Find out from the instrument what became of an order begun `since_s` ago.

    Nothing is done again. What another operation has to end is ended: it is not held any longer.
    """
    try:
        if "parameter" in request:
            value = float(request["value"])
            after = await settle_parameter(_settable(device), request["parameter"], value)
            return End("done", {"outcome": "read back", "old": before, "new": after})
        name = cast("OperationName", request["operation"])
        operation = device.profile.operations.get(name)
        proof = operation.proof if operation else None
        left_s = max(0.0, (proof.within_s if proof else REASK_S) - since_s)
        back = await go_back(device, operation) if operation else ""
        if back:
            return End("failed", {"outcome": "interrupted", "reason": back})
        seen = await settle(device, name, _sight(before), within_s=left_s)
    except NotShown as error:
        return End("failed", {"outcome": "not shown", "reason": str(error)})
    except DeviceError as error:
        return End("unknown", {"reason": str(error)})
    return End("done", {"outcome": str(seen.outcome), "seen": seen.text})


async def _do(device: Operable, request: Request, begin: Begin) -> End:
    if "parameter" in request:
        name, value = request["parameter"], float(request["value"])
        old, new = await set_parameter(_settable(device), name, value, begin=begin)
        return End("done", {"outcome": "read back", "old": old, "new": new})

    async def begin_with(before: Sight | None) -> None:
        await begin(None if before is None else dataclasses.asdict(before))

    done = await operate(device, request["operation"], request.get("arguments"), begin=begin_with)
    if done.outcome is Outcome.ALREADY:
        return End("failed", {"outcome": "already", "reason": done.text})
    return End("done", {"outcome": str(done.outcome), "seen": done.text})


def _settable(device: Operable) -> ModbusDevice:
    if not isinstance(device, ModbusDevice):
        raise Refused("nothing was sent: it has no parameter that can be set", code=0)
    return device


def _sight(before: object) -> Sight | None:
    """Read what was seen before an order as it was written down."""
    if not isinstance(before, Mapping):
        return None
    return Sight(_hashable(before["thing"]), bool(before["met"]), str(before["text"]))


def _hashable(thing: Any) -> Hashable:
    return tuple(_hashable(one) for one in thing) if isinstance(thing, list) else thing
