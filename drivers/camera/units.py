"""The units of an encoded picture (H.264 Annex B, H.265 Annex B): whether there is a slice."""

from __future__ import annotations

_START = b"\0\0\1"


def shows_something(data: bytes, codec: str) -> bool:
    """Say whether one unit is a slice; without one, players stumble over the picture.

    A line that stalls may cut a picture behind its delimiter. `codec` is that of `Form`. What is
    not laid out in units (Annex B) is taken for a picture.
    """
    at = data.find(_START)
    if at not in (0, 1):
        return True
    while 0 <= at < len(data) - len(_START):
        head = data[at + len(_START)]
        if head >> 1 & 63 < 32 if codec == "hvc1" else 1 <= head & 31 <= 5:
            return True
        at = data.find(_START, at + len(_START))
    return False
