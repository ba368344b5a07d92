"""The ring of frames: bounded on disk and in memory, masked, and good for a transcript."""

from pathlib import Path

import pytest
from driver_fakes import FakeClock

from drivers.recorder import MOST_WAITING, FrameRing, recorded, recorded_lines, recording
from drivers.settings import Recording, SerialBus
from drivers.transcripts import Framing, frames_of, transcript

ASKED = bytes.fromhex("01 03 00 00 00 02 C4 0B")
ANSWER = bytes.fromhex("01 03 04 00 00 42 12 4A 9E")


def ring_in(tmp_path: Path, limit: int = 10_000) -> FrameRing:
    return FrameRing(tmp_path / "frames" / "line1.txt", FakeClock(1_773_885_600.125), limit=limit)


def test_frames_are_kept_with_their_moment(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    ring.heard(">", ASKED)
    ring.heard("<", ANSWER)
    assert ring.lines() == []
    ring.flush()
    assert ring.lines() == [
        "2026-03-19T02:00:00.125Z > 01 03 00 00 00 02 C4 0B",
        "2026-03-19T02:00:00.125Z < 01 03 04 00 00 42 12 4A 9E",
    ]


def test_the_ring_never_grows_beyond_its_limit_and_keeps_the_newest(tmp_path: Path) -> None:
    ring = ring_in(tmp_path, limit=2000)
    for number in range(500):
        ring.heard(">", number.to_bytes(2, "big"))
        ring.flush()
        size = sum(path.stat().st_size for path in (ring.path, ring.older) if path.exists())
        assert size <= 2000
    assert ring.lines()[-1].endswith("> 01 F3")
    assert len(ring.lines()) > 20


def test_what_waits_is_bounded_and_what_was_lost_is_counted(tmp_path: Path) -> None:
    ring = ring_in(tmp_path, limit=10_000_000)
    for number in range(MOST_WAITING + 7):
        ring.heard(">", number.to_bytes(2, "big"))
    ring.flush()
    assert (ring.dropped, len(ring.lines())) == (7, MOST_WAITING)


def test_a_password_never_reaches_the_disk(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    ring.heard("<", b"##0062ST=32;CN=5015;PW=123456;MN=0;CP=&&&&")
    ring.flush()
    assert b"123456".hex(" ").upper() not in ring.path.read_text()
    assert b"PW=***;MN".hex(" ").upper() in ring.path.read_text()


async def test_what_waits_at_the_end_is_written(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    async with recording(ring, every_s=1000):
        ring.heard(">", ASKED)
    assert len(ring.lines()) == 1


async def test_a_disk_that_takes_nothing_stops_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "frames").write_text("a file where the folder should be")
    ring = ring_in(tmp_path)
    async with recording(ring, every_s=1000):
        ring.heard(">", ASKED)
    assert "frames are not recorded" in caplog.text


PUSHED = b"##0062ST=32;CN=2011;PW=secret;MN=0;CP=&&&&"


@pytest.mark.parametrize("cut", range(1, len(PUSHED)))
def test_a_password_in_two_pieces_never_reaches_the_disk(tmp_path: Path, cut: int) -> None:
    ring = ring_in(tmp_path)
    ring.heard("<", PUSHED[:cut])
    ring.heard("<", PUSHED[cut:])
    ring.heard(">", ASKED)
    ring.flush()
    frames = [data for _, data in frames_of(ring.lines())]
    said = b"".join(frames[:2])
    assert not any(said.count(secret) for secret in (b"secret", b"sec", b"ret"))
    assert said.startswith(b"##0062ST=32;CN=2011;PW=***")
    assert said.endswith(b";MN=0;CP=&&&&")
    assert frames[2] == ASKED


async def test_a_bus_is_recorded_where_its_settings_ask_for_it(tmp_path: Path) -> None:
    clock = FakeClock()
    bus = SerialBus(id="line1", kind="serial", port="/dev/null")
    async with recorded(bus, tmp_path, clock) as record:
        assert record is None
    wanted = bus.model_copy(update={"record": Recording(mb=0.1)})
    async with recorded(wanted, tmp_path, clock) as record:
        assert record is not None
        for _ in range(4000):
            record(">", ASKED)
    assert 20 < len(recorded_lines("line1", tmp_path)) < 2500
    assert sum(len(line) + 1 for line in recorded_lines("line1", tmp_path)) <= 100_000
    assert recorded_lines("line2", tmp_path) == []


def test_recorded_frames_make_a_transcript(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    for _ in range(2):
        ring.heard(">", b"\x02" + ASKED[1:])
        ring.heard("<", b"\x02" + ANSWER[1:])
        ring.heard(">", ASKED)
        ring.heard("<", ANSWER)
    ring.heard(">", b"\x01\x04")
    ring.flush()
    frames = list(frames_of(ring.lines()))
    made = transcript(
        frames, profile="water/example", address=1, framing="rtu", read={"w01018": "36.5 mg/L"}
    )
    assert made.splitlines() == [
        "# profile: water/example",
        "# proof: recorded",
        "# origin: ",
        "# read: w01018 = 36.5 mg/L",
        "",
        "# case: 1",
        "> 01 03 00 00 00 02 C4 0B",
        "< 01 03 04 00 00 42 12 4A 9E",
        "",
        "# case: 2",
        "> 01 04",
    ]


@pytest.mark.parametrize(
    ("framing", "asked", "answered"),
    [
        ("tcp", bytes.fromhex("0A01 0000 0006") + ASKED[:-2],
         bytes.fromhex("0A01 0000 0007") + ANSWER[:-2]),
        ("ascii", b":010300000002FA\r\n", b":01030400004212A4\r\n"),
    ],
)  # fmt: skip
def test_modbus_of_every_line_becomes_rtu_frames(
    framing: Framing, asked: bytes, answered: bytes
) -> None:
    frames = [(">", asked), ("<", answered)]
    made = transcript(frames, profile="water/example", address=1, framing=framing)
    assert [data for _, data in frames_of("x " + line for line in made.splitlines()[-2:])] == [
        ASKED,
        ANSWER,
    ]
    assert "> " not in transcript(frames, profile="water/example", address=2, framing=framing)


def test_of_another_protocol_all_questions_are_one_case() -> None:
    """The state is another question than the value: apart, neither means what was read."""
    frames = [(">", b"Q1\r"), ("<", b"(220"), ("<", b".0\r"), (">", b"Q2\r"), ("<", b"0\r")]
    frames += [(">", b"Q2\r"), ("<", b"1\r"), (">", b"Q1\r")]
    made = transcript(frames, profile="power/example", address=3, framing="other")
    assert made.splitlines()[3:] == [
        "# address: 3", "", "# case: 1", "> 51 31 0D", "< 28 32 32 30", "< 2E 30 0D",
        "> 51 32 0D", "< 31 0D",
    ]  # fmt: skip
