"""What a platform does by itself when a station asks for it. Pure.

It sets the clock of a station that asks for the time (1013), hands a new key to one that asks
(1014), and an MN to a logger that registers and for which there is one (1001, 1002).

Source: HJ 212-2017 §6.7; HJ 212-2025 §6.4.3, §6.8
"""

from __future__ import annotations

from agent.tools.platform.orders import new_key
from agent.tools.platform.stations import Roster, Station
from agent.tools.platform.verdict import Verdict
from protocols.hj212.cp import find, parse_cp

Wanted = tuple[Station, str, list[str]]
"""Whom to send which command with which words."""


def by_itself(verdict: Verdict, roster: Roster) -> Wanted | None:
    """Say what a right frame makes the platform order; None for nothing."""
    segment = verdict.segment
    if segment is None or verdict.edition is None:
        return None
    station = roster.station(segment.mn)
    if segment.cn == "1013":
        return station, "1012", []
    if segment.cn == "1014" and station.seals:
        return station, "1014", [f"NewSK={new_key()}"]
    if segment.cn == "1001" and verdict.edition.base == "hj212-2025":
        logger = find(parse_cp(segment.cp), "i23005-Info") or ""
        mn = roster.assigned.get(logger)
        if mn is not None:
            named = roster.station(mn)
            named.learn(verdict)
            return named, "1002", [f"i23005-Info={logger}"]
    return None
