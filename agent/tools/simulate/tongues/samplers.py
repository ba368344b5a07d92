"""Two samplers with binary frames of fixed length: marks, a clock in BCD, no check sum."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from agent.tools.simulate.tongues.tongue import Request, Tongue

_ZONE = datetime.timezone(datetime.timedelta(hours=8))


@dataclass(frozen=True, slots=True)
class Layout:
    """How an answer begins and ends, how long it is, and where its clock stands."""

    head: bytes
    tail: bytes
    size: int
    clock_at: int


class BinarySampler(Tongue):
    """A sampler; what it is asked are the bytes of the profile's question."""

    layout: Layout

    def cut(self, heard: bytes) -> Request | None:
        """Find the bytes of a question."""
        for question in self.speaker.profile.questions:
            asks = bytes.fromhex(question.send)
            if (at := heard.find(asks)) >= 0:
                return Request(at + len(asks), asks)
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Give everything at its byte."""
        questions = self.speaker.profile.questions
        question = next(one for one in questions if bytes.fromhex(one.send) == asks)
        layout = self.layout
        frame = bytearray(layout.head.ljust(layout.size - len(layout.tail), b"\0") + layout.tail)
        now = datetime.datetime.fromtimestamp(self.speaker.clock.now(), _ZONE)
        frame[layout.clock_at : layout.clock_at + 6] = bytes.fromhex(now.strftime("%y%m%d%H%M%S"))
        spoken = self.speaker.speak(question)
        for value in self.speaker.values(question):
            start, length = int(value.at), value.length or 1
            number = round(float(spoken[value.at]))
            frame[start : start + length] = (
                bytes.fromhex(f"{number:0{2 * length}d}")
                if value.type == "bcd"
                else number.to_bytes(length, "big")
            )
        return bytes(frame)


class Kesheng(BinarySampler):
    """A KeSheng sampler."""

    layout = Layout(b"\xcc\xdd\xaa\x42", b"\xbb", 40, 4)


class Shijiazhuang(BinarySampler):
    """A sampler with `##` … `&&` frames."""

    layout = Layout(b"##", b"&&", 31, 8)
