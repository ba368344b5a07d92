"""Signs the head of the journal, in a process of its own: `python -m agent.tools.sign …`.

The daemon runs it as a child on its start and each night, so that `cryptography` stays out of its
memory.
"""

from __future__ import annotations

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from agent.store import identity, signatures
from agent.store.db import FILE_NAME, connect, transaction


def sign(directory: Path, *, unit: str, at: float) -> signatures.Signed:
    """Sign the head as it is now and write that down. Raises StoreError, sqlite3.Error."""
    key = identity.public_key(directory)
    if signatures.public_half(directory) != key:
        (directory / signatures.PUBLIC_NAME).write_text(f"{key}\n", encoding="ascii")
    with contextlib.closing(connect(directory / FILE_NAME)) as connection, transaction(connection):
        bare = signatures.present(connection, unit=unit, at=at, key=key)
        signed = replace(bare, signature=identity.sign(directory, bare.text()))
        signatures.add(connection, signed)
    return signed


if __name__ == "__main__":
    sign(Path(sys.argv[1]), unit=sys.argv[2], at=float(sys.argv[3]))
