"""What each worker stands on: a change of anything else must not restart it."""

from __future__ import annotations

from collections.abc import Set

from agent.plan import Plan, StationPlan
from agent.settings.equipment import CameraSettings
from agent.settings.supervision import Supervision


def link_terms(station: StationPlan) -> tuple[object, ...]:
    """Give what a station's connection stands on: what is not here changes while it lasts."""
    free = {"real_time_s": 30, "minutes": 10, "timeout_s": 10.0, "resends": 3, "stations": ()}
    free |= {"supervision": Supervision()}
    own = {
        "real_time": True,
        "states": True,
        "real_time_s": None,
        "minutes": None,
        "timeout_s": None,
    }
    return (
        station.destination.model_copy(update=free),
        station.station.model_copy(update={**own, "resends": None}),
        tuple(one.id for one in station.outlets),
        frozenset(station.devices()),
    )


def line_terms(plan: Plan, bus: str) -> tuple[object, ...]:
    """Give all that the worker of a line takes from the plan: nothing else may restart it."""
    devices = plan.site.devices_on(bus)
    factors = tuple(plan.factors_of(one.id) for one in devices)
    samplers = {one.outlet for one in plan.site.samplers if one.bus == bus}
    concerned = {one.outlet for found in factors for one in found} | samplers
    here = {one.id for one in devices}
    inputs = tuple(one for one in plan.site.inputs if one.device in here)
    concerned |= {plan.at(one) for one in inputs}
    outlets = tuple(
        (one.id, one.st, one.flow, one.sampler, one.keeping)
        for one in plan.outlets.values()
        if one.id in concerned
    )
    cameras = tuple(
        (one.id, one.outlet, one.before_s, one.after_s)
        for one in plan.site.cameras
        if one.outlet in concerned
    )
    profiles = tuple(plan.profiles[one.id] for one in devices)
    return devices, profiles, factors, outlets, cameras, inputs, _told(plan, concerned)


def camera_terms(plan: Plan, camera: CameraSettings) -> tuple[object, ...]:
    """Give what the worker of a camera stands on."""
    return camera, plan.site.storage.clips_mb, _told(plan, {camera.outlet})


def _told(plan: Plan, concerned: Set[str]) -> tuple[object, ...]:
    """Give who hears of what is found at these outlets, and what of it: persons, platforms."""
    heard = tuple(
        (
            one.id,
            one.destination.events,
            one.destination.wire.retained_upload,
            one.destination.wire.check_upload,
            one.destination.factors,
            one.wording,
            one.since,
            tuple(outlet.id for outlet in one.outlets),
        )
        for one in plan.stations.values()
        if any(outlet.id in concerned for outlet in one.outlets)
    )
    return plan.site.alarms, *heard
