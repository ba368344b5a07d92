"""One JSON object to one frame: what `decode` printed gives its bytes back."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.settings.dialect import dialect_names
from agent.tools.hj212.read import Reading, told_header
from protocols.hj212.editions import edition_names
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.frame import encode_frame
from protocols.hj212.frame_parts import MAX_SEGMENT, READABLE_SEGMENT
from protocols.hj212.seal import Rendering, seal_frame
from protocols.hj212.segment import parse_segment
from protocols.hj212.verbatim import CLOSING, Verbatim, print_verbatim, usual_opening

_NAMED = ("qn", "st", "cn", "pw", "mn", "flag", "pnum", "pno", "rf")


class EncodingRefused(Exception):
    """A line that gives no frame; `told` is what to print in its place."""

    def __init__(self, error: str, *, expected: Any, found: Any) -> None:
        super().__init__(f"{error}: expected {expected}, found {found}")
        self.told = {
            "ok": False,
            "error": error,
            "expected": expected,
            "found": found,
            "partial": {},
        }


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")


class FlagParts(_Model):
    """A Flag by its parts."""

    version: int = Field(ge=0, le=63)
    answer: bool = False
    split: bool = False


class AreaField(_Model):
    """One field of the data area; without `=` the value is null."""

    name: str
    value: str | None = None


class FrameObject(_Model):
    """What `decode` gives of a right frame.

    The header is written from `head`; the fields by name must say the same where they are given,
    and make the header where `head` is not.
    """

    ok: bool = True
    profile: str | None = None
    head: list[tuple[str, str | None]] | None = Field(default=None, strict=False)
    qn: str | None = None
    st: str | None = None
    cn: str | None = None
    pw: str | None = None
    mn: str | None = None
    flag: FlagParts | None = None
    pnum: int | None = None
    pno: int | None = None
    rf: bool | None = None
    cp: list[list[AreaField]] | None = None
    opening: str | None = None
    closing: str = CLOSING
    charset: Literal["utf-8", "gbk", "latin-1"] = "utf-8"
    sealed: bool = False
    rendering: Rendering | None = None


def encode_line(
    line: bytes,
    profile: str | None = None,
    *,
    key: bytes | None = None,
    strict: bool = False,
    rendering: Rendering = "raw",
) -> bytes:
    """Write the frame that an object holds. Raises EncodingRefused."""
    try:
        said = FrameObject.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"])) or "line"
        raise EncodingRefused("syntax", expected=first["msg"], found=place) from None
    if not said.ok:
        raise EncodingRefused("syntax", expected="a frame that was decoded", found="ok: false")
    try:
        segment = print_verbatim(_verbatim(said))
        frame = _frame(segment, said, key=key, strict=strict, rendering=rendering)
    except LocalFrameError as error:
        raise EncodingRefused("syntax", expected="a frame", found=str(error)) from None
    if not segment:
        raise EncodingRefused("syntax", expected="head, fields by name or cp", found="none of them")
    _agree(said, segment)
    if strict:
        _check(frame, profile or said.profile, key=key)
    return frame


def _frame(
    segment: bytes, said: FrameObject, *, key: bytes | None, strict: bool, rendering: Rendering
) -> bytes:
    limit = MAX_SEGMENT if strict else READABLE_SEGMENT
    if len(segment) > limit:
        raise EncodingRefused("length", expected=limit, found=len(segment))
    if not said.sealed:
        return encode_frame(segment, limit=limit)
    if key is None:
        raise EncodingRefused("seal", expected="--key", found="a sealed frame")
    return seal_frame(segment, key, said.rendering or rendering, limit=limit)


def _verbatim(said: FrameObject) -> Verbatim:
    head = tuple(said.head) if said.head is not None else _head(said)
    items = None
    if said.cp is not None:
        items = tuple(tuple((field.name, field.value) for field in item) for item in said.cp)
    opening = usual_opening(head) if said.opening is None else said.opening
    return Verbatim(head, items, opening, said.closing, said.charset)


def _head(said: FrameObject) -> tuple[tuple[str, str | None], ...]:
    """Make the header of the fields by name, in the order of 2017 and 2025."""
    parts, flag = said.flag, None
    if parts is not None:
        flag = Flag(parts.version, answer=parts.answer, packets=parts.split)
    fields = (
        ("QN", said.qn),
        ("ST", said.st),
        ("CN", said.cn),
        ("PW", said.pw),
        ("MN", said.mn),
        ("Flag", None if flag is None else str(int(flag))),
        ("PNUM", None if said.pnum is None else str(said.pnum)),
        ("PNO", None if said.pno is None else str(said.pno)),
        ("RF", "1" if said.rf else None),
    )
    return tuple((name, value) for name, value in fields if value is not None)


def _agree(said: FrameObject, segment: bytes) -> None:
    """Refuse an object that says one thing in `head` and another by name."""
    if said.head is None:
        return
    try:
        read = told_header(parse_segment(segment)[0])
    except PeerFrameError:
        return
    meant = said.model_dump(include=set(_NAMED), exclude_none=True)
    for name, value in meant.items():
        if value != read[name]:
            raise EncodingRefused("field", expected={name: read[name]}, found={name: value})


def _check(frame: bytes, profile: str | None, *, key: bytes | None) -> None:
    known = (*edition_names(), *dialect_names())
    if profile is not None and profile not in known:
        raise EncodingRefused("field", expected=list(known), found=profile)
    told = Reading(profile, strict=True, keys=(key,) if key else ()).frame(frame)
    if not told["ok"]:
        raise EncodingRefused(told["error"], expected=told["expected"], found=told["found"])
