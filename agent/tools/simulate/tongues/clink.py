"""C-Link of the Thermo i series: `<0x80 + id>command CR`, answered `command value CR`."""

from __future__ import annotations

from agent.tools.simulate.tongues.tongue import CR, Request, Tongue
from drivers.device import Cause

PREFIX = 0x80
_SETS = "set "


class CLink(Tongue):
    """An analyzer; it takes `set …` in remote mode alone."""

    says_no = True

    _remote = False

    def cut(self, heard: bytes) -> Request | None:
        """Find a command behind its own prefix."""
        start = heard.find(bytes((PREFIX + self.speaker.address % PREFIX,)))
        end = heard.find(CR, start) if start >= 0 else -1
        return None if end < 0 else Request(end + 1, heard[start + 1 : end])

    def answer(self, asks: bytes) -> bytes | None:
        """Give the value behind the command, or `bad cmd`."""
        command = asks.decode("latin-1").lower()
        said = self._set(command) if command.startswith(_SETS) else self._value(command)
        return asks + b" " + (said or "bad cmd").encode("latin-1") + CR

    def refusal(self, asks: bytes) -> bytes:
        """Say that the command is not known."""
        return asks + b" bad cmd" + CR

    def _set(self, command: str) -> str:
        mode = command.removeprefix("set mode ")
        if mode in ("remote", "local"):
            self._remote = mode == "remote"
            return "ok"
        return "ok" if self._remote and self.speaker.obey(command) else ""

    def _value(self, command: str) -> str:
        question = self.speaker.question(command)
        if question is None:
            return ""
        if command == "mode" and self._remote and self.speaker.cause is Cause.NORMAL:
            return "remote"
        spoken = self.speaker.speak(question).get(0, "")
        if isinstance(spoken, str):
            return spoken
        value = self.speaker.values(question)[0]
        return f"{spoken:.6E} {self.speaker.word(value)}"
