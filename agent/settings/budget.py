"""How long a bus is busy: the physical floor of every poll, added up.

Formula: (request + answer) * character time + turnaround + two silences of 3.5 characters. A bus
that is busy for more than 70 % of its time has no room for retries and orders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.settings.site import Site
from drivers.plan import Span, plan
from drivers.profile import Profile
from drivers.settings import AnyBus, DeviceSettings, TcpBus

BUSY_SHARE = 0.7
TURNAROUND_S = 0.020
TCP_EXCHANGE_S = 0.010
_TALK = Span("holding", 0, 24, ())
"""Stands for a question of another protocol: about sixty characters there and back."""
_REQUEST = 8
_ANSWER = 5


@dataclass(frozen=True, slots=True)
class BusLoad:
    """What polling asks of a bus. `share` is the part of the time it is busy, 1 all of it."""

    bus: str
    devices: int
    requests: int
    share: float


def bus_load(site: Site, bus: AnyBus, profiles: Mapping[str, Profile]) -> BusLoad:
    """Add up the polls of a bus; units whose profile is not known count nothing."""
    requests, share = 0, 0.0
    devices = site.devices_on(bus.id)
    for device in devices:
        profile = profiles.get(device.profile)
        if profile is not None:
            spans = plan(profile)
            talks = sum(1 for one in profile.questions if one.send and not one.slow)
            requests += len(spans) + talks
            busy_s = sum(_exchange_s(bus, device, span, profile) for span in spans)
            busy_s += talks * _exchange_s(bus, device, _TALK, profile)
            share += busy_s / device.period_s
    return BusLoad(bus.id, len(devices), requests, share)


def poll_s(bus: AnyBus, span: Span) -> float:
    """Give the seconds one request and its answer take on the wire, turnaround included."""
    if isinstance(bus, TcpBus):
        return TCP_EXCHANGE_S
    bits = 1 + bus.data_bits + (bus.parity != "none") + bus.stop_bits
    character_s = bits / bus.baud
    silence_s = 0.00175 if bus.baud > 19_200 else 3.5 * character_s
    coils = span.table in ("coil", "discrete")
    payload = -(-span.count // 8) if coils else 2 * span.count
    return (_REQUEST + _ANSWER + payload) * character_s + TURNAROUND_S + 2 * silence_s


def _exchange_s(bus: AnyBus, device: DeviceSettings, span: Span, profile: Profile) -> float:
    gap_ms = device.timing.gap_ms if device.timing.gap_ms is not None else profile.line.gap_ms
    return poll_s(bus, span) + gap_ms / 1000
