"""The stage of a campaign: broker, simulator, platform and agent as children, one clock for all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from campaign_store import platform_lines
from daemon_bench import Daemon, Notices, environment, ready, until

from agent.clock import Pace
from agent.tools.broker import Broker
from agent.tools.simulate.control import ask as order

START_S = 120.0
STOP_S = 60.0
DRAIN_S = 120.0

Line = dict[str, Any]


def pace_from(epoch: float, speed: float) -> Pace:
    """Let a clock begin at `epoch` now."""
    return Pace(epoch, time.monotonic(), speed)


def clock(pace: Pace) -> float:
    """Say what a clock shows, without the code under test."""
    return pace.epoch + (time.monotonic() - pace.origin) * pace.speed


@dataclass(slots=True)
class Child:
    """One `paikou` command of ours, both its outputs in files."""

    name: str
    arguments: tuple[str, ...]
    folder: Path
    process: asyncio.subprocess.Process | None = None

    @property
    def out(self) -> Path:
        return self.folder / f"{self.name}.out"

    @property
    def err(self) -> Path:
        return self.folder / f"{self.name}.err"

    async def start(self) -> None:
        with self.out.open("wb") as out, self.err.open("ab") as err:
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "agent.cli", *self.arguments),
                stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=err, env=environment(),
            )  # fmt: skip

    def says(self) -> list[Line]:
        """Read the JSON lines it has printed whole."""
        whole, _, _ = self.out.read_text(encoding="utf-8").rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    async def said_first(self) -> Line:
        """Wait for its first line."""

        def there() -> bool:
            assert self.process is not None
            assert self.process.returncode is None, self.err.read_text(encoding="utf-8")
            return bool(self.says())

        await until(there, within_s=START_S)
        return self.says()[0]

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            await asyncio.wait_for(process.wait(), STOP_S)
        except TimeoutError:
            process.kill()
            await process.wait()


@dataclass(slots=True)
class House:
    """All of it in one folder. `async with` ends whatever still runs."""

    folder: Path
    site: Mapping[str, Any]
    pace: Pace
    broker: Broker
    """It ends with the house; whether it runs is for the test to say."""
    agents: list[Daemon] = field(default_factory=list)
    simulator: Child = field(init=False)
    platform: Child = field(init=False)
    control: int = 0

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # JSON is YAML, and quicker to write
        self.site_file.write_text(json.dumps(self.site, ensure_ascii=False), encoding="utf-8")
        self.simulator = Child("simulator", (), self.folder)
        self.platform = Child(
            "platform",
            ("platform", "--mqtt", self.broker.url, "--store", str(self.log), "--json"),
            self.folder,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for agent in self.agents:
            if agent.running:
                agent.process.kill()
            await agent.process.wait()
            agent.notices.close()
        await asyncio.gather(self.simulator.stop(), self.platform.stop(), self.broker.stop())

    @property
    def site_file(self) -> Path:
        return self.folder / "site.yaml"

    @property
    def state(self) -> Path:
        """The agent's state directory."""
        return Path(self.site["storage"]["directory"])

    @property
    def store(self) -> Path:
        return self.state / "store.db"

    @property
    def log(self) -> Path:
        """What the platform has stored."""
        return self.folder / "platform.jsonl"

    @property
    def agent(self) -> Daemon:
        return self.agents[-1]

    def now(self) -> float:
        return clock(self.pace)

    async def simulate(self, *options: str) -> None:
        """Start the simulator and wait until its lines are there."""
        arguments = ("simulate", str(self.site_file), "--pace", str(self.pace), *options)
        self.simulator.arguments = (*arguments, "--control", "0", "--json")
        await self.simulator.start()
        said = await self.simulator.said_first()
        self.control = int(said["control"].rpartition(":")[2])

    async def listen(self) -> None:
        """Start the platform and wait until the broker knows what it wants."""
        await self.platform.start()
        await until(lambda: self._subscribed(), within_s=START_S)

    async def launch(self) -> Daemon:
        """Start the agent, without waiting for it."""
        number = len(self.agents)
        notices = Notices(f"paikou-campaign-{os.getpid()}-{self.folder.name}-{number}")
        log = self.folder / f"agent{number}.log"
        with log.open("wb") as said:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "agent.cli", "run", str(self.site_file)),
                *("--pace", str(self.pace)),
                stdin=asyncio.subprocess.DEVNULL, stdout=said, stderr=said,
                env=environment(NOTIFY_SOCKET=f"@{notices.name}"),
            )  # fmt: skip
        self.agents.append(Daemon(process, self.state, log, notices, self.state / "agent.sock"))
        return self.agent

    async def run(self) -> Daemon:
        """Start the agent and wait until it is ready."""
        return await ready(await self.launch())

    async def order(self, **what: Any) -> Any:
        """Give the simulation one order."""
        return await order(self.control, timeout_s=20.0, **what)

    def frames(self, **like: Any) -> list[Line]:
        """Give what the platform holds that looks like that."""
        return [
            line
            for line in platform_lines(self.log)
            if all(line[name] == value for name, value in like.items())
        ]

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Look into the agent's store from outside, whether it runs or not."""
        with contextlib.closing(
            sqlite3.connect(f"file:{self.store}?mode=ro", uri=True, timeout=10)
        ) as connection:
            return connection.execute(query, values).fetchall()

    async def until(self, query: str, *values: object, within_s: float = START_S) -> None:
        """Wait until a query finds something."""
        await until(lambda: bool(self.rows(query, *values)), within_s=within_s)

    async def drained(self) -> float:
        """Wait until nothing is owed that was made before now; gives this now."""
        now = self.now()
        await self.until(
            "SELECT 1 WHERE NOT EXISTS"
            " (SELECT 1 FROM outbox WHERE state = 'open' AND created_at < ?)",
            now,
            within_s=DRAIN_S,
        )
        return now

    def said(self) -> str:
        """Give all that the agents wrote."""
        return "".join(one.said() for one in self.agents)

    def _subscribed(self) -> bool:
        lines = [line for line in self.platform.says() if line["kind"] == "link"]
        return bool(lines) and lines[-1]["connected"]
