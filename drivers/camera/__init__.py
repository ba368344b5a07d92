"""Cameras: a process for each, so that one that hangs or crashes harms nothing else.

`child` is the daemon's side; `worker` is the process. Only `stream` and `film` know OpenCV.
"""
