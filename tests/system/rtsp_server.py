"""A camera for tests: GStreamer's RTSP server with a test picture, smpte unless told otherwise.

Run by the system's python3, which has `gi`: `rtsp_server.py PORT [PATTERN [WIDTH HEIGHT]]`. Prints
`ready` once it listens, and ends when standard input does.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402  # the versions come first

FPS = 25
SECONDS_PER_KEY = 1


def main() -> None:
    port = sys.argv[1]
    pattern = sys.argv[2] if len(sys.argv) > 2 else "smpte"
    width, height = sys.argv[3:5] if len(sys.argv) > 4 else ("320", "240")
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(
        f"( videotestsrc is-live=true pattern={pattern}"
        f" ! video/x-raw,width={width},height={height},framerate={FPS}/1"
        f" ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=500"
        f" key-int-max={FPS * SECONDS_PER_KEY}"
        f" ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
    )
    factory.set_shared(True)
    server.get_mount_points().add_factory("/one", factory)
    server.attach(None)
    loop = GLib.MainLoop()
    GLib.io_add_watch(sys.stdin, GLib.IO_HUP | GLib.IO_IN, lambda *_: loop.quit())
    print("ready", flush=True)
    loop.run()


main()
