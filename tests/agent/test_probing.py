"""What a probe found, as JSON."""

from __future__ import annotations

import json

from agent.probing import probe_facts
from drivers.device import Cause, Reading
from drivers.probe import ProbeResult


def test_facts_of_a_probe_are_plain_json_with_names() -> None:
    reading = Reading("ph", 7.25, "", 1780798626.0, cause=Cause.OVER_RANGE, raw=(16616, 0))
    found = ProbeResult(
        "ph1", "water/ph", "line1", 1, (((">", b"\x01\x03")),), (), (reading,),
        state="", cause="normal", error="", taken_ms=12.5,
    )  # fmt: skip
    facts = json.loads(json.dumps(probe_facts(found)))
    assert facts["frames"] == [[">", "01 03"]]
    assert facts["readings"] == [
        {"point": "ph", "value": 7.25, "unit": "", "taken_at": 1780798626.0,
         "cause": "over_range", "reason": "", "measured_at": None, "raw": [16616, 0]}
    ]  # fmt: skip
    assert facts["ok"] is True
