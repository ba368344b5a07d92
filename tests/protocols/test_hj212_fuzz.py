"""Damaged frames: whatever comes in, nothing but our errors comes out, in bounded memory."""

import json
import random
import resource
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocols.hj212.answers import answered
from protocols.hj212.assemble import Assembler
from protocols.hj212.crc import crc16
from protocols.hj212.editions import edition, edition_names
from protocols.hj212.errors import FrameError, PeerFrameError
from protocols.hj212.frame import Frame, Framer, decode_frame
from protocols.hj212.message import print_message, read_message
from protocols.hj212.seal import unsealer
from protocols.hj212.segment import parse_segment, print_segment
from protocols.hj212.strict import check_segment
from protocols.hj212.verbatim import parse_verbatim, print_verbatim

DATA = Path(__file__).parents[1] / "data" / "hj212"
PIECES = (
    *(b"##", b"&&", b";", b",", b"=", b"//", b"\r\n", b"CP=", b"Flag=", b"\x00", b"9999", b"-"),
    *(b"PNUM=9;PNO=1;", b"DataTime=", "清".encode(), "清".encode("gbk"), b"\xff", b"1e999"),
)
EDITIONS = tuple(map(edition, edition_names()))
GROWTH_KB = 48 * 1024


def seeds() -> list[bytes]:
    frames = []
    for name in ("edition_2025.jsonl", "field.jsonl"):
        rows = [json.loads(line) for line in (DATA / name).read_text("utf-8").splitlines()]
        frames += [row["frame"].encode() for row in rows[:: 1 if name[0] == "e" else 7]]
    rows = [
        json.loads(line) for line in (DATA / "sealed_2025.jsonl").read_text("utf-8").splitlines()
    ]
    return frames + [bytes.fromhex(row["frame_hex"]) for row in rows]


def mutated(count: int) -> Iterator[bytes]:
    """Damage frames; half of them get a right length and CRC again, to come further in."""
    chance, frames = random.Random(20251), seeds()
    for _ in range(count):
        frame = bytearray(chance.choice(frames))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(frame) + 1)
            match chance.randrange(5):
                case 0:
                    frame[at : at + 1] = bytes([chance.randrange(256)])
                case 1:
                    del frame[at : at + chance.randint(1, 12)]
                case 2:
                    frame[at:at] = chance.choice(PIECES)
                case 3:
                    frame[at:at] = frame[at // 2 : at // 2 + chance.randint(1, 60)]
                case 4:
                    frame[at : at + 6] = chance.choice(frames)[6:12]
        if chance.random() < 0.5:
            body = bytes(frame[6:-6])[:9999]
            frame[:] = b"##%04d%b%04X\r\n" % (len(body), body, crc16(body))
        yield bytes(frame)


def read_all(frame: bytes, number: int, assembler: Assembler) -> bool:
    """Take one frame as far in as it goes; say whether it was read."""
    by = EDITIONS[number % 3]
    unseal = unsealer([b"0" * 16]) if number % 2 else None
    try:
        data = decode_frame(frame, unseal=unseal).segment
    except PeerFrameError as error:
        data = error.segment
        assert print_verbatim(parse_verbatim(data)) == data
        return False
    assert print_verbatim(parse_verbatim(data)) == data
    try:
        segment, _ = parse_segment(data, by)
        answered(segment)
        message, _ = read_message(segment, by)
        assembler.add(segment, now=number)
        check_segment(data, by)
        print_segment(segment, by)
        print_message(message, by)
    except FrameError:
        pass
    return True


def campaign(count: int) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assembler, read, pieces = Assembler(), 0, 0
    chance = random.Random(7)
    framer = Framer(unseal=unsealer([b"0" * 16]))
    for number, frame in enumerate(mutated(count)):
        read += read_all(frame, number, assembler)
        cut = chance.randrange(len(frame) + 1)
        for part in (frame[:cut], frame[cut:]):
            pieces += sum(isinstance(each, Frame) for each in framer.feed(part))
    framer.flush()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak < GROWTH_KB
    # enough of them came through for the inner parts to be tried
    assert read > count // 4 and pieces > count // 8


def test_10_000_mutated_frames_raise_nothing_but_our_errors() -> None:
    campaign(10_000)


@pytest.mark.soak
def test_1_000_000_mutated_frames_raise_nothing_but_our_errors() -> None:
    campaign(1_000_000)
