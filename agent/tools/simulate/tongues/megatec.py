"""Q1 of a Megatec UPS: `Q1 CR`, answered `(220.0 … 00000000 CR`; the unknown comes back."""

from __future__ import annotations

from agent.tools.simulate.tongues.tongue import CR, Request, Tongue

_FORMATS = ("{:05.1f}", "{:05.1f}", "{:05.1f}", "{:03.0f}", "{:04.1f}", "{:04.2f}", "{:04.1f}")
_BITS = 7


class Megatec(Tongue):
    """A UPS. It has no address: whatever is asked is for it."""

    def cut(self, heard: bytes) -> Request | None:
        """Find a line of text."""
        end = heard.find(CR)
        start = heard.rfind(b"Q", 0, end) if end >= 0 else -1
        return None if start < 0 else Request(end + 1, heard[start : end + 1])

    def answer(self, asks: bytes) -> bytes | None:
        """Give mains, battery, load and the eight bits."""
        question = self.speaker.question(asks.rstrip(CR).decode("latin-1"))
        if question is None:
            return asks
        spoken = self.speaker.speak(question)
        numbers = " ".join(
            form.format(float(spoken.get(at, 0.0))) for at, form in enumerate(_FORMATS)
        )
        return f"({numbers} {int(spoken.get(_BITS, 0)):08b}\r".encode("ascii")
