import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agent.tools.hj212.command import hj212
from agent.tools.hj212.encode import encode_line
from agent.tools.hj212.read import Reading
from protocols.hj212.frame import encode_frame
from protocols.hj212.seal import Rendering, seal_frame

DATA = Path(__file__).parents[2] / "data" / "hj212"
KEY = "0000000000000000"
A_2 = (
    b"##0234QN=20240520210700000;ST=31;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
    b"CP=&&DataTime=20240520210600;a01011-Min=1.35,a01011-Avg=1.35,a01011-Max=1.35,a01011-Flag=N;"
    b"a01014-Min=3.20,a01014-Avg=3.20,a01014-Max=3.20,a01014-Flag=N&&B541\r\n"
)
HEAD = b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"


def run(command: str, data: bytes, *options: str) -> tuple[int, bytes]:
    result = CliRunner().invoke(hj212, [command, *options], input=data)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout_bytes


def decoded(data: bytes, *options: str) -> tuple[int, list[dict[str, object]]]:
    code, out = run("decode", data, *options)
    return code, [json.loads(line) for line in out.splitlines()]


def known_frames() -> list[tuple[bytes, str]]:
    known = []
    for name in ("field.jsonl", "edition_2025.jsonl"):
        for line in (DATA / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            known.append((row["frame"].encode(), row["verdict"]))
    for line in (DATA / "sealed_2025.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        known.append((bytes.fromhex(row["frame_hex"]), row["verdict"]))
    return known


def as_written(frame: bytes) -> bytes:
    """The permitted differences: capitals in the CRC, and a whole tail."""
    bare = frame.rstrip(b"\r\n")
    return bare[:-4] + bare[-4:].upper() + b"\r\n"


def test_every_known_frame_decodes_and_encodes_to_the_same_bytes_or_names_its_fault() -> None:
    known = known_frames()
    assert len(known) > 940
    lines = b"\n".join(frame.hex().encode() for frame, _ in known)
    code, told = decoded(lines, "--hex", "--key", KEY)
    assert code == 1
    assert [line.get("error", "ok") for line in told] == [verdict for _, verdict in known]
    right = b"".join(json.dumps(line).encode() + b"\n" for line in told if line["ok"])
    code, out = run("encode", right, "--hex", "--key", KEY)
    assert code == 0
    frames = [frame for frame, verdict in known if verdict == "ok"]
    assert [bytes.fromhex(line) for line in out.decode().split()] == list(map(as_written, frames))
    for line in told:
        if not line["ok"]:
            assert set(line) == {"ok", "error", "expected", "found", "partial"}
            assert isinstance(line["partial"], dict) and line["partial"]["head"]


def test_decode_tells_the_whole_frame() -> None:
    code, lines = decoded(A_2)
    assert code == 0
    (told,) = lines
    assert told.pop("cp") == [
        [{"name": "DataTime", "value": "20240520210600"}],
        [
            {"name": "a01011-Min", "value": "1.35"},
            {"name": "a01011-Avg", "value": "1.35"},
            {"name": "a01011-Max", "value": "1.35"},
            {"name": "a01011-Flag", "value": "N"},
        ],
        [
            {"name": "a01014-Min", "value": "3.20"},
            {"name": "a01014-Avg", "value": "3.20"},
            {"name": "a01014-Max", "value": "3.20"},
            {"name": "a01014-Flag", "value": "N"},
        ],
    ]
    assert told == {
        "ok": True,
        "profile": "hj212-2025",
        "head": [
            ["QN", "20240520210700000"],
            ["ST", "31"],
            ["CN", "2051"],
            ["PW", "123456"],
            ["MN", "010000A8900016F000169DC0"],
            ["Flag", "9"],
        ],
        "qn": "20240520210700000",
        "st": "31",
        "cn": "2051",
        "pw": "123456",
        "mn": "010000A8900016F000169DC0",
        "flag": {"version": 2, "answer": True, "split": False},
        "pnum": None,
        "pno": None,
        "rf": False,
        "sealed": False,
        "tail": "\r\n",
        "warnings": [],
    }


@pytest.mark.parametrize(
    ("area", "cp"),
    [
        (b"", []),
        (b"a", [[{"name": "a", "value": None}]]),
        (b"a=", [[{"name": "a", "value": ""}]]),
        (b"a=1;", [[{"name": "a", "value": "1"}], []]),
        (b"a=1,;b", [[{"name": "a", "value": "1"}, {"name": "", "value": None}],
                     [{"name": "b", "value": None}]]),
        (b"i11001-Info=//a;b,c=d//", [[{"name": "i11001-Info", "value": "//a;b,c=d//"}]]),
        (b" a = 1 ", [[{"name": " a ", "value": " 1 "}]]),
    ],
)  # fmt: skip
def test_data_area_stands_as_it_is(area: bytes, cp: object) -> None:
    frame = encode_frame(HEAD + b"CP=&&" + area + b"&&")
    told = Reading(strict=False, keys=()).frame(frame)
    assert told["cp"] == cp
    assert encode_line(json.dumps(told).encode()) == frame


def test_keys_come_in_their_order_and_what_is_unusual_behind_them() -> None:
    usual = ["ok", "profile", "head", "qn", "st", "cn", "pw", "mn", "flag", "pnum", "pno", "rf",
             "sealed", "cp", "tail", "warnings"]  # fmt: skip
    (told,) = decoded(A_2)[1]
    assert list(told) == usual
    odd = encode_frame(HEAD + "CP=a=//清//".encode("gbk"))
    assert list(decoded(odd)[1][0]) == [*usual, "opening", "closing", "charset"]
    row = json.loads((DATA / "sealed_2025.jsonl").read_text(encoding="utf-8").splitlines()[0])
    (told,) = decoded(row["frame_hex"].encode(), "--hex", "--key", row["key"])[1]
    assert list(told) == [*usual, "rendering"]
    broken = decoded(A_2.replace(b"B541", b"B540"))[1][0]["partial"]
    assert isinstance(broken, dict) and list(broken) == usual[1:]


def test_broken_frame_gives_what_could_be_read() -> None:
    for broken, error, expected, found in (
        (A_2.replace(b"B541", b"B540"), "crc", "B541", "B540"),
        (A_2.replace(b"##0234", b"##0235"), "length", 235, 234),
        (A_2.replace(b"##0234", b"##234"), "length", 234, 234),
        (A_2[1:], "header", "##", "#0"),
        (A_2[:-2] + b"junk\r\n", "syntax", "\\r\\n", "junk\\r\\n"),
        (A_2.replace(b"##0234", b"##+234"), "length", "four digits", "+234"),
        (A_2.replace(b"##0234", b"##02A4"), "length", "four digits", "02A4"),
        (b"##\r\n", "length", "four digits", "\\r\\n"),
        (encode_frame(b"hello"), "syntax", "QN=…;ST=…;CN=…;…;CP=&&…&&", "hello"),
    ):
        code, lines = decoded(broken)
        assert code == 1
        assert lines[0]["error"] == error, broken
        assert (lines[0]["expected"], lines[0]["found"]) == (expected, found)
        if broken[:2] == b"##" and b"MN=" in broken:
            partial = lines[0]["partial"]
            assert isinstance(partial, dict) and partial["mn"] == "010000A8900016F000169DC0"


def test_strict_refuses_what_is_read_with_a_warning() -> None:
    swapped = encode_frame(b"ST=32;QN=20240601085857223;" + HEAD[27:] + b"CP=&&&&")
    lower = A_2.replace(b"B541", b"b541")
    for frame, error in (
        (A_2, None),
        (lower, "crc"),
        (A_2[:-2], None),
        (A_2[:-2] + b"\n", None),
        (swapped, "syntax"),
        (encode_frame(HEAD + b"CP=&&a;b=1&&"), "syntax"),
        (encode_frame(HEAD.replace(b"Flag=9", b"Flag=60") + b"CP=&&&&"), "field"),
    ):
        assert decoded(frame)[0] == 0
        code, lines = decoded(frame, "--strict")
        assert (code, lines[0].get("error")) == (int(error is not None), error), frame
    assert run("encode", json.dumps(decoded(swapped)[1][0]).encode(), "--strict")[0] == 1


def test_strict_says_what_is_expected_and_what_stands_there() -> None:
    lower = A_2.replace(b"B541", b"b541")
    long = encode_frame(HEAD + b"CP=&&a=" + b"1" * 1000 + b"&&", limit=9999)
    no_flag = encode_frame(HEAD.replace(b"Flag=9;", b"") + b"CP=&&&&")
    again = encode_frame(HEAD + b"RF=0;CP=&&&&")
    for frame, error, expected, found in (
        (lower, "crc", "B541", "b541"),
        (A_2[:-2], "syntax", "\\r\\n", ""),
        (A_2[:-2] + b"\n", "syntax", "\\r\\n", "\\n"),
        (long, "length", 1024, len(long) - 12),
        (no_flag, "field", "hj212-2005", "no Flag: hj212-2005 has version 0"),
        (again, "syntax", (HEAD + b"CP=&&&&").decode(), (HEAD + b"RF=0;CP=&&&&").decode()),
        (encode_frame(HEAD.replace(b"=20240601", b"=20241301") + b"CP=&&&&"), "field",
         "a time of 17 digits", "20241301085857223"),
    ):  # fmt: skip
        (told,) = decoded(frame.hex().encode(), "--strict", "--hex")[1]
        assert (told.get("error"), told.get("expected"), told.get("found")) == (
            error,
            expected,
            found,
        )


@pytest.mark.parametrize("cn", ["1001", "9013"])
def test_strict_takes_the_empty_mn_of_a_logger_that_has_none_yet(cn: str) -> None:
    head = HEAD.replace(b"010000A8900016F000169DC0", b"").replace(b"1011", cn.encode())
    code, (told,) = decoded(encode_frame(head + b"CP=&&&&"), "--strict")
    assert (code, told.get("found")) == (0, None)
    assert decoded(encode_frame(head.replace(cn.encode(), b"2011") + b"CP=&&&&"), "--strict")[0]


def test_frame_that_is_no_text_stands_in_hex_in_an_object() -> None:
    frame = encode_frame(HEAD + "CP=&&i11001-Info=//清//&&".encode("gbk"))
    (told,) = decoded(frame)[1]
    (said,) = (
        json.loads(line)
        for line in run("encode", json.dumps(told).encode(), "--json")[1].splitlines()
    )
    assert said == {"ok": True, "frame_hex": frame.hex().upper()}


def test_sealed_frame_needs_its_key() -> None:
    row = json.loads((DATA / "sealed_2025.jsonl").read_text(encoding="utf-8").splitlines()[0])
    line = row["frame_hex"].encode()
    code, lines = decoded(line, "--hex", "--key", row["key"])
    assert (code, lines[0]["sealed"], lines[0]["rendering"]) == (0, True, "raw")
    for options in ((), ("--key", "1111111111111111")):
        code, wrong = decoded(line, "--hex", *options)
        assert (code, wrong[0]["error"]) == (1, "seal")
    told = json.dumps(lines[0]).encode()
    assert json.loads(run("encode", told)[1])["error"] == "seal"
    assert run("encode", told, "--hex", "--key", KEY)[1].strip() == line
    assert CliRunner().invoke(hj212, ["decode", "--key", "short"], input=b"").exit_code == 2


@pytest.mark.parametrize("rendering", ["raw", "hexlist", "hex"])
def test_sealed_frame_without_its_key_is_refused_as_sealed_whatever_its_cipher(
    rendering: Rendering,
) -> None:
    for number in range(600):  # among so many a CRC fits by chance
        segment = HEAD + b"CP=&&DataTime=2024;w01018-Rtd=%d&&" % (number * 7919)
        frame = seal_frame(segment, KEY.encode(), rendering)
        for keys in ((), (b"1" * 16,)):
            assert Reading(strict=False, keys=keys).frame(frame).get("error") == "seal", frame


@pytest.mark.parametrize("text", ["清洗管路，更换试剂", "校准零点校准零点"])
@pytest.mark.parametrize("keys", [(), (KEY.encode(),)])
def test_text_in_gbk_is_no_cipher(text: str, keys: tuple[bytes, ...]) -> None:
    for cut in (0, 1):
        said = text.encode("gbk")
        frame = encode_frame(HEAD + b"CP=&&i11001-Info=//" + said[: len(said) - cut] + b"//&&")
        assert Reading(strict=False, keys=keys).frame(frame)["ok"], cut


def test_damaged_text_is_no_cipher() -> None:
    text = "CP=&&i11001-Info=//清洗管路，更换试剂，校准零点//&&".encode()
    for segment in (HEAD + text, HEAD + b"CP=&&DataTime=20240601085857;w01018-Rtd=36.5&&"):
        frame = encode_frame(segment)
        for at in range(len(HEAD) + 8, len(frame) - 10):
            damaged = frame[:at] + bytes([frame[at] ^ 0x90]) + frame[at + 1 :]
            told = Reading(strict=False, keys=(KEY.encode(),)).frame(damaged)
            # one character of three bytes that is a control character now is as bad as three
            assert told["error"] == "crc" or damaged[at] < 0x20 or damaged[at] == 0x7F, damaged


def test_encode_makes_a_header_of_the_fields_by_name() -> None:
    told = decoded(A_2)[1][0]
    del told["head"]
    assert run("encode", json.dumps(told).encode()) == (0, A_2)


def test_encode_refuses_a_line_it_cannot_write_and_goes_on() -> None:
    told = decoded(A_2)[1][0]
    good = json.dumps(told).encode()
    for line, error in (
        (b"no json", "syntax"),
        (b"[]", "syntax"),
        (b'{"cp": [[{"value": "1"}]]}', "syntax"),
        (b"{}", "syntax"),
        (json.dumps(decoded(A_2.replace(b"B541", b"B540"))[1][0]).encode(), "syntax"),
        (json.dumps(told | {"ok": False}).encode(), "syntax"),
        (json.dumps(told | {"mn": "other"}).encode(), "field"),
        (json.dumps(told | {"cp": [[{"name": "x" * 10_000}]]}).encode(), "length"),
        (json.dumps(told | {"cp": [[{"name": "\udc80"}]]}).encode(), "syntax"),
    ):
        code, out = run("encode", line + b"\n" + good)
        first, _, second = out.partition(b"\n")
        assert (code, second) == (1, A_2)
        assert json.loads(first)["error"] == error
    code, out = run("encode", good, "--json")
    assert json.loads(out) == {"ok": True, "frame": A_2.decode()}


@pytest.mark.parametrize(
    "line", [b"hello", b"##", b"\xff\xfe\x00##", b"##0004\xff\xff\xff\xff0000", b"x" * 70_000]
)
def test_decode_answers_any_line_without_a_traceback(line: bytes) -> None:
    code, lines = decoded(b"\n \r\n" + line + b"\n" + A_2)
    assert code == 1
    assert len(lines) == 2 + len(line) // 20_000
    assert lines[0]["ok"] is False
    assert lines[-1]["ok"] is True
    assert decoded(b"no hex\n", "--hex")[1][0]["error"] == "syntax"


def test_decode_reads_a_file_and_ends_0_on_an_empty_one(tmp_path: Path) -> None:
    path = tmp_path / "frames.txt"
    path.write_bytes(A_2 * 2)
    result = CliRunner().invoke(hj212, ["decode", str(path)])
    assert (result.exit_code, len(result.stdout.splitlines())) == (0, 2)
    assert decoded(b"") == (0, [])
    assert CliRunner().invoke(hj212, ["decode", str(tmp_path / "none")]).exit_code == 2


@given(st.binary(max_size=60) | st.text("QNSTCPMlag=;,&/ 1a清", max_size=60).map(str.encode))
def test_any_segment_that_reads_is_written_back(segment: bytes) -> None:
    frame = encode_frame(segment)
    told = Reading(strict=False, keys=()).frame(frame)
    if told["ok"]:
        assert encode_line(json.dumps(told).encode()) == frame
