"""The demo's camera: GStreamer's RTSP server with a test picture.

Run by a Python that has `gi` (Debian: python3-gi, gir1.2-gst-rtsp-server-1.0), which need not be
ours: `rtsp.py PORT`, or `rtsp.py --there` to ask whether it could. Serves rtsp://127.0.0.1:PORT/one.
"""

import importlib
import sys

FPS = 10
PICTURE = (
    "( videotestsrc is-live=true pattern=smpte"
    f" ! video/x-raw,width=640,height=360,framerate={FPS}/1"
    " ! x264enc tune=zerolatency speed-preset=ultrafast bitrate=300"
    f" key-int-max={FPS} ! rtph264pay name=pay0 pt=96 config-interval=-1 )"
)


def main() -> None:
    """Serve until ended; exit 1 where GStreamer is not."""
    try:
        gi = importlib.import_module("gi")
        gi.require_version("Gst", "1.0")
        gi.require_version("GstRtspServer", "1.0")
        gst, rtsp, glib = (
            importlib.import_module(f"gi.repository.{name}")
            for name in ("Gst", "GstRtspServer", "GLib")
        )
    except (ImportError, ValueError):
        sys.exit(1)
    gst.init(None)
    if not (gst.ElementFactory.find("x264enc") and gst.ElementFactory.find("rtph264pay")):
        sys.exit(1)
    if sys.argv[1] == "--there":
        return
    server = rtsp.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(sys.argv[1])
    factory = rtsp.RTSPMediaFactory()
    factory.set_launch(PICTURE)
    factory.set_shared(True)
    server.get_mount_points().add_factory("/one", factory)
    server.attach(None)
    glib.MainLoop().run()


if __name__ == "__main__":
    main()
