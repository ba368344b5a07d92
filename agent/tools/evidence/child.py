"""Makes one bundle for the daemon: `python -m agent.tools.evidence.child`, a JSON line in and out.

< {"site": "…", "state": "…", "begin": 0, "end": 0, "event": 1, "out": "…", "now": 0, "by": "…",
   "why": "…", "clips": true}
> {"bytes": 12345, "sha256": "…", "end": 0}
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from pathlib import Path

from agent.errors import PaikouError
from agent.settings import load_site
from agent.tools.evidence.bundle import make
from agent.tools.evidence.gather import Interval


def main() -> None:
    """Make it, or end 1 with why in one line."""
    os.nice(10)  # the duty goes before
    given = json.loads(sys.stdin.readline())
    site_file, out = Path(given["site"]), Path(given["out"])
    interval = Interval(given["begin"], given["end"], given["event"])
    try:
        made = make(
            Path(given["state"]),
            load_site(site_file)[0],
            site_file,
            interval,
            out,
            now=given["now"],
            by=given["by"],
            why=given["why"],
            with_clips=given["clips"],
        )
    except (PaikouError, OSError, sqlite3.Error, ValueError) as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.exit(1)
    told = {"bytes": made["bytes"], "sha256": made["sha256"], "end": interval.end}
    os.write(1, json.dumps(told).encode() + b"\n")


if __name__ == "__main__":
    main()
