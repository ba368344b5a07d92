"""The data segment: header fields and data area.

Reading forgives what is seen in the field and tells each liberty as a warning: fields missing,
out of order, in capitals, twice, with blanks or commas between them, headers of HJ/T 212-2005,
an odd MN, GBK text. What has no place goes to `other`. Writing is strict.

Source: HJ 212-2017 §6.3.2 table 3, HJ 212-2025 §6.3.2 table 3
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from protocols.hj212.cp import Pair
from protocols.hj212.editions import Edition
from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.flag import Flag
from protocols.hj212.header import part_segment, read_header, read_text

_STANDARD = re.compile(
    r"QN=([0-9]{17});ST=([0-9A-Z]{2});CN=([0-9]{4});PW=([0-9A-Za-z]{6});MN=([0-9A-F]{24});"
    r"Flag=([0-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]);"
    r"(?:PNUM=([0-9]{1,4});PNO=([0-9]{1,4});)?(?:RF=(1);)?CP=&&(.*)&&",
    re.DOTALL,
)
# PW and MN: what reads back unambiguously. Whether a platform wants 24 characters or the 14 of
# 2005 is its affair, and the site file's check warns.
_FREE = r"[!-%'-+\--:<>-~]*"
_WRITABLE = re.compile(
    rf"(?:QN=[0-9]{{17}};)?(?:PNUM=[0-9]+;PNO=[0-9]+;)?ST=[0-9A-Z]{{2}};CN=[0-9]{{4}};"
    rf"(?:PW={_FREE};)?(?:MN={_FREE};)?Flag=[0-9]+;(?:PNUM=[0-9]+;PNO=[0-9]+;)?(?:RF=1;)?"
)
_CONTROL = bytes((*range(0x20), 0x7F))


@dataclass(frozen=True, slots=True)
class Segment:
    """The fields of a data segment; `cp` is the text between the `&&` marks.

    A field that is not there is empty, or None where it is not text.
    """

    qn: str = ""
    st: str = ""
    cn: str = ""
    pw: str = ""
    mn: str = ""
    flag: Flag | None = None
    pnum: int | None = None
    pno: int | None = None
    rf: bool = False
    cp: str = ""
    other: tuple[Pair, ...] = ()


def parse_segment(
    data: bytes, edition: Edition | None = None, *, encoding: str = "auto"
) -> tuple[Segment, tuple[str, ...]]:
    """Read a data segment; give it with the warnings.

    The order of the header and what must be in it go by the edition, 2017 unless told. `encoding`
    of text: `utf-8`, `gbk`, or `auto` for whichever it looks like. Raises PeerFrameError (segment)
    when nothing in it looks like a field.
    """
    text, warnings = read_text(data, encoding)
    oldest = edition is not None and edition.optional
    standard = None if oldest else _STANDARD.fullmatch(text)
    if standard is None:
        return _read_tolerantly(text, warnings, edition)
    qn, st, cn, pw, mn, flag_text, pnum, pno, rf, cp = standard.groups()
    flag = Flag.of(int(flag_text))
    if pnum is None:
        segment = Segment(qn, st, cn, pw, mn, flag, rf=rf is not None, cp=cp)
    else:
        segment = Segment(qn, st, cn, pw, mn, flag, int(pnum), int(pno), rf is not None, cp)
    if flag.packets == (pnum is None):
        warnings += (_packets_warning(flag),)
    return segment, warnings


def print_segment(segment: Segment, edition: Edition) -> bytes:
    """Write a data segment. Raises LocalFrameError on anything the edition does not have."""
    cp = segment.cp
    head = _print_header(segment, edition)
    area = f"CP=&&{cp}&&".encode()
    if "&&" in cp or len(area.translate(None, _CONTROL)) < len(area):
        raise LocalFrameError(f"CP {cp!r}: && or control characters in the data area")
    if len(area) > edition.max_cp:
        raise LocalFrameError(f"CP of {len(area)} bytes, {edition.max_cp} allowed")
    data = head.encode() + area
    if len(data) > edition.max_segment:
        raise LocalFrameError(f"segment of {len(data)} bytes, {edition.max_segment} allowed")
    return data


def _print_header(segment: Segment, edition: Edition) -> str:
    flag, widths = segment.flag, edition.header
    if flag is None or flag.version != edition.flag_version:
        said = "no Flag" if flag is None else f"Flag of version {flag.version}"
        raise LocalFrameError(f"{said}: {edition.name} has version {edition.flag_version}")
    if segment.other:
        raise LocalFrameError(f"fields without a place: {segment.other}")
    if segment.rf and "RF" not in widths:
        raise LocalFrameError(f"{edition.name} has no RF")
    packets = ""
    if flag.packets or segment.pnum is not None or segment.pno is not None:
        packets = _packet_numbers(segment, edition)
    number = int(flag)
    if edition.optional:
        head = _print_old_header(segment, packets, edition=edition)
    else:
        head = (
            f"QN={segment.qn};ST={segment.st};CN={segment.cn};PW={segment.pw};MN={segment.mn};"
            f"Flag={number};{packets}{'RF=1;' if segment.rf else ''}"
        )
    if (
        _WRITABLE.fullmatch(head) is None
        or len(segment.pw) + 3 > widths["PW"]
        or len(segment.mn) + 3 > widths["MN"]
        or (not segment.qn and "QN" not in edition.optional)
    ):
        raise LocalFrameError(f"header {head} is not {edition.name}")
    return head


def _print_old_header(segment: Segment, packets: str, *, edition: Edition) -> str:
    """Write the header of 2005: packet numbers in front, and only what is there."""
    texts = {
        "QN": segment.qn,
        "PNUM": packets,
        "ST": segment.st,
        "CN": segment.cn,
        "PW": segment.pw,
        "MN": segment.mn,
        "Flag": str(int(segment.flag)) if segment.flag else "",
    }
    parts = [
        text if name == "PNUM" else f"{name}={text};"
        for name in edition.header
        if (text := texts.get(name)) or (name in texts and name not in edition.optional)
    ]
    return "".join(part for part in parts if part)


def _packet_numbers(segment: Segment, edition: Edition) -> str:
    flag, pnum, pno = segment.flag, segment.pnum, segment.pno
    if not flag or not flag.packets or pnum is None or pno is None:
        raise LocalFrameError(f"{flag} with PNUM {pnum} and PNO {pno}")
    if not 1 <= pno <= pnum <= edition.max_packets:
        raise LocalFrameError(f"packet {pno} of {pnum}, {edition.max_packets} allowed")
    return f"PNUM={pnum};PNO={pno};"


def _read_tolerantly(
    text: str, warnings: tuple[str, ...], edition: Edition | None
) -> tuple[Segment, tuple[str, ...]]:
    head, cp, area_warnings = part_segment(text)
    header = read_header(head, edition)
    if not header.fields and cp is None:
        raise PeerFrameError(
            "segment", "no field in it", declared="QN=…;ST=…;CN=…;…;CP=&&…&&", found=text[:40]
        )
    fields, number = header.fields, header.numbers.get("Flag")
    flag = None if number is None else Flag.of(number)
    segment = Segment(
        qn=fields.get("QN", ""),
        st=fields.get("ST", ""),
        cn=fields.get("CN", ""),
        pw=fields.get("PW", ""),
        mn=fields.get("MN", ""),
        flag=flag,
        pnum=header.numbers.get("PNUM"),
        pno=header.numbers.get("PNO"),
        rf=header.numbers.get("RF") == 1,
        cp=cp or "",
        other=tuple(header.other),
    )
    if flag and flag.packets != (segment.pnum is not None and segment.pno is not None):
        header.warnings.append(_packets_warning(flag))
    return segment, (*warnings, *header.warnings, *area_warnings)


def _packets_warning(flag: Flag) -> str:
    if flag.packets:
        return f"Flag={int(flag)} without PNUM and PNO"
    return f"PNUM and PNO with Flag={int(flag)}"
