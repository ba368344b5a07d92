"""DCON of an analogue input module: `#AA[check]CR`, answered `>` and seven characters a channel."""

from __future__ import annotations

import re

from agent.tools.simulate.tongues.tongue import CR, Request, Tongue

CHANNELS = 8
_MOST = 999_999.0


class Dcon(Tongue):
    """A module; whether it checks sums is what the profile says."""

    says_no = True

    def cut(self, heard: bytes) -> Request | None:
        """Find the question for all channels of this module."""
        head = b"#%02X" % self.speaker.address
        wanted = head + (_sum(head) if self.checked else b"") + CR
        found = re.search(re.escape(wanted), heard)
        return None if found is None else Request(found.end(), found[0])

    def answer(self, asks: bytes) -> bytes | None:
        """Give every channel."""
        question = self.speaker.profile.questions[0]
        spoken = self.speaker.speak(question)
        most = max(CHANNELS, 1 + max(int(place) for place in spoken))
        return self._frame(b">" + b"".join(_seven(spoken.get(n, 0.0)) for n in range(most)))

    def refusal(self, asks: bytes) -> bytes:
        """Say that the command is not taken."""
        return self._frame(b"?%02X" % self.speaker.address)

    def broken(self, answer: bytes) -> bytes:
        """Give another sum, where there is one."""
        if not self.checked:
            return answer
        return answer[:-3] + b"%02X" % (int(answer[-3:-1], 16) ^ 1) + CR

    @property
    def checked(self) -> bool:  # type: ignore[override]  # only the profile's words tell
        """Whether the module checks sums."""
        return self.speaker.profile.questions[0].send == "#check"

    def _frame(self, body: bytes) -> bytes:
        return body + (_sum(body) if self.checked else b"") + CR


def _sum(body: bytes) -> bytes:
    return b"%02X" % (sum(body) & 0xFF)


def _seven(number: float | str) -> bytes:
    """Print a sign and six more characters, as many decimals as go in."""
    value = min(max(float(number), -_MOST), _MOST)
    for decimals in (4, 3, 2, 1):
        text = f"{value:+0{7}.{decimals}f}"
        if len(text) == 7:
            return text.encode("ascii")
    return f"{value:+.0f}.".ljust(7, "0")[:7].encode("ascii")
