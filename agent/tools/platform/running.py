"""Runs a platform with its intakes until told to stop, or until its orders are carried out."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from agent.errors import PaikouError
from agent.tools.broker import Broker
from agent.tools.platform.desk import Desk
from agent.tools.platform.json_orders import JsonDesk, is_json, rest
from agent.tools.platform.mqtt_intake import MqttIntake
from agent.tools.platform.orders import parse_line
from agent.tools.platform.platform import Platform
from agent.tools.platform.show import JsonShow, TextShow
from agent.tools.platform.tcp_intake import CallingIntake, TcpIntake

Intake = MqttIntake | TcpIntake | CallingIntake
FROM_INPUT = "-"
MOST_LINES = 100


@dataclass(slots=True)
class Session:
    """One run of the command. `orders` are typed lines; `-` among them is standard input.

    `stay`: go on when the orders are done. `failed` tells afterwards whether one was not.
    """

    platform: Platform
    desk: Desk
    intakes: list[Intake]
    show: TextShow | JsonShow
    orders: tuple[str, ...] = ()
    stay: bool = False
    broker_port: int = 0
    failed: bool = field(default=False, init=False)
    json_desk: JsonDesk = field(init=False)

    def __post_init__(self) -> None:
        shown = self.show
        self.json_desk = JsonDesk(
            self.platform, self.desk, on_order=shown.json_order, on_end=shown.answered
        )

    async def run(self) -> None:
        """Run until SIGINT or SIGTERM, or until all orders are done. Raises `PaikouError`."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
        async with contextlib.AsyncExitStack() as stack:
            if self.platform.store is not None:
                stack.enter_context(self.platform.store)
                self.platform.recall()
            if self.broker_port:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paikou-broker-"))
                await stack.enter_async_context(Broker(self.broker_port, Path(folder)))
            self.show.tick()
            await self._until_stopped(stop)

    async def _until_stopped(self, stop: asyncio.Event) -> None:
        work: list[Coroutine[Any, Any, object]] = [intake.run() for intake in self.intakes]
        work += [self.desk.serve(), self._places(), stop.wait()]
        if self.orders:
            work.append(self._carry_out())
        tasks = [asyncio.ensure_future(one) for one in work]
        places, ending = tasks[len(self.intakes) + 1], tasks[len(self.intakes) + 2 :]
        waited = {task for task in tasks if task is not places}
        if self.stay and self.orders:
            waited.discard(ending.pop())
        try:
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _places(self) -> None:
        """Say where we listen, once we do."""
        for intake in self.intakes:
            if isinstance(intake, TcpIntake):
                await intake.ready.wait()
                self.show.place(intake.place.host, intake.port)

    async def _carry_out(self) -> None:
        # whoever is away by then is told of order by order
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.desk.patience.station_s):
                await self.platform.connected.wait()
        for line in self.orders:
            if line != FROM_INPUT:
                await self._order(line)
                continue
            async for typed in _typed_lines():
                await self._order(typed)

    async def _order(self, line: str) -> None:
        """Carry one order out. What is wrong with it is said, and the next one comes."""
        try:
            if is_json(line):
                answered = await self.json_desk.order(rest(line))
                self.failed |= answered.state != "done" or not answered.ended
                return
            mn, cn, words = parse_line(line)
            course = await self.desk.order(mn or await self.desk.only_station(), cn, words)
        except PaikouError as problem:
            click.echo(str(problem), err=True)
            self.failed = True
        else:
            self.failed |= course.outcome is None or not course.outcome.completed


async def _typed_lines() -> AsyncIterator[str]:
    """Give the lines of standard input, a terminal's too, until it ends."""
    loop = asyncio.get_running_loop()
    lines: asyncio.Queue[str | None] = asyncio.Queue(MOST_LINES)

    def read() -> None:
        with contextlib.suppress(RuntimeError):  # the loop has closed: nobody wants them any more
            for line in sys.stdin:
                if line.strip():
                    asyncio.run_coroutine_threadsafe(lines.put(line), loop).result()
            asyncio.run_coroutine_threadsafe(lines.put(None), loop).result()

    # a daemon: nothing ends a read from a terminal, and it must not hold up our end
    threading.Thread(target=read, name="typed lines", daemon=True).start()
    while (line := await lines.get()) is not None:
        yield line
