"""What can be wrong with a frame, and whose fault it is."""

from __future__ import annotations


class FrameError(Exception):
    """A frame, or something in it, is not as HJ 212 has it."""


class LocalFrameError(FrameError):
    """We were about to send something that is not HJ 212: a bug of ours or a wrong setting."""


class NumberOverflow(LocalFrameError):
    """A number has more integer digits than its type allows."""


class PeerFrameError(FrameError):
    """The other side sent something that is not HJ 212.

    `kind` says which part: header, length, crc, tail, segment, field or seal. `declared` is what
    the frame claims (or the standard demands), `found` what is there, both as text. `segment` is
    what looks like the data segment, for whoever wants to read on; nothing vouches for it.
    """

    def __init__(
        self, kind: str, message: str, *, declared: str = "", found: str = "", segment: bytes = b""
    ) -> None:
        super().__init__(f"{message}: declared {declared or 'nothing'}, found {found or 'nothing'}")
        self.kind = kind
        self.declared = declared
        self.found = found
        self.segment = segment
