"""Instruments: buses, profiles, devices. Knows nothing of platform, limits or database."""
