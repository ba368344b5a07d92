"""What an ops server may ask, the shape of each question, and how an answer is cut. Pure.

Every one of them only reads. `probe` asks an instrument once, as `paikou probe` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, Field

from agent.ordering.envelope import Body, Seconds

PIECE = 32 * 1024
"""Characters of one part; as JSON in UTF-8 at most four times as many bytes."""
MOST = 2 * 1024 * 1024
"""Characters of one answer: what is newest stays."""


class Diagnose(Body):
    """How everything stands: status, counters, the newest lines of the journal."""

    journal: int = Field(default=100, ge=0, le=1000)


class Frames(Body):
    """The message log of one station, or of all; the newest records."""

    station: Annotated[str, Field(max_length=32)] = ""
    since: Seconds = 0.0
    most: int = Field(default=200, ge=1, le=5000)


class Logs(Body):
    """The newest lines of the daemon's log."""

    lines: int = Field(default=200, ge=1, le=2000)


class Probe(Body):
    """One instrument, asked once."""

    device: Annotated[str, Field(min_length=1, max_length=32)]


KINDS: Mapping[str, type[BaseModel]] = {
    "diagnose": Diagnose,
    "frames": Frames,
    "logs": Logs,
    "probe": Probe,
}


def parts(
    content: str, *, ref: str, kind: str, state: str = "done", text: str = ""
) -> Iterator[bytes]:
    """Cut an answer into the messages it goes out as; one without content is one message."""
    if len(content) > MOST:
        content, text = content[-MOST:], "只含最新部分 / the newest part only"
    pieces = [content[at : at + PIECE] for at in range(0, len(content), PIECE)] or [""]
    for number, piece in enumerate(pieces, start=1):
        told: dict[str, Any] = {"ref": ref, "kind": kind, "state": state, "text": text}
        told |= {"part": number, "parts": len(pieces), "content": piece}
        yield json.dumps(told, ensure_ascii=False).encode()
