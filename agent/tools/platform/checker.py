"""Checks a frame as strictly as the standard can be read. Pure.

Stricter than the reader in `protocols.hj212`, which forgives what the field sends: here every
liberty is a fault, and so is a value of which factor, field or number of digits is not known.

Source: HJ/T 212-2005 §6.3; HJ 212-2017 §6.3, §6.6 and annexes B, C; HJ 212-2025 §6.3, §6.4
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from agent.tools.platform.areas import area_faults
from agent.tools.platform.verdict import Verdict
from protocols.hj212.answers import ANSWERS, INTERACTION_ST
from protocols.hj212.code_tables import SYSTEMS
from protocols.hj212.cp import Item, find, parse_cp
from protocols.hj212.editions import Edition, edition, edition_names
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import Frame, decode_frame
from protocols.hj212.seal import BLOCK, Rendering, is_sealed, seal_segment, unsealer
from protocols.hj212.segment import Segment, parse_segment
from protocols.hj212.times import parse_wire_time

_EVERY_AREA = len("CP=&&&&")
_FLAG = re.compile(rb";Flag=([0-9]{1,3})[;C]")
_KEYS = ("current", "previous")


@dataclass(frozen=True, slots=True)
class Rules:
    """What this platform insists on.

    `edition` None takes the edition the frame's Flag names. `pw` None takes any password. `keys`
    are those of the station, current one first: what the edition seals must come sealed then.
    """

    edition: Edition | None = None
    pw: str | None = field(default=None, repr=False)
    keys: tuple[bytes, ...] = field(default=(), repr=False)
    rendering: Rendering = "raw"


@dataclass(frozen=True, slots=True)
class Address:
    """What the topic says of the frame. Empty: nothing."""

    mn: str = ""
    cn: str = ""


ANYWHERE = Address()


def check(frame: bytes, *, rules: Rules, address: Address = ANYWHERE) -> Verdict:
    """Judge one frame. Never fails: what cannot be read is a fault too."""
    try:
        opened = decode_frame(frame, unseal=unsealer(rules.keys) if rules.keys else None)
        held = rules.edition or edition_of(opened.segment)
        segment, liberties = parse_segment(opened.segment, held)
    except PeerFrameError as error:
        return Verdict((f"{error.kind}: {error}",))
    items = parse_cp(segment.cp)
    faults = [f"frame: {warning}" for warning in opened.warnings]
    faults += [f"segment: {one}" for one in liberties if not _may(segment, one, held)]
    faults += _header_faults(segment, rules=rules, held=held)
    faults += _address_faults(segment, address)
    sealed = ""
    if held is not None:
        faults += _length_faults(segment, held)
        sealed = _sealed_under(frame, opened, rules)
        faults += _seal_faults(segment, opened, rules, sealed=sealed)
        faults += area_faults(segment, items, held)
    return Verdict(tuple(faults), segment, held, _data_time(items), sealed)


def edition_of(segment: bytes) -> Edition | None:
    """Give the edition whose version the Flag has; None where it has none."""
    found = _FLAG.search(segment)
    version = int(found[1]) >> 2 if found else None
    known = (edition(name) for name in edition_names())
    return next((held for held in known if held.flag_version == version), None)


def _may(segment: Segment, liberty: str, held: Edition | None) -> bool:
    """Say whether a liberty is none: before a logger of 2025 has its MN, that is empty."""
    unnamed = held is not None and segment.cn == "1001" and not segment.mn
    return unnamed and liberty.startswith("MN=''")


def _header_faults(segment: Segment, *, rules: Rules, held: Edition | None) -> Iterator[str]:
    version = segment.flag.version if segment.flag else None
    if held is None:
        yield f"Flag: version {'none' if version is None else version} is no edition"
    elif version != held.flag_version:
        yield f"Flag: version {version}, {held.name} has {held.flag_version}"
    yield from _qn_faults(segment, held)
    systems = SYSTEMS[held.base if held else "hj212-2025"]
    if segment.st not in systems:
        yield f"ST: {segment.st!r} is no system"
    if segment.cn in ANSWERS and segment.st != INTERACTION_ST:
        yield f"ST: {segment.st}, {segment.cn} goes with {INTERACTION_ST}"
    if rules.pw is not None and segment.pw != rules.pw:
        yield "PW: not the station's"
    if held is not None and segment.rf and "RF" not in held.header:
        yield f"RF: not in {held.name}"
    if held is not None:
        yield from _packet_faults(segment, held)


def _qn_faults(segment: Segment, held: Edition | None) -> Iterator[str]:
    if held is not None and held.answers_in_cp and not segment.qn:
        # HJ/T 212-2005: answers and results bear it in their data area, other uploads need none
        if segment.flag is not None and segment.flag.answer and segment.cn not in ANSWERS:
            yield "QN: none, and an answer is wanted"
        return
    try:
        parse_wire_time(segment.qn)
    except ValueError:
        yield f"QN: {segment.qn!r} is no time"


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


def _sealed_under(frame: bytes, opened: Frame, rules: Rules) -> str:
    """Say which key sealed a frame: the plaintext, sealed anew, must give the same bytes."""
    if not opened.sealed:
        return ""
    wire = frame[6 : -len("CRC_") - len(b"\r\n")]
    for key, name in zip(rules.keys, _KEYS, strict=False):
        if seal_segment(opened.segment, key, rules.rendering) == wire:
            return name
    return "otherwise"


def _seal_faults(segment: Segment, opened: Frame, rules: Rules, *, sealed: str) -> Iterator[str]:
    if not rules.keys:
        return
    wanted = is_sealed(segment.cn, down=False) and len(segment.cp.encode()) >= BLOCK
    if wanted and not opened.sealed:
        yield f"seal: {segment.cn} came in clear"
    if opened.sealed and not is_sealed(segment.cn, down=False):
        yield f"seal: {segment.cn} is not to be sealed"
    if sealed == "otherwise":
        yield f"seal: not written as {rules.rendering}"


def _data_time(items: tuple[Item, ...]) -> str:
    return find(items, "DataTime") or ""
