"""One camera of the daemon: keeps its process alive, has clips made, tells how its picture is."""

from agent.filming.camera import Filming

__all__ = ["Filming"]
