"""Making an instrument do something, at most once, and saying it was done only when that shows.

Acknowledged is not done: many analyzers acknowledge a command and drop it. What a proof shows
counts only as far as it was not so before. Nothing is sent again: after a lost reply only the proof
can tell what became of the order.
"""

from __future__ import annotations

import enum
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from drivers import steps
from drivers.device import BadAnswer, DeviceError, NoAnswer, NotShown, Refused
from drivers.profile_operations import Operation, OperationName, Proof
from drivers.proofs import Operable, Sight, see

POLL_S = 2.0
BACK_TIMES = 3
"""How often what ends an operation is ordered: twice does no harm, being left on zero gas does."""

Begin = Callable[[Sight | None], Awaitable[None]]
"""Told how things are before the first step is taken; what it raises keeps it from being taken."""


class Outcome(enum.StrEnum):
    """How an operation ended that was neither refused nor lost."""

    DONE = "done"
    """Its state or a record shows it."""
    ALREADY = "already"
    """The state is the wanted one and was so before: it shows nothing of this order."""
    ACKNOWLEDGED = "acknowledged"
    """The instrument said yes, and has nothing to show for it."""


@dataclass(frozen=True, slots=True)
class Operated:
    """What became of an operation, and what was seen of it."""

    operation: OperationName
    outcome: Outcome
    text: str


async def operate(
    device: Operable,
    name: OperationName,
    arguments: Mapping[str, float] | None = None,
    *,
    begin: Begin | None = None,
) -> Operated:
    """Do one of the operations of the profile, and wait for what proves it.

    Raises Refused when nothing was done (code 0: nothing was sent), NotShown when it was
    acknowledged and does not show in time, NoAnswer when it is not known. Waits in seconds of the
    device's clock. What another operation has to end (zero gas, sample gas) is ended here, too.
    """
    given = arguments or {}
    operation = device.profile.operations.get(name)
    if operation is None:
        known = ", ".join(device.profile.operations) or "none"
        raise Refused(f"nothing was sent: no operation {name}; there are {known}", code=0)
    if lacking := steps.missing(operation, given):
        raise Refused(f"nothing was sent: {', '.join(lacking)} not given", code=0)
    before = await _first_sight(device, operation)
    if begin is not None:
        await begin(before)
    lost = await _send_all(device, operation, given)
    if operation.proof is None or before is None:
        if lost is not None:
            raise NoAnswer(f"it is not known: {lost}", sent=lost.sent) from lost
        return Operated(name, Outcome.ACKNOWLEDGED, "acknowledged, nothing can show more")
    proof = operation.proof
    try:
        outcome, text = await _proof(device, proof, before, within_s=proof.within_s, lost=lost)
    except NotShown as error:
        back = await go_back(device, operation)
        raise NotShown("; ".join(filter(None, (str(error), back)))) from error
    if operation.then is not None:
        await device.clock.sleep(operation.hold_s)
        text = f"{text}; {await go_back(device, operation)}"
    return Operated(name, outcome, text)


async def go_back(device: Operable, operation: Operation) -> str:
    """End what another operation ends; give what was seen of it, '' where nothing has to be.

    Raises NotShown when the instrument does not show that it went back.
    """
    if operation.then is None:
        return ""
    trouble: DeviceError | None = None
    for number in range(BACK_TIMES):
        if number:
            await device.clock.sleep(POLL_S)
        try:
            done = await operate(device, operation.then)
        except DeviceError as error:
            trouble = error
        else:
            return f"back: {done.text}"
    raise NotShown(f"IT DID NOT GO BACK: {operation.then}: {trouble}")


async def settle(
    device: Operable, name: OperationName, before: Sight | None, *, within_s: float
) -> Operated:
    """Find out what became of an operation that was begun and not seen to its end.

    Sends nothing. Raises NotShown where a record says that it was not done, NoAnswer where nobody
    can say.
    """
    operation = device.profile.operations.get(name)
    if operation is None or operation.proof is None or before is None:
        raise NoAnswer("it was begun, and nothing of the instrument can show what became of it")
    lost = NoAnswer("interrupted")
    outcome, text = await _proof(device, operation.proof, before, within_s=within_s, lost=lost)
    return Operated(name, outcome, text)


async def _first_sight(device: Operable, operation: Operation) -> Sight | None:
    """See how things are before anything is sent. Raises Refused where that rules it out."""
    try:
        if operation.not_in:
            look = await device.look(order=True)
            _ = look.came
            if look.state is None:
                raise Refused("nothing was sent: the instrument is busy", code=0)
            if look.state.cause in operation.not_in:
                text = look.state.text or look.state.cause
                raise Refused(f"nothing was sent: it would be dropped in state {text}", code=0)
        return await see(device, operation.proof) if operation.proof else None
    except DeviceError as error:
        if isinstance(error, Refused) and error.code == 0:
            raise
        raise Refused(f"nothing was sent: {error}", code=0) from error


async def _send_all(
    device: Operable, operation: Operation, arguments: Mapping[str, float]
) -> DeviceError | None:
    """Take every step once; give the error when the reply to the last one was lost."""
    last = steps.count(operation) - 1
    for number in range(last + 1):
        try:
            await steps.take(device, operation, number, arguments=arguments)
        except Refused as error:
            where = f"step {number + 1} refused: " if last else ""
            raise Refused(
                f"{where}{error}", code=error.code, sent=error.sent, received=error.received
            ) from error
        except (NoAnswer, BadAnswer) as error:
            if number == 0 and not error.sent:
                raise Refused(f"nothing was sent: {error}", code=0) from error
            if number < last:
                text = f"broken off after step {number + 1} of {last + 1}: {error}"
                raise NoAnswer(text, sent=error.sent) from error
            return error
    return None


async def _proof(
    device: Operable,
    proof: Proof,
    before: Sight,
    *,
    within_s: float,
    lost: DeviceError | None,
) -> tuple[Outcome, str]:
    deadline = device.clock.monotonic() + within_s
    stood = _stands(proof) and before.met
    now, trouble = before, lost
    while True:
        try:
            now = await see(device, proof)
        except DeviceError as error:
            trouble, seen = error, False
        else:
            seen = True
            stood = stood and now.met
            if _shows(proof, before, now) and not stood:
                return Outcome.DONE, now.text
        if device.clock.monotonic() >= deadline:
            break
        await device.clock.sleep(POLL_S)
    if stood and lost is None:
        return Outcome.ALREADY, f"{now.text}, as before: nothing shows that the order was taken"
    said = "its reply was lost" if lost else "acknowledged"
    more = f"; last trouble: {trouble}" if trouble else ""
    text = f"{said}, and {now.text}: not shown within {proof.within_s:.0f} s{more}"
    if trouble is None or (seen and _is_record(proof)):
        raise NotShown(text)
    raise NoAnswer(text)


def _is_record(proof: Proof) -> bool:
    """Tell whether what shows stays: whoever sees it unchanged at the end knows that it failed."""
    return proof.changed is not None or proof.renewed is not None or proof.clock is not None


def _stands(proof: Proof) -> bool:
    """Tell whether the proof is a state, which may have been there before."""
    return bool(proof.state or proof.causes) or proof.cleared is not None


def _shows(proof: Proof, before: Sight, now: Sight) -> bool:
    if proof.changed is not None or proof.renewed is not None:
        return now.thing != before.thing
    return now.met
