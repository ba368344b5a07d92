"""Freezing an interval as evidence: by order or by hand, and what is done while it lasts."""

from agent.freezing.hand import HOLD, hold_by_hand, release_by_hand
from agent.freezing.orders import (
    EvidenceOrder,
    FreezeOrder,
    ReleaseOrder,
    ask_evidence,
    freeze,
    release,
)
from agent.freezing.worker import Frozen

__all__ = [
    "HOLD",
    "EvidenceOrder",
    "FreezeOrder",
    "Frozen",
    "ReleaseOrder",
    "ask_evidence",
    "freeze",
    "hold_by_hand",
    "release",
    "release_by_hand",
]
