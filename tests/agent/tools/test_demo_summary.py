"""A demo that has not shown what it is for says so."""

from __future__ import annotations

from typing import Any

from agent.tools.demo.command import not_shown
from agent.tools.demo.show import summary_lines

KEPT = {
    "bottle": 1, "at": "2026-11-22T12:21:58+08:00", "vessel": "A", "volume_ml": 500.0,
    "factor": "w01018", "value": 86.4, "limit": 50.0,
}  # fmt: skip


def summary(**more: Any) -> dict[str, Any]:
    plain = dict.fromkeys(
        ("readings", "frames_sent", "frames_received", "frames_rejected", "missing", "duplicates",
         "outage_s", "queued_in_outage"), 0,
    )  # fmt: skip
    whole = {"file": "e.zip", "whole": True}
    given = {**plain, "retained": [KEPT], "evidence": [whole], "camera": True, **more}
    return {**given, "not_shown": not_shown(given)}


def test_whole_play_has_bottle_and_bundle() -> None:
    lines = list(summary_lines(summary(), "zh"))
    assert "留样：1 号瓶 2026-11-22T12:21:58+08:00，A 桶 500 mL，化学需氧量 86.4 > 50.0" in lines[2]
    assert lines[-1] == "一条不丢"
    assert summary()["not_shown"] == []


def test_what_is_missing_is_named() -> None:
    without = summary(retained=[], evidence=[])
    assert without["not_shown"] == ["bottle", "bundle"]
    said = "\n".join(summary_lines(without, "en"))
    assert "no bottle was kept" in said
    assert "no whole bundle" in said


def test_bundle_that_is_not_whole_is_none() -> None:
    assert summary(evidence=[{"file": "e.zip", "whole": False}])["not_shown"] == ["bundle"]
