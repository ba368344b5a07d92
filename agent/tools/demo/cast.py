"""The processes of the demo: simulator, platform, agent. Each is ours to start and ours to end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from pathlib import Path
from typing import IO, Self

from agent.errors import PaikouError
from agent.tools.demo.stage import CYCLE_S, Stage

START_S = 30.0
FILL_S = 4.0
LONGEST_FILL_S = 300.0
"""On the clock: a sampler that takes longer than ten minutes for a bottle is taken for jammed."""
STOP_S = 2.0
HURRY_S = 1.2
"""For who is interrupted: agent and platform end one after the other."""
_ROOT = Path(__file__).resolve().parents[3]


class DemoError(PaikouError):
    """The demo cannot go on; the text says which part failed and where its log is."""


_PAIKOU = (sys.executable, "-m", "agent.cli")


class Child:
    """One `paikou` command, or another, as a child process, its output in a log file."""

    def __init__(
        self, name: str, arguments: list[str], log: Path, program: tuple[str, ...] = _PAIKOU
    ) -> None:
        self.name, self.log = name, log
        self._arguments = [*program, *arguments]
        self._process: asyncio.subprocess.Process | None = None
        self._file: IO[bytes] | None = None

    async def start(self, environment: dict[str, str] | None = None) -> None:
        """Start it; it gets no signal of our terminal."""
        self._file = self.log.open("wb")
        paths = [str(_ROOT), os.environ.get("PYTHONPATH", "")]
        self._process = await asyncio.create_subprocess_exec(
            *self._arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=self._file,
            stderr=self._file,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                **(environment or {}),
            },
            start_new_session=True,
        )

    def must_run(self) -> None:
        """Raise `DemoError` when it has ended."""
        if self._process is not None and self._process.returncode is not None:
            lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
            raise DemoError(
                f"{self.name} ended with {self._process.returncode}; log {self.log}:\n"
                + "\n".join(lines[-5:])
            )

    async def stop(self, within_s: float = STOP_S) -> None:
        """End it: politely, then by force."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), within_s)
        except TimeoutError:
            process.kill()
            await process.wait()
        finally:
            if self._file is not None:
                self._file.close()


class Cast:
    """Simulator, platform and agent of one stage. Use as `async with Cast(stage)`."""

    def __init__(self, stage: Stage) -> None:
        pace = ["--pace", str(stage.pace)]
        site, logs = str(stage.site_file), stage.work_dir
        speed = stage.pace.speed
        cycles = ["--cycle-s", str(CYCLE_S * speed), "--fill-s", str(fill_s(speed))]
        broker = f"mqtt://127.0.0.1:{stage.broker_port}"
        store = ["--store", str(stage.platform_log), "--evidence", str(stage.work_dir)]
        self._stage = stage
        self.simulator = Child(
            "simulator",
            ["simulate", site, *pace, *cycles, "--control", "0", "--json"],
            logs / "simulator.log",
        )
        self.platform = Child(
            "platform",
            ["platform", "--mqtt", broker, *store, "--edition", "hj212-2017", "--json"],
            logs / "platform.log",
        )
        self.agent = Child("agent", ["run", site, *pace], logs / "agent.log")
        self.camera = Child("camera", [str(stage.camera_port)], logs / "camera.log", stage.camera)
        self.control_port = 0

    async def __aenter__(self) -> Self:
        """Start everybody and wait until the agent is ready."""
        try:
            if self._stage.camera:
                await self.camera.start()
            await asyncio.gather(self.simulator.start(), self.platform.start())
            self.control_port = await self._control_port()
            await self._agent_ready()
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def stop(self, within_s: float = STOP_S) -> None:
        """End everybody that still runs, all at once."""
        children = (self.agent, self.simulator, self.platform, self.camera)
        await asyncio.gather(*(one.stop(within_s) for one in children))

    def must_run(self) -> None:
        """Raise `DemoError` when somebody has ended before his time."""
        for child in (self.agent, self.simulator, self.platform):
            child.must_run()

    async def _control_port(self) -> int:
        async with asyncio.timeout(START_S):
            while True:
                self.simulator.must_run()
                for line in self.simulator.log.read_text(encoding="utf-8").splitlines():
                    if line.startswith('{"plays"'):
                        return int(json.loads(line)["control"].rpartition(":")[2])
                await asyncio.sleep(0.05)

    async def _agent_ready(self) -> None:
        """Start the agent as systemd would, and wait for its READY."""
        address = self._stage.work_dir / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notices:
            notices.bind(str(address))
            notices.setblocking(False)
            await self.agent.start({"NOTIFY_SOCKET": str(address)})
            loop = asyncio.get_running_loop()
            try:
                async with asyncio.timeout(START_S):
                    while b"READY=1" not in await self._notice(loop, notices):
                        pass
            except TimeoutError:
                raise DemoError(f"the agent is not ready; log {self.agent.log}") from None
            finally:
                address.unlink(missing_ok=True)

    async def _notice(self, loop: asyncio.AbstractEventLoop, notices: socket.socket) -> bytes:
        while True:
            self.agent.must_run()
            try:
                return await asyncio.wait_for(loop.sock_recv(notices, 4096), 0.5)
            except TimeoutError:
                continue


def fill_s(speed: float) -> float:
    """Give how long a bottle takes to fill, on the demo's clock."""
    return min(LONGEST_FILL_S, FILL_S * speed)
