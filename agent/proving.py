"""Puts what was measured into the journal's chain, and has the head of the chain signed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
from functools import partial

from agent.clock import Clock
from agent.store import seals
from agent.store.db import Store

log = logging.getLogger(__name__)

SIGN_S = 60.0
LAST_S = 3.0
"""How long the end of the process may wait for its last seals; the next start goes on with them."""


async def seal_all(store: Store, clock: Clock) -> None:
    """Seal what is complete; others write between the lines."""
    while await store.write(partial(seals.seal, now=clock.now()), patient=True):
        pass


async def seal_to_the_end(store: Store, clock: Clock) -> None:
    """Seal what there is when nothing more will come, as far as that is soon done."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LAST_S
    until = clock.now() + 1.0
    while loop.time() < deadline:
        if not await store.write(partial(seals.seal, now=clock.now(), until=until)):
            return


async def sign_head(store: Store, clock: Clock, *, unit: str) -> None:
    """Have the head of the journal signed by a child; one that fails is told and tried again.

    The child writes the line itself: the journal takes lines from every process.
    """
    directory = str(store.path.parent)
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "agent.tools.sign", directory, unit, repr(clock.now())),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:  # no process to be had now: the duty goes on without
        log.error("the journal's head was not signed: %s", error)
        return
    try:
        _, said = await asyncio.wait_for(child.communicate(), SIGN_S)
    except TimeoutError:
        log.error("the journal's head was not signed within %.0f s", SIGN_S)
        return
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
    if child.returncode:
        last = said.decode(errors="replace").strip().rpartition("\n")[2]
        log.error("the journal's head was not signed: %s", last)
