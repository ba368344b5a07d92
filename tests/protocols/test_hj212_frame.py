import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.frame import Frame, Framer, decode_frame, encode_frame

LOG = (
    "QN=20240601085857223;ST=32;CN=3020;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
    "CP=&&DataTime=20240601085857;PolId=w01018;i11001-Info=//清洗管路//&&"
)
FRAMES = [
    (b"", b"##0000FFFF\r\n"),
    (b"0", b"##000105440\r\n"),
    (
        b"QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
        b"CP=&&RtdInterval=30&&",
        b"##0101QN=20160801085857223;ST=32;CN=1062;PW=100000;MN=010000A8900016F000169DC0;Flag=5;"
        b"CP=&&RtdInterval=30&&1C80\r\n",
    ),
    (
        b"QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&&&",
        b"##0087QN=20240601085857223;ST=32;CN=1011;PW=123456;MN=010000A8900016F000169DC0;Flag=9;"
        b"CP=&&&&2200\r\n",
    ),
    (LOG.encode(), b"##0152" + LOG.encode() + b"1100\r\n"),
]
GOOD, GOOD_BYTES = FRAMES[2]
OTHER, OTHER_BYTES = FRAMES[3]
JUNK = b"noise # ##12 ##00xx"


def feed_bytes(framer: Framer, data: bytes) -> list[Frame | PeerFrameError]:
    return [found for value in data for found in framer.feed(bytes([value]))]


def frames(found: list[Frame | PeerFrameError]) -> list[bytes]:
    return [each.segment for each in found if isinstance(each, Frame)]


def errors(found: list[Frame | PeerFrameError]) -> list[tuple[str, str, str]]:
    return [
        (each.kind, each.declared, each.found) for each in found if isinstance(each, PeerFrameError)
    ]


@pytest.mark.parametrize(("segment", "data"), FRAMES)
def test_frame_is_written_and_read(segment: bytes, data: bytes) -> None:
    assert encode_frame(segment) == data
    assert decode_frame(data) == Frame(segment)
    assert Framer().feed(data) == [Frame(segment)]
    assert feed_bytes(Framer(), data) == [Frame(segment)]
    assert Framer().feed(data * 3) == [Frame(segment)] * 3


@pytest.mark.parametrize(("segment", "data"), FRAMES)
def test_junk_around_a_frame_is_told_and_does_no_harm(segment: bytes, data: bytes) -> None:
    whole, piecewise = Framer(), Framer()
    found = whole.feed(JUNK + data + JUNK + data)
    assert frames(found) == [segment, segment]
    again = feed_bytes(piecewise, JUNK + data + JUNK + data)
    assert list(map(str, again)) == list(map(str, found))


@pytest.mark.parametrize(("segment", "data"), FRAMES)
def test_each_broken_byte_is_noticed_and_the_next_frame_is_found(
    segment: bytes, data: bytes
) -> None:
    for position in range(len(data)):
        broken = bytearray(data)
        broken[position] ^= 1
        with pytest.raises(PeerFrameError) as caught:
            decode_frame(bytes(broken))
        assert caught.value.declared or caught.value.found
        framer = Framer()
        found = framer.feed(bytes(broken) + OTHER_BYTES) + framer.flush()
        in_tail = position >= len(data) - 2
        assert frames(found) == ([segment] if in_tail else []) + [OTHER]
        assert len(found) > len(frames(found))


@pytest.mark.parametrize(
    ("tail", "warning"),
    [(b"", "no tail"), (b"\r", "tail is CR alone"), (b"\n", "tail is LF alone")],
)
def test_tail_may_be_missing_or_half(tail: bytes, warning: str) -> None:
    data = GOOD_BYTES[:-2] + tail
    assert decode_frame(data) == Frame(GOOD, (warning,))
    assert Framer().feed(data + OTHER_BYTES) == [Frame(GOOD), Frame(OTHER)]


def test_lower_case_crc_is_read_with_a_warning() -> None:
    data = FRAMES[0][1]
    lower = data.lower()
    assert decode_frame(lower).warnings == (f"CRC {lower[-6:-2].decode()} in lower case",)
    assert Framer().feed(lower) == [decode_frame(lower)]


def test_length_that_counts_characters_is_read_with_a_warning() -> None:
    data = LOG.encode()
    in_characters = b"##%04d" % len(LOG) + encode_frame(data)[6:]
    expected = Frame(data, ("length 144 counts characters, not 152 bytes",))
    assert decode_frame(in_characters) == expected
    assert Framer().feed(in_characters + OTHER_BYTES) == [expected, Frame(OTHER)]
    assert feed_bytes(Framer(), in_characters + OTHER_BYTES) == [expected, Frame(OTHER)]


def test_length_in_characters_takes_the_last_character_whole() -> None:
    data = "QN清洗".encode()
    in_characters = b"##0004" + encode_frame(data)[6:]
    assert decode_frame(in_characters).segment == data
    assert frames(feed_bytes(Framer(), in_characters)) == [data]


def test_segment_up_to_9999_bytes_is_read_but_not_sent() -> None:
    long = b"x" * 9999
    with pytest.raises(LocalFrameError):
        encode_frame(b"x" * 1025)
    assert len(encode_frame(b"x" * 1024)) == 1036
    data = encode_frame(long, limit=9999)
    assert decode_frame(data) == Frame(long, ("segment of 9999 bytes, 1024 allowed",))
    assert Framer().feed(data) == [decode_frame(data)]


def test_limit_refuses_what_is_longer() -> None:
    data = encode_frame(b"x" * 100)
    assert decode_frame(data, limit=100) == Frame(b"x" * 100)
    with pytest.raises(PeerFrameError) as caught:
        decode_frame(data, limit=99)
    error = caught.value
    assert (error.kind, error.declared, error.found) == ("length", "0100", "100")
    assert errors(Framer(99).feed(data)) == [("length", "0000 to 0099", "0100")]


@pytest.mark.parametrize(
    ("data", "kind", "declared", "found", "segment"),
    [
        (b"", "header", "##", "", b""),
        (b"#", "header", "##", "#", b"#"),
        (b"##", "length", "four digits", "", b""),
        (b"##0x12QN=1;CP=&&&&6900\r\n", "length", "four digits", "0x12", b"x12QN=1;CP=&&&&"),
        (b"##00", "length", "00", "0", b""),
        (b"hello", "header", "##", "he", b"hello"),
        (b"##81QN=1;CP=&&&&FFFF\r\n", "length", "81", "12", b"QN=1;CP=&&&&"),
        (b"##0010QN=1;CP=&&&&F0C0\r\n", "length", "10", "12", b"QN=1;CP=&&&&"),
        (b"##0099QN=1;CP=&&&&\r\n", "length", "99", "12", b"QN=1;CP=&&&&"),
        (b"##0012QN=1;CP=&&&&\r\n", "crc", "", "6900", b"QN=1;CP=&&&&"),
        (b"##0012QN=1;CP=&&&&6901\r\n", "crc", "6901", "6900", b"QN=1;CP=&&&&"),
        (b"##0012QN=1;CP=&&&&6900x\r\n", "tail", "\\r\\n", "x\\r\\n", b"QN=1;CP=&&&&"),
        (b"##0012QN=1;CP=&&&&6900\n\r", "tail", "\\r\\n", "\\n\\r", b"QN=1;CP=&&&&"),
        (b"##9999QN=1", "length", "9999", "4", b"QN=1"),
    ],
)
def test_error_names_what_was_declared_and_found(
    data: bytes, kind: str, declared: str, found: str, segment: bytes
) -> None:
    with pytest.raises(PeerFrameError) as caught:
        decode_frame(data)
    error = caught.value
    assert (error.kind, error.declared, error.found) == (kind, declared, found)
    assert error.segment == segment


def test_search_goes_on_one_byte_behind_the_failed_header() -> None:
    assert frames(Framer().feed(b"#" + GOOD_BYTES)) == [GOOD]
    damaged = b"##0120" + GOOD_BYTES[6:50]
    framer = Framer()
    assert framer.feed(damaged) == []
    found = framer.feed(GOOD_BYTES)
    assert [each[0] for each in errors(found)] == ["crc"]
    assert frames(found) == [GOOD]


def test_frame_cut_off_is_given_up_when_the_line_falls_silent() -> None:
    framer = Framer()
    assert framer.feed(b"##9999QN=1;" + GOOD_BYTES) == []
    found = framer.flush()
    assert errors(found) == [("length", "9999", str(5 + len(GOOD_BYTES)))]
    assert frames(found) == [GOOD]
    assert framer.feed(OTHER_BYTES) == [Frame(OTHER)]
    assert framer.flush() == []
    framer.feed(b"##9999QN=1;")
    assert errors(framer.flush()) == [("length", "9999", "5")]
    assert errors(framer.feed(b"stray" + OTHER_BYTES)) == [("header", "##", "stray")]


def test_stray_bytes_are_told_once_and_empty_lines_never() -> None:
    framer = Framer()
    assert feed_bytes(framer, b"\r\n\r\nhello " + b"x" * 1000) == []
    found = framer.feed(b"\n" + GOOD_BYTES + b"\r\n\n" + OTHER_BYTES)
    assert frames(found) == [GOOD, OTHER]
    assert errors(found) == [("header", "##", "hello " + "x" * 34 + "…")]
    assert "1006 bytes" in str(found[0])


def test_noise_after_an_error_belongs_to_that_error() -> None:
    assert len(Framer().feed(b"##" * 5000 + GOOD_BYTES)) == 2


@settings(deadline=None)
@given(st.lists(st.binary(max_size=60), max_size=5), st.integers(min_value=1, max_value=40))
def test_frames_come_out_as_they_went_in_however_they_are_cut(
    segments: list[bytes], piece: int
) -> None:
    data = b"".join(encode_frame(segment) for segment in segments)
    framer = Framer()
    found: list[Frame | PeerFrameError] = []
    for start in range(0, len(data), piece):
        found += framer.feed(data[start : start + piece])
    assert found == [Frame(segment) for segment in segments]
    assert framer.flush() == []


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), st.text("#0123456789ABF&\r\n", max_size=60)))
def test_any_bytes_give_frames_or_peer_errors(data: bytes | str) -> None:
    noise = data.encode() if isinstance(data, str) else data
    try:
        decode_frame(noise)
    except PeerFrameError as error:
        assert error.kind in {"header", "length", "crc", "tail"}
    framer = Framer()
    found = framer.feed(noise) + framer.flush()
    pieces = Framer()
    again = feed_bytes(pieces, noise) + pieces.flush()
    assert list(map(str, again)) == list(map(str, found))
    assert framer.feed(GOOD_BYTES)[-1] == Frame(GOOD)
