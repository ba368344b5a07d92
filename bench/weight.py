"""What a command costs: run as a child, timed, its greatest memory told by the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Weight:
    """Seconds of processor time and of the clock, greatest resident memory in MB, exit code."""

    cpu_s: float
    wall_s: float
    peak_mb: float
    code: int


def weighed(arguments: Sequence[str], *, out: Path) -> Weight:
    """Run a Python child with these arguments, its output into a file.

    The kernel counts what the caller holds as the child's, too: its memory must be the smaller.
    """
    begun = time.perf_counter()
    with out.open("wb") as file:
        child = subprocess.Popen([sys.executable, *arguments], stdout=file)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    wall_s = time.perf_counter() - begun
    return Weight(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024, child.returncode)
