"""Connecting on a thread of its own: a look-up or handshake that hangs holds nobody up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable


async def dial(connect: Callable[[], None], *, name: str, late: Callable[[], None]) -> None:
    """Run `connect` on a thread of that name, which nothing at the daemon's end waits for.

    When it connects after whoever waited was cancelled, `late` is called. Raises OSError.
    """
    loop = asyncio.get_running_loop()
    dialled: asyncio.Future[None] = loop.create_future()

    def settle(error: OSError | None) -> None:
        if dialled.done():
            late()
        elif error is not None:
            dialled.set_exception(error)
        else:
            dialled.set_result(None)

    def work() -> None:
        error = None
        try:
            connect()
        except OSError as problem:
            # the socket of a handshake that failed is left in the frames behind it
            error = problem.with_traceback(None)
        except ValueError as problem:  # a host name that cannot be one
            error = OSError(str(problem))
        with contextlib.suppress(RuntimeError):  # at the very end the loop may be gone
            loop.call_soon_threadsafe(settle, error)

    threading.Thread(target=work, name=name, daemon=True).start()
    await dialled
