"""Frames that are alike but for QN and data area: the head is printed once, then known.

While a backlog drains thousands of the same command go out a second under the same header. What
such a head must be is judged where headers are printed; here it is only remembered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from agent.store.frames import masked, segment_text
from protocols.hj212.segment import Segment

_BEFORE = b"QN="
_END = b"&&"
_QN = slice(3, 20)
_CONTROL = bytes((*range(0x20), 0x7F))
KNOWN = 256
"""Heads of one station; an upload of many packets has one for each of its numbers."""


class Written(NamedTuple):
    """A frame that is ready to go."""

    qn: str
    frame: bytes
    text: str
    """Its data segment for people, without secrets."""


@dataclass(frozen=True, slots=True)
class Head:
    """All of a data segment but its QN and what is between the `&&` marks."""

    behind: bytes
    """From the QN to the mark that opens the data area."""
    text: str
    """The same for people."""
    most: int
    """Bytes the data area may have, without its marks."""

    def segment(self, qn: str, body: str) -> bytes | None:
        """Give a data segment; None where its data area is to be judged as a whole."""
        area = body.encode()
        if len(area) > self.most or "&" in body or len(area.translate(None, _CONTROL)) < len(area):
            return None
        return b"%b%b%b%b%b" % (_BEFORE, qn.encode(), self.behind, area, _END)

    def shown(self, qn: str, body: str) -> str:
        """Give the same for people."""
        return f"QN={qn}{self.text}{masked(body)}&&"


def learn(printed: bytes, segment: Segment, *, most: int) -> Head | None:
    """Know a head by a data segment with an empty data area; None where QN is not in front."""
    text = segment_text(segment)
    if printed[_QN] != segment.qn.encode() or text[_QN] != segment.qn:
        return None
    return Head(printed[_QN.stop : -len(_END)], text[_QN.stop : -len(_END)], most)
