"""Frames: put together, taken apart, and cut out of a stream that may go wrong anywhere."""

from __future__ import annotations

import re

from protocols.hj212.ciphers import looks_sealed, may_be_sealed
from protocols.hj212.crc import crc16
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.frame_parts import (
    CRC_SIZE,
    HEADER,
    MAX_SEGMENT,
    READABLE_SEGMENT,
    SEGMENT_AT,
    TAIL,
    Frame,
    Unseal,
    character_end,
    declared_length,
    looks_like,
    open_frame,
    shown,
)

__all__ = ["Frame", "Framer", "decode_frame", "encode_frame"]

_DIGITS = b"0123456789"
_TAIL_WARNINGS = {b"": "no tail", b"\r": "tail is CR alone", b"\n": "tail is LF alone"}
_SHORT_LENGTH = re.compile(rb"[0-9]{4}|[0-9]+(?=[A-Za-z]+=|\Z)")
"""A length that is too great or has fewer digits: where they end the segment begins."""
_STRAY_KEPT = 64


def encode_frame(segment: bytes, *, limit: int = MAX_SEGMENT) -> bytes:
    """Put length, CRC and tail around a segment. Raises LocalFrameError above `limit` bytes."""
    if len(segment) > limit:
        raise LocalFrameError(f"segment of {len(segment)} bytes, {limit} allowed")
    return b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))


def decode_frame(
    data: bytes, *, limit: int = READABLE_SEGMENT, unseal: Unseal | None = None
) -> Frame:
    """Take one whole frame apart; `unseal` (`seal.unsealer`) opens what is sealed.

    A tail that is missing or half, a lower-case CRC, a segment above 1024 bytes and a length that
    counts UTF-8 characters are read with a warning. Raises PeerFrameError on everything else.
    """
    segment = data[SEGMENT_AT : -CRC_SIZE - len(TAIL)]
    short = len(segment) <= min(limit, MAX_SEGMENT)
    if short and encode_frame(segment) == data and not (unseal and may_be_sealed(segment)):
        return Frame(segment)  # the usual case: as we would have written it
    declared = declared_length(data, limit)
    if declared is None or not data.startswith(HEADER):
        raise _headless(data, limit)
    end = SEGMENT_AT + declared
    frame = open_frame(data, declared, end, unseal=unseal)
    if frame is None:
        end = character_end(data, declared)
        frame = open_frame(data, declared, end, unseal=unseal)
    if frame is None:
        raise _broken(data, declared)
    tail = data[end + CRC_SIZE :]
    if tail == TAIL:
        return frame
    if tail not in _TAIL_WARNINGS:
        raise PeerFrameError(
            "tail",
            "bytes behind the CRC",
            declared=shown(TAIL),
            found=shown(tail),
            segment=frame.segment,
        )
    return Frame(frame.segment, (*frame.warnings, _TAIL_WARNINGS[tail]))


def _headless(data: bytes, limit: int) -> PeerFrameError:
    if not data.startswith(HEADER):
        body, _ = looks_like(data)
        found = shown(data[:2])
        return PeerFrameError("header", "not a frame", declared="##", found=found, segment=body)
    rest = data[2:].lstrip(_DIGITS)
    body, _ = looks_like(rest)
    field = shown(data[2:SEGMENT_AT])
    if not _SHORT_LENGTH.match(data, 2):
        text = "length field is not four digits"
        return PeerFrameError("length", text, declared="four digits", found=field, segment=body)
    return PeerFrameError(
        "length",
        f"length field {field!r} is not four digits up to {limit:04d}",
        declared=shown(data[2 : len(data) - len(rest)]),
        found=str(len(body)),
        segment=body,
    )


def _broken(data: bytes, declared: int) -> PeerFrameError:
    body, crc = looks_like(data[SEGMENT_AT:])
    if len(body) == declared:
        return _wrong_crc(body, crc)
    return PeerFrameError(
        "length", "wrong length", declared=str(declared), found=str(len(body)), segment=body
    )


def _wrong_crc(segment: bytes, crc: bytes) -> PeerFrameError:
    found = f"{crc16(segment):04X}"
    if looks_sealed(segment):
        text = "sealed, and no key of ours opens it"
        return PeerFrameError("seal", text, declared=shown(crc), found=found, segment=segment)
    return PeerFrameError("crc", "wrong CRC", declared=shown(crc), found=found, segment=segment)


class Framer:
    """Cut a byte stream into frames.

    A length is believed only until the frame proves wrong: then the search goes on one byte
    behind the failed `##`. A frame is given out as soon as its CRC is in; CR and LF between
    frames count for nothing, so neither a missing tail nor the size of the pieces fed makes a
    difference. Bytes of no frame are told once, together, when the next `##` comes; those that
    follow an error belong to that error. The buffer holds at most one frame of `limit` bytes (in
    UTF-8 characters where that is how a peer counts) and the piece just fed. `unseal` opens what
    is sealed; it is asked for every frame whose bytes as they stand do not fit the CRC.
    """

    def __init__(self, limit: int = READABLE_SEGMENT, *, unseal: Unseal | None = None) -> None:
        self._limit = limit
        self._unseal = unseal
        self._buffer = bytearray()
        self._stray = b""
        self._strays = 0
        self._lost = False

    def feed(self, data: bytes) -> list[Frame | PeerFrameError]:
        """Take more bytes in; give the frames now whole and the errors found, in stream order."""
        self._buffer += data
        found: list[Frame | PeerFrameError] = []
        while self._reach_header(found) and self._take_frame(found):
            pass
        return found

    def flush(self) -> list[Frame | PeerFrameError]:
        """Give up waiting for the rest of a frame: the line is idle or closed."""
        found: list[Frame | PeerFrameError] = []
        while self._reach_header(found):
            if not self._take_frame(found):
                wanted, have = shown(self._buffer[2:SEGMENT_AT]), self._buffer[SEGMENT_AT:]
                self._reject(
                    PeerFrameError("length", "cut off", declared=wanted, found=str(len(have))),
                    found,
                )
        self._skip(len(self._buffer))
        self._tell_strays(found)
        self._lost = False
        return found

    def _reach_header(self, found: list[Frame | PeerFrameError]) -> bool:
        """Bring the next `##` to the front; False when there is none yet."""
        at = self._buffer.find(HEADER)
        if at < 0:
            self._skip(len(self._buffer) - self._buffer.endswith(b"#"))
            return False
        if at:
            self._skip(at)
        if self._strays:
            self._tell_strays(found)
        return True

    def _take_frame(self, found: list[Frame | PeerFrameError]) -> bool:
        """Judge the `##` in front; False when that takes more bytes."""
        if len(self._buffer) < SEGMENT_AT:
            return False
        declared = declared_length(self._buffer, self._limit)
        if declared is None:
            field, wanted = shown(self._buffer[2:SEGMENT_AT]), f"0000 to {self._limit:04d}"
            error = PeerFrameError("length", "length field", declared=wanted, found=field)
            self._reject(error, found, quiet=self._lost)
            return True
        end = SEGMENT_AT + declared
        if len(self._buffer) < end + CRC_SIZE:
            return False
        frame = open_frame(self._buffer, declared, end, unseal=self._unseal)
        if frame is None and (later := self._character_end(declared, end)) != end:
            end = later
            if len(self._buffer) < end + CRC_SIZE:
                return False
            frame = open_frame(self._buffer, declared, end, unseal=self._unseal)
        if frame is None:
            self._reject(self._wrong_crc(declared), found)
            return True
        end += CRC_SIZE
        if self._buffer.startswith(TAIL, end):
            end += len(TAIL)
        del self._buffer[:end]
        self._lost = False
        found.append(frame)
        return True

    def _character_end(self, declared: int, end: int) -> int:
        # a cipher is full of bytes that look like the rest of a character: do not wait for more
        if looks_sealed(bytes(self._buffer[SEGMENT_AT:end])):
            return end
        return character_end(self._buffer, declared)

    def _wrong_crc(self, declared: int) -> PeerFrameError:
        end = SEGMENT_AT + declared
        segment = bytes(self._buffer[SEGMENT_AT:end])
        return _wrong_crc(segment, bytes(self._buffer[end : end + CRC_SIZE]))

    def _reject(
        self, error: PeerFrameError, found: list[Frame | PeerFrameError], *, quiet: bool = False
    ) -> None:
        del self._buffer[:1]
        self._lost = True
        if not quiet:
            found.append(error)

    def _skip(self, count: int) -> None:
        """Drop bytes that belong to no frame, and remember how they began."""
        stray = bytes(self._buffer[:count]).translate(None, b"\r\n")
        del self._buffer[:count]
        if not self._lost:
            self._strays += len(stray)
            self._stray += stray[: _STRAY_KEPT - len(self._stray)]

    def _tell_strays(self, found: list[Frame | PeerFrameError]) -> None:
        if self._strays:
            text = f"{self._strays} bytes between frames"
            found.append(PeerFrameError("header", text, declared="##", found=shown(self._stray)))
            self._stray, self._strays = b"", 0
