"""What the reasons of an MQTT broker mean: behind a greeting, an acknowledgement, a goodbye."""

from __future__ import annotations

import functools

from agent.errors import LinkError, Rejected, Unreachable
from agent.uplink.link import Sent, judge_puback

UNSUPPORTED_VERSION = 132
SESSION_TAKEN_OVER = 142
PACKET_TOO_LARGE = 149
_TRY_AGAIN = {128, 136, 137, 151, 159}
"""Connect reasons that pass: unspecified, unavailable, busy, quota, connection rate."""


class TakenOver(LinkError):
    """Another client connected with our identity. Reconnecting would start a tug of war."""


class UnknownVersion(LinkError):
    """The broker does not speak this version of MQTT."""


class NoGreeting(Unreachable):
    """Somebody listens and never greets: perhaps it does not know this version of MQTT."""


def refusal(address: str, code: int, text: str) -> LinkError:
    """Give the error that a greeting with that reason is."""
    if code == UNSUPPORTED_VERSION:
        return UnknownVersion(f"{address}: {text}")
    if code in _TRY_AGAIN:
        return Unreachable(f"{address}: {text}")
    return Rejected(f"{address}: {text}")


def goodbye(address: str, code: int, text: str) -> LinkError:
    """Give the error that the end of a connection with that reason is."""
    if code == SESSION_TAKEN_OVER:
        return TakenOver(f"{address}: {text}")
    return Unreachable(f"{address}: {text}")


@functools.cache
def acknowledged(code: int) -> Sent:
    """Say how a publication ended whose PUBACK has that reason."""
    return Sent(judge_puback(code), f"PUBACK {code}")
