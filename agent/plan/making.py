"""Works the plan out, once, from the settings in force."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Mapping

from agent import rules
from agent.plan.factors import flow_of, kept_as, make_factor
from agent.plan.parts import OutletPlan, Plan, StationPlan
from agent.quality.chain import in_order
from agent.quality.units import convert
from agent.report import Spelling, Wording
from agent.settings import Site
from agent.settings.check_factors import factor_in
from agent.settings.destination import Destination, Station
from agent.settings.spoken import spoken
from drivers.profile import Profile, load_profile
from protocols.hj212.editions import Edition
from protocols.hj212.times import BEIJING_OFFSET_S

_OWN = ("real_time_s", "minutes", "timeout_s", "resends")
"""What a station may have otherwise than its platform has it in general."""


def make_plan(site: Site) -> Plan:
    """Work the plan out. The site has passed its checks."""
    places = site.profile_directories
    devices = (*site.devices, *site.samplers)
    loaded = {name: load_profile(name, places) for name in {one.profile for one in devices}}
    profiles = {device.id: loaded[device.profile] for device in devices}
    outlets = {outlet.id: _outlet(site, outlet.id, profiles) for outlet in site.outlets}
    stations = {
        station.id: _station(site, destination, station, outlets=outlets)
        for destination, station in site.stations()
    }
    return Plan(site, outlets, stations, profiles)


def _station(
    site: Site,
    destination: Destination,
    station: Station,
    *,
    outlets: Mapping[str, OutletPlan],
) -> StationPlan:
    destination = _as_of(destination, station)
    return StationPlan(
        destination,
        station,
        tuple(outlets[one] for one in station.outlets),
        wording=Wording(
            spoken(destination),
            said=_said(site, station, spoken(destination)),
            absent=destination.absent,
            period_flag={str(medium): how for medium, how in destination.period_flag.items()},
            answer=destination.ack not in ("puback", "none"),
            shared_qn=destination.wire.split_qn == "shared",
            converted=frozenset(
                code
                for name in station.outlets
                for code, one in outlets[name].factors.items()
                if one.corrected
            ),
        ),
        since=None if station.since is None else _midnight(station.since),
        send_phase_s=_phase(station.mn or station.id, destination.send_window_s),
    )


def _as_of(destination: Destination, station: Station) -> Destination:
    """Give the platform as this station has it: its own word goes first."""
    own = {name: getattr(station, name) for name in _OWN}
    own = {name: value for name, value in own.items() if value is not None}
    return destination.model_copy(update=own) if own else destination


def _phase(mn: str, window_s: float) -> float:
    """Spread the fleet over the window: always the same place in it for one MN."""
    digest = hashlib.sha256(mn.encode()).digest()
    return int.from_bytes(digest[:4]) / 2**32 * window_s


def _outlet(site: Site, outlet_id: str, profiles: Mapping[str, Profile]) -> OutletPlan:
    outlet = site.outlet(outlet_id)
    sampler = site.sampler_of(outlet_id)
    factors = {
        source.code: make_factor(site, source, profiles[source.device.id])
        for source in site.sources(outlet_id)
    }
    chains = {code: one.chain for code, one in factors.items() if one.chain is not None}
    return OutletPlan(
        id=outlet.id,
        medium=outlet.medium,
        st=str(outlet.st),
        flow=flow_of(outlet),
        factors=factors,
        sampler=sampler.id if sampler else None,
        keeping=rules.keeping_of(sampler, zero_flow=outlet.statistics.zero_flow)
        if sampler
        else None,
        chained=tuple(in_order(chains)),
    )


def _said(site: Site, station: Station, edition: Edition) -> dict[str, Spelling]:
    """Give what is different on this platform's wire: codes of 2005, units of a dialect."""
    said = {}
    for name in station.outlets:
        outlet = site.outlet(name)
        for code in outlet.factors:
            kept, there = kept_as(site, outlet, code), factor_in(code, edition)
            if there is None or (there.code == code and there.unit == kept.unit):
                continue
            zero = convert(0.0, kept.unit, there.unit)
            one = convert(1.0, kept.unit, there.unit)
            said[code] = Spelling(there.code, one - zero, zero)
    return said


def _midnight(day: datetime.date) -> float:
    moment = datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)
    return moment.timestamp() - BEIJING_OFFSET_S
