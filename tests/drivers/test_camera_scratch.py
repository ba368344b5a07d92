from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from drivers.camera.scratch import scratch, sweep


def test_scratch_is_gone_with_its_block(tmp_path: Path) -> None:
    with scratch(tmp_path) as path:
        path.write_bytes(b"x")
        assert path.parent.parent == tmp_path
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_is_swept_and_nothing_else(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    (tmp_path / f"paikou-{child.stdout.strip()}-left").mkdir()
    kept = {f"paikou-{os.getpid()}-now", "paikou-notes-x", "other"}
    for name in kept:
        (tmp_path / name).mkdir()
    sweep(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == kept


def test_no_such_place_is_nothing_to_sweep(tmp_path: Path) -> None:
    sweep(tmp_path / "none")
    with scratch(tmp_path / "none") as path:
        assert path.parent.is_dir()
