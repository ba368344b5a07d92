"""Whether a segment is what its edition has, to the letter; `segment` reads what is near enough."""

from __future__ import annotations

from protocols.hj212.cp import parse_cp, print_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.segment import parse_segment, print_segment


def check_segment(data: bytes, edition: Edition) -> None:
    """Refuse a segment that a strict writer would not have written.

    Raises PeerFrameError: `length` for a size above the edition's, `segment` for syntax, `field`
    for a header field.
    """
    if len(data) > edition.max_segment:
        raise _refused("length", f"up to {edition.max_segment}", str(len(data)))
    segment, warnings = parse_segment(data, edition)
    try:
        written = print_segment(segment, edition)
    except LocalFrameError as error:
        raise _refused("field", edition.name, str(error)) from None
    if written != data or warnings:
        raise _refused("segment", written.decode(), "; ".join(warnings) or "another text")
    try:
        area = print_cp(parse_cp(segment.cp))
    except LocalFrameError as error:
        raise _refused("segment", "name=value pairs", str(error)) from None
    if area != segment.cp:
        raise _refused("segment", area, segment.cp)


def _refused(kind: str, declared: str, found: str) -> PeerFrameError:
    return PeerFrameError(kind, "not to the letter", declared=declared, found=found)
