"""Checks a frame as strictly as the standard can be read. Pure.

Stricter than the reader in `protocols.hj212`, which forgives what the field sends: here every
liberty is a fault, and so is a value of which factor, field or number of digits is not known.

Source: HJ 212-2017 §6.3, §6.6 and annexes B, C; HJ 212-2025 §6.3
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from agent.tools.platform.areas import area_faults
from agent.tools.platform.verdict import INTERACTIONS, Verdict
from protocols.hj212.cp import Item, find, parse_cp
from protocols.hj212.editions import Edition, edition
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import decode_frame
from protocols.hj212.segment import Segment, parse_segment
from protocols.hj212.times import parse_wire_time

EDITIONS = ("hj212-2017", "hj212-2025")
_EVERY_AREA = len("CP=&&&&")
_STATIONS = frozenset({"31", "32", "36", "44", "45", "21", "22", "23", "27", "39", "51", "52"})
_INTERACTION_ST = "91"


@dataclass(frozen=True, slots=True)
class Rules:
    """What this platform insists on.

    `edition` None takes the edition the frame's Flag names. `pw` None takes any password.
    """

    edition: str | None = None
    pw: str | None = None


@dataclass(frozen=True, slots=True)
class Address:
    """What the topic says of the frame. Empty: nothing."""

    mn: str = ""
    cn: str = ""


ANYWHERE = Address()


def check(frame: bytes, *, rules: Rules, address: Address = ANYWHERE) -> Verdict:
    """Judge one frame. Never fails: what cannot be read is a fault too."""
    try:
        opened = decode_frame(frame)
        segment, liberties = parse_segment(opened.segment)
    except PeerFrameError as error:
        return Verdict((f"{error.kind}: {error}",))
    held = _edition(rules, segment)
    items = parse_cp(segment.cp)
    faults = [f"frame: {warning}" for warning in opened.warnings]
    faults += [f"segment: {liberty}" for liberty in liberties]
    faults += _header_faults(segment, rules=rules, held=held)
    faults += _address_faults(segment, address)
    if held is not None:
        faults += _length_faults(segment, held)
        faults += area_faults(segment, items, held)
    return Verdict(tuple(faults), segment, held, _data_time(items))


def _edition(rules: Rules, segment: Segment) -> Edition | None:
    if rules.edition is not None:
        return edition(rules.edition)
    version = segment.flag.version if segment.flag else None
    known = (edition(name) for name in EDITIONS)
    return next((held for held in known if held.flag_version == version), None)


def _header_faults(segment: Segment, *, rules: Rules, held: Edition | None) -> Iterator[str]:
    if held is None:
        yield f"Flag: version {segment.flag.version if segment.flag else 'none'} is no edition"
    elif segment.flag is not None and segment.flag.version != held.flag_version:
        yield f"Flag: version {segment.flag.version}, {held.name} has {held.flag_version}"
    try:
        parse_wire_time(segment.qn)
    except ValueError:
        yield f"QN: {segment.qn!r} is no time"
    if segment.st != _INTERACTION_ST and segment.st not in _STATIONS:
        yield f"ST: {segment.st!r} is no system"
    if segment.cn in INTERACTIONS and segment.st != _INTERACTION_ST:
        yield f"ST: {segment.st}, {segment.cn} goes with {_INTERACTION_ST}"
    if rules.pw is not None and segment.pw != rules.pw:
        yield "PW: not the station's"
    if held is not None and segment.rf and "RF" not in held.header:
        yield f"RF: not in {held.name}"
    if held is not None:
        yield from _packet_faults(segment, held)


def _packet_faults(segment: Segment, held: Edition) -> Iterator[str]:
    pnum, pno = segment.pnum, segment.pno
    if pnum is None or pno is None:
        return  # without its numbers a split frame is told as a liberty of the segment
    if not 1 <= pno <= pnum:
        yield f"PNO: {pno} of {pnum}"
    if pnum > held.max_packets:
        yield f"PNUM: {pnum}, {held.name} has at most {held.max_packets}"


def _address_faults(segment: Segment, address: Address) -> Iterator[str]:
    if address.mn and segment.mn != address.mn:
        yield f"MN: {segment.mn}, the topic says {address.mn}"
    if address.cn and segment.cn != address.cn:
        yield f"CN: {segment.cn}, the topic says {address.cn}"


def _length_faults(segment: Segment, held: Edition) -> Iterator[str]:
    """Measure the data area; that the segment is too long is a liberty of the frame already."""
    area = len(segment.cp.encode()) + _EVERY_AREA
    if area > held.max_cp:
        yield f"length: CP of {area} bytes, {held.max_cp} allowed"


def _data_time(items: tuple[Item, ...]) -> str:
    return find(items, "DataTime") or ""
