import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.hj212.errors import LocalFrameError, PeerFrameError
from protocols.hj212.frame import Frame, Framer, decode_frame, encode_frame
from protocols.hj212.seal import (
    RENDERINGS,
    Rendering,
    authorization,
    check_cipher,
    is_sealed,
    parse_authorization,
    parse_key,
    seal_frame,
    seal_segment,
    unseal_segment,
    unsealer,
)

DATA = Path(__file__).parents[1] / "data" / "hj212" / "sealed_2025.jsonl"
ROWS = [json.loads(line) for line in DATA.read_text(encoding="utf-8").splitlines()]
KEY = b"0" * 16
OLD = b"msbE74gsiSHSEh5e"
WRONG = b"1" * 16
HEAD = b"QN=20240601085857223;ST=32;CN=2051;PW=123456;MN=010000A8900016F000169DC0;Flag=9;CP=&&"
PLAIN = HEAD + b"DataTime=20240601080000;w01018-Avg=17.5,w01018-Flag=N&&"


def plain_of(row: dict[str, str]) -> bytes:
    wire = bytes.fromhex(row["frame_hex"])[6:]
    return wire[: wire.index(b"&&") + 2] + row["area"].encode() + b"&&"


@pytest.mark.parametrize("row", ROWS)
def test_examples_of_a_2_hold_in_both_directions(row: dict[str, str]) -> None:
    frame, key = bytes.fromhex(row["frame_hex"]), bytes.fromhex(row["key"])
    plain, rendering = plain_of(row), row["rendering"]
    wire = frame[6:-6]
    assert rendering in RENDERINGS
    assert seal_segment(plain, key, rendering) == wire
    assert unseal_segment(wire, key, rendering) == plain
    if row["verdict"] == "ok":
        assert seal_frame(plain, key, rendering) == frame
        assert decode_frame(frame, unseal=unsealer([key])) == Frame(plain, sealed=True)
        assert Framer(unseal=unsealer([key])).feed(frame) == [Frame(plain, sealed=True)]
    else:  # as printed: a list whose length field counts the plaintext
        with pytest.raises(PeerFrameError) as caught:
            decode_frame(frame, unseal=unsealer([key]))
        assert caught.value.kind == "length"


def test_cipher_gives_the_example_of_gb_t_32907() -> None:
    check_cipher()
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    sealed = seal_segment(b"CP=&&" + key + b"&&", key)
    assert sealed == b"CP=&&" + bytes.fromhex("681EDF34D206965E86B3E94F536E4246") + b"&&"


def test_authorization_of_appendix_h() -> None:
    text = authorization("testuser", "AezF0nZRs4kypuGO", OLD)
    assert text == "LG/m7lsFU/taig+vbQsDJXy4NGAaE2j2lplPwhZM7iM="
    assert parse_authorization(text, OLD) == ("testuser", "AezF0nZRs4kypuGO")
    for wrong in ("", "!", "AAAA", text[:-4] + "AAA="):
        with pytest.raises(PeerFrameError):
            parse_authorization(wrong, OLD)


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_current_key_goes_before_the_previous_and_clear_before_both(rendering: Rendering) -> None:
    unseal = unsealer([KEY, OLD])
    for key in (KEY, OLD):
        frame = seal_frame(PLAIN, key, rendering)
        sealed = rendering != "off"
        assert decode_frame(frame, unseal=unseal) == Frame(PLAIN, sealed=sealed)
        lower = frame[:-6] + frame[-6:].lower()
        assert decode_frame(lower, unseal=unseal).segment == PLAIN
    clear = encode_frame(PLAIN)
    assert decode_frame(clear, unseal=unseal) == Frame(PLAIN)


@pytest.mark.parametrize("rendering", ["raw", "hexlist", "hex"])
def test_wrong_key_is_refused_as_seal(rendering: Rendering) -> None:
    for number in range(300):  # the CRC alone would let about one of them pass
        key = b"%016d" % number
        frame = seal_frame(PLAIN, key, rendering)
        with pytest.raises(PeerFrameError) as caught:
            decode_frame(frame, unseal=unsealer([WRONG, OLD]))
        assert caught.value.kind == "seal"
        framer = Framer(unseal=unsealer([WRONG]))
        kinds = [e.kind for e in framer.feed(frame) if isinstance(e, PeerFrameError)]
        assert kinds[0] == "seal"


def test_sealed_frame_without_a_key_is_refused_as_seal() -> None:
    with pytest.raises(PeerFrameError) as caught:
        decode_frame(seal_frame(PLAIN, KEY))
    assert caught.value.kind == "seal"


def test_damaged_text_is_refused_as_crc_though_a_key_is_there() -> None:
    frame = encode_frame(PLAIN).replace(b"17.5", b"17.6")
    with pytest.raises(PeerFrameError) as caught:
        decode_frame(frame, unseal=unsealer([KEY]))
    assert caught.value.kind == "crc"


def block_with(mark: bytes) -> bytes:
    """A block of text whose cipher holds a mark; ECB lets blocks be chosen one by one."""
    for number in range(200_000):
        block = b"DataTime%07d;" % number
        if mark in seal_segment(b"CP=&&" + block + b"&&", KEY)[5:-2]:
            return block
    raise AssertionError(mark)


def test_sealed_frame_full_of_marks_survives_the_stream() -> None:
    marks = (b"&&", b"##", b"\r\n")
    text = HEAD + b"".join(map(block_with, marks)) + b"end=1&&"
    frame = seal_frame(text, KEY)
    assert all(mark in frame[len(HEAD) + 6 : -12] for mark in marks)
    stream = b"junk##00" + frame + b"##" + frame + frame
    framer, bytewise = Framer(unseal=unsealer([KEY])), Framer(unseal=unsealer([KEY]))
    whole = framer.feed(stream)
    pieces = [each for value in stream for each in bytewise.feed(bytes([value]))]
    for found in (whole, pieces):
        assert [each for each in found if isinstance(each, Frame)] == [Frame(text, sealed=True)] * 3


@settings(max_examples=60)
@given(
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0x9FFF, exclude_characters="\x7f"),
            max_size=120),
    st.binary(min_size=16, max_size=16),
    st.sampled_from(RENDERINGS),
)  # fmt: skip
def test_what_is_sealed_is_unsealed(area: str, key: bytes, rendering: Rendering) -> None:
    segment = HEAD + area.encode() + b"&&"
    frame = seal_frame(segment, key, rendering, limit=9999)
    assert decode_frame(frame, unseal=unsealer([WRONG, key])).segment == segment
    sealed = len(area.encode()) >= 16 and rendering != "off"
    assert decode_frame(frame, unseal=unsealer([WRONG, key])).sealed == sealed


def test_what_cannot_be_sealed_is_refused() -> None:
    with pytest.raises(LocalFrameError):
        seal_segment(b"QN=1", KEY)
    with pytest.raises(LocalFrameError):
        seal_segment(PLAIN, b"short")
    with pytest.raises(LocalFrameError):
        seal_frame(PLAIN, KEY, "hexlist", limit=100)
    for area in (b"{0xE4}", b"E4" * 16 + b"x" * 16, b"{0x1}"):
        for rendering in ("hexlist", "hex"):
            with pytest.raises(PeerFrameError):
                unseal_segment(b"CP=&&" + area + b"&&", KEY, rendering)
    with pytest.raises(PeerFrameError):
        unseal_segment(b"CP=", KEY)


def test_key_is_hex_or_text_and_is_not_shown() -> None:
    assert parse_key("30" * 16) == parse_key("0" * 16) == KEY
    assert parse_key("msbE74gsiSHSEh5e") == OLD
    with pytest.raises(LocalFrameError) as caught:
        parse_key("geheim")
    assert "geheim" not in str(caught.value)


def test_which_commands_travel_sealed() -> None:
    said = ("1001", "1011", "1014", "2011", "2062", "2999", "3019", "3020", "9014", "9015")
    up = [cn for cn in said if is_sealed(cn, down=False)]
    assert up == ["1014", "2011", "2062", "2999", "3020"]
    assert [cn for cn in ("1014", "2011", "3020") if is_sealed(cn, down=True)] == ["1014"]
