"""Looks after the bottles of one sampler: what is in them, its door, how many are left (SMP-07).

A slow look beside the polling. What it finds is compared with the rows, so that a restart tells
nothing twice; it writes only what changed.
"""

from agent.bottle_watch.changes import SETTLE_S
from agent.bottle_watch.watch import LOOK_S, BottleWatch

__all__ = ["LOOK_S", "SETTLE_S", "BottleWatch"]
