"""What the platform holds: distinct uploads, copies beyond the first, rejected frames. No I/O."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from agent.tools.platform.verdict import Key, Verdict, upload_key
from protocols.hj212.answers import ANSWERS
from protocols.hj212.segment import Segment

MOST_REASONS = 1000
"""How many different reasons are told apart; what comes behind them counts as "other"."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One frame as it came, and what was thought of it. `frame` is latin-1 text, byte for byte."""

    received_at: float
    topic: str
    frame: str
    verdict: Verdict
    duplicate: bool
    asked: bool = False
    """It belongs to an order of ours: an answer, or what was asked for."""

    def as_json(self) -> dict[str, Any]:
        """Give the line of the store."""
        segment = self.verdict.segment
        return {
            "received_at": self.received_at,
            "topic": self.topic,
            "frame": self.frame,
            "ok": self.verdict.ok,
            "reason": self.verdict.reason,
            "mn": segment.mn if segment else "",
            "st": segment.st if segment else "",
            "cn": segment.cn if segment else "",
            "data_time": self.verdict.data_time,
            "pnum": segment.pnum if segment else None,
            "pno": segment.pno if segment else None,
            "qn": self.verdict.qn,
            "flag": self.verdict.flag,
            "duplicate": self.duplicate,
            "edition": self.verdict.edition.name if self.verdict.edition else "",
            "sealed": self.verdict.sealed,
            "about": self.verdict.about,
            "asked": self.asked,
        }


@dataclass(slots=True)
class Ledger:
    """Counts, and the identity of every upload ever taken."""

    distinct: Counter[str] = field(default_factory=Counter)
    copies: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    _seen: set[Key] = field(default_factory=set)

    def take(self, verdict: Verdict, *, asked: bool = False) -> bool:
        """Count a frame; say whether it is a copy of one taken before. Copies are by CN.

        What was `asked` for is no copy, though it says again what was uploaded.
        """
        if not verdict.ok or verdict.segment is None:
            self._reject(verdict.reason)
            return False
        if asked:
            self.asked[verdict.segment.cn] += 1
            return False
        return self._count(verdict.segment.cn, verdict.key)

    def recall(self, line: dict[str, Any]) -> None:
        """Count a line of the store again, as it was judged when it came."""
        if not line["ok"]:
            self._reject(line["reason"])
            return
        if line.get("asked"):
            self.asked[line["cn"]] += 1
            return
        known = {name: line[name] for name in ("mn", "st", "cn", "qn", "pno")}
        about = line["qn"] if line["cn"] in ANSWERS else line.get("about", "")
        self._count(line["cn"], upload_key(Segment(**known), line["data_time"], about))

    def _count(self, cn: str, key: Key) -> bool:
        if key in self._seen:
            self.copies[cn] += 1
            return True
        self._seen.add(key)
        self.distinct[cn] += 1
        return False

    def _reject(self, reason: str) -> None:
        if reason not in self.rejected and len(self.rejected) >= MOST_REASONS:
            reason = "other"
        self.rejected[reason] += 1

    def summary(self) -> dict[str, Any]:
        """Give the counters as JSON has them."""
        return {
            "received": self.distinct.total(),
            "duplicates": self.copies.total(),
            "rejected": self.rejected.total(),
            "asked": self.asked.total(),
            "by_cn": dict(sorted(self.distinct.items())),
            "reasons": dict(self.rejected.most_common()),
        }
