"""Bytes and standards: bytes in, objects out, and back. No I/O, no clock, no settings."""
