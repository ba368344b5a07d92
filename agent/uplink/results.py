"""What comes of a request: the codes of the standard, and how a handler says them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from protocols.hj212.commands import Command
from protocols.hj212.message import Message
from protocols.hj212.segment import Segment

DONE = 1
FAILED = 2
CONDITION = 3
TIMED_OUT = 4
BUSY = 5
FAULT = 6
NO_DATA = 100
"""ExeRtn (HJ 212-2017 §6.6, 9012); HJ/T 212-2005 knows 1, 2 and 100 only."""

TAKEN = 1
REFUSED = 2
WRONG_PW = 3
WRONG_MN = 4
WRONG_ST = 5
WRONG_QN = 7
WRONG_CN = 8
"""QnRtn (HJ 212-2017 §6.6, 9011); HJ/T 212-2005 knows 1, 2 and 3 only."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the frame, what it says, and what the edition says of its command."""

    segment: Segment
    order: Message
    command: Command


@dataclass(frozen=True, slots=True)
class Order:
    """An order to a device that a request becomes."""

    device: str
    kind: str
    request: Mapping[str, object]
    not_after: float


@dataclass(frozen=True, slots=True)
class Result:
    """How a request ended. With an order it has not ended yet.

    `job` changes rows in the commit that notes the result.
    """

    exe_rtn: int = DONE
    outcome: str = ""
    job: Callable[[sqlite3.Connection], None] | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """How an order to a device ended, for the platform that gave it."""

    exe_rtn: int
    outcome: str
    message: Message | None = None
