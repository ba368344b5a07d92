"""Whether a model of sampler can keep a bottle when told, and prove that it did. Pure."""

from __future__ import annotations

from drivers.profile_model import Profile

OWN_DRIVERS = frozenset({"dayue-sampler"})
"""Drivers that know the record of their sampler themselves."""


def cannot_keep(profile: Profile) -> str | None:
    """Say why this model cannot be made to keep a bottle and prove it; None where it can."""
    if profile.driver in OWN_DRIVERS:
        return None
    retain = profile.operations.get("retain")
    if retain is None:
        return "no operation retain"
    if not retain.confirmed:
        return "its order is a guess of the source"
    if lacking := [one for one in retain.wants if one not in _known(profile)]:
        return f"it wants to be told {', '.join(lacking)}"
    proof = retain.proof
    if profile.record is None or proof is None:
        return "no record of a bottle that could be read"
    if (proof.changed if profile.modbus else proof.renewed) is None:
        return "no record of a bottle that could be read"
    return None


def _known(profile: Profile) -> tuple[str, ...]:
    """Name what the profile itself can say of an order."""
    record = profile.record
    if record is None or profile.modbus:
        return ()
    told = {"bottle": record.bottles, "volume_ml": record.volume_ml}
    return tuple(name for name, one in told.items() if one is not None)
