"""Answers that are alike but for their QN: read once, then known by their bytes.

While a backlog drains a platform says the same 9014 thousands of times a second.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocols.hj212.segment import Segment

_BEFORE = b"QN="
_AT, _BEHIND = 3, 20


@dataclass(slots=True)
class Alike:
    """The last answer that said nothing but its QN."""

    cn: str = ""
    _rest: bytes = b""
    """Its data segment behind the QN."""
    _text: str = ""

    def learn(self, data: bytes, segment: Segment, text: str) -> None:
        """Remember an answer: its data segment, what was read there, and its text for people."""
        qn = segment.qn
        bare = not segment.cp and not segment.other and len(qn) == _BEHIND - _AT
        if bare and data.startswith(_BEFORE + qn.encode()) and text.startswith(f"QN={qn}"):
            self.cn, self._rest, self._text = segment.cn, data[_BEHIND:], text[_BEHIND:]

    def qn(self, data: bytes) -> str:
        """Give the QN of a data segment that is the same but for that; empty when it is not."""
        if self._rest and data[_BEHIND:] == self._rest and data.startswith(_BEFORE):
            digits = data[_AT:_BEHIND]
            if digits.isdigit():
                return digits.decode()
        return ""

    def text(self, qn: str) -> str:
        """Give its text for people, under that QN."""
        return f"QN={qn}{self._text}"
