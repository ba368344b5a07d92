"""Whether a segment is what its edition has, to the letter; `segment` reads what is near enough."""

from __future__ import annotations

from protocols.hj212.cp import parse_cp, print_cp
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.segment import parse_segment, print_segment
from protocols.hj212.times import parse_wire_time

_UNNAMED = frozenset({"1001", "9013"})
"""What a logger of 2025 and its platform say before it has an MN: registration and its answer."""


def check_segment(data: bytes, edition: Edition) -> bool:
    """Refuse a segment that a strict writer would not have written.

    True where its MN is empty and may be. Raises PeerFrameError: `length` for a size above the
    edition's, `segment` for syntax, `field` for a header field.
    """
    if len(data) > edition.max_segment:
        raise _refused("length", f"up to {edition.max_segment}", str(len(data)))
    segment, warnings = parse_segment(data, edition)
    try:
        written = print_segment(segment, edition)
    except LocalFrameError as error:
        raise _refused("field", edition.name, str(error)) from None
    unnamed = not segment.mn and segment.cn in _UNNAMED and edition.base == "hj212-2025"
    told = [one for one in warnings if not (unnamed and one.startswith("MN=''"))]
    if written != data or told:
        text = data.decode("utf-8", "backslashreplace")
        raise _refused("segment", written.decode(), "; ".join(told) or text)
    _check_time(segment.qn)
    try:
        area = print_cp(parse_cp(segment.cp))
    except LocalFrameError as error:
        raise _refused("segment", "name=value pairs", str(error)) from None
    if area != segment.cp:
        raise _refused("segment", area, segment.cp)
    return unnamed


def _check_time(qn: str) -> None:
    try:
        if qn:
            parse_wire_time(qn)
    except ValueError:
        raise _refused("field", "a time of 17 digits", qn) from None


def _refused(kind: str, declared: str, found: str) -> PeerFrameError:
    return PeerFrameError(kind, "not to the letter", declared=declared, found=found)
