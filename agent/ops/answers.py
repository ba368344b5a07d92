"""Answers what an ops server asks: read, masked, journalled. Nothing here changes anything."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.clock import Clock
from agent.logring import RING
from agent.ops.orders import KINDS, Diagnose, Frames, Logs, Probe, parts
from agent.ordering import envelope
from agent.ordering.envelope import Envelope
from agent.plan import Plan
from agent.settings.masking import masking
from agent.store import frame_packs, journal
from agent.store.db import Store

ROWS = 50
"""Rows of the message log that are looked through at a time, newest first."""
LOOKED = 5000
"""Rows that are looked through at most; a row holds up to 256 records."""

Ask = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
_LAST_AT = "SELECT coalesce(max(last_at), 0) FROM frames WHERE id > ? AND id <= ?"
_JOURNAL = "SELECT seq, at, who, what, detail FROM journal ORDER BY seq DESC LIMIT ?"


@dataclass(frozen=True, slots=True)
class OpsAnswers:
    """What is known of the house. `ask` gives who answers the questions of the local socket."""

    plan: Callable[[], Plan]
    ask: Mapping[str, Ask]
    store: Store
    clock: Clock

    async def answer(self, server: str, payload: bytes) -> Iterable[bytes]:
        """Give the messages of an answer; none where the question cannot even be answered.

        Raises `Unreadable`.
        """
        asked = envelope.read(payload)
        model = KINDS.get(asked.kind)
        if model is None:
            return self._refused(asked, f"只读，可用 / read only, allowed: {', '.join(KINDS)}")
        try:
            body = model.model_validate(asked.body)
        except ValidationError as error:
            return self._refused(asked, envelope.said(error))
        await self._note(server, asked)
        found = await self._found(body)
        if isinstance(found, str):
            return self._refused(asked, found)
        plan = self.plan()
        # reading secrets and masking megabytes would hold up the loop
        text = await asyncio.to_thread(
            lambda: masking(plan.site)(json.dumps(found, ensure_ascii=False, indent=1))
        )
        return parts(text, ref=asked.ref, kind=asked.kind)

    @staticmethod
    def _refused(asked: Envelope, text: str) -> Iterable[bytes]:
        return parts("", ref=asked.ref, kind=asked.kind, state="refused", text=text)

    async def _note(self, server: str, asked: Envelope) -> None:
        now = self.clock.now()
        detail = {"ref": asked.ref, "kind": asked.kind, "body": asked.body}
        await self.store.write(
            lambda connection: journal.add(
                connection, "diagnosis", detail, at=now, who=f"ops:{server}"
            )
        )

    async def _found(self, body: BaseModel) -> dict[str, Any] | str:
        """Give what was asked for, or in words why not."""
        match body:
            case Diagnose():
                return await self._diagnosis(body)
            case Frames():
                return await self._frames(body)
            case Logs():
                return {"lines": RING.newest(body.lines)}
            case Probe():
                found = await self.ask["probe"]({"device": body.device})
                # what was asked has `ok`, and its own `error` where the instrument was silent
                return dict(found) if "ok" in found else str(found.get("error"))
            case _:  # pragma: no cover  # the table holds no other
                raise AssertionError(body)

    async def _diagnosis(self, body: Diagnose) -> dict[str, Any]:
        lines = await self.store.read(
            lambda connection: connection.execute(_JOURNAL, (body.journal,)).fetchall()
        )
        names = ("seq", "at", "who", "what", "detail")
        return {
            "status": dict(await self.ask["status"]({})),
            "metrics": (await self.ask["metrics"]({}))["text"],
            "journal": [dict(zip(names, line, strict=True)) for line in lines],
        }

    async def _frames(self, body: Frames) -> dict[str, Any] | str:
        known = self.plan().stations
        if body.station and body.station not in known:
            return f"没有站点 / no station {body.station}; {', '.join(known)}"
        await self.ask["frames"]({})
        records = await self.store.read(lambda connection: _newest(connection, body))
        return {"frames": [one._asdict() for one in records]}


def _newest(connection: sqlite3.Connection, body: Frames) -> list[frame_packs.FrameRecord]:
    """Give the newest records that are meant, oldest first."""
    found: list[frame_packs.FrameRecord] = []
    last = frame_packs.newest(connection)
    first = max(frame_packs.oldest(connection), last - LOOKED)
    while last >= first and len(found) < body.most:
        after = last - ROWS
        (at,) = connection.execute(_LAST_AT, (after, last)).fetchone()
        if at < body.since:
            break
        some = frame_packs.between(
            connection, after, last, since=body.since, station=body.station or None
        )
        found, last = some + found, after
    return found[-body.most :]
