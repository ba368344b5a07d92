"""The declarative driver: whatever asks and answers with text or bytes a profile can describe.

The profile's `frame` says how frames end and are checked, each question what is sent and, as a
regular expression over the bytes, what comes: over a whole answer without its end and check sum
where the profile says how answers end, else anywhere in what came until the line fell silent. Its
named groups are the places values are `at`. `{address}` in `send` and `answer` is the unit's
address, formatted as Python does (`{address:02X}`).
"""

from __future__ import annotations

import re

from drivers.language import Item, Language
from drivers.profile import ProfileError
from drivers.profile_dialogue import Question, addressed
from drivers.profile_model import Profile
from drivers.question import FrameQuestion
from drivers.settings import DeviceSettings
from protocols.checksums import CHECK_KINDS, CheckKind, check_sum
from protocols.frame_shapes import PatternShape, TextShape

IDLE_MS = 100
_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})|\\([rnt\\])")
_PLAIN = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
_KINDS: dict[str, CheckKind] = {kind: kind for kind in CHECK_KINDS} | {
    "crc16-le": "crc16-low-first"
}


class Ascii(Language):
    """An instrument of which the profile says everything."""

    def __init__(self, settings: DeviceSettings, profile: Profile) -> None:
        super().__init__(settings, profile)
        if profile.frame is None:
            raise ProfileError("the ascii driver needs a frame", key="frame")
        self._frame = profile.frame
        self._asks = _KINDS.get(str(self._frame.check))
        answer = self._frame.answer_check
        self._answers = self._asks if answer is None else _KINDS.get(str(answer))
        self.checked = self._answers is not None

    def ask(self, question: Question) -> FrameQuestion:
        """Print a question."""
        return self._question(question.send, question.answer, reads=True)

    def order(self, text: str) -> FrameQuestion:
        """Print a command; any frame answers it."""
        return self._question(text, "", reads=False)

    def part(self, question: Question, frame: bytes, item: Item) -> bytes | None:
        """Give the bytes of a group of the answer's expression."""
        content = self._shape(question.answer).content(frame)
        found = self._expression(question.answer).search(content)
        return found[str(item.at)] if found and item.at in found.groupdict() else None

    def _question(self, send: str, answer: str, *, reads: bool) -> FrameQuestion:
        body = self._bytes(send)
        check = check_sum(body, self._asks) if self._asks else b""
        request = body + check + self._bytes(self._frame.end)
        idle_s = None if self._ended else (self._frame.idle_ms or IDLE_MS) / 1000
        # Nothing says that an answer names its unit: to the bus all of one form are alike.
        key = f"ascii {self.profile.profile} {answer}"
        return FrameQuestion(self.address, request, self._shape(answer), key, reads, idle_s)

    @property
    def _ended(self) -> bool:
        return bool(self._frame.answer_end or self._frame.answer_length)

    def _shape(self, answer: str) -> TextShape | PatternShape:
        frame, pattern = self._frame, self._expression(answer or ".+")
        if not self._ended:
            return PatternShape(pattern, self._answers)
        return TextShape(
            starts=(b"",),
            ends=self._bytes(frame.answer_end),
            length=frame.answer_length,
            check=self._answers,
            pattern=pattern,
            size=frame.answer_length or 64,
        )

    def _expression(self, answer: str) -> re.Pattern[bytes]:
        return re.compile(addressed(answer, self.address).encode("latin-1"), re.DOTALL)

    def _bytes(self, text: str) -> bytes:
        def plain(found: re.Match[str]) -> str:
            return chr(int(found[1], 16)) if found[1] else _PLAIN[found[2]]

        return _ESCAPE.sub(plain, addressed(text, self.address)).encode("latin-1")
