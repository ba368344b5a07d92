"""Looks for secrets in all that a daemon has written, in every spelling they may have there."""

from __future__ import annotations

import base64
import contextlib
import sqlite3
import zlib
from collections.abc import Iterator, Mapping

from campaign_house import House


def written(plant: House) -> Iterator[tuple[str, bytes]]:
    """Give all that the daemon has written, as it lies there and unpacked."""
    for path in plant.state.rglob("*"):
        if path.is_file() and path.name != "machine.key":
            yield path.name, path.read_bytes()
    for agent in plant.agents:
        yield agent.log.name, agent.log.read_bytes()
    with contextlib.closing(sqlite3.connect(plant.store)) as connection:
        yield "store dump", "\n".join(connection.iterdump()).encode()
    yield "message log", message_log(plant)
    yield "journal", repr(plant.rows("SELECT * FROM journal")).encode()


def message_log(plant: House) -> bytes:
    """Unpack what the message log holds, with nothing of ours."""
    packs = plant.rows("SELECT pack FROM frames ORDER BY id")
    return b"\n".join(zlib.decompress(pack) for (pack,) in packs)


def found(secret: str, texts: Mapping[str, bytes]) -> list[str]:
    """Name the texts that hold a secret: as it is, in hex, or in base64."""
    return [name for name, text in texts.items() if any(one in text for one in spellings(secret))]


def spellings(secret: str) -> Iterator[bytes]:
    data = secret.encode()
    yield data
    yield data.hex().encode()
    yield data.hex().upper().encode()
    for before in range(3):  # where a group of three bytes begins
        whole = base64.b64encode(bytes(before) + data + bytes(3))
        yield whole[-(-8 * before // 6) : 8 * (before + len(data)) // 6]
