"""How large the store will grow: rows a day times days kept.

Bytes per row were measured on stores filled with the schema; pages are full to about nine tenths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agent.settings.batch import is_batch
from agent.settings.outlet import Outlet
from agent.settings.site import Site
from drivers.profile import Profile

DAY_S = 86_400
SAMPLE_ROW_B = 18
SAMPLE_VALUE_B = 13
STATISTIC_B = 90
DELIVERY_B = 60
OUTBOX_B = 450
HOURS_AND_DAY = 25
YEAR_DAYS = 365
FRAME_B = 265
"""A frame of the message log and its answer, packed, without its values."""
FRAME_FACTOR_B = 9
"""What each factor adds to it: its digits; the names of one frame are those of the next."""


@dataclass(frozen=True, slots=True)
class DiskSize:
    """Bytes of the store: raw samples, minutes, what is kept for years, each year's growth of it.

    `samples`, `minutes` and the message log `frames` stop growing once their days are reached;
    `yearly` is hours, days and deliveries of one year, kept for `years`.
    """

    samples: int
    minutes: int
    yearly: int
    years: int
    ballast: int
    frames: int = 0

    @property
    def first_year(self) -> int:
        """The store after a year."""
        return self.samples + self.minutes + self.frames + self.yearly + self.ballast

    @property
    def full(self) -> int:
        """The store once everything is as old as it may become."""
        return self.first_year + self.yearly * (self.years - 1)


def expected_size(site: Site, profiles: Mapping[str, Profile]) -> DiskSize:
    """Estimate the store of a site that has passed its checks."""
    storage = site.storage
    sources = list(site.sources())
    continuous = [each for each in sources if not is_batch(each, profiles[each.device.profile])]
    minute_rows = sum(_minute_rows(site, source.outlet) for source in continuous)
    hour_rows = len(sources) * HOURS_AND_DAY
    deliveries = sum(
        DAY_S // 60 // destination.minutes + HOURS_AND_DAY for destination, _ in site.stations()
    )
    real_time = sum(
        DAY_S / destination.real_time_s * destination.rtd_keep_h / 24
        for destination, _ in site.stations()
    )
    return DiskSize(
        samples=int(_samples_a_day(site) * storage.samples_days + real_time * OUTBOX_B),
        minutes=minute_rows * STATISTIC_B * storage.minutes_days,
        yearly=(hour_rows * STATISTIC_B + deliveries * DELIVERY_B) * YEAR_DAYS,
        years=storage.years,
        ballast=storage.ballast_mb * 1_000_000,
        frames=min(int(_frames_a_day(site) * storage.frames_days), storage.frames_mb * 1_000_000),
    )


def _samples_a_day(site: Site) -> float:
    """Give the bytes of raw samples of a day: one row per device and cycle."""
    total = 0.0
    for device in (*site.devices, *site.samplers):
        sources = site.sources_of(device.id)
        values = sum(
            1 + ("oxygen" in each.rule.conversions) + (each.rule.counter is not None)
            for each in sources
        )
        if values:
            total += DAY_S / device.period_s * (SAMPLE_ROW_B + SAMPLE_VALUE_B * values)
    return total


def _frames_a_day(site: Site) -> float:
    """Give the bytes of the message log of a day: each upload with what came back."""
    total = 0.0
    factors = {outlet.id: len(outlet.factors) for outlet in site.outlets}
    for destination, station in site.stations():
        uploads = DAY_S / destination.real_time_s + DAY_S // 60 // destination.minutes
        values = sum(factors[outlet] for outlet in station.outlets)
        total += (uploads + HOURS_AND_DAY) * (FRAME_B + FRAME_FACTOR_B * values)
    return total


def _minute_rows(site: Site, outlet: Outlet) -> int:
    """Give the rows of a day for one continuous factor: minutes, and n minutes where asked."""
    lengths = {1} | {
        destination.minutes
        for destination, station in site.stations()
        if outlet.id in station.outlets
    }
    return sum(DAY_S // 60 // minutes for minutes in lengths)
