"""Recorded frames made into a transcript, the test of a profile. Pure.

Transcripts of Modbus are in RTU frames, whatever line they were taken from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from drivers import rtu

Framing = Literal["rtu", "ascii", "tcp", "other"]
Frame = tuple[str, bytes]
"""">" sent or "<" received, and the bytes."""
_LINE = re.compile(r"\S+ ([<>]) ([0-9A-F ]*)")
_MBAP = 6
"""Bytes of a Modbus TCP frame before the unit."""


def frames_of(lines: Iterable[str]) -> Iterator[Frame]:
    """Give the frames of a recording; what is no line of one is left out."""
    for line in lines:
        if found := _LINE.fullmatch(line):
            yield found[1], bytes.fromhex(found[2])


def transcript(
    frames: Iterable[Frame],
    *,
    profile: str,
    address: int,
    framing: Framing,
    read: Mapping[str, str] | None = None,
) -> str:
    """Make a transcript: one case per question to the unit that is new.

    Of Modbus only what was said to and by the unit at `address`; other protocols do not always name
    it. Theirs is one case with all questions, for what one answer says means little without the
    others: the state is another question than the value. `read` is what was made of the answers: a
    person compares it with the display, and only then it becomes `# expect:`.
    """
    heads = [f"# profile: {profile}", "# proof: recorded", "# origin: "]
    if address != 1:
        heads.append(f"# address: {address}")
    told = [f"# read: {name} = {value}" for name, value in (read or {}).items()]
    ours = ((direction, _of_unit(data, address, framing)) for direction, data in frames)
    cases = _cases(ours, last=framing == "other")
    said = [
        "\n".join((_hex(">", question), *(_hex("<", one) for one in answers)))
        for question, answers in cases.items()
    ]
    if framing == "other" and said:
        said = ["\n".join(said)]
    blocks = [f"# case: {number}\n{lines}" for number, lines in enumerate(said, start=1)]
    return "\n\n".join(("\n".join([*heads, *told]), *blocks)) + "\n"


def _cases(
    frames: Iterable[tuple[str, bytes | None]], *, last: bool
) -> Mapping[bytes, Sequence[bytes]]:
    """Give each question its first answer, or its `last`.

    Where no check sum protects an answer it is asked for again, and what came last is what counts.
    """
    cases: dict[bytes, list[bytes]] = {}
    asked, begun = b"", False
    for direction, frame in frames:
        if direction == ">":
            known = frame in cases
            asked, begun = (frame or b"", False) if last or not known else (b"", False)
            if asked and not known:
                cases[asked] = []
        elif asked and frame:
            cases[asked] = [*(cases[asked] if begun else ()), frame]
            begun = True
    return cases


def _of_unit(data: bytes, address: int, framing: Framing) -> bytes | None:
    """Give a frame as a transcript has it; None where it is another unit's, or none."""
    match framing:
        case "rtu":
            return data if data[:1] == bytes((address,)) else None
        case "tcp":
            body = data[_MBAP:]
            return rtu.frame(address, body[1:]) if body[:1] == bytes((address,)) else None
        case "ascii":
            found = re.search(rb":((?:[0-9A-Fa-f]{2})+)\r\n", data)
            body = bytes.fromhex(found[1].decode("ascii"))[:-1] if found else b""
            return rtu.frame(address, body[1:]) if body[:1] == bytes((address,)) else None
        case "other":
            return data


def _hex(mark: str, data: bytes) -> str:
    return f"{mark} {data.hex(' ').upper()}"
