"""What a probe found, as plain JSON: for the row of its order, and for whoever asked."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from drivers.probe import ProbeResult


def probe_facts(found: ProbeResult) -> Mapping[str, Any]:
    """Give a probe's result with its bytes as hexadecimal text."""
    facts = dataclasses.asdict(found)
    facts["frames"] = [[direction, data.hex(" ").upper()] for direction, data in found.frames]
    facts["ok"] = found.ok
    facts["readings"] = [one._asdict() | {"cause": one.cause.value} for one in found.readings]
    return facts
