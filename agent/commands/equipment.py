"""Orders to instruments and samplers (3011 to 3016, 3022, 3024): a row for the device's worker.

What no device here can do is refused before it is taken. The end of an order is told when it is
there, on this connection or a later one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.commands.naming import named
from agent.store.actions import Action
from agent.uplink.desk import Desk
from agent.uplink.results import (
    BUSY,
    CONDITION,
    DONE,
    FAILED,
    REFUSED,
    Asked,
    Ending,
    Order,
    Result,
)
from protocols.hj212.message import Other, Retained

EXECUTION_S = 600.0
"""How long an order of a platform may wait for its device (architecture §3.7)."""

KINDS: Mapping[str, str] = {
    "3011": "calibrate",
    "3012": "measure",
    "3013": "clean",
    "3014": "compare",
    "3015": "retain",
    "3016": "schedule",
    "3022": "retain",
    "3024": "check",
}
"""What a command makes a device do. In HJ/T 212-2005 3013 and 3014 are others: see `nobody`."""
_OLD = frozenset({"3013", "3014"})
_EXE_RTN = {"done": DONE, "failed": FAILED, "refused": CONDITION, "expired": BUSY}


@dataclass(frozen=True, slots=True)
class Able:
    """A device that can do what is asked, and for what."""

    device: str
    kind: str
    outlet: str
    factor: str


def nobody(asked: Asked, desk: Desk) -> int | None:
    """Refuse what no device here can do. What cannot be read is judged later."""
    if isinstance(asked.order, Other):
        return None
    return REFUSED if who(asked, desk) is None else None


async def order(asked: Asked, desk: Desk) -> Result:
    """Turn the request into an order to the device that can carry it out."""
    able = who(asked, desk)
    if able is None:
        return Result(CONDITION, "no device can do that")
    # it is water of now, of no factor's result: no bottle of an exceedance is saved by it
    request = {
        "outlet": able.outlet,
        "factor": "",
        "asked_for": able.factor,
        "station": desk.id,
        "qn": asked.segment.qn,
    }
    not_after = desk.office.clock.now() + EXECUTION_S
    return Result(order=Order(able.device, able.kind, request, not_after))


def ended(action: Action, desk: Desk) -> Ending:
    """Read how an order ended; a kept bottle is told where the edition has a message for it."""
    outcome: Mapping[str, object] = action.outcome or {}
    said = str(outcome.get("reason") or action.state)
    exe_rtn = _EXE_RTN[action.state]
    at, bottle = outcome.get("at"), outcome.get("bottle")
    kept = action.kind == "retain" and exe_rtn == DONE and desk.edition.retained_cn is not None
    if kept and isinstance(at, int | float) and isinstance(bottle, int):
        return Ending(exe_rtn, said, Retained(float(at), bottle))
    return Ending(exe_rtn, said)


def who(asked: Asked, desk: Desk) -> Able | None:
    """Find the device that can do what is asked; today samplers that keep a bottle."""
    cn = asked.command.cn
    kind = KINDS.get(cn, "")
    if kind != "retain" or (desk.old and cn in _OLD):
        return None
    code: str = getattr(asked.order, "pol_id", None) or ""
    for outlet in desk.station.by_st().get(asked.segment.st, ()):
        one = named((outlet,), code, desk.station.wording)
        if outlet.sampler is not None and (one is not None or not code):
            return Able(outlet.sampler, kind, outlet.id, one.factor if one else "")
    return None
