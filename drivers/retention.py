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
    if lacking := retain.wants:
        return f"it wants to be told {', '.join(lacking)}"
    if profile.record is None or retain.proof is None or retain.proof.changed is None:
        return "no record of a bottle that could be read"
    return None
