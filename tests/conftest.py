"""What every test of this house goes by."""

from __future__ import annotations

from hypothesis import settings

# No test speaks of time: on a loaded machine a slow example is not a wrong one.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
