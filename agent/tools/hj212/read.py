"""What one frame says, as the object that `decode` prints."""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import Any

from agent.settings.dialect import named_edition
from agent.tools.hj212.refusals import failure, refusal, strict_refusal
from protocols.hj212.ciphers import cannot_be_text
from protocols.hj212.editions import edition, edition_names
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.frame import Frame, decode_frame
from protocols.hj212.frame_parts import CRC_SIZE
from protocols.hj212.message import read_message
from protocols.hj212.seal import RENDERINGS, unseal_segment, unsealer
from protocols.hj212.segment import Segment, parse_segment
from protocols.hj212.verbatim import CLOSING, Field, Verbatim, parse_verbatim, usual_opening

Told = dict[str, Any]

_BY_VERSION = {edition(name).flag_version: name for name in edition_names()}
_OLDEST, _USUAL = _BY_VERSION[min(_BY_VERSION)], "hj212-2017"


class Reading:
    """Reads frames under one set of options; `profile` None means: by the Flag of each frame."""

    def __init__(self, profile: str | None = None, *, strict: bool, keys: Sequence[bytes]) -> None:
        self._by = named_edition(profile) if profile else None
        self._strict = strict
        self._keys = tuple(keys)
        self._unseal = unsealer(self._keys) if keys else None

    def hex_line(self, line: bytes) -> Told:
        """Say what a frame written in hex says. Never raises."""
        try:
            data = binascii.unhexlify(b"".join(line.split()))
        except binascii.Error:
            return failure("syntax", "hex digits", repr(line[:40])[2:-1])
        return self.frame(data)

    def line(self, line: bytes) -> Told:
        """Say what a frame says that stands on a line of its own. Never raises.

        What ends it may be the line's end as well as its tail, so no tail is a fault here.
        """
        return self.frame(line, tail_known=False)

    def frame(self, data: bytes, *, tail_known: bool = True) -> Told:
        """Say what a frame says. Never raises."""
        try:
            frame = decode_frame(data, unseal=self._unseal)
        except PeerFrameError as error:
            return refusal(error) | {"partial": self._partial(error.segment)}
        if not self._keys and cannot_be_text(frame.segment):
            return failure("seal", "--key", "a cipher") | {"partial": self._partial(frame.segment)}
        tail = data[data.rstrip(b"\r\n").__len__() :].decode()
        try:
            told = self._segment(frame.segment, frame.warnings, tail=tail, sealed=frame.sealed)
        except PeerFrameError as error:
            return refusal(error) | {"partial": {}}
        if frame.sealed:
            told["rendering"] = self._rendering(data, frame)
        by = self._by or edition(told["profile"])
        if self._strict and (
            refused := strict_refusal(data, frame, told["warnings"], by=by, tail_known=tail_known)
        ):
            return refused | {"partial": told}
        return {"ok": True} | told

    def _partial(self, segment: bytes) -> Told:
        try:
            return self._segment(segment, ()) if segment else {}
        except PeerFrameError:
            return {}

    def _segment(
        self, data: bytes, frame_warnings: Sequence[str], *, tail: str = "", sealed: bool = False
    ) -> Told:
        segment, _ = parse_segment(data)
        by = self._by or edition(guessed(segment))
        segment, warnings = parse_segment(data, by)
        _, more = read_message(segment, by)
        warnings += more
        if segment.flag and segment.flag.version != by.flag_version:
            versions = f"version {segment.flag.version}, {by.name} has {by.flag_version}"
            warnings += (f"Flag={int(segment.flag)} is {versions}",)
        said = parse_verbatim(data)
        return {
            "profile": by.name,
            **_header(said, segment),
            "sealed": sealed,
            "cp": None if said.items is None else [list(map(_field, item)) for item in said.items],
            "tail": tail,
            "warnings": [*frame_warnings, *warnings],
            **_unusual(said),
        }

    def _rendering(self, data: bytes, frame: Frame) -> str:
        wire = data.rstrip(b"\r\n")[6:-CRC_SIZE]
        for rendering in RENDERINGS:
            for key in self._keys:
                try:
                    if unseal_segment(wire, key, rendering) == frame.segment:
                        return rendering
                except PeerFrameError:
                    continue
        return "off"


def guessed(segment: Segment) -> str:
    """Name the edition whose version a Flag bears; without a Flag it is the oldest."""
    if segment.flag is None:
        return _OLDEST
    return _BY_VERSION.get(segment.flag.version, _USUAL)


def told_header(segment: Segment) -> Told:
    """Give the header fields by name, as they are read; None for what is not there."""
    return {
        "qn": segment.qn,
        "st": segment.st,
        "cn": segment.cn,
        "pw": segment.pw,
        "mn": segment.mn,
        "flag": told_flag(segment.flag),
        "pnum": segment.pnum,
        "pno": segment.pno,
        "rf": segment.rf,
    }


def told_flag(flag: Flag | None) -> Told | None:
    """Give a Flag by its parts."""
    if flag is None:
        return None
    return {"version": flag.version, "answer": flag.answer, "split": flag.packets}


def _header(said: Verbatim, segment: Segment) -> Told:
    header = told_header(segment)
    there = {name.strip().upper() for part, value in said.head for name in _names(part, value)}
    for name in ("qn", "st", "cn", "pw", "mn"):
        if not header[name] and name.upper() not in there:
            header[name] = None
    return {"head": [list(part) for part in said.head], **header}


def _unusual(said: Verbatim) -> Told:
    """Give what `encode` needs beside the usual keys; empty for most frames."""
    told: Told = {}
    if said.items is not None and said.opening != usual_opening(said.head):
        told["opening"] = said.opening
    if said.items is not None and said.closing != CLOSING:
        told["closing"] = said.closing
    if said.charset != "utf-8":
        told["charset"] = said.charset
    return told


def _names(part: str, value: str | None) -> tuple[str, ...]:
    """Names in one part of a header; some peers put a comma where the semicolon belongs."""
    return (part, *(piece.partition("=")[0] for piece in (value or "").split(",")[1:]))


def _field(field: Field) -> Told:
    return {"name": field[0], "value": field[1]}
