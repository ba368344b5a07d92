"""The JSON that goes beside HJ 212: birth, will, health, events. Their schemas are published."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Notice(BaseModel):
    """Every payload: closed shape, times as UTC epoch seconds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def payload(self) -> bytes:
        """Print as UTF-8 JSON."""
        return self.model_dump_json().encode()


class State(Notice):
    """`hj212/{mn}/state`, retained: the birth, and as the will only `online: false`."""

    online: bool
    version: str = ""
    edition: str = ""
    outlets: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    since: float | None = None
    key: str = ""
    """The public half of what this agent signs with; empty until it has signed once."""


class DeviceHealth(Notice):
    """How one instrument is reached."""

    id: str
    bus: str
    ok: bool
    cause: str
    last_good_at: float | None


class SignedHead(Notice):
    """That the journal stood at `head` in line `seq`; Ed25519 over unit, seq, head and time."""

    unit: str
    seq: int
    head: str
    at: float
    key: str
    signature: str


class LinkHealth(Notice):
    """How the station's link does since counting began, `for_s` seconds ago.

    A restart of the daemon counts as a drop, and the time it was away as not linked.

    Shares are 0 to 1, null before there is anything to share; bytes are those of `month` (UTC+8),
    of frames and notices, without what TCP and TLS add.
    """

    for_s: float
    online_rate: float | None
    drops: int
    last_return_s: float | None
    longest_return_s: float | None
    frames_ended: int
    frame_success: float | None
    refused: int
    sent_bytes: int
    received_bytes: int
    month: str
    unconfirmed: bool


class Health(Notice):
    """`hj212/{mn}/health`, every minute, retained."""

    at: float
    version: str
    devices: tuple[DeviceHealth, ...]
    outbox: int
    oldest_at: int | None
    disk_free_mb: int
    store_mb: int
    disk_times_full: int
    clock_trusted: bool
    clock_epoch: int
    temperature_c: float | None
    journal_head: str
    signed: SignedHead | None = None
    """The last signed head, one a day."""
    link: LinkHealth | None = None


class EventNotice(Notice):
    """`hj212/{mn}/event`: what HJ 212 has no message for."""

    id: int
    kind: str
    at: float
    outlet: str
    factor: str
    state: Literal["opened", "closed", "told"]
    detail: dict[str, Any]
