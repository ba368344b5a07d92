"""Whether the demo can have a camera: OpenCV here, and a Python with GStreamer's RTSP server."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("rtsp.py")
SYSTEM = "/usr/bin/python3"
LOOK_S = 20.0


def camera_program() -> tuple[str, ...]:
    """Give what serves the picture, a port still to be added; nothing where there is none."""
    if importlib.util.find_spec("cv2") is None:
        return ()
    for python in dict.fromkeys((sys.executable, SYSTEM)):
        program = (python, str(SCRIPT))
        try:
            ran = subprocess.run(
                [*program, "--there"], capture_output=True, timeout=LOOK_S, check=False
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        if ran.returncode == 0:
            return program
    return ()
