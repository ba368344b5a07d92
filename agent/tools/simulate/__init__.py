"""Simulated instruments: every device of a site file, played from its profile on its own line."""
