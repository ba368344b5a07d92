"""How a destination wants to be talked to, and what was learnt of it while talking."""

from __future__ import annotations

from dataclasses import dataclass

from agent.store.outbox import Row

SILENT_UPLOADS = 5
"""Uploads without any 9014 on a live connection before the station counts as unconfirmed."""
FIRST_PAUSE_S = 2.0
LONGEST_PAUSE_S = 60.0
PATIENT_TIMES = 5
FIRST_WAIT_S = 4.0
LONGEST_WAIT_S = 300.0
"""How long a row waits that was kept more than five times: twice as long each time."""


@dataclass(frozen=True, slots=True)
class Manners:
    """What the settings say. `ack`: what decides on delivery (auto, 9014, puback, none)."""

    station: str
    ack: str
    timeout_s: float
    resends: int
    in_flight: int
    backlog_per_s: float
    send_window_s: float
    rf_on_resend: bool
    """Whether backlog carries RF=1, in an edition that has it."""
    heartbeat_s: float = 0.0
    """How often a 9015 goes; 0 where none does."""
    fresh_qn: bool = False
    """Whether what is sent again bears a new QN."""
    shared_qn: bool = False
    """Whether the packets of one upload bear one QN: such an upload keeps it."""

    def tries(self, confirmation: Confirmation, *, shows_delivery: bool) -> int:
        """Give how often an upload goes out at most that wants an answer; 0: none is waited for.

        Where 9014 does not decide the broker's acknowledgement does (architecture §3.5);
        `shows_delivery`: whether that one tells that somebody took the message.
        """
        if self.ack == "auto":
            decides = confirmation.seen or not shows_delivery
        else:
            decides = self.ack == "9014"
        if not decides:
            return 0
        return 1 if confirmation.unconfirmed else 1 + self.resends


@dataclass(slots=True)
class Confirmation:
    """What is known about whether the platform answers 9014; outlives a connection."""

    seen: bool = False
    silent: int = 0

    def heard(self) -> None:
        """Take note of a 9014."""
        self.seen, self.silent = True, 0

    @property
    def unconfirmed(self) -> bool:
        """Say whether the platform has stopped, or never started, to answer."""
        return self.silent >= SILENT_UPLOADS


@dataclass(slots=True)
class Pause:
    """A rest after something was kept; each one is twice as long as the one before.

    Times are those of the event loop, real seconds.
    """

    first_s: float = FIRST_PAUSE_S
    _until: float = 0.0
    _doublings: int = 0

    def lasts(self, at: float) -> bool:
        """Say whether it is still on."""
        return at < self._until

    def begin(self, at: float) -> bool:
        """Begin a rest; True when it is the first one since something went through."""
        first = self._doublings == 0
        if self.lasts(at):
            return False
        self._until = at + min(LONGEST_PAUSE_S, self.first_s * 2**self._doublings)
        self._doublings = min(self._doublings + 1, 16)
        return first

    def shorten(self) -> None:
        """Something went through: the next rest is a short one again."""
        self._doublings = 0


def not_before(row: Row, now: float) -> float:
    """Let a row that was kept again and again wait, so that it stands before nobody for ever.

    The first times the rest of the whole station is enough.
    """
    times = row.attempts - PATIENT_TIMES
    if times < 0:
        return row.not_before
    return now + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(times, 16))
