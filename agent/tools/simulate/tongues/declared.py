"""An instrument that only its profile knows: `frame`, `send` and `answer` of the ascii driver."""

from __future__ import annotations

import re
import struct

from agent.tools.simulate.tongues.checks import added, turned
from agent.tools.simulate.tongues.samples import sample
from agent.tools.simulate.tongues.tongue import Request, Tongue, plain
from drivers.profile_dialogue import Framing, Question, Value, addressed
from protocols.registers import encode_number

_ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})|\\([rnt\\])")
_PLAIN = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
_SIZES = {"uint8": 1, "uint16": 2, "uint16-le": 2, "int16": 2, "uint32": 4, "int32": 4}


class Declared(Tongue):
    """It knows the questions and commands of its profile, word for word."""

    def cut(self, heard: bytes) -> Request | None:
        """Find the first question or command of the profile."""
        operations = self.speaker.profile.operations.values()
        commands = [send for one in operations for send in one.sends]
        for text in (*(one.send for one in self.speaker.profile.questions), *commands):
            asks = self._request(text)
            if asks and (at := heard.find(asks)) >= 0:
                return Request(at + len(asks), text.encode("latin-1"))
        return None

    def answer(self, asks: bytes) -> bytes | None:
        """Give an answer of the form the profile has for it; to a command the command itself."""
        text = asks.decode("latin-1")
        question = self.speaker.question(text)
        if question is None:
            self.speaker.obey(text)
            return self._closed(b"OK")
        form = addressed(question.answer, self.speaker.address)
        expression = re.compile(form.encode("latin-1"), re.DOTALL)
        return self._closed(sample(expression, self._groups(question)))

    def broken(self, answer: bytes) -> bytes:
        """Turn a bit of the check sum, where there is one."""
        if not self.checked:
            return answer
        end = _bytes(self._frame.answer_end)
        return turned(answer.removesuffix(end)) + end

    @property
    def checked(self) -> bool:  # type: ignore[override]  # only the profile tells
        """Whether its answers have a check sum."""
        return self._check != "none"

    @property
    def _frame(self) -> Framing:
        return self.speaker.profile.frame or Framing()

    @property
    def _check(self) -> str:
        told = self._frame.answer_check
        return self._frame.check if told is None else told

    def _request(self, send: str) -> bytes:
        body = _bytes(addressed(send, self.speaker.address))
        return added(body, self._frame.check) + _bytes(self._frame.end) if body else b""

    def _closed(self, body: bytes) -> bytes:
        return added(body, self._check) + _bytes(self._frame.answer_end)

    def _groups(self, question: Question) -> dict[str, bytes]:
        spoken = self.speaker.speak(question)
        groups = {
            str(place): told.encode("latin-1")
            for place, told in spoken.items()
            if isinstance(told, str)
        }
        for value in self.speaker.values(question):
            groups[str(value.at)] = _part(value, float(spoken[value.at]))
        return groups


def _part(value: Value, raw: float) -> bytes:
    """Print a number in the type the profile gives it."""
    if value.type == "number":
        text = plain(raw)
        return (text if "." in text else f"{text}.0").encode("ascii")
    if value.type == "float32":
        return struct.pack(">2H", *encode_number(raw, "float32", value.order))
    if value.type in _SIZES:
        little = value.type.endswith("-le")
        signed = value.type.startswith("int")
        return round(raw).to_bytes(_SIZES[value.type], "little" if little else "big", signed=signed)
    if value.type == "hex":
        return b"%0*X" % (value.length or 4, round(raw))
    if value.type == "bcd":
        return bytes.fromhex(f"{round(raw):0{2 * (value.length or 2)}d}")
    raise ValueError(f"{value.id}: a {value.type} is not played")


def _bytes(text: str) -> bytes:
    def one(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _PLAIN[found[2]]

    return _ESCAPE.sub(one, text).encode("latin-1")
