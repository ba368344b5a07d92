import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from agent.tools.decode import hj212
from protocols.hj212.editions import edition
from protocols.hj212.errors import PeerFrameError
from protocols.hj212.frame import Frame, Framer, decode_frame
from protocols.hj212.message import parse_message
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


def run(data: bytes, *options: str) -> tuple[int, list[dict[str, object]]]:
    result = CliRunner().invoke(hj212, ["decode", *options], input=data)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, [json.loads(line) for line in result.stdout.splitlines()]


def test_command_gives_an_object_a_line_and_what_could_be_read() -> None:
    known = list(cases("field.jsonl"))
    code, lines = run(b"".join(case.frame.rstrip(b"\r\n") + b"\n" for case in known))
    assert code == 1
    assert [line["ok"] for line in lines] == [case.verdict == "ok" for case in known]
    for line, case in zip(lines, known, strict=True):
        header, error = line["header"], line["error"]
        assert isinstance(header, dict) and header["CN"] == case.cn
        assert "items" in line
        assert (error is None) == line["ok"]
        if isinstance(error, dict):
            assert error["kind"] == case.verdict
            assert error["declared"] in error["message"] and error["found"] in error["message"]


A_2 = (
    b"##0234QN=20240520210700000;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
    b"CP=&&DataTime=20240520210600;a01011-Min=1.35,a01011-Avg=1.35,a01011-Max=1.35,a01011-Flag=N;"
    b"a01014-Min=3.20,a01014-Avg=3.20,a01014-Max=3.20,a01014-Flag=N&&B541\r\n"
)


def test_command_tells_the_whole_frame() -> None:
    code, lines = run(A_2, "--profile", "hj212-2025")
    assert code == 0
    assert lines == [
        {
            "ok": True,
            "error": None,
            "warnings": [],
            "header": {
                "QN": "20240520210700000",
                "ST": "31",
                "CN": "2051",
                "PW": "123456",
                "MN": "010000A8900016F000169DC0",
                "Flag": 9,
                "PNUM": None,
                "PNO": None,
                "RF": False,
            },
            "other": [],
            "items": [
                [["DataTime", "20240520210600"]],
                [
                    ["a01011-Min", "1.35"],
                    ["a01011-Avg", "1.35"],
                    ["a01011-Max", "1.35"],
                    ["a01011-Flag", "N"],
                ],
                [
                    ["a01014-Min", "3.20"],
                    ["a01014-Avg", "3.20"],
                    ["a01014-Max", "3.20"],
                    ["a01014-Flag", "N"],
                ],
            ],
            "message": "Periodic",
        }
    ]


def test_command_warns_of_a_frame_of_another_edition_and_of_a_missing_tail() -> None:
    code, lines = run(A_2[:-2])
    assert code == 0
    assert lines[0]["warnings"] == ["no tail", "Flag=9 is version 2, hj212-2017 has 1"]


@pytest.mark.parametrize(
    "line", [b"hello", b"##", b"\xff\xfe\x00##", b"##0004\xff\xff\xff\xff0000", b"x" * 70_000]
)
def test_command_answers_any_line_without_a_traceback(line: bytes) -> None:
    code, lines = run(b"\n \r\n" + line + b"\n" + A_2)
    assert code == 1
    assert len(lines) == 2 + len(line) // 20_000
    assert lines[0]["ok"] is False
    assert lines[-1]["ok"] is True


def test_command_reads_a_file_and_ends_0_on_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "frames.txt"
    path.write_bytes(A_2 * 2)
    result = CliRunner().invoke(hj212, ["decode", str(path)])
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)
    assert run(b"") == (0, [])
    assert CliRunner().invoke(hj212, ["decode", str(tmp_path / "none")]).exit_code == 2
