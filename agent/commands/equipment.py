"""Orders to instruments and samplers (1012, 3011 to 3016, 3021 to 3024): a row for their worker.

What no device here can do is refused before it is taken. The end of an order is told when it is
there, on this connection or a later one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.commands.naming import named
from agent.operating import SET_PARAMETER, operation_for
from agent.plan import FactorPlan, OutletPlan
from agent.store.actions import Action
from agent.uplink.desk import Desk
from agent.uplink.results import (
    BUSY,
    CONDITION,
    DONE,
    FAILED,
    REFUSED,
    TIMED_OUT,
    Asked,
    Ending,
    Order,
    Result,
)
from drivers.profile import Profile
from drivers.profile_model import Parameter
from drivers.retention import cannot_keep
from protocols.hj212.message import Other, Retained
from protocols.hj212.orders import Calibrate, SamplingCycle, SetOnSite

EXECUTION_S = 600.0
"""How long an order of a platform may wait for its device (architecture §3.7)."""

KINDS: Mapping[str, str] = {
    "1012": "set_time",
    "3011": "calibrate",
    "3012": "measure",
    "3013": "clean",
    "3014": "compare",
    "3015": "retain",
    "3016": "schedule",
    "3021": SET_PARAMETER,
    "3022": "retain",
    "3024": "check",
}
"""What a command makes a device do. In HJ/T 212-2005 3013 and 3014 are others: see `nobody`."""
_OLD = frozenset({"3013", "3014"})
_EXE_RTN = {
    "done": DONE, "failed": FAILED, "refused": CONDITION, "expired": BUSY, "unknown": TIMED_OUT,
}  # fmt: skip
_CALIBRATIONS = ("zero", "span")
"""By CalibrationType of 2025; the older editions mean both at once."""
PARAMETERS: Mapping[str, tuple[str, ...]] = {
    "i13001": ("range", "range_high"),
    "i13003": ("interval",),
    "i13004": ("digestion_temperature",),
    "i13005": ("digestion_time",),
    "i13007": ("intercept",),
    "i13008": ("slope",),
    "i13009": ("detection_limit",),
}
"""Parameters of an instrument by their code, as profiles name them (HJ 212-2017 table B.10).

The rest of the table is no parameter that a platform has business with, or one of the maker's.
"""
_UNITS: Mapping[str, str] = {"i13003": "min", "i13004": "degC", "i13005": "min"}
"""In which unit a platform says them; the others have that of the instrument."""
_MINUTES: Mapping[str, float] = {"min": 1.0, "h": 60.0, "s": 1 / 60}
_MIDNIGHT = "000000"


@dataclass(frozen=True, slots=True)
class Able:
    """A device that can do what is asked, for what, and how it is told."""

    device: str
    kind: str
    outlet: str
    factor: str
    how: Mapping[str, object] = field(default_factory=dict)


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
    if isinstance(asked.order, SamplingCycle) and asked.order.first_at != _MIDNIGHT:
        return Result(CONDITION, "a cycle can be set that begins the day at 000000, no other")
    # it is water of now, of no factor's result: no bottle of an exceedance is saved by it
    request = {
        "outlet": able.outlet,
        "factor": "",
        "asked_for": able.factor,
        "station": desk.id,
        "qn": asked.segment.qn,
        **able.how,
    }
    not_after = desk.office.clock.now() + EXECUTION_S
    return Result(order=Order(able.device, able.kind, request, not_after))


def ended(action: Action, desk: Desk) -> Ending:
    """Read how an order ended; a kept bottle is told where the edition has a message for it."""
    outcome: Mapping[str, object] = action.outcome or {}
    said = str(outcome.get("reason") or outcome.get("outcome") or action.state)
    exe_rtn = _EXE_RTN[action.state]
    if outcome.get("outcome") == "already":
        exe_rtn = BUSY  # it is at just that, and shows nothing of this order
    at, bottle = outcome.get("at"), outcome.get("bottle")
    kept = action.kind == "retain" and exe_rtn == DONE and desk.edition.retained_cn is not None
    if kept and isinstance(at, int | float) and isinstance(bottle, int):
        return Ending(exe_rtn, said, Retained(float(at), bottle))
    return Ending(exe_rtn, said)


def who(asked: Asked, desk: Desk) -> Able | None:
    """Find the device that can do what is asked: by its profile, for the factor that is named."""
    cn = asked.command.cn
    kind = KINDS.get(cn, "")
    if not kind or (desk.old and cn in _OLD):
        return None
    code: str = getattr(asked.order, "pol_id", None) or ""
    for outlet in desk.station.by_st().get(asked.segment.st, ()):
        one = named((outlet,), code, desk.station.wording)
        if kind == "retain":
            able = _keeper(outlet, one, desk) if one is not None or not code else None
        else:
            able = None if one is None else _instrument(asked, kind, one, desk)
        if able is not None:
            return able
    return None


def _keeper(outlet: OutletPlan, one: FactorPlan | None, desk: Desk) -> Able | None:
    """Give the sampler of an outlet, where it can prove a bottle."""
    profile = desk.office.plan().profiles.get(outlet.sampler or "")
    if outlet.sampler is None or profile is None or cannot_keep(profile) is not None:
        return None
    return Able(outlet.sampler, "retain", outlet.id, one.factor if one else "")


def _instrument(asked: Asked, kind: str, one: FactorPlan, desk: Desk) -> Able | None:
    profile, order = desk.office.plan().profiles[one.device], asked.order
    if isinstance(order, SetOnSite):
        how = _setting(profile, order)
    elif isinstance(order, SamplingCycle):
        how = _cycle(profile, order.cycle_h * 60)
    else:
        if isinstance(order, Calibrate):
            kind = _CALIBRATIONS[order.calibration_type]
        how = _operation(profile, kind, {})
    return None if how is None else Able(one.device, kind, one.outlet, one.factor, how)


def _operation(
    profile: Profile, kind: str, arguments: Mapping[str, float]
) -> Mapping[str, object] | None:
    name = operation_for(profile, kind, arguments)
    return None if name is None else {"operation": name, "arguments": arguments}


def _cycle(profile: Profile, minutes: int) -> Mapping[str, object] | None:
    """Say how a cycle is set: better as a parameter, for that is read back."""
    parameter = _writable(profile, ("interval",))
    if parameter is not None and parameter.unit in _MINUTES:
        value = minutes / _MINUTES[parameter.unit]
        return {"parameter": parameter.id, "value": value, "unit": parameter.unit}
    return _operation(profile, "schedule", {"minutes": float(minutes)})


def _setting(profile: Profile, order: SetOnSite) -> Mapping[str, object] | None:
    """Say how a parameter is set; None where this instrument does not let it, or it is no number.

    A unit of time is worked out, any other has to be that of the instrument.
    """
    code = order.code.lower()
    told = {name.partition("-")[0].lower(): value for name, value in order.told}
    parameter = _writable(profile, PARAMETERS.get(code, ()))
    try:
        value = float(told[code])
    except (KeyError, ValueError):
        return None
    if parameter is None or not math.isfinite(value):
        return None
    unit = _UNITS.get(code, parameter.unit)
    if unit != parameter.unit:
        if not {unit, parameter.unit} <= _MINUTES.keys():
            return None
        value *= _MINUTES[unit] / _MINUTES[parameter.unit]
    return {"parameter": parameter.id, "value": value, "unit": parameter.unit}


def _writable(profile: Profile, ids: tuple[str, ...]) -> Parameter | None:
    found = (one for one in profile.parameters if one.id in ids and one.writable)
    return next((one for one in found if one.type is not None), None)
