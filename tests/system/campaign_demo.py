"""`paikou demo` as a child: what it printed, on a terminal or not, and whom it had started."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from daemon_bench import HOST, ROOT, environment

END_S = 240.0
"""How long a demo of 45 s may take on a machine that has other work."""
CTRL_C_S = 30.0
"""What an end may take at most on a machine that stalls; `bench/daemon.py` holds it to 3 s."""
_READING = re.compile(
    r"^ {2}(?P<outlet>D\w+) +(?P<device>\w+) +(?P<name>\S+) +(?P<value>\S+) "
    r"(?P<unit>\S*) +(?P<flag>[A-Z]) +(?P<time>\d\d:\d\d:\d\d)(  ■ .*)?$"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """One reading of a scene."""

    device: str
    value: str
    unit: str
    flag: str
    at: str


@dataclass(slots=True)
class Demo:
    """One demo that we started, in a session of its own as a shell would start it."""

    options: Sequence[str]
    before: Sequence[str] = ()
    """What stands before the interpreter on its command line."""
    terminal: bool = False
    process: subprocess.Popen[bytes] = field(init=False)
    _output: bytearray = field(default_factory=bytearray)
    _reader: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        ours, theirs = pty.openpty() if self.terminal else os.pipe()
        self.process = subprocess.Popen(
            [*self.before, sys.executable, "-m", "agent.cli", "demo", *self.options],
            stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment(), cwd=ROOT,
            start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self._reader = threading.Thread(target=self._read, args=(ours,), daemon=True)
        self._reader.start()

    def said(self) -> str:
        """Give what it has printed so far, both outputs."""
        return bytes(self._output).decode("utf-8", "replace").replace("\r\n", "\n")

    def ended(self, within_s: float = END_S) -> int:
        """Wait for its end, and for the last of its words; give its exit code."""
        code = self.process.wait(within_s)
        self._reader.join(10)
        return code

    def until(self, true: Callable[[], bool], within_s: float = END_S) -> None:
        """Wait until something is so while it runs."""
        deadline = time.monotonic() + within_s
        while not true():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()[-2000:]
            time.sleep(0.05)

    def summary(self) -> dict[str, Any]:
        """Read the last line of a demo that has ended."""
        last: dict[str, Any] = json.loads(self.said().splitlines()[-1])
        return last

    def scenes(self) -> list[list[str]]:
        """Cut what it drew into scenes, line by line, without the movements of the cursor."""
        text = re.sub(r"\x1b\[\d*[A-Z]", "", self.said())
        return [one.splitlines() for one in text.split("paikou demo  ")[1:]]

    def press_ctrl_c(self) -> None:
        """Interrupt it as a terminal does: the whole foreground group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def family(self) -> set[int]:
        """Give the processes that come from it, and itself."""
        parents = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(") ")
                parents[int(stat.parent.name)] = int(fields[2].split()[1])
        found = {self.process.pid}
        while more := {pid for pid, parent in parents.items() if parent in found} - found:
            found |= more
        return found

    def kill(self) -> None:
        """Leave nothing behind whatever happened."""
        if self.process.poll() is None:
            for pid in self.family():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            self.process.wait()

    def _read(self, descriptor: int) -> None:
        while True:
            try:
                data = os.read(descriptor, 65_536)
            except OSError as problem:
                if problem.errno != errno.EIO:  # a pty that nobody holds any more
                    raise
                data = b""
            if not data:
                os.close(descriptor)
                return
            self._output += data


def readings(scene: list[str]) -> list[Shown]:
    """Read the lines of the instruments."""
    found = (_READING.match(line) for line in scene)
    return [
        Shown(one["device"], one["value"], one["unit"], one["flag"], one["time"])
        for one in found
        if one is not None
    ]


def sampler_says(folder: Path) -> list[int]:
    """Ask the simulated sampler of a running demo for the bottles of its last record."""
    log = folder / "simulator.log"
    first = log.read_text(encoding="utf-8").partition("\n")[0] if log.exists() else ""
    if '"control"' not in first:
        return []
    port = int(json.loads(first)["control"].rpartition(":")[2])
    with socket.create_connection((HOST, port), timeout=10) as line:
        line.sendall(b'{"do": "show"}\n')
        answer = json.loads(line.makefile().readline())
    last: list[int] = answer["result"]["devices"]["sampler"]["last"]
    return last


def assert_ends_in_order(demo: Demo) -> None:
    """Press Ctrl-C: an end in time, in order, with nobody left."""
    family = demo.family()
    demo.press_ctrl_c()
    assert demo.ended(CTRL_C_S) == 0, demo.said()
    assert [pid for pid in family if Path(f"/proc/{pid}").exists()] == []
    assert "Traceback" not in demo.said()
    assert "frames sent" in "".join(demo.said().splitlines()[-3:]), "it still says what was done"
