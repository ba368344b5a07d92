import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from protocols.hj212.editions import edition
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import Frame, Framer, decode_frame
from protocols.hj212.message import parse_message
from protocols.hj212.seal import unsealer
from protocols.hj212.segment import parse_segment, print_segment

DATA = Path(__file__).parents[1] / "data" / "hj212"


@dataclass(frozen=True)
class Case:
    frame: bytes
    verdict: str
    cn: str
    origin: str
    declared: str | None = None
    found: str | None = None


def cases(name: str, *verdicts: str) -> Iterator[Case]:
    for line in (DATA / name).read_text(encoding="utf-8").splitlines():
        known = json.loads(line)
        case = Case(**known | {"frame": known["frame"].encode()})
        if not verdicts or case.verdict in verdicts:
            yield case


def test_every_right_frame_of_the_field_reads() -> None:
    number = 0
    for case in cases("field.jsonl", "ok"):
        frame = decode_frame(case.frame)
        segment, _ = parse_segment(frame.segment)
        assert segment.cn == case.cn, case
        assert parse_message(segment, edition("hj212-2017")).cn == case.cn, case
        assert Framer().feed(case.frame)[0].segment == frame.segment, case
        number += 1
    assert number == 783


def test_every_wrong_frame_of_the_field_names_its_fault() -> None:
    number = 0
    for case in cases("field.jsonl", "length", "crc"):
        with pytest.raises(PeerFrameError) as caught:
            decode_frame(case.frame)
        error = caught.value
        assert error.kind == case.verdict, case
        assert error.declared and error.found, case
        if case.declared is not None:
            assert (int(error.declared), error.found) == (int(case.declared), case.found), case
        segment, _ = parse_segment(error.segment)
        assert segment.cn == case.cn, case
        number += 1
    assert number == 120


def test_a_day_of_traffic_in_one_stream_gives_every_right_frame() -> None:
    right = [case for case in cases("field.jsonl", "ok") if case.frame.endswith(b"\n")]
    wrong = [case for case in cases("field.jsonl", "crc", "length") if case.frame.endswith(b"\n")]
    stream = b"".join(
        wrong[index % len(wrong)].frame + case.frame for index, case in enumerate(right)
    )
    framer = Framer()
    found = framer.feed(stream) + framer.flush()
    segments = [each.segment for each in found if isinstance(each, Frame)]
    assert segments == [decode_frame(case.frame).segment for case in right]


def test_every_right_frame_survives_rubbish_around_it_whole_and_byte_by_byte() -> None:
    key = unsealer([b"0" * 16])
    right = [case.frame for case in cases("field.jsonl", "ok")]
    right += [case.frame for case in cases("edition_2025.jsonl", "ok")]
    lines = (DATA / "sealed_2025.jsonl").read_text(encoding="utf-8").splitlines()
    sealed = [json.loads(line) for line in lines]
    right += [bytes.fromhex(row["frame_hex"]) for row in sealed if row["verdict"] == "ok"]
    assert len(right) == 825
    for rubbish in (b"", b"\xff&&CP=##12", b"##00xx##", b"\r\n#\n"):
        for frame in right[:: 1 if rubbish else 4]:
            expected = decode_frame(frame, unseal=key).segment
            stream = rubbish + frame + rubbish
            whole, pieces = Framer(unseal=key), Framer(unseal=key)
            found = [whole.feed(stream) + whole.flush()]
            found.append([each for value in stream for each in pieces.feed(bytes([value]))])
            for each in found:
                assert [one.segment for one in each if isinstance(one, Frame)] == [expected], frame


def test_every_frame_of_2025_in_clear_reads_and_writes_back() -> None:
    by = edition("hj212-2025")
    for case in cases("edition_2025.jsonl", "ok"):
        frame = decode_frame(case.frame)
        segment, warnings = parse_segment(frame.segment)
        assert frame.warnings == ()
        assert warnings == () or not segment.mn, case
        assert segment.cn == case.cn
        assert print_segment(segment, by) == frame.segment
    for case in cases("edition_2025.jsonl", "crc", "length"):
        with pytest.raises(PeerFrameError) as caught:
            decode_frame(case.frame)
        assert caught.value.kind == case.verdict
