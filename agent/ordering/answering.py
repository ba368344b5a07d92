"""A person's answer to a supervision order: a row, an event, and what the platform is owed.

Files go in pieces, each a notice of its own (`supervision_file`), so that a broken line costs one
piece and a restart none.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any

from agent.errors import PaikouError
from agent.ordering import notices
from agent.ordering.supervision import KIND
from agent.store import events, supervision
from agent.store.supervision import Attached, Supervised

FILE = "supervision_file"
CLIENT = 2
"""Where an answer comes from: 1 WeChat, 2 client (SUP-03)."""
LONGEST_TEXT = 20_000
MOST_FILES = 10
MOST_BYTES = 4 * 1024 * 1024
"""Of all files of one answer together."""
PIECE = 48 * 1024
"""Bytes of a file in one notice; as base64 a third more. Brokers often bound a message."""


class AnswerError(PaikouError):
    """An answer that cannot be taken."""


def attached(name: str, content: bytes) -> Attached:
    """Make a file of an answer of its name and its bytes."""
    return Attached(name, hashlib.sha256(content).hexdigest(), content)


def answer(
    connection: sqlite3.Connection,
    one: Supervised,
    *,
    by: str,
    why: str,
    text: str,
    files: Sequence[Attached] = (),
    now: float,
) -> int:
    """Store an answer and owe it to the platform that ordered; gives its number.

    Inside one write transaction. A second answer is a further one; the first stays. Raises
    `AnswerError`.
    """
    _check(text, files)
    number = supervision.answer(connection, one, by=by, why=why, text=text, files=files, now=now)
    detail: dict[str, Any] = {
        "step": "answered",
        "ref": one.ref,
        "supervision": one.id,
        "number": one.number,
        "answer": number,
        "at": now,
        "source": CLIENT,
        "by": by,
        "text": text,
        "late": one.deadline_at is not None and now > one.deadline_at,
        "frozen": {"start": one.start, "end": one.end},
        "files": [
            {"name": file.name, "bytes": len(file.content), "sha256": file.sha256} for file in files
        ],
    }
    told = f"{KIND}:{one.station}:{one.ref}:answer:{number}"
    event = notices.note(connection, KIND, detail, ref=told, now=now, outlet=one.outlet)
    assert event is not None, "an answer has a number of its own"
    outlet, station = one.outlet, one.station
    owed = [notices.owe(connection, station, event, KIND, detail, now=now, outlet=outlet)]
    for nth, (kept, piece) in enumerate(_pieces(one, number, files)):
        # the journal has the files' hashes with the answer: the pieces need no line of their own
        ref = f"{told}:{nth}"
        row = events.add(connection, FILE, kept, ref=ref, at=now, outlet=outlet, ended_at=now)
        assert row is not None, "as above"
        owed.append(notices.owe(connection, station, row, FILE, piece, now=now, outlet=outlet))
    supervision.owed(connection, number, [(each.at, each.revision) for each in owed])
    return number


def _check(text: str, files: Sequence[Attached]) -> None:
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise AnswerError(f"答复 1 ~ {LONGEST_TEXT} 字 / an answer has 1 to {LONGEST_TEXT} letters")
    size = sum(len(file.content) for file in files)
    if len(files) > MOST_FILES or size > MOST_BYTES:
        most = MOST_BYTES // 1024 // 1024
        raise AnswerError(
            f"附件至多 {MOST_FILES} 个、共 {most} MB，现为 {len(files)} 个、{size} 字节"
            f" / at most {MOST_FILES} files of {most} MB together"
        )


def _pieces(
    one: Supervised, number: int, files: Sequence[Attached]
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Give each piece as its event keeps it, and as it is told: with the bytes."""
    for nth, file in enumerate(files, start=1):
        whole = range(0, max(1, len(file.content)), PIECE)
        for part, begin in enumerate(whole, start=1):
            kept = {
                "ref": one.ref,
                "answer": number,
                "file": nth,
                "name": file.name,
                "bytes": len(file.content),
                "sha256": file.sha256,
                "part": part,
                "parts": len(whole),
            }
            content = base64.b64encode(file.content[begin : begin + PIECE]).decode("ascii")
            yield kept, {**kept, "content": content}
