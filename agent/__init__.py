"""The duty: quality, statistics, rules, storage, reporting, commands."""

__version__ = "0.1.0"
