"""The ring of frames: bounded on disk and in memory, masked, and good for a transcript."""

from pathlib import Path

import pytest
from driver_fakes import FakeClock

from drivers.recorder import MOST_WAITING, FrameRing, recording, transcript

ASKED = bytes.fromhex("01 03 00 00 00 02 C4 0B")
ANSWER = bytes.fromhex("01 03 04 00 00 42 12 4A 9E")


def ring_in(tmp_path: Path, limit: int = 10_000) -> FrameRing:
    return FrameRing(tmp_path / "frames" / "line1", FakeClock(1_773_885_600.125), limit=limit)


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


def test_recorded_frames_make_a_transcript(tmp_path: Path) -> None:
    ring = ring_in(tmp_path)
    for _ in range(2):
        ring.heard(">", ASKED)
        ring.heard("<", ANSWER)
    ring.heard(">", b"\x02")
    ring.flush()
    assert transcript(ring.lines(), profile="water/example", address=3).splitlines() == [
        "# profile: water/example",
        "# proof: recorded",
        "# origin: ",
        "# address: 3",
        "",
        "# case: 1",
        "> 01 03 00 00 00 02 C4 0B",
        "< 01 03 04 00 00 42 12 4A 9E",
        "",
        "# case: 2",
        "> 02",
    ]
